// Names to addresses on threads beside the event loops.
#include <bearergate/net/resolver.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <netdb.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace bearergate::net {

namespace {

namespace ip = boost::asio::ip;
using Addresses = std::vector<ip::address>;

constexpr std::size_t most_threads = 4;
// One for every name in a configuration, many times over; a name server that hangs must not make
// this grow.
constexpr std::size_t most_waiting = 256;
// Names whose last good addresses are kept.
constexpr std::size_t most_names = 1024;

void answer(Executor executor, Resolver::Done done, std::vector<Endpoint> endpoints) {
    boost::asio::post(
        executor, [done = std::move(done), endpoints = std::move(endpoints)] { done(endpoints); });
}

std::vector<Endpoint> endpoints_of(const Addresses& addresses, std::uint16_t port) {
    std::vector<Endpoint> endpoints;
    endpoints.reserve(addresses.size());
    for (const ip::address& address : addresses) {
        endpoints.emplace_back(ip::tcp::endpoint(address, port));
    }
    return endpoints;
}

// What needs no name server: literals, and localhost, which is the loopback whatever name servers
// say (RFC 6761 section 6.3).
Addresses known(const std::string& host) {
    boost::system::error_code error;
    const ip::address literal = ip::make_address(host, error);
    if (!error) return {literal};
    if (host == "localhost") return {ip::address_v6::loopback(), ip::address_v4::loopback()};
    return {};
}

}  // namespace

Addresses look_up_by_system(const std::string& host) {
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host.c_str(), nullptr, &wanted, &found) != 0) return {};
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> keep(found, ::freeaddrinfo);
    Addresses addresses;
    for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
        if (each->ai_family != AF_INET && each->ai_family != AF_INET6) continue;
        ip::tcp::endpoint endpoint;
        endpoint.resize(each->ai_addrlen);
        std::copy_n(reinterpret_cast<const char*>(each->ai_addr), each->ai_addrlen,
                    reinterpret_cast<char*>(endpoint.data()));
        addresses.push_back(endpoint.address());
    }
    return addresses;
}

// Shared with the threads: one that is still in the system's hands when the Resolver goes finds
// out here that there is nothing left to do.
struct Resolver::State : std::enable_shared_from_this<State> {
    struct Asker {
        std::uint16_t port = 0;
        Done done;
        std::optional<std::weak_ptr<const void>> owner{};
        boost::asio::executor_work_guard<Executor> work;  // the loop stays for the answer

        bool has_gone() const { return owner && owner->expired(); }
    };
    struct Name {
        std::vector<Asker> askers{};
        bool is_taken = false;  // it waits for a thread, or a thread has it
        Addresses last_good{};
    };

    State(Executor io, LookUp how) : executor(io), look_up(std::move(how)) {}

    void resolve(HostPort where, std::optional<std::weak_ptr<const void>> owner, Done done);
    void ask(const std::string& host, Asker asker);
    bool hire();
    void run();
    void work_on(const std::string& host, std::unique_lock<std::mutex>& lock);
    void tell(const std::string& host, const Addresses& addresses);
    void stop();

    const Executor executor;
    const LookUp look_up;
    mutable std::mutex mutex{};
    std::condition_variable wake{};
    std::map<std::string, Name> names{};
    std::deque<std::string> waiting{};
    std::size_t askers = 0;
    std::size_t threads = 0;
    std::size_t idle = 0;
    bool stopping = false;
};

void Resolver::State::resolve(HostPort where, std::optional<std::weak_ptr<const void>> owner,
                              Done done) {
    // The system's functions read no further than a NUL.
    const bool unusable = where.host.empty() || where.host.find('\0') != std::string::npos;
    const Addresses addresses = unusable ? Addresses{} : known(where.host);
    if (unusable || !addresses.empty()) {
        return answer(executor, std::move(done), endpoints_of(addresses, where.port));
    }
    ask(where.host, {.port = where.port,
                     .done = std::move(done),
                     .owner = std::move(owner),
                     .work = boost::asio::make_work_guard(executor)});
}

void Resolver::State::ask(const std::string& host, Asker asker) {
    const std::lock_guard lock(mutex);
    if (askers >= most_waiting) return answer(executor, std::move(asker.done), {});
    Name& name = names[host];
    name.askers.push_back(std::move(asker));
    ++askers;
    if (name.is_taken) return;
    waiting.push_back(host);
    name.is_taken = true;
    if (idle < waiting.size() && !hire() && threads == 0) {
        waiting.pop_back();
        return tell(host, {});
    }
    wake.notify_one();
}

bool Resolver::State::hire() {
    if (threads >= most_threads) return false;
    try {
        // Nobody waits for its end, which may be half a minute away.
        std::thread([self = shared_from_this()] { self->run(); }).detach();
    } catch (const std::exception&) {
        return false;  // the system has no more of them
    }
    ++threads;
    return true;
}

void Resolver::State::run() {
    std::unique_lock lock(mutex);
    for (;;) {
        ++idle;
        wake.wait(lock, [this] { return stopping || !waiting.empty(); });
        --idle;
        if (stopping) return;
        const std::string host = std::move(waiting.front());
        waiting.pop_front();
        try {
            work_on(host, lock);
        } catch (const std::exception&) {
            // No memory to answer with. Whoever asked has a deadline of its own.
        }
        if (stopping) return;
    }
}

void Resolver::State::work_on(const std::string& host, std::unique_lock<std::mutex>& lock) {
    if (std::ranges::all_of(names[host].askers, &Asker::has_gone)) return tell(host, {});
    lock.unlock();
    Addresses addresses;
    try {
        addresses = look_up(host);
    } catch (const std::exception&) {
        // As if it had none.
    }
    lock.lock();
    if (stopping) return;
    if (!addresses.empty()) names[host].last_good = addresses;
    tell(host, addresses);
}

void Resolver::State::tell(const std::string& host, const Addresses& addresses) {
    const auto name = names.find(host);
    const std::vector<Asker> asked = std::exchange(name->second.askers, {});
    askers -= asked.size();
    name->second.is_taken = false;
    if (name->second.last_good.empty() || names.size() > most_names) names.erase(name);
    for (const Asker& asker : asked) {
        answer(executor, asker.done, endpoints_of(addresses, asker.port));
    }
}

void Resolver::State::stop() {
    const std::lock_guard lock(mutex);
    stopping = true;
    for (auto& [host, name] : names) {
        for (Asker& asker : name.askers) answer(executor, std::move(asker.done), {});
    }
    names.clear();
    waiting.clear();
    wake.notify_all();
}

Resolver::Resolver(boost::asio::io_context& io, LookUp look_up)
    : state_(std::make_shared<State>(io.get_executor(), std::move(look_up))) {}

Resolver::~Resolver() {
    state_->stop();
}

void Resolver::resolve(HostPort where, Done done) {
    state_->resolve(std::move(where), std::nullopt, std::move(done));
}

void Resolver::resolve(HostPort where, std::weak_ptr<const void> asker, Done done) {
    state_->resolve(std::move(where), std::move(asker), std::move(done));
}

std::vector<Endpoint> Resolver::last_good(const HostPort& where) const {
    const std::lock_guard lock(state_->mutex);
    const auto name = state_->names.find(where.host);
    if (name == state_->names.end()) return {};
    return endpoints_of(name->second.last_good, where.port);
}

}  // namespace bearergate::net
