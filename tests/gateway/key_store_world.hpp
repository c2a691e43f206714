#pragma once

#include <bearergate/gateway/key_store.hpp>

#include "support/test_issuer.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// A KeyStore, the clock that it goes by, and the issuer that it asks.
namespace bearergate::gateway::key_world {

using namespace std::chrono_literals;
using net::SteadyTime;

inline KeyFetchResult failure(const char* what = "connection refused") {
    return std::unexpected(what);
}
inline KeyFetchResult document(std::string text, std::string etag = "",
                               std::optional<std::chrono::seconds> max_age = {}) {
    return KeyDocument{.text = std::move(text), .etag = std::move(etag), .max_age = max_age};
}
inline KeyFetchResult not_modified() {
    return KeyDocument{.not_modified = true};
}

inline std::string key_set(std::initializer_list<const test::Issuer*> issuers) {
    std::string keys;
    for (const test::Issuer* issuer : issuers) {
        keys += (keys.empty() ? "" : ",") + issuer->key().public_jwk();
    }
    return "{\"keys\":[" + keys + "]}";
}

// A clock that only tests move, and an issuer that answers as they say.
struct World {
    explicit World(RefreshRules with = {}) : rules(with) { make_store(); }

    void make_store() {
        KeyStore::Hooks hooks;
        hooks.fetch = [this](const std::string& etag, std::function<void(KeyFetchResult)> done) {
            starts.push_back(now);
            etags.push_back(etag);
            if (lost == Lost::thrown) throw std::bad_alloc();
            if (lost == Lost::forgotten) {
                events.emplace(now + latency, [done = std::move(done)] {});
                return;
            }
            if (hangs) {
                held.push_back(std::move(done));
                return;
            }
            events.emplace(now + latency, [this, etag, done] { done(answer(etag)); });
        };
        hooks.now = [this] { return now; };
        hooks.jitter = [this] { return jitter; };
        hooks.schedule = [this](std::chrono::milliseconds after) {
            timer.emplace(now + after, [this] { store->wake(); });
        };
        hooks.changed = [this](std::shared_ptr<const core::KeySet> set) {
            keys = std::move(set);
            ++changes;
            if (on_change) on_change();
        };
        hooks.answered = [this](SteadyTime ask_again) {
            answers.push_back(ask_again);
            keys_when_answered = keys;
            if (on_answer) on_answer();
        };
        hooks.log = [this](std::string_view level, const std::string& message) {
            log.push_back(std::string(level) + ": " + message);
        };
        store = std::make_unique<KeyStore>(rules, std::move(hooks));
    }

    // Everything that happens until then, in its order.
    void run_until(SteadyTime end) {
        for (;;) {
            const SteadyTime event = events.empty() ? SteadyTime::max() : events.begin()->first;
            const SteadyTime alarm = timer ? timer->first : SteadyTime::max();
            if (std::min(event, alarm) > end) break;
            now = std::max(now, std::min(event, alarm));
            if (event <= alarm) {
                auto what = std::move(events.extract(events.begin()).mapped());
                what();
            } else {
                auto what = std::move(timer->second);
                timer.reset();
                what();
            }
        }
        now = end;
    }
    void run(std::chrono::milliseconds time) { run_until(now + time); }

    bool has(const test::Issuer& whose) const {
        return keys && keys->find(whose.key().id(), whose.key().algorithm());
    }
    int logged(std::string_view word) const {
        int count = 0;
        for (const std::string& line : log) count += line.find(word) != std::string::npos;
        return count;
    }

    test::Issuer issuer{};
    RefreshRules rules;
    SteadyTime now{1000h};
    double jitter = 0.5;
    std::chrono::milliseconds latency{20};
    bool hangs = false;
    enum class Lost : std::uint8_t { no, thrown, forgotten };
    Lost lost = Lost::no;
    std::function<KeyFetchResult(const std::string& etag)> answer = [this](const std::string&) {
        return document(issuer.jwks());
    };
    std::function<void()> on_change{};
    std::function<void()> on_answer{};

    std::vector<SteadyTime> starts{};
    std::vector<std::string> etags{};
    std::deque<std::function<void(KeyFetchResult)>> held{};
    std::shared_ptr<const core::KeySet> keys{};
    std::shared_ptr<const core::KeySet> keys_when_answered{};
    int changes = 0;
    std::vector<SteadyTime> answers{};
    std::vector<std::string> log{};
    std::multimap<SteadyTime, std::function<void()>> events{};
    std::optional<std::pair<SteadyTime, std::function<void()>>> timer{};
    std::unique_ptr<KeyStore> store{};
};

}  // namespace bearergate::gateway::key_world
