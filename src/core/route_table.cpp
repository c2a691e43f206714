#include <bearergate/core/case_folding.hpp>
#include <bearergate/core/route_table.hpp>

#include "ascii.hpp"
#include "ipv6_literal.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <unordered_map>
#include <utility>

namespace bearergate::core {

namespace {

// Texts compared as they stand or without regard to ASCII case; looked up without a copy.
struct TextHash {
    using is_transparent = void;
    bool folds = false;
    std::size_t operator()(std::string_view text) const {
        if (!folds) return std::hash<std::string_view>{}(text);
        std::size_t hash = 14695981039346656037ULL;  // FNV-1a
        for (const char c : text)
            hash = (hash ^ static_cast<unsigned char>(ascii::lower(c))) * 1099511628211ULL;
        return hash;
    }
};
struct TextEqual {
    using is_transparent = void;
    bool folds = false;
    bool operator()(std::string_view a, std::string_view b) const {
        if (!folds) return a == b;
        return ascii::same_ignoring_case(a, b);
    }
};
template <class Value>
using TextMap = std::unordered_map<std::string, Value, TextHash, TextEqual>;

template <class Value>
TextMap<Value> text_map(bool folds) {
    return TextMap<Value>(0, TextHash{folds}, TextEqual{folds});
}

// A segment as it is compared: decoded, because no server behind us tells `items:purge` from
// `items%3Apurge`. Segments without escapes, nearly all, are not copied. Where case makes no
// difference, letters outside ASCII that a backend may take for ASCII ones are those (what is
// outside ASCII came escaped).
class DecodedSegment {
public:
    DecodedSegment(std::string_view segment, bool folds) : text_(segment) {
        if (!segment.contains('%')) return;
        decoded_ = percent_decoded(segment);
        if (folds) decoded_ = case_folded(decoded_);
        text_ = decoded_;
    }
    DecodedSegment(const DecodedSegment&) = delete;
    DecodedSegment& operator=(const DecodedSegment&) = delete;
    std::string_view text() const { return text_; }

private:
    std::string_view text_;
    std::string decoded_{};
};

// The routes whose patterns end at one place; they differ in their methods.
struct Ending {
    struct Named {
        std::string method;
        std::size_t route;
    };
    std::vector<Named> named{};
    std::optional<std::size_t> unnamed{};

    std::optional<std::size_t> find_named(std::string_view method) const {
        for (const Named& entry : named) {
            if (entry.method == method) return entry.route;
        }
        return std::nullopt;
    }
    // A GET route answers HEAD too, but after one that names it.
    std::optional<std::size_t> find(std::string_view method) const {
        if (const auto route = find_named(method)) return route;
        if (method == "HEAD") {
            if (const auto route = find_named("GET")) return route;
        }
        return is_usual_method(method) ? unnamed : std::nullopt;
    }
};

// A place in the tree: where the patterns are that begin with the same segments. Capture names
// make no difference, so that patterns which differ in nothing else meet in one Ending.
struct Node {
    explicit Node(bool folds) : literals(text_map<std::unique_ptr<Node>>(folds)) {}

    const Node* literal(std::string_view segment) const {
        if (literals.empty()) return nullptr;
        const bool folds = literals.key_eq().folds;
        const auto found = literals.find(DecodedSegment(segment, folds).text());
        return found == literals.end() ? nullptr : found->second.get();
    }

    TextMap<std::unique_ptr<Node>> literals;  // decoded
    std::unique_ptr<Node> capture{};
    Ending end{};
    Ending end_with_slash{};  // where `/a` and `/a/` are distinct
    Ending rest_capture{};
    Ending any_rest{};
};

// What a match needs of a pattern once it has won.
struct CaptureNames {
    std::string host{};
    std::vector<Segment> segments{};  // none when nothing in the path is captured
};

// A path taken apart: the part that segments are read from, and whether a slash ended it.
struct SplitPath {
    std::string_view text{};  // "" or "/a/b", never with a slash at its end
    bool has_trailing_slash = false;

    explicit SplitPath(std::string_view path) {
        has_trailing_slash = path.size() > 1 && path.ends_with('/');
        text = path.ends_with('/') ? path.substr(0, path.size() - 1) : path;
    }
    bool ends_at(std::size_t at) const { return at == text.size(); }
    // The segment that begins at the slash at `at`; moves `at` to the next slash or the end.
    std::string_view next(std::size_t& at) const {
        const std::size_t begin = at + 1;
        at = std::min(text.find('/', begin), text.size());
        return text.substr(begin, at - begin);
    }
};

// One descent into a tree. Shows `visit` every ending whose pattern covers the path, the most
// specific first, until it says that it is content.
//
// Bound: a place has one way down to it and a path has one segment for each of its steps, so no
// place is looked at twice, whatever the table's alternatives: at most 2^depth places, and never
// more than the tree has.
template <class Visit>
struct Descent {
    const SplitPath& path;
    bool slash_is_distinct;
    Visit& visit;
    std::size_t steps = 0;

