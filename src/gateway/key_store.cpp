#include <bearergate/gateway/key_store.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace bearergate::gateway {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// What should have been done by now, and could not be for want of memory, is tried again then.
constexpr milliseconds overdue_pause{100};

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

    // What has to come of a fetch, even when whoever should tell forgets it: an exception on the
    // way, anywhere, must not leave the store waiting for ever.
    struct Flight {
        Flight(std::weak_ptr<State> of, std::uint64_t its_number)
            : store(std::move(of)), number(its_number) {}
        Flight(const Flight&) = delete;
        Flight& operator=(const Flight&) = delete;
        ~Flight() {
            try {
                end(std::unexpected("was given up"));
            } catch (const std::exception&) {
                // The next question or timer goes on from here.
            }
        }
        void end(KeyFetchResult result) {
            if (const auto self = store.lock()) self->finish(number, std::move(result));
        }
        std::weak_ptr<State> store;
        std::uint64_t number;
    };

    void fetch();
    void finish(std::uint64_t number, KeyFetchResult result);
    void settle(KeyFetchResult result);
    // Takes a document into service, or throws with everything as it was.
    void accept(const KeyDocument& document);
    // Notes down that it was a success.
    void keep(std::string its_etag, std::optional<seconds> max_age) noexcept;
    void install(core::KeySetDocument document, const KeyDocument& from);
    void fail(const std::string& what);
    void wake();
    void plan();
    void withdraw();
    void answer();  // if somebody asked
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
    std::vector<std::string> told_lost{};
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
    try {
        sent_etag = etag;
        const auto under_way = std::make_shared<Flight>(weak_from_this(), number);
        hooks.fetch(etag,
                    [under_way](KeyFetchResult result) { under_way->end(std::move(result)); });
    } catch (const std::exception& error) {
        finish(number, std::unexpected(error.what()));
    }
}

void KeyStore::State::finish(std::uint64_t number, KeyFetchResult result) {
    if (stopped || !in_flight || number != flight) return;
    const auto self = shared_from_this();  // a hook may destroy the store
    in_flight = false;
    settle(std::move(result));
    plan();
    answer();
}

// Nothing is thrown from here: whatever went wrong, the next fetch must be planned.
void KeyStore::State::settle(KeyFetchResult result) {
    try {
        if (result) return accept(*result);
    } catch (const std::exception& error) {
        result = std::unexpected(error.what());
    }
    try {
        fail(result.error());
    } catch (const std::exception&) {
        // It has been counted, and could not be told.
    }
}

void KeyStore::State::accept(const KeyDocument& document) {
    if (document.not_modified) {
        // Only what we named can be unmodified.
        if (!set || sent_etag.empty()) return fail("not modified, though nothing was named");
        return keep(etag, document.max_age);
    }
    auto parsed = core::parse_key_set(document.text);
    if (!parsed) {
        const std::string_view what = core::describe(parsed.error());
        return fail(document.from.empty() ? std::string(what)
                                          : fmt::format("{} {}", document.from, what));
    }
    install(*std::move(parsed), document);
}

void KeyStore::State::keep(std::string its_etag, std::optional<seconds> max_age) noexcept {
    const bool had_failed = std::exchange(failures_in_a_row, 0) > 0;
    etag = std::move(its_etag);
    ++figures.refreshes;
    const net::SteadyTime now = hooks.now();
    figures.last_success = now;
    // Before they are too old, however long they may be kept otherwise, and with time to try again.
    const milliseconds latest = milliseconds(rules.max_stale) * 9 / 10;
    next_fetch = now + std::min(next_refresh(rules, 0, max_age, hooks.jitter()), latest);
    try {
        log(had_failed ? "info" : "debug",
            had_failed ? "the keys can be fetched again" : "the keys were fetched");
    } catch (const std::exception&) {
        // It is no less true for not being told.
    }
}

// The keys go out before anything is noted down: what could not be handed to everybody counts as
// not fetched, ETag and all, and the next fetch brings it again. Once they are out nothing fails:
// keys that the store does not know of would never be withdrawn.
void KeyStore::State::install(core::KeySetDocument document, const KeyDocument& from) {
    if (!same_skipped(document.skipped, told_skipped)) {
        for (const core::SkippedKey& key : document.skipped) {
            log("warning", fmt::format("a key is not used: {} (kid \"{}\")", key.why, key.id));
        }
        told_skipped = std::move(document.skipped);
    }
    if (document.lost != told_lost) {
        for (const std::string& id : document.lost) {
            log("warning", fmt::format("the private half of a key is published with it, so anybody "
                                       "can sign: it must be replaced (kid \"{}\")",
                                       id));
        }
        told_lost = std::move(document.lost);
    }
    const bool is_new = !set || !same_keys(*set, document.set);
    auto next = is_new ? std::make_shared<const core::KeySet>(std::move(document.set)) : set;
    std::string its_etag = from.etag;
    if (is_new) {
        log("info", fmt::format("new keys: {}", list_ids(*next)));
        hooks.changed(next);
    }
    keep(std::move(its_etag), from.max_age);
    set = std::move(next);
    figures.first_fetch_pending = false;
}

void KeyStore::State::fail(const std::string& what) {
    ++failures_in_a_row;
    ++figures.failures;
    const net::SteadyTime now = hooks.now();
    figures.last_failure = now;
    const milliseconds pause = next_refresh(rules, failures_in_a_row, {}, hooks.jitter());
    next_fetch = now + pause;
    if (figures.first_fetch_pending) {
        hooks.changed(nullptr);
        figures.first_fetch_pending = false;
    }
    if (hooks.failed) return hooks.failed(what);
    log("warning", fmt::format("the keys could not be fetched: {}; {}, next try in {:.1f} s", what,
                               set ? "the last good ones stay in use" : "there are none",
                               static_cast<double>(pause.count()) / 1000));
}

void KeyStore::State::answer() {
    if (stopped || !asked) return;
    asked = false;
    try {
        hooks.answered(*last_start + rules.unknown_key_interval);
    } catch (const std::exception&) {
        // Whoever has not heard it hears it then.
        asked = true;
        hooks.schedule(overdue_pause);
    }
}

void KeyStore::State::wake() {
    if (stopped) return;
    const auto self = shared_from_this();
    const net::SteadyTime now = hooks.now();
    try {
        if (is_stale(now)) withdraw();
    } catch (const std::exception&) {
        // They are still too old when the timer comes again.
    }
    if (!stopped && !in_flight && now >= next_fetch) fetch();
    plan();
    if (!in_flight) answer();
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
    hooks.schedule(wait > milliseconds(0) ? wait : overdue_pause);
}

void KeyStore::State::withdraw() {
    hooks.changed(nullptr);
    set = nullptr;
    etag.clear();  // the next document must come whole
    log("error", "the last good keys are older than max_stale and no longer used");
}

KeyStore::KeyStore(RefreshRules rules, Hooks hooks)
    : state_(std::make_shared<State>(rules, std::move(hooks))) {}

KeyStore::~KeyStore() {
    stop();
}

void KeyStore::start() {
    reload();
}

void KeyStore::wake() {
    state_->wake();
}

void KeyStore::ask() {
    State& state = *state_;
    if (state.stopped) return;
    state.asked = true;
    if (state.in_flight) return;
    if (may_refetch(state.last_start, state.hooks.now(), state.rules.unknown_key_interval)) {
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

void KeyStore::follow(RefreshRules rules, FetchKeys fetch) {
    state_->rules = rules;
    state_->hooks.fetch = std::move(fetch);
    reload();
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
