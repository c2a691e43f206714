#include "pattern_index.hpp"

#include <bearergate/core/case_folding.hpp>

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bearergate::config {
namespace {

using core::HostPattern;
using core::RoutePattern;
using core::Segment;

std::string_view domain_of(std::string_view host) {
    const std::size_t dot = host.find('.');
    return dot == std::string_view::npos ? std::string_view() : host.substr(dot + 1);
}

// Two literals may be one to the table only if these are equal.
std::string comparable(const Segment& literal) {
    return core::case_folded(core::percent_decoded(literal.text));
}

// Where paths part: what ends here, what covers all below, and what goes on.
struct Fork {
    using Visit = PatternIndex::Visit;

    std::map<std::string, Fork, std::less<>> literals{};
    std::unique_ptr<Fork> capture{};
    std::vector<std::size_t> ends{};
    std::vector<std::size_t> rests{};

    void insert(const RoutePattern& pattern, std::size_t route) {
        Fork* node = this;
        for (const Segment& segment : pattern.segments) {
            switch (segment.kind) {
                case Segment::Kind::literal: node = &node->literals[comparable(segment)]; break;
                case Segment::Kind::capture:
                    if (!node->capture) node->capture = std::make_unique<Fork>();
                    node = node->capture.get();
                    break;
                case Segment::Kind::rest_capture:
                case Segment::Kind::any_rest: return node->rests.push_back(route);
            }
        }
        node->ends.push_back(route);
    }

    void each(const Visit& visit) const {
        for (const std::size_t route : ends) visit(route);
        for (const std::size_t route : rests) visit(route);
        for (const auto& [text, child] : literals) child.each(visit);
        if (capture) capture->each(visit);
    }

    void each_meeting(const RoutePattern& pattern, std::size_t at, const Visit& visit) const {
        const bool is_end = at == pattern.segments.size();
        if (!is_end && pattern.segments[at].kind >= Segment::Kind::rest_capture) return each(visit);
        for (const std::size_t route : rests) visit(route);
        if (is_end) {
            for (const std::size_t route : ends) visit(route);
            return;
        }
        if (capture) capture->each_meeting(pattern, at + 1, visit);
        if (pattern.segments[at].kind == Segment::Kind::capture) {
            for (const auto& [text, child] : literals) child.each_meeting(pattern, at + 1, visit);
        } else if (const auto child = literals.find(comparable(pattern.segments[at]));
                   child != literals.end()) {
            child->second.each_meeting(pattern, at + 1, visit);
        }
    }
};

using Hosts = std::map<std::string, Fork, std::less<>>;

}  // namespace

// A tree of paths for each host pattern.
struct PatternIndex::Trees {
    std::map<std::string, Hosts, std::less<>> exact{};  // by what follows the first label
    Hosts wildcard{};
    Fork any{};

    Fork& of(const HostPattern& host) {
        switch (host.kind) {
            case HostPattern::Kind::exact:
                return exact[std::string(domain_of(host.text))][host.text];
            case HostPattern::Kind::wildcard: return wildcard[host.text];
            case HostPattern::Kind::none: return any;
        }
        return any;
    }
};

PatternIndex::PatternIndex(std::span<const core::Route> routes) {
    auto trees = std::make_unique<Trees>();
    for (std::size_t i = 0; i < routes.size(); ++i) {
        trees->of(routes[i].pattern.host).insert(routes[i].pattern, i);
    }
    trees_ = std::move(trees);
}

PatternIndex::~PatternIndex() = default;

void PatternIndex::each_meeting(const RoutePattern& pattern, const Visit& visit) const {
    const auto all = [&](const Hosts& hosts) {
        for (const auto& [host, tree] : hosts) tree.each_meeting(pattern, 0, visit);
    };
    const auto one = [&](const Hosts& hosts, std::string_view host) {
        const auto tree = hosts.find(host);
        if (tree != hosts.end()) tree->second.each_meeting(pattern, 0, visit);
    };
    const auto& [exact, wildcard, any] = *trees_;
    const std::string& host = pattern.host.text;
    any.each_meeting(pattern, 0, visit);
    switch (pattern.host.kind) {
        case HostPattern::Kind::exact:
            one(wildcard, domain_of(host));
            if (const auto hosts = exact.find(domain_of(host)); hosts != exact.end()) {
                one(hosts->second, host);
            }
            break;
        case HostPattern::Kind::wildcard:
            one(wildcard, host);
            if (const auto hosts = exact.find(host); hosts != exact.end()) all(hosts->second);
            break;
        case HostPattern::Kind::none:
            all(wildcard);
            for (const auto& [domain, hosts] : exact) all(hosts);
            break;
    }
}

}  // namespace bearergate::config
