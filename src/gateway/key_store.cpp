#include <bearergate/gateway/key_store.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace bearergate::gateway {

namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::seconds;

// The same keys for the same use: handing them out again would only cost the workers.
bool same_keys(const core::KeySet& a, const core::KeySet& b) {
    return std::ranges::equal(
        a.keys(), b.keys(), [](const core::PublicKey& x, const core::PublicKey& y) {
            return x.id == y.id && x.algorithms == y.algorithms && x.thumbprint == y.thumbprint;
        });
}

bool same_skipped(const std::vector<core::SkippedKey>& a, const std::vector<core::SkippedKey>& b) {
    return std::ranges::equal(a, b, [](const core::SkippedKey& x, const core::SkippedKey& y) {
        return x.id == y.id && x.why == y.why;
    });
}

// The ids for people, cut: an issuer may publish a hundred keys with ids of any length.
std::string list_ids(const core::KeySet& set) {
    constexpr std::size_t most_ids = 8;
    constexpr std::size_t most_bytes = 64;
    std::string text;
    for (const core::PublicKey& key : set.keys().first(std::min(most_ids, set.keys().size()))) {
        if (!text.empty()) text += ", ";
        text += key.id ? std::string_view(*key.id).substr(0, most_bytes) : "without kid";
    }
    if (set.keys().size() > most_ids) text += ", ...";
    return text;
}

}  // namespace

milliseconds next_refresh(const RefreshRules& rules, unsigned failures_in_a_row,
                          std::optional<seconds> max_age, double jitter) {
    milliseconds interval = rules.refresh;
    milliseconds shortest{0};
    if (failures_in_a_row > 0) {
        const unsigned doublings = std::min(failures_in_a_row - 1, 20U);
        const milliseconds back_off = rules.first_back_off * (1LL << doublings);
        // An issuer that fails is not asked less often than one that answers.
        const milliseconds longest = std::min(rules.last_back_off, rules.refresh);
        interval = std::min(back_off, std::max<milliseconds>(longest, rules.first_back_off));
    } else if (max_age && *max_age < rules.refresh) {
        interval = std::min(rules.refresh, std::max(*max_age, rules.min_interval));
        shortest = std::min(rules.refresh, rules.min_interval);
    }
    const double factor = 0.9 + 0.2 * std::clamp(jitter, 0.0, 1.0);
    const milliseconds spread(
        static_cast<milliseconds::rep>(static_cast<double>(interval.count()) * factor));
    return std::max(spread, shortest);
}

bool may_refetch(std::optional<net::SteadyTime> last_start, net::SteadyTime now, seconds interval) {
    return !last_start || now - *last_start >= interval;
}

struct KeyStore::State : std::enable_shared_from_this<State> {
    State(RefreshRules with, Hooks to) : rules(with), hooks(std::move(to)) {}

    void fetch();
    void finish(std::uint64_t number, KeyFetchResult result);
    // Takes a document into service; false when it is of no use.
    void accept(KeyDocument document);
    void keep(const KeyDocument& document);  // it was a success: from here on
    void install(core::KeySetDocument document);
    void fail(const std::string& what);
    void wake();
    void plan();
    void withdraw();
    void answer();
    bool is_stale(net::SteadyTime now) const {
        return set && now - *figures.last_success >= rules.max_stale;
    }
    void log(std::string_view level, const std::string& message) const {
        if (hooks.log) hooks.log(level, message);
    }

    RefreshRules rules;
    Hooks hooks;
    std::shared_ptr<const core::KeySet> set{};
    std::string etag{};
    std::string sent_etag{};  // of the fetch under way
    std::vector<core::SkippedKey> told_skipped{};
    unsigned failures_in_a_row = 0;
    std::uint64_t flight = 0;  // of the newest fetch; what ends with another number is thrown away
    bool in_flight = false;
    bool asked = false;  // somebody waits for the end of the fetch under way
    bool stopped = false;
    std::optional<net::SteadyTime> last_start{};
    net::SteadyTime next_fetch{};
    Figures figures{};
};

void KeyStore::State::fetch() {
    const std::uint64_t number = ++flight;
    in_flight = true;
    last_start = hooks.now();
    sent_etag = etag;
    hooks.fetch(etag, [weak = weak_from_this(), number](KeyFetchResult result) {
        if (const auto self = weak.lock()) self->finish(number, std::move(result));
    });
}

void KeyStore::State::finish(std::uint64_t number, KeyFetchResult result) {
    if (stopped || !in_flight || number != flight) return;
    const auto self = shared_from_this();  // a hook may destroy the store
    in_flight = false;
    if (!result) {
        fail(result.error());
    } else {
        accept(*std::move(result));
    }
    if (stopped) return;
    if (std::exchange(asked, false)) answer();
    plan();
}

