// Names to addresses on threads beside the event loops.
#include <bearergate/net/operation_room.hpp>
#include <bearergate/net/resolver.hpp>

#include <boost/asio/bind_allocator.hpp>
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
    using Found = std::shared_ptr<const Addresses>;  // null for none
    // Who asked is told, whatever happens: for want of memory as if there were no addresses.
    struct Asker : std::enable_shared_from_this<Asker> {
        Asker(Executor its_loop, std::uint16_t its_port,
              std::optional<std::weak_ptr<const void>> its_owner, Done what)
            : port(its_port), owner(std::move(its_owner)), done(std::move(what)), work(its_loop) {}

        bool has_gone() const { return owner && owner->expired(); }
        void answer(Found addresses) {
            found = std::move(addresses);
            boost::asio::post(work.get_executor(),
                              boost::asio::bind_allocator(
                                  room.allocator(), [self = shared_from_this()] { self->tell(); }));
        }
        void tell() {
            std::vector<Endpoint> endpoints;
            try {
                if (found) endpoints = endpoints_of(*found, port);
            } catch (const std::exception&) {
                endpoints.clear();
            }
            work.reset();
            std::exchange(done, {})(std::move(endpoints));
        }
        OperationRoom room{};
        std::uint16_t port;
        std::optional<std::weak_ptr<const void>> owner;
        Done done;
        boost::asio::executor_work_guard<Executor> work;  // the loop stays for the answer
        Found found{};
    };
    struct Name {
        std::vector<std::shared_ptr<Asker>> askers{};
        bool is_taken = false;  // it waits for a thread, or a thread has it
        Found last_good{};
    };

    State(Executor io, LookUp how) : executor(io), look_up(std::move(how)) {}

    void resolve(HostPort where, std::optional<std::weak_ptr<const void>> owner, Done done);
    void ask(const std::string& host, std::shared_ptr<Asker> asker);
    void put_first(const std::string& host);
    bool hire();
    void run();
    void work_on(const std::string& host, std::unique_lock<std::mutex>& lock);
    void tell(const std::string& host, const Found& addresses);
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
    Addresses addresses = unusable ? Addresses{} : known(where.host);
    auto asker = std::make_shared<Asker>(executor, where.port, std::move(owner), std::move(done));
    if (unusable) return asker->answer(nullptr);
    if (addresses.empty()) return ask(where.host, std::move(asker));
    asker->answer(std::make_shared<const Addresses>(std::move(addresses)));
}

void Resolver::State::ask(const std::string& host, std::shared_ptr<Asker> asker) {
    const std::lock_guard lock(mutex);
    if (askers >= most_waiting) return asker->answer(nullptr);
    Name& name = names[host];
    // Who may lose interest before its turn comes would never have one behind names that hang.
    const bool is_pressing = asker->owner.has_value();
    if (!name.is_taken) waiting.push_back(host);
    try {
        name.askers.push_back(std::move(asker));
    } catch (const std::exception&) {
        if (!name.is_taken) waiting.pop_back();
        throw;
    }
    ++askers;
    if (std::exchange(name.is_taken, true)) {
        if (is_pressing) put_first(host);
        return;
    }
    if (idle < waiting.size() && !hire() && threads == 0) {
        waiting.pop_back();
        return tell(host, nullptr);
    }
    if (is_pressing) put_first(host);
    wake.notify_one();
}

void Resolver::State::put_first(const std::string& host) {
    const auto place = std::ranges::find(waiting, host);
    if (place != waiting.end()) std::rotate(waiting.begin(), place, place + 1);
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
        work_on(host, lock);
        if (stopping) return;
    }
}

void Resolver::State::work_on(const std::string& host, std::unique_lock<std::mutex>& lock) {
    const Name& name = names.find(host)->second;  // there until somebody is told
    if (std::ranges::all_of(name.askers, [](const auto& asker) { return asker->has_gone(); })) {
        return tell(host, nullptr);
    }
    lock.unlock();
    Found addresses;
    try {
        auto found = std::make_shared<Addresses>(look_up(host));
        if (!found->empty()) addresses = std::move(found);
    } catch (const std::exception&) {
        // For want of memory: as if it had none.
    }
    lock.lock();
    if (!stopping) tell(host, addresses);
}

// Needs no memory.
void Resolver::State::tell(const std::string& host, const Found& addresses) {
    const auto name = names.find(host);
    const auto asked = std::exchange(name->second.askers, {});
    askers -= asked.size();
    name->second.is_taken = false;
    if (addresses) name->second.last_good = addresses;
    if (!name->second.last_good || names.size() > most_names) names.erase(name);
    for (const auto& asker : asked) asker->answer(addresses);
}

void Resolver::State::stop() {
    const std::lock_guard lock(mutex);
    stopping = true;
    for (const auto& [host, name] : names) {
        for (const auto& asker : name.askers) asker->answer(nullptr);
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
    if (name == state_->names.end() || !name->second.last_good) return {};
    return endpoints_of(*name->second.last_good, where.port);
}

}  // namespace bearergate::net
