// The form of `tests:`. Whether what the cases expect is true is for `bearergate test` to see.
#include <bearergate/config/urls.hpp>
#include <bearergate/core/identity.hpp>

#include "blocks.hpp"
#include "json_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace bearergate::config {
namespace {

constexpr int payload_depth = 16;

struct Subject {
    const Config& config;
    const core::Policy& policy;
    Reading& reading;

    void error(Place place, std::string_view message) const {
        reading.diagnostics.error(place, message);
    }
};

// "GET /path" or "GET https://host/path". The target itself may be one that is refused: that is
// something to test.
void read_request(const Node& node, TestCase& test, const Subject& subject) {
    const auto text = read_text(node, "'request'", subject.reading);
    if (!text) return;
    const std::size_t space = text->find(' ');
    test.method = text->substr(0, space);
    std::string_view target;
    if (space != std::string::npos) target = std::string_view(*text).substr(space + 1);
    bool is_sound = is_token(test.method);
    const bool is_https = target.starts_with("https://");
    if (is_https || target.starts_with("http://")) {
        target.remove_prefix(is_https ? 8 : 7);
        const std::string_view authority = target.substr(0, target.find_first_of("/?"));
        const auto url = parse_upstream_url("http://" + std::string(authority));
        if (url) test.host = url->host;
        is_sound = is_sound && url.has_value();
        target.remove_prefix(authority.size());
        test.target = target.starts_with('/') ? "" : "/";
    }
    test.target += target;
    const bool visible = std::all_of(test.target.begin(), test.target.end(),
                                     [](char c) { return c > ' ' && c <= '~'; });
    if (is_sound && test.target.starts_with('/') && visible) return;
    subject.error(node.place, fmt::format("the request is {}; it must be a method, a space and a "
                                          "path or URL: GET /items",
                                          shown(node.text)));
}

void read_headers(const Node& node, TestCase& test, const Subject& subject) {
    if (!expect_map(node, "'headers'", subject.reading)) return;
    for (const Node& child : node.children) {
        if (!is_token(child.key)) {
            subject.error(child.key_place,
                          fmt::format("{} cannot be a header name", shown(child.key)));
        }
        const auto values = read_list(child, shown(child.key), Alone::accepted, subject.reading);
        for (const Item& item : values.value_or(std::vector<Item>{})) {
            test.headers.emplace_back(child.key, item.value);
        }
    }
}

void read_token(const Node& node, TestCase& test, const Subject& subject) {
    if (node.kind == Node::Kind::scalar && node.value() == "none") return;
    if (node.kind != Node::Kind::map) {
        subject.error(node.place, "'token' must be none, {claims: {...}} or {file: NAME}");
        return;
    }
    Block block(&node, "tests[].token", subject.reading);
    const Node* claims = block.find("claims");
    block.file("file", NamedFile::Use::token, test.token.file);
    block.finish();
    if (block.has("claims") == block.has("file")) {
        subject.error(node.place, "a token has 'claims' or comes from a 'file'");
        return;
    }
    test.token.kind = claims == nullptr ? TestToken::Kind::file : TestToken::Kind::claims;
    if (claims == nullptr || !expect_map(*claims, "'claims'", subject.reading)) return;
    const auto json = json_value(*claims, "'claims'", subject.reading);
    if (!json) return;
    if (!core::Json::parse(*json, payload_depth)) {
        subject.error(claims->place, fmt::format("no token can hold these claims: nested deeper "
                                                 "than {} levels, or a number out of range",
                                                 payload_depth));
    }
    test.token.claims = *json;
}

void read_identity(const Node& node, Expectation& expect, const Subject& subject) {
    if (!expect_map(node, "'headers'", subject.reading)) return;
    const auto names = names_of(subject.policy.identity);
    for (const Node& child : node.children) {
        const bool known = std::any_of(names.begin(), names.end(), [&](std::string_view name) {
            return core::folded(name) == core::folded(child.key);
        });
        if (!known) {
            const std::string_view near = nearest(child.key, names);
            subject.error(child.key_place,
                          near.empty()
                              ? fmt::format("{} is not one of 'identity.headers'", shown(child.key))
                              : fmt::format("{} is not one of 'identity.headers'; did you mean "
                                            "'{}'?",
                                            shown(child.key), near));
        }
        const auto value = read_text(child, shown(child.key), subject.reading);
        if (!value) continue;
        expect.headers.emplace_back(child.key, value == "none" ? std::nullopt : value);
    }
}

// What no case can come to: there is no connection, no crowd and no upstream to fail.
bool needs_traffic(core::Reason reason) {
    constexpr int of_upstreams = 18;
    return core::refusal(reason).check == of_upstreams || reason == core::Reason::header_timeout ||
           reason == core::Reason::body_timeout || reason == core::Reason::overloaded;
}

void read_refusal(Block& block, Expectation& expect, const Subject& subject) {
    if (block.has("status")) {
        std::size_t status = 0;
        block.number("status", status, 400, 599);
        expect.status = static_cast<unsigned>(status);
    } else {
        block.find("status");
    }
    const Node* node = block.find("reason");
    if (node == nullptr) return;
    std::vector<core::Reason> reasons;
    std::vector<std::string_view> names;
    for (std::size_t i = 0; i < core::reason_count; ++i) {
        const auto reason = static_cast<core::Reason>(i);
        const std::string_view name = core::name_of(reason);
        if (!needs_traffic(reason)) {
            reasons.push_back(reason);
            names.push_back(name);
        } else if (node->kind == Node::Kind::scalar && node->value() == name) {
            subject.error(node->place,
                          fmt::format("no case is refused as '{}': nothing is sent anywhere, so "
                                      "nothing can be late, busy or broken",
                                      name));
            return;
        }
    }
    const auto index = read_word(*node, "'reason'", names, subject.reading);
    if (!index) return;
    expect.reason = reasons[*index];
    const unsigned status = core::refusal(*expect.reason).status;
    if (!expect.status || *expect.status == status || *expect.status == 0) return;
    subject.error(block.place("status"), fmt::format("a request refused as {} is answered with {}",
                                                     shown(node->text), status));
}

void read_expectation(const Node& node, Expectation& expect, const Subject& subject) {
    if (node.kind == Node::Kind::scalar) {
        constexpr std::array<std::string_view, 1> words{"allow"};
        read_word(node, "'expect'", words, subject.reading);
        return;
    }
    Block block(&node, "tests[].expect", subject.reading);
    if (!block.is_there()) return;
    read_refusal(block, expect, subject);
    if (const Node* upstream = block.find("upstream")) {
        expect.upstream =
            read_word(*upstream, "'upstream'", names_of(subject.config.upstreams), subject.reading);
    }
    if (const Node* headers = block.find("headers")) read_identity(*headers, expect, subject);
    block.finish();
    expect.allowed = !block.has("status") && !block.has("reason");
    const bool forwarded = block.has("upstream") || block.has("headers");
    if (!expect.allowed && forwarded) {
        subject.error(node.place,
                      "a refused request reaches no upstream: expect either 'status' "
                      "and 'reason', or 'upstream' and 'headers'");
    } else if (expect.allowed && !forwarded) {
        subject.error(node.place,
                      "'expect' must be allow, or a map with 'status', 'reason', "
                      "'upstream' or 'headers'");
    }
}

TestCase read_case(const Node& node, const Subject& subject) {
    TestCase test{.line = node.place.line};
    Block block(&node, "tests[]", subject.reading);
    block.text("name", test.name);
    if (const Node* request = block.find("request")) read_request(*request, test, subject);
    if (const Node* headers = block.find("headers")) read_headers(*headers, test, subject);
    if (const Node* token = block.find("token")) read_token(*token, test, subject);
    if (const Node* expect = block.find("expect")) read_expectation(*expect, test.expect, subject);
    block.finish();
    for (const std::string_view key : {"name", "request", "expect"}) {
        if (!block.lacks(key)) continue;
        subject.error(block.place(), fmt::format("a test needs {}", shown(key)));
    }
    return test;
}

}  // namespace

std::vector<TestCase> read_tests(const Node& tests, const Config& config,
                                 const core::Policy& policy, Reading& reading) {
    std::vector<TestCase> cases;
    const Subject subject{.config = config, .policy = policy, .reading = reading};
    if (tests.kind != Node::Kind::sequence) {
        if (tests.kind != Node::Kind::broken)
            reading.diagnostics.error(tests.place, "'tests' must be a list");
        return cases;
    }
    std::set<std::string> names;
    for (const Node& child : tests.children) {
        cases.push_back(read_case(child, subject));
        const std::string& name = cases.back().name;
        if (name.empty() || names.insert(name).second) continue;
        subject.error(child.place, fmt::format("two tests are called {}", shown(name)));
    }
    return cases;
}

}  // namespace bearergate::config
