#pragma once

#include <bearergate/core/route_pattern.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bearergate::core {

struct MatchRules {
    bool case_sensitive = true;
    bool trailing_slash_distinct = false;
};

// What the braces of a pattern caught: raw views into path or host, with the names of the table's
// patterns. At most `capacity` captures per pattern (a longer pattern is a configuration error).
class Captures {
public:
    static constexpr std::size_t capacity = 16;
    struct Capture {
        std::string_view name{};
        std::string_view value{};  // of the path: still percent-encoded; of the host: as it came
        bool is_host_label = false;
    };
    std::span<const Capture> all() const { return {captures_.data(), count_}; }
    const Capture* find(std::string_view name) const;
    void add(Capture capture) { captures_[count_++] = capture; }
    void clear() { count_ = 0; }

private:
    std::array<Capture, capacity> captures_{};
    std::size_t count_ = 0;
};

struct Match {
    enum class Outcome : std::uint8_t { no_route, method_not_allowed, found };
    Outcome outcome = Outcome::no_route;
    std::size_t route = 0;  // index, when found
    std::string allow{};    // when method_not_allowed: the Allow field's value
    Captures captures{};
    std::size_t steps = 0;  // places of the trees that were looked at: what the match cost
};

// Two patterns of equal specificity that can both match a request; or a pattern with too many
// captures (then first == second).
struct RouteConflict {
    std::size_t first = 0;
    std::size_t second = 0;
};

// Compiled patterns: a tree per host pattern. The cost of a match grows with the path's segments,
// not with the number of patterns: of a tree only the places are looked at whose way down the path
// follows, each of them once. The most specific pattern wins, in the total order of
// docs/configuration.md. Literal segments are compared decoded; what is forwarded stays as it is.
class RouteTable {
public:
    RouteTable();
    RouteTable(RouteTable&&) noexcept;
    RouteTable& operator=(RouteTable&&) noexcept;
    ~RouteTable();

    // Conflicts are returned, not thrown; the table then must not be used.
    static RouteTable compile(std::span<const RoutePattern> patterns, const MatchRules& rules,
                              std::vector<RouteConflict>& conflicts);

    // Fills `match`, whose captures view into host and path. Does not allocate when found, but for
    // long segments with escapes.
    // `host` without port; case and one trailing dot do not matter.
    void match(std::string_view host, std::string_view method, std::string_view path,
               Match& match) const;

private:
    struct Tree;
    std::unique_ptr<const Tree> tree_;
};

// True when `a` wins over `b` wherever both are candidates: the order `check` prints routes in.
bool more_specific(const RoutePattern& a, const RoutePattern& b);
// True when some request is matched by both patterns (methods included).
bool overlap(const RoutePattern& a, const RoutePattern& b, const MatchRules& rules);

}  // namespace bearergate::core
