#include <bearergate/gateway/address_keeper.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <utility>

namespace bearergate::gateway {
namespace {

bool is_literal(const std::string& host) {
    boost::system::error_code error;
    boost::asio::ip::make_address(host, error);
    return !error;
}

// DNS servers rotate their answers: another order is no change.
bool same_set(const std::vector<net::Endpoint>& a, const std::vector<net::Endpoint>& b) {
    return std::ranges::is_permutation(a, b);
}

}  // namespace

struct AddressKeeper::State : std::enable_shared_from_this<State> {
    struct Name {
        std::size_t upstream = 0;
        std::size_t server = 0;
        net::HostPort where{};
        bool failing = false;
        bool is_waiting = false;  // to be asked
        bool is_asked = false;    // and has not answered yet
        bool had_its_chance = false;
    };

    void pass();
    void queue(bool with_address);
    void ask_those_waiting();
    void ask(std::size_t which);
    bool lacks_address(const Name& name) const {
        return all[name.upstream].servers[name.server].endpoints.empty();
    }
    void closed(Name& name);
    void resolved(Name& name, std::vector<net::Endpoint> endpoints);
    void tell();
    std::vector<net::Endpoint> known(const net::HostPort& where) const;

    Hooks hooks{};
    All all{};
    std::vector<Name> names{};  // of those servers that have one: literals are in `all` for good
    // To be asked, first come first served, from `next_waiting` on. Has room for all of them.
    std::vector<std::size_t> waiting{};
    std::size_t next_waiting = 0;
    std::size_t open = 0;  // questions that are asked
    bool is_asking = false;
    bool dirty = true;  // something in `all` is still to be published
    std::function<void()> all_asked{};
};

// Who has no address yet goes before those that have one, and behind those that an earlier pass has
// left waiting: names whose server is silent must not keep the others from being asked.
void AddressKeeper::State::pass() {
    waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(next_waiting));
    next_waiting = 0;
    queue(false);
    queue(true);
    ask_those_waiting();
    tell();
    const bool missing =
        std::ranges::any_of(names, [this](const Name& name) { return lacks_address(name); });
    // Without names there is another pass only for what could not be told.
    if (dirty || !names.empty()) hooks.schedule(dirty || missing ? retry : interval);
}

void AddressKeeper::State::queue(bool with_address) {
    for (std::size_t i = 0; i < names.size(); ++i) {
        Name& name = names[i];
        if (name.is_waiting || name.is_asked || lacks_address(name) == with_address) continue;
        waiting.push_back(i);
        name.is_waiting = true;
    }
}

// Nothing that fails here, for want of memory, ends it: the next pass makes up for it.
void AddressKeeper::State::ask_those_waiting() {
    is_asking = true;
    while (open < most_open && next_waiting < waiting.size()) {
        const std::size_t which = waiting[next_waiting++];
        names[which].is_waiting = false;
        try {
            ask(which);
        } catch (const std::exception&) {
            closed(names[which]);
        }
    }
    is_asking = false;
}

void AddressKeeper::State::ask(std::size_t which) {
    names[which].is_asked = true;
    ++open;
    hooks.resolve(names[which].where, [weak = weak_from_this(), which](auto endpoints) {
        const auto self = weak.lock();
        if (!self) return;
        self->closed(self->names[which]);
        self->resolved(self->names[which], std::move(endpoints));
        if (self->is_asking) return;
        self->ask_those_waiting();
        self->tell();
    });
}

void AddressKeeper::State::closed(Name& name) {
    if (std::exchange(name.is_asked, false)) --open;
    name.had_its_chance = true;
}

void AddressKeeper::State::resolved(Name& name, std::vector<net::Endpoint> endpoints) {
    std::vector<net::Endpoint>& known = all[name.upstream].servers[name.server].endpoints;
    const bool failed = endpoints.empty();
    if (failed && !name.failing) {
        hooks.log("warning", name.where.host,
                  known.empty()
                      ? "upstream name does not resolve; requests for it fail until it does"
                      : "upstream name does not resolve; its last good addresses serve");
    } else if (!failed && name.failing) {
        hooks.log("info", name.where.host, "upstream name resolves");
    }
    name.failing = failed;
    if (failed || same_set(known, endpoints)) return;
    known = std::move(endpoints);
    dirty = true;
}

// What is new, if anything; what cannot be told, for want of memory, is told in the next pass.
void AddressKeeper::State::tell() {
    try {
        if (dirty) hooks.changed(std::make_shared<const All>(all));
        dirty = false;
    } catch (const std::exception&) {
        // It still is, then, and is told again.
    }
    if (all_asked && std::ranges::all_of(names, &Name::had_its_chance)) {
        std::exchange(all_asked, {})();
    }
}

std::vector<net::Endpoint> AddressKeeper::State::known(const net::HostPort& where) const {
    const auto name = std::ranges::find_if(names, [&where](const Name& candidate) {
        return candidate.where.host == where.host && candidate.where.port == where.port;
    });
    if (name == names.end()) return {};
    return all[name->upstream].servers[name->server].endpoints;
}

AddressKeeper::AddressKeeper(const std::vector<config::Upstream>& upstreams, Hooks hooks,
                             const AddressKeeper* before)
    : state_(std::make_shared<State>()) {
    state_->hooks = std::move(hooks);
    state_->all.resize(upstreams.size());
    for (std::size_t i = 0; i < upstreams.size(); ++i) {
        for (const config::Url& url : upstreams[i].urls) {
            auto& servers = state_->all[i].servers;
            servers.emplace_back();
            if (url.is_unix) {
                servers.back().endpoints = {
                    boost::asio::local::stream_protocol::endpoint(url.path)};
            } else if (is_literal(url.host)) {
                servers.back().endpoints = {boost::asio::ip::tcp::endpoint(
                    boost::asio::ip::make_address(url.host), url.port)};
            } else {
                state_->names.push_back({.upstream = i,
                                         .server = servers.size() - 1,
                                         .where = {.host = url.host, .port = url.port}});
                if (before)
                    servers.back().endpoints = before->state_->known(state_->names.back().where);
            }
        }
    }
    state_->waiting.reserve(state_->names.size());
}

AddressKeeper::~AddressKeeper() = default;

void AddressKeeper::start(std::function<void()> all_asked) {
    state_->all_asked = std::move(all_asked);
    state_->pass();
}

void AddressKeeper::wake() {
    state_->pass();
}

}  // namespace bearergate::gateway
