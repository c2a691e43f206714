#include <bearergate/gateway/key_fetcher.hpp>
#include <bearergate/gateway/key_keeper.hpp>
#include <bearergate/net/alarm.hpp>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <tuple>
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

// Whether both have the keys from the same place, by the same right. How often it is asked, for how
// long its keys are good, what it is called and whom TLS trusts is no reason to do without keys.
bool same_place(const config::KeySource& a, const config::KeySource& b) {
    const auto place = [](const config::KeySource& source) {
        return std::tie(source.issuer, source.discovery, source.jwks_uri, source.jwks_file,
                        source.discovery_is_configured, source.insecure_http);
    };
    return place(a) == place(b);
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
    // Stays where it is in memory: its store's hooks point to it.
    struct Issuer {
        bool is_of(const config::KeySource& other) const { return same_place(source, other); }

        config::KeySource source;
        std::size_t index = 0;
        std::shared_ptr<net::TlsContext> tls{};  // shared with its fetcher
        std::unique_ptr<KeyStore> store{};
        std::unique_ptr<net::Alarm> alarm{};        // the store's
        KeyStore::Figures before{};                 // of the one whose name it has taken over
        std::optional<std::size_t> former_index{};  // under the configuration before this one
        bool is_asked_by_former = false;

        KeyStore::Figures figures() const;
    };
    using Issuers = std::vector<std::unique_ptr<Issuer>>;
    // Other settings for an issuer that stays.
    struct Change {
        Issuer* whose = nullptr;
        config::KeySource source{};
        FetchKeys fetch{};
    };
    // Of the configuration before this one: requests that began under it may still lack a key.
    struct Former {
        std::uint64_t generation = 0;
        std::shared_ptr<const core::KeyRing> ring{};
    };

    State(boost::asio::io_context& io, net::Resolver& names, std::uint64_t first_generation,
          Hooks to)
        : control(io), resolver(names), generation(first_generation), hooks(std::move(to)) {}

    std::unique_ptr<Issuer> make_issuer(const config::KeySource& source, std::size_t index,
                                        TlsContexts& contexts);
    FetchKeys make_fetcher(const config::KeySource& source,
                           const std::shared_ptr<net::TlsContext>& tls);
    KeyStore::Hooks store_hooks(Issuer& issuer, FetchKeys fetch);
    void replace(const Issuer& whose, const std::shared_ptr<const core::KeySet>& set);
    void answer(Issuer& whose, net::SteadyTime ask_again) const;
    void answer_former(const Issuer& whose, net::SteadyTime ask_again) const;
    void answer_before(const std::vector<config::KeySource>& coming) const;
    void ask(const KeyQuestion& question);
    Issuer* find(const KeyQuestion& question) const;

    boost::asio::io_context& control;
    net::Resolver& resolver;
    std::uint64_t generation;  // of the configuration whose issuers these are
    Hooks hooks;
    std::minstd_rand random{std::random_device{}()};  // spreads refreshes; guards nothing
    Issuers issuers{};
    std::shared_ptr<const core::KeyRing> ring{};
    Former former{};
};

KeyStore::Figures KeyKeeper::State::Issuer::figures() const {
    KeyStore::Figures all = store->figures();
    all.refreshes += before.refreshes;
    all.failures += before.failures;
    return all;
}

FetchKeys KeyKeeper::State::make_fetcher(const config::KeySource& source,
                                         const std::shared_ptr<net::TlsContext>& tls) {
    return make_key_fetcher(control, resolver, source, [tls] { return *tls; }, steady_now);
}

std::unique_ptr<KeyKeeper::State::Issuer> KeyKeeper::State::make_issuer(
    const config::KeySource& source, std::size_t index, TlsContexts& contexts) {
    auto tls = std::make_shared<net::TlsContext>(contexts.of(source));
    auto issuer = std::make_unique<Issuer>(Issuer{.source = source, .index = index, .tls = tls});
    issuer->alarm =
        std::make_unique<net::Alarm>(control, [whose = issuer.get()] { whose->store->wake(); });
    issuer->store = std::make_unique<KeyStore>(rules_of(source),
                                               store_hooks(*issuer, make_fetcher(source, tls)));
    return issuer;
}

