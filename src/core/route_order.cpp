// Two patterns side by side, without a request: which of them wins, and whether they ever meet.
#include <bearergate/core/case_folding.hpp>
#include <bearergate/core/route_table.hpp>

#include <algorithm>
#include <compare>
#include <string_view>

namespace bearergate::core {

namespace {

// A pattern's end comes before every segment it could have had instead. Literals that differ in
// case only are taken for equal: they may be one place, and then what follows decides.
std::weak_ordering compare_segments(const std::vector<Segment>& a, const std::vector<Segment>& b) {
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
        if (const auto order = a[i].kind <=> b[i].kind; order != 0) return order;
        if (a[i].kind != Segment::Kind::literal) continue;
        const auto text = [](const Segment& literal) {
            return case_folded(percent_decoded(literal.text));
        };
        if (const auto order = text(a[i]) <=> text(b[i]); order != 0) return order;
    }
    return a.size() <=> b.size();
}

// 0 for HEAD by name, which wins over the GET that answers it too; 2 for no method named.
int method_rank(const RoutePattern& pattern) {
    const auto& methods = pattern.methods;
    if (methods.empty()) return 2;
    return std::find(methods.begin(), methods.end(), "HEAD") != methods.end() ? 0 : 1;
}

bool methods_meet(const RoutePattern& a, const RoutePattern& b) {
    if (a.methods.empty() && b.methods.empty()) return true;
    const auto answered_by = [](const RoutePattern& pattern) {
        return [&pattern](const std::string& method) { return pattern.answers(method); };
    };
    // HEAD by name beside a GET that answers it is found from the side that names it.
    return std::any_of(a.methods.begin(), a.methods.end(), answered_by(b)) ||
           std::any_of(b.methods.begin(), b.methods.end(), answered_by(a));
}

bool is_one_label_before(std::string_view host, std::string_view domain) {
    const std::size_t dot = host.find('.');
    return dot != std::string_view::npos && dot > 0 && host.substr(dot + 1) == domain;
}

bool hosts_meet(const HostPattern& a, const HostPattern& b) {
    using enum HostPattern::Kind;
    if (a.kind == none || b.kind == none) return true;
    if (a.kind == b.kind) return a.text == b.text;
    return a.kind == exact ? is_one_label_before(a.text, b.text)
                           : is_one_label_before(b.text, a.text);
}

bool literals_meet(const Segment& a, const Segment& b, const MatchRules& rules) {
    if (a.kind != Segment::Kind::literal || b.kind != Segment::Kind::literal) return true;
    const std::string left = percent_decoded(a.text);
    const std::string right = percent_decoded(b.text);
    return rules.case_sensitive ? left == right : case_folded(left) == case_folded(right);
}

bool paths_meet(const RoutePattern& a, const RoutePattern& b, const MatchRules& rules) {
    for (std::size_t i = 0;; ++i) {
        const bool a_ends = i == a.segments.size();
        const bool b_ends = i == b.segments.size();
        if (a_ends && b_ends) {
            return !rules.trailing_slash_distinct || a.trailing_slash == b.trailing_slash;
        }
        const auto kind_at = [i](const RoutePattern& pattern) { return pattern.segments[i].kind; };
        if (!a_ends && kind_at(a) == Segment::Kind::any_rest) return true;
        if (!b_ends && kind_at(b) == Segment::Kind::any_rest) return true;
        if (a_ends || b_ends) return false;
        if (kind_at(a) == Segment::Kind::rest_capture || kind_at(b) == Segment::Kind::rest_capture)
            return true;
        if (!literals_meet(a.segments[i], b.segments[i], rules)) return false;
    }
}

}  // namespace

bool more_specific(const RoutePattern& a, const RoutePattern& b) {
    if (const auto order = a.host.kind <=> b.host.kind; order != 0) return order < 0;
    if (const auto order = a.host.text <=> b.host.text; order != 0) return order < 0;
    if (const auto order = compare_segments(a.segments, b.segments); order != 0) return order < 0;
    if (const int left = method_rank(a), right = method_rank(b); left != right) return left < right;
    // Nothing wins any more; a steady order all the same.
    if (a.trailing_slash != b.trailing_slash) return b.trailing_slash;
    return a.methods < b.methods;
}

bool overlap(const RoutePattern& a, const RoutePattern& b, const MatchRules& rules) {
    return hosts_meet(a.host, b.host) && methods_meet(a, b) && paths_meet(a, b, rules);
}

}  // namespace bearergate::core
