#include <bearergate/gateway/key_fetcher.hpp>
#include <bearergate/gateway/key_keeper.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <map>
#include <random>
#include <utility>

namespace bearergate::gateway {

namespace {

net::SteadyTime steady_now() {
    return std::chrono::steady_clock::now();
}

RefreshRules rules_of(const config::KeySource& source) {
    RefreshRules rules;
    rules.refresh = source.refresh;
    rules.max_stale = source.max_stale;
    return rules;
}

// Loading the system's certificates takes milliseconds and memory: only for who needs them, and
// once.
class TlsContexts {
public:
    net::TlsContext of(const config::KeySource& source) {
        const auto is_tls = [](const std::optional<config::Url>& url) { return url && url->tls; };
        // Discovery over http may name a key set at the issuer's own https origin.
        const bool needed = is_tls(source.jwks_uri) || is_tls(source.discovery) ||
                            (source.discovery && source.issuer.starts_with("https:"));
        if (!needed) return nullptr;
        net::TlsContext& context = by_ca_[source.ca];
        if (!context) context = net::make_tls_client({.ca = source.ca});
        return context;
    }

private:
    std::map<std::string, net::TlsContext> by_ca_{};
};

}  // namespace

struct KeyKeeper::State {
    struct Issuer {
        std::string name;
        std::string jwks_file;
        boost::asio::steady_timer timer;
        std::unique_ptr<KeyStore> store{};
    };

    State(boost::asio::io_context& io, Hooks to) : control(io), hooks(std::move(to)) {}

    KeyStore::Hooks store_hooks(std::size_t index, FetchKeys fetch);
    void replace(std::size_t index, std::shared_ptr<const core::KeySet> set);

    boost::asio::io_context& control;
    Hooks hooks;
    std::minstd_rand random{std::random_device{}()};  // spreads refreshes; guards nothing
    std::vector<Issuer> issuers{};
    std::shared_ptr<const core::KeyRing> ring{};
};

// The stores die with the state, and their hooks with them: a plain pointer to it is safe in those.
KeyStore::Hooks KeyKeeper::State::store_hooks(std::size_t index, FetchKeys fetch) {
    KeyStore::Hooks to;
    to.fetch = std::move(fetch);
    to.now = steady_now;
    to.jitter = [this] { return std::uniform_real_distribution<double>(0, 1)(random); };
    to.schedule = [this, index](std::chrono::milliseconds after, std::function<void()> what) {
        boost::asio::steady_timer& timer = issuers[index].timer;
        timer.expires_after(after);  // cancels what was scheduled before
        timer.async_wait([what = std::move(what)](boost::system::error_code error) {
            if (!error) what();
        });
    };
    to.changed = [this, index](std::shared_ptr<const core::KeySet> set) {
        replace(index, std::move(set));
    };
    to.answered = [this, index](net::SteadyTime ask_again) {
        if (hooks.answered) hooks.answered(index, ask_again);
    };
    to.log = [this, index](std::string_view level, const std::string& message) {
        if (hooks.log) hooks.log(level, issuers[index].name, message);
    };
    return to;
}

void KeyKeeper::State::replace(std::size_t index, std::shared_ptr<const core::KeySet> set) {
    core::KeyRing next = *ring;
    next[index] = {.set = std::move(set), .first_fetch_pending = false};
    ring = std::make_shared<const core::KeyRing>(std::move(next));
    hooks.publish(ring);
}

KeyKeeper::KeyKeeper(boost::asio::io_context& control, net::Resolver& resolver,
                     const std::vector<config::KeySource>& sources, Hooks hooks)
    : state_(std::make_shared<State>(control, std::move(hooks))) {
    TlsContexts contexts;
    core::KeyRing ring(sources.size());
    for (core::IssuerKeys& keys : ring) keys.first_fetch_pending = true;
    state_->ring = std::make_shared<const core::KeyRing>(std::move(ring));
    state_->issuers.reserve(sources.size());
    for (const config::KeySource& source : sources) {
        auto fetch = make_key_fetcher(control, resolver, source, contexts.of(source), steady_now);
        auto to = state_->store_hooks(state_->issuers.size(), std::move(fetch));
        state_->issuers.push_back(
            {.name = source.name,
             .jwks_file = source.jwks_file,
             .timer = boost::asio::steady_timer(control),
             .store = std::make_unique<KeyStore>(rules_of(source), std::move(to))});
    }
}

KeyKeeper::~KeyKeeper() = default;

void KeyKeeper::start() {
    state_->hooks.publish(state_->ring);
    for (State::Issuer& issuer : state_->issuers) issuer.store->start();
}

void KeyKeeper::ask(std::size_t issuer) {
    boost::asio::post(state_->control, [weak = std::weak_ptr(state_), issuer] {
        const auto state = weak.lock();
        if (state && issuer < state->issuers.size()) state->issuers[issuer].store->ask();
    });
}

void KeyKeeper::reload_files() {
    for (State::Issuer& issuer : state_->issuers) {
        if (!issuer.jwks_file.empty()) issuer.store->reload();
    }
}

std::shared_ptr<const core::KeyRing> KeyKeeper::ring() const {
    return state_->ring;
}

std::vector<KeyKeeper::Figures> KeyKeeper::figures() const {
    std::vector<Figures> all;
    all.reserve(state_->issuers.size());
    for (const State::Issuer& issuer : state_->issuers) {
        all.push_back({.name = issuer.name,
                       .store = issuer.store->figures(),
                       .key_ids = issuer.store->key_ids()});
    }
    return all;
}

}  // namespace bearergate::gateway