    bool descend(const Node& node, std::size_t at) {
        ++steps;
        if (path.ends_at(at)) {
            const bool slash = slash_is_distinct && path.has_trailing_slash;
            return visit(slash ? node.end_with_slash : node.end) || visit(node.any_rest);
        }
        std::size_t next = at;
        const std::string_view segment = path.next(next);
        if (segment.empty()) return false;
        if (const Node* const child = node.literal(segment)) {
            if (descend(*child, next)) return true;
        }
        if (node.capture && descend(*node.capture, next)) return true;
        return visit(node.rest_capture) || visit(node.any_rest);
    }
};

std::string_view without_root_dot(std::string_view host) {
    return host.ends_with('.') ? host.substr(0, host.size() - 1) : host;
}

// "acme.example" of "x.acme.example"; "" when there is no label before a dot.
std::string_view after_first_label(std::string_view host) {
    const std::size_t dot = host.find('.');
    return dot == std::string_view::npos || dot == 0 ? "" : host.substr(dot + 1);
}

}  // namespace

const Captures::Capture* Captures::find(std::string_view name) const {
    for (const Capture& capture : all()) {
        if (capture.name == name) return &capture;
    }
    return nullptr;
}

struct RouteTable::Tree {
    explicit Tree(const MatchRules& match_rules) : rules(match_rules) {}

    MatchRules rules;
    TextMap<Node> exact_hosts = text_map<Node>(true);
    TextMap<Node> wildcard_hosts = text_map<Node>(true);  // by what follows the first label
    Node any_host{!rules.case_sensitive};
    std::vector<CaptureNames> names{};  // by route

