// Names to addresses on one thread beside the event loops.
#include <bearergate/net/resolver.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <netdb.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace bearergate::net {

namespace {

using Addresses = std::vector<Endpoint>;
using Done = std::function<void(Addresses)>;

// One for every name in a configuration, many times over; a name server that hangs must not make
// this grow.
constexpr std::size_t most_waiting = 256;

void answer(Executor executor, Done done, Addresses addresses) {
    boost::asio::post(
        executor, [done = std::move(done), addresses = std::move(addresses)] { done(addresses); });
}

// What needs no name server: literals, and localhost, which is the loopback whatever name servers
// say (RFC 6761 section 6.3).
Addresses known(const HostPort& where) {
    namespace ip = boost::asio::ip;
    boost::system::error_code error;
    const ip::address literal = ip::make_address(where.host, error);
    if (!error) return {ip::tcp::endpoint(literal, where.port)};
    if (where.host == "localhost") {
        return {ip::tcp::endpoint(ip::address_v6::loopback(), where.port),
                ip::tcp::endpoint(ip::address_v4::loopback(), where.port)};
    }
    return {};
}

Addresses look_up(const HostPort& where) {
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_NUMERICSERV;
    addrinfo* found = nullptr;
    if (::getaddrinfo(where.host.c_str(), std::to_string(where.port).c_str(), &wanted, &found) !=
        0) {
        return {};
    }
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> keep(found, ::freeaddrinfo);
    Addresses addresses;
    for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
        if (each->ai_family != AF_INET && each->ai_family != AF_INET6) continue;
        addresses.emplace_back(each->ai_addr, each->ai_addrlen, each->ai_protocol);
    }
    return addresses;
}

}  // namespace

struct Resolver::State {
    struct Job {
        HostPort where;
        Done done;
        boost::asio::executor_work_guard<Executor> work;  // the loop stays for the answer
    };

    explicit State(boost::asio::io_context& io)
        : executor(io.get_executor()), thread([this] { run(); }) {}
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() {
        {
            const std::lock_guard lock(mutex);
            stopping = true;
            for (Job& job : jobs) answer(executor, std::move(job.done), {});
            jobs.clear();
        }
        wake.notify_one();
        thread.join();
    }

    void run() {
        std::unique_lock lock(mutex);
        for (;;) {
            wake.wait(lock, [this] { return stopping || !jobs.empty(); });
            if (stopping) return;
            Job job = std::move(jobs.front());
            jobs.pop_front();
            lock.unlock();
            answer(executor, std::move(job.done), look_up(job.where));
            lock.lock();
        }
    }

    Executor executor;
    std::mutex mutex{};
    std::condition_variable wake{};
    std::deque<Job> jobs{};
    bool stopping = false;
    std::thread thread;  // last: it uses the others
};

Resolver::Resolver(boost::asio::io_context& io) : state_(std::make_shared<State>(io)) {}
Resolver::~Resolver() = default;

void Resolver::resolve(HostPort where, std::function<void(std::vector<Endpoint>)> done) {
    // The system's functions read no further than a NUL.
    const bool unusable = where.host.empty() || where.host.find('\0') != std::string::npos;
    Addresses addresses = unusable ? Addresses{} : known(where);
    if (unusable || !addresses.empty()) {
        return answer(state_->executor, std::move(done), std::move(addresses));
    }
    const std::lock_guard lock(state_->mutex);
    if (state_->jobs.size() >= most_waiting) {
        return answer(state_->executor, std::move(done), {});
    }
    state_->jobs.push_back({.where = std::move(where),
                            .done = std::move(done),
                            .work = boost::asio::make_work_guard(state_->executor)});
    state_->wake.notify_one();
}

}  // namespace bearergate::net
