#pragma once

#include <bearergate/core/key_set.hpp>
#include <bearergate/net/deadline.hpp>

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bearergate::gateway {

// What a fetch of one issuer's key set brought.
struct KeyDocument {
    std::string text{};  // "" when not modified
    std::string from{};  // URL or file, for the log
    bool not_modified = false;
    std::string etag{};
    std::optional<std::chrono::seconds> max_age{};  // > 0 only
};
using KeyFetchResult = std::expected<KeyDocument, std::string>;
// Fetches one issuer's key set, by discovery if need be; `done` is called once, later, on the
// control thread. In production two HTTPS requests; in tests a lambda.
using FetchKeys =
    std::function<void(const std::string& etag, std::function<void(KeyFetchResult)> done)>;

// When to fetch: pure, so that a day of outages is a table of values in a test.
struct RefreshRules {
    std::chrono::seconds refresh{600};
    std::chrono::seconds max_stale{86'400};
    std::chrono::seconds min_interval{60};  // however short a max-age is
    std::chrono::seconds first_back_off{1};
    std::chrono::seconds last_back_off{60};
    std::chrono::seconds unknown_key_interval{10};
};
// `jitter` in 0 … 1, spread over ± 10 %.
std::chrono::milliseconds next_refresh(const RefreshRules& rules, unsigned failures_in_a_row,
                                       std::optional<std::chrono::seconds> max_age, double jitter);
bool may_refetch(std::optional<net::SteadyTime> last_start, net::SteadyTime now,
                 std::chrono::seconds interval);

// One issuer's keys kept fresh, on the control thread. A refresh that fails, or that brings a
// document without a usable key, leaves the last good set in service up to `max_stale`.
class KeyStore {
public:
    struct Hooks {
        FetchKeys fetch{};
        std::function<net::SteadyTime()> now{};
        std::function<double()> jitter{};
        // Calls wake() after a while; the newest call replaces the one before. Must not fail.
        std::function<void(std::chrono::milliseconds after)> schedule{};
        // Another set, or null when there is none: the first fetch failed, or all have for longer
        // than max_stale.
        std::function<void(std::shared_ptr<const core::KeySet>)> changed{};
        // A question was answered: whatever keys there are, are out. Before `ask_again` another
        // one would be answered without a fetch.
        std::function<void(net::SteadyTime ask_again)> answered{};
        std::function<void(std::string_view level, const std::string& message)> log{};
        // Instead of a log line that speaks of the next try: why a fetch brought nothing. For those
        // who do not stay for that one; may be empty.
        std::function<void(const std::string& cause)> failed{};
    };
    KeyStore(RefreshRules rules, Hooks hooks);
    ~KeyStore();

    void start();   // the first fetch
    void wake();    // what was scheduled is due
    void ask();     // a worker lacks a key: refetch if allowed, then answered()
    void reload();  // fetch now; one under way is overtaken and thrown away when it ends
    // Goes on with the keys that it has, by other rules, and fetches them anew at once.
    void follow(RefreshRules rules, FetchKeys fetch);
    bool is_asked() const;  // somebody waits for the end of a fetch
    void stop();            // a fetch under way is thrown away when it ends

    struct Figures {
        std::uint64_t refreshes = 0, failures = 0;
        std::size_t keys = 0;
        bool usable = false;
        bool first_fetch_pending = true;
        std::optional<net::SteadyTime> last_success{};
        std::optional<net::SteadyTime> last_failure{};
    };
    Figures figures() const;
    std::vector<std::string> key_ids() const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace bearergate::gateway