// A store dies with its issuer, and its hooks with it: plain pointers are safe in those.
KeyStore::Hooks KeyKeeper::State::store_hooks(Issuer& issuer, FetchKeys fetch) {
    KeyStore::Hooks to;
    to.fetch = std::move(fetch);
    to.now = steady_now;
    to.jitter = [this] { return std::uniform_real_distribution<double>(0, 1)(random); };
    to.schedule = [&issuer](std::chrono::milliseconds after) { issuer.alarm->set(after); };
    to.changed = [this, &issuer](const std::shared_ptr<const core::KeySet>& set) {
        replace(issuer, set);
    };
    to.answered = [this, &issuer](net::SteadyTime ask_again) { answer(issuer, ask_again); };
    to.log = [this, &issuer](std::string_view level, const std::string& message) {
        if (hooks.log) hooks.log(level, issuer.source.name, message);
    };
    if (hooks.failed) {
        to.failed = [this, &issuer](const std::string& cause) {
            hooks.failed(issuer.source.name, cause);
        };
    }
    return to;
}

void KeyKeeper::State::replace(const Issuer& whose,
                               const std::shared_ptr<const core::KeySet>& set) {
    const auto with = [&set](const core::KeyRing& before, std::size_t index) {
        core::KeyRing next = before;
        next[index] = {.set = set, .first_fetch_pending = false};
        return std::make_shared<const core::KeyRing>(std::move(next));
    };
    auto next = with(*ring, whose.index);
    if (whose.former_index) {
        former.ring = with(*former.ring, *whose.former_index);
        hooks.publish(former.ring, former.generation);
    }
    ring = std::move(next);
    hooks.publish(ring, generation);
}

void KeyKeeper::State::answer(Issuer& whose, net::SteadyTime ask_again) const {
    answer_former(whose, ask_again);
    hooks.answered({.issuer = whose.index, .generation = generation}, ask_again);
    whose.is_asked_by_former = false;
}

void KeyKeeper::State::answer_former(const Issuer& whose, net::SteadyTime ask_again) const {
    if (!whose.is_asked_by_former || !whose.former_index) return;
    hooks.answered({.issuer = *whose.former_index, .generation = former.generation}, ask_again);
}

// What nobody will answer afterwards: questions about issuers that go, and those of the
// configuration before the one that goes.
void KeyKeeper::State::answer_before(const std::vector<config::KeySource>& coming) const {
    for (const auto& issuer : issuers) {
        answer_former(*issuer, {});
        const bool stays = std::ranges::any_of(
            coming, [&](const config::KeySource& source) { return issuer->is_of(source); });
        if (stays || !issuer->store->is_asked()) continue;
        hooks.answered({.issuer = issuer->index, .generation = generation}, {});
    }
}

KeyKeeper::State::Issuer* KeyKeeper::State::find(const KeyQuestion& question) const {
    const auto place = std::ranges::find_if(issuers, [&](const auto& issuer) {
        return question.generation == generation ? issuer->index == question.issuer
                                                 : issuer->former_index == question.issuer;
    });
    const bool is_known =
        question.generation == generation || question.generation == former.generation;
    return is_known && place != issuers.end() ? place->get() : nullptr;
}

void KeyKeeper::State::ask(const KeyQuestion& question) {
    Issuer* const whose = find(question);
    // Its number means nobody, or somebody else, by now.
    if (whose == nullptr) return hooks.answered(question, {});
    if (question.generation != generation) whose->is_asked_by_former = true;
    whose->store->ask();
}

KeyKeeper::KeyKeeper(boost::asio::io_context& control, net::Resolver& resolver,
                     const std::vector<config::KeySource>& sources, std::uint64_t generation,
                     Hooks hooks)
    : state_(std::make_shared<State>(control, resolver, generation, std::move(hooks))) {
    TlsContexts contexts;
    core::KeyRing ring(sources.size());
    for (core::IssuerKeys& keys : ring) keys.first_fetch_pending = true;
    state_->ring = std::make_shared<const core::KeyRing>(std::move(ring));
    for (const config::KeySource& source : sources) {
        state_->issuers.push_back(state_->make_issuer(source, state_->issuers.size(), contexts));
    }
}