    Node& root_of(const HostPattern& host);
    Ending& ending_of(const RoutePattern& pattern);
    void insert(const RoutePattern& pattern, std::size_t route,
                std::vector<RouteConflict>& conflicts);
    template <class Visit>
    std::size_t descend(std::string_view host, const SplitPath& path, Visit visit) const;
    void capture(std::size_t route, std::string_view host, const SplitPath& path,
                 Captures& captures) const;
    std::string allow(std::string_view host, const SplitPath& path) const;
};

Node& RouteTable::Tree::root_of(const HostPattern& host) {
    const bool folds = !rules.case_sensitive;
    switch (host.kind) {
        case HostPattern::Kind::exact:
            return exact_hosts.try_emplace(host.text, folds).first->second;
        case HostPattern::Kind::wildcard:
            return wildcard_hosts.try_emplace(host.text, folds).first->second;
        case HostPattern::Kind::none: return any_host;
    }
    return any_host;
}

Ending& RouteTable::Tree::ending_of(const RoutePattern& pattern) {
    const bool folds = !rules.case_sensitive;
    Node* node = &root_of(pattern.host);
    for (const Segment& segment : pattern.segments) {
        switch (segment.kind) {
            case Segment::Kind::rest_capture: return node->rest_capture;
            case Segment::Kind::any_rest: return node->any_rest;
            case Segment::Kind::literal: {
                const DecodedSegment decoded(segment.text, folds);
                auto& child = node->literals[std::string(decoded.text())];
                if (!child) child = std::make_unique<Node>(folds);
                node = child.get();
                break;
            }
            case Segment::Kind::capture:
                if (!node->capture) node->capture = std::make_unique<Node>(folds);
                node = node->capture.get();
                break;
        }
    }
    return rules.trailing_slash_distinct && pattern.trailing_slash ? node->end_with_slash
                                                                   : node->end;
}

void RouteTable::Tree::insert(const RoutePattern& pattern, std::size_t route,
                              std::vector<RouteConflict>& conflicts) {
    const auto captured = pattern.capture_names();
    if (captured.size() > Captures::capacity) conflicts.push_back({route, route});
    const bool in_path = captured.size() > (pattern.host.capture.empty() ? 0U : 1U);
    names.push_back({pattern.host.capture, in_path ? pattern.segments : std::vector<Segment>{}});

    Ending& ending = ending_of(pattern);
    const auto clash = [&](std::size_t other) {
        const bool known = !conflicts.empty() && conflicts.back().first == other &&
                           conflicts.back().second == route;
        if (!known) conflicts.push_back({other, route});
    };
    if (pattern.methods.empty()) {
        if (ending.unnamed) clash(*ending.unnamed);
        ending.unnamed = ending.unnamed.value_or(route);
    }
    for (const std::string& method : pattern.methods) {
        if (const auto other = ending.find_named(method)) {
            clash(*other);
        } else {
            ending.named.push_back({method, route});
        }
    }
}

// Visits the endings that cover host and path, in the order in which they win.
template <class Visit>
std::size_t RouteTable::Tree::descend(std::string_view host, const SplitPath& path,
                                      Visit visit) const {
    Descent<Visit> descent{path, rules.trailing_slash_distinct, visit};
    const auto exact = exact_hosts.find(host);
    if (exact != exact_hosts.end() && descent.descend(exact->second, 0)) return descent.steps;
    const auto wildcard = wildcard_hosts.find(after_first_label(host));
    if (wildcard != wildcard_hosts.end() && descent.descend(wildcard->second, 0)) {
        return descent.steps;
    }
    descent.descend(any_host, 0);
    return descent.steps;
}

void RouteTable::Tree::capture(std::size_t route, std::string_view host, const SplitPath& path,
                               Captures& captures) const {
    const CaptureNames& wanted = names[route];
    if (!wanted.host.empty()) {
        captures.add({wanted.host, host.substr(0, host.find('.')), true});
    }
    std::size_t at = 0;
    for (const Segment& segment : wanted.segments) {
        const std::string_view rest = path.ends_at(at) ? "" : path.text.substr(at + 1);
        switch (segment.kind) {
            case Segment::Kind::literal: path.next(at); break;
            case Segment::Kind::capture: captures.add({segment.text, path.next(at)}); break;
            case Segment::Kind::rest_capture: captures.add({segment.text, rest}); break;
            case Segment::Kind::any_rest: break;
        }
    }
}

std::string RouteTable::Tree::allow(std::string_view host, const SplitPath& path) const {
    std::vector<std::string_view> usual;
    std::vector<std::string_view> others;
    const auto add = [&](std::string_view method) {
        auto& list = is_usual_method(method) ? usual : others;
        if (std::find(list.begin(), list.end(), method) == list.end()) list.push_back(method);
    };
    descend(host, path, [&](const Ending& ending) {
        for (const Ending::Named& entry : ending.named) {
            add(entry.method);
            if (entry.method == "GET") add("HEAD");
        }
        if (ending.unnamed) std::for_each(usual_methods.begin(), usual_methods.end(), add);
        return false;
    });
    std::sort(usual.begin(), usual.end(), [](std::string_view a, std::string_view b) {
        return std::find(usual_methods.begin(), usual_methods.end(), a) <
               std::find(usual_methods.begin(), usual_methods.end(), b);
    });
    std::sort(others.begin(), others.end());
    usual.insert(usual.end(), others.begin(), others.end());
    std::string list;
    for (const std::string_view method : usual) {
        if (!list.empty()) list += ", ";
        list += method;
    }
    return list;
}

RouteTable::RouteTable() = default;
RouteTable::RouteTable(RouteTable&&) noexcept = default;
RouteTable& RouteTable::operator=(RouteTable&&) noexcept = default;
RouteTable::~RouteTable() = default;

RouteTable RouteTable::compile(std::span<const RoutePattern> patterns, const MatchRules& rules,
                               std::vector<RouteConflict>& conflicts) {
    auto tree = std::make_unique<Tree>(rules);
    for (std::size_t i = 0; i < patterns.size(); ++i) tree->insert(patterns[i], i, conflicts);
    RouteTable table;
    table.tree_ = std::move(tree);
    return table;
}

void RouteTable::match(std::string_view host, std::string_view method, std::string_view path,
                       Match& match) const {
    match.outcome = Match::Outcome::no_route;
    match.route = 0;
    match.allow.clear();
    match.captures.clear();
    match.steps = 0;
    if (!tree_ || !path.starts_with('/')) return;

    LiteralScratch scratch;
    host = host.starts_with('[') ? canonical_literal(host, scratch) : without_root_dot(host);
    const SplitPath split(path);
    std::optional<std::size_t> route;
    match.steps = tree_->descend(host, split, [&](const Ending& ending) {
        route = ending.find(method);
        return route.has_value();
    });
    if (route) {
        match.outcome = Match::Outcome::found;
        match.route = *route;
        tree_->capture(*route, host, split, match.captures);
        return;
    }
    match.allow = tree_->allow(host, split);
    if (!match.allow.empty()) match.outcome = Match::Outcome::method_not_allowed;
}

}  // namespace bearergate::core
