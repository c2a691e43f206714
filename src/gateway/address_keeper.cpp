#include <bearergate/gateway/address_keeper.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <algorithm>
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
    };

    void pass();
    void resolved(Name& name, std::vector<net::Endpoint> endpoints);
    void finish_pass();
    std::vector<net::Endpoint> known(const net::HostPort& where) const;

    Hooks hooks{};
    All all{};
    std::vector<Name> names{};  // of those servers that have one: literals are in `all` for good
    std::size_t outstanding = 0;
    bool dirty = true;  // literals count as a change of the first pass
    std::function<void()> first_pass_done{};
};

void AddressKeeper::State::pass() {
    // One more than there are, so that answers that come at once do not end the pass early.
    outstanding = names.size() + 1;
    for (std::size_t i = 0; i < names.size(); ++i) {
        hooks.resolve(names[i].where, [weak = weak_from_this(), i](auto endpoints) {
            const auto self = weak.lock();
            if (!self) return;
            self->resolved(self->names[i], std::move(endpoints));
            self->finish_pass();
        });
    }
    finish_pass();
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

void AddressKeeper::State::finish_pass() {
    if (--outstanding > 0) return;
    if (std::exchange(dirty, false)) hooks.changed(std::make_shared<const All>(all));
    if (const auto done = std::exchange(first_pass_done, {})) done();
    if (names.empty()) return;
    const bool missing = std::ranges::any_of(names, [this](const Name& name) {
        return all[name.upstream].servers[name.server].endpoints.empty();
    });
    hooks.schedule(missing ? retry : interval, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->pass();
    });
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

void AddressKeeper::start(std::function<void()> first_pass_done) {
    state_->first_pass_done = std::move(first_pass_done);
    state_->pass();
}

}  // namespace bearergate::gateway