void KeyStore::State::accept(KeyDocument document) {
    if (document.not_modified) {
        // Only what we named can be unmodified.
        if (!set || sent_etag.empty()) return fail("not modified, though nothing was named");
        return keep(document);
    }
    auto parsed = core::parse_key_set(document.text);
    if (!parsed) return fail(std::string(core::describe(parsed.error())));
    keep(document);
    install(*std::move(parsed));
}

void KeyStore::State::keep(const KeyDocument& document) {
    if (failures_in_a_row > 0) log("info", "the keys can be fetched again");
    failures_in_a_row = 0;
    ++figures.refreshes;
    const net::SteadyTime now = hooks.now();
    figures.last_success = now;
    if (!document.not_modified) etag = document.etag;
    next_fetch = now + next_refresh(rules, 0, document.max_age, hooks.jitter());
}

void KeyStore::State::install(core::KeySetDocument document) {
    if (!same_skipped(document.skipped, told_skipped)) {
        for (const core::SkippedKey& key : document.skipped) {
            log("warning", fmt::format("a key is not used: {} (kid \"{}\")", key.why, key.id));
        }
        told_skipped = std::move(document.skipped);
    }
    figures.first_fetch_pending = false;
    if (set && same_keys(*set, document.set)) return;
    set = std::make_shared<const core::KeySet>(std::move(document.set));
    log("info", fmt::format("new keys: {}", list_ids(*set)));
    hooks.changed(set);
}

void KeyStore::State::fail(const std::string& what) {
    ++failures_in_a_row;
    ++figures.failures;
    const net::SteadyTime now = hooks.now();
    const milliseconds pause = next_refresh(rules, failures_in_a_row, {}, hooks.jitter());
    next_fetch = now + pause;
    log("warning", fmt::format("the keys could not be fetched: {}; {}, next try in {:.1f} s", what,
                               set ? "the last good ones stay in use" : "there are none",
                               static_cast<double>(pause.count()) / 1000));
    if (std::exchange(figures.first_fetch_pending, false)) hooks.changed(nullptr);
}

void KeyStore::State::answer() {
    hooks.answered(*last_start + rules.unknown_key_interval);
}

void KeyStore::State::wake() {
    if (stopped) return;
    const auto self = shared_from_this();
    const net::SteadyTime now = hooks.now();
    if (is_stale(now)) withdraw();
    if (!stopped && !in_flight && now >= next_fetch) fetch();
    plan();
}

// One timer for two things: the next fetch, and the moment when the last good set is too old. The
// second also runs while a fetch is under way.
void KeyStore::State::plan() {
    if (stopped) return;
    std::optional<net::SteadyTime> next;
    if (!in_flight) next = next_fetch;
    if (set) {
        const net::SteadyTime stale_at = *figures.last_success + rules.max_stale;
        next = next ? std::min(*next, stale_at) : stale_at;
    }
    if (!next) return;
    const auto wait = std::chrono::ceil<milliseconds>(*next - hooks.now());
    hooks.schedule(std::max(wait, milliseconds(0)), [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->wake();
    });
}

void KeyStore::State::withdraw() {
    log("error", "the last good keys are older than max_stale and no longer used");
    set = nullptr;
    etag.clear();  // the next document must come whole
    hooks.changed(nullptr);
}

KeyStore::KeyStore(RefreshRules rules, Hooks hooks)
    : state_(std::make_shared<State>(rules, std::move(hooks))) {}

KeyStore::~KeyStore() {
    stop();
}

void KeyStore::start() {
    reload();
}

void KeyStore::ask() {
    State& state = *state_;
    if (state.stopped) return;
    if (state.in_flight) {
        state.asked = true;
    } else if (may_refetch(state.last_start, state.hooks.now(), state.rules.unknown_key_interval)) {
        state.asked = true;
        state.fetch();
        state.plan();
    } else {
        state.answer();
    }
}

void KeyStore::reload() {
    if (state_->stopped) return;
    state_->fetch();
    state_->plan();
}

bool KeyStore::is_asked() const {
    return state_->asked;
}

void KeyStore::stop() {
    state_->stopped = true;
}

KeyStore::Figures KeyStore::figures() const {
    Figures figures = state_->figures;
    figures.usable = state_->set != nullptr;
    figures.keys = figures.usable ? state_->set->keys().size() : 0;
    return figures;
}

std::vector<std::string> KeyStore::key_ids() const {
    std::vector<std::string> ids;
    if (!state_->set) return ids;
    for (const core::PublicKey& key : state_->set->keys()) {
        if (key.id) ids.push_back(*key.id);
    }
    return ids;
}

}  // namespace bearergate::gateway