KeyKeeper::~KeyKeeper() = default;

void KeyKeeper::start() {
    state_->hooks.publish(state_->ring, state_->generation);
    for (const auto& issuer : state_->issuers) issuer->store->start();
}

void KeyKeeper::reconfigure(const std::vector<config::KeySource>& sources,
                            std::uint64_t generation) {
    State& state = *state_;
    const auto holder = [&state](const config::KeySource& source) {
        return std::ranges::find_if(
            state.issuers, [&](const auto& issuer) { return issuer && issuer->is_of(source); });
    };
    // Everything that can fail comes before anything changes.
    TlsContexts contexts;
    State::Issuers made(sources.size());
    std::vector<net::TlsContext> tls(sources.size());  // a CA file may hold something else now
    std::vector<State::Change> changes;                // of those that stay
    for (std::size_t i = 0; i < sources.size(); ++i) {
        tls[i] = contexts.of(sources[i]);
        const auto kept = holder(sources[i]);
        if (kept == state.issuers.end()) {
            made[i] = state.make_issuer(sources[i], i, contexts);
            const auto namesake = std::ranges::find_if(state.issuers, [&](const auto& issuer) {
                return issuer->source.name == sources[i].name;
            });
            if (namesake != state.issuers.end()) made[i]->before = (*namesake)->figures();
        } else if ((*kept)->source != sources[i]) {
            changes.push_back({.whose = kept->get(),
                               .source = sources[i],
                               .fetch = state.make_fetcher(sources[i], (*kept)->tls)});
        }
    }
    auto ring = std::make_shared<core::KeyRing>(sources.size());
    std::vector<State::Issuer*> fresh;
    fresh.reserve(sources.size());
    state.answer_before(sources);
    for (std::size_t i = 0; i < sources.size(); ++i) {
        if (made[i]) {
            (*ring)[i].first_fetch_pending = true;
            fresh.push_back(made[i].get());
        } else {
            auto& kept = *holder(sources[i]);
            (*ring)[i] = (*state.ring)[kept->index];
            made[i] = std::move(kept);
        }
    }
    for (std::size_t i = 0; i < made.size(); ++i) {
        const bool is_fresh = std::ranges::find(fresh, made[i].get()) != fresh.end();
        made[i]->former_index = is_fresh ? std::nullopt : std::optional(made[i]->index);
        made[i]->is_asked_by_former = made[i]->store->is_asked();
        made[i]->index = i;
        *made[i]->tls = std::move(tls[i]);
    }
    state.issuers = std::move(made);
    state.former = {.generation = state.generation, .ring = std::move(state.ring)};
    state.ring = std::move(ring);
    state.generation = generation;
    state.hooks.publish(state.ring, generation);
    for (State::Issuer* issuer : fresh) issuer->store->start();
    for (State::Change& change : changes) {
        change.whose->source = std::move(change.source);
        change.whose->store->follow(rules_of(change.whose->source), std::move(change.fetch));
    }
}

bool KeyKeeper::is_asked() const {
    return std::ranges::any_of(state_->issuers,
                               [](const auto& issuer) { return issuer->store->is_asked(); });
}

void KeyKeeper::ask(const KeyQuestion& question) {
    boost::asio::post(state_->control, [weak = std::weak_ptr(state_), question] {
        if (const auto state = weak.lock()) state->ask(question);
    });
}

void KeyKeeper::reload_files() {
    for (const auto& issuer : state_->issuers) {
        if (!issuer->source.jwks_file.empty()) issuer->store->reload();
    }
}

std::shared_ptr<const core::KeyRing> KeyKeeper::ring() const {
    return state_->ring;
}

std::vector<KeyKeeper::Figures> KeyKeeper::figures() const {
    std::vector<Figures> all;
    all.reserve(state_->issuers.size());
    for (const auto& issuer : state_->issuers) {
        all.push_back({.name = issuer->source.name,
                       .store = issuer->figures(),
                       .key_ids = issuer->store->key_ids()});
    }
    return all;
}

}  // namespace bearergate::gateway
