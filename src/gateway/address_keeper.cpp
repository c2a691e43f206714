#include <bearergate/gateway/address_keeper.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <algorithm>
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
        bool is_asked = false;  // and has not answered yet
    };

    void pass();
    void ask(std::size_t which);
    void resolved(Name& name, std::vector<net::Endpoint> endpoints);
    void tell();
    std::vector<net::Endpoint> known(const net::HostPort& where) const;

    Hooks hooks{};
    All all{};
    std::vector<Name> names{};  // of those servers that have one: literals are in `all` for good
    bool is_passing = false;
    bool dirty = true;  // something in `all` is still to be published
    std::function<void()> all_asked{};
};

// Nothing that fails here, for want of memory, ends it: the next pass makes up for it.
void AddressKeeper::State::pass() {
    is_passing = true;
    for (std::size_t i = 0; i < names.size(); ++i) {
        try {
            if (!names[i].is_asked) ask(i);
        } catch (const std::exception&) {
            names[i].is_asked = false;
        }
    }
    if (!names.empty()) {
        const bool missing = std::ranges::any_of(names, [this](const Name& name) {
            return all[name.upstream].servers[name.server].endpoints.empty();
        });
        hooks.schedule(missing ? retry : interval);
    }
    is_passing = false;
    tell();
}

void AddressKeeper::State::ask(std::size_t which) {
    names[which].is_asked = true;
    hooks.resolve(names[which].where, [weak = weak_from_this(), which](auto endpoints) {
        const auto self = weak.lock();
        if (!self) return;
        self->names[which].is_asked = false;
        self->resolved(self->names[which], std::move(endpoints));
        self->tell();
    });
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

// What is new, if anything, and not before a pass is through with those who answer at once.
void AddressKeeper::State::tell() {
    if (is_passing) return;
    try {
        if (dirty) hooks.changed(std::make_shared<const All>(all));
        dirty = false;
    } catch (const std::exception&) {
        // It still is, then.
    }
    if (all_asked && std::ranges::none_of(names, &Name::is_asked)) std::exchange(all_asked, {})();
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
