#include <bearergate/core/route_pattern.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bearergate::core {
namespace {

RoutePattern read(std::string_view text, const TargetRules& rules = {}) {
    auto pattern = parse_route_pattern(text, rules);
    if (!pattern) {
        ADD_FAILURE() << text << ": " << pattern.error().message;
        return {};
    }
    return *std::move(pattern);
}

// A pattern written out again, one character per kind: what the reader understood.
std::string understood(const RoutePattern& pattern) {
    std::string out;
    for (const std::string& method : pattern.methods) out += method + " ";
    switch (pattern.host.kind) {
        case HostPattern::Kind::exact: out += "=" + pattern.host.text; break;
        case HostPattern::Kind::wildcard:
            out += "<" + pattern.host.capture + ">." + pattern.host.text;
            break;
        case HostPattern::Kind::none: break;
    }
    for (const Segment& segment : pattern.segments) {
        switch (segment.kind) {
            case Segment::Kind::literal: out += "/" + segment.text; break;
            case Segment::Kind::capture: out += "/<" + segment.text + ">"; break;
            case Segment::Kind::rest_capture: out += "/<" + segment.text + " rest>"; break;
            case Segment::Kind::any_rest: out += "/rest"; break;
        }
    }
    return out + (pattern.trailing_slash ? "/" : "") + (pattern.segments.empty() ? "/" : "");
}

TEST(RoutePattern, IsReadAsItIsDocumented) {
    const struct {
        std::string_view text, read;
    } cases[] = {
        {"/", "/"},
        {"GET /", "GET /"},
        {"GET /items", "GET /items"},
        {"GET,POST /items/", "GET POST /items/"},
        {"PROPFIND /dav", "PROPFIND /dav"},
        {"M-SEARCH /x", "M-SEARCH /x"},
        {"/orgs/{orgId}/projects", "/orgs/<orgId>/projects"},
        {"/files/{path...}", "/files/<path rest>"},
        {"/{a}/{b_2}", "/<a>/<b_2>"},
        {"/**", "/rest"},
        {"/a/**", "/a/rest"},
        {"api.acme.example/x", "=api.acme.example/x"},
        {"GET API.Acme.Example./x", "GET =api.acme.example/x"},
        {"*.acme.example/x", "<>.acme.example/x"},
        {"{tenant}.acme.example/{x}", "<tenant>.acme.example/<x>"},
        {"{tenant}.Acme.example./", "<tenant>.acme.example/"},
        {"localhost/", "=localhost/"},
        {"127.0.0.1/", "=127.0.0.1/"},
        {"[::1]/", "=[::1]/"},
        {"[2001:DB8::1]/a", "=[2001:db8::1]/a"},
        {"[2001:db8:0:0::0:01]/a", "=[2001:db8::1]/a"},
        {"my_host-1/a", "=my_host-1/a"},
        {"/caf%C3%A9", "/caf%C3%A9"},
        {"/v1.2/items:batch", "/v1.2/items:batch"},
        {"/.well-known/x", "/.well-known/x"},
        {"/a%20b/c%2Bd", "/a%20b/c%2Bd"},
        {"/.../x", "/.../x"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.text);
        EXPECT_EQ(understood(read(c.text)), c.read);
    }
    EXPECT_EQ(understood(read("/a;b", {.semicolon_is_opaque = true})), "/a;b");
}

// What is wrong, where, and a part of the sentence that says what would be right.
TEST(RoutePattern, FaultsSayWhatWouldBeRight) {
    const struct {
        std::string_view text;
        std::size_t offset;
        std::string_view says;
    } cases[] = {
        {"", 0, "path that starts with /"},
        {"GET", 3, "path that starts with /"},
        {"GET ", 4, "path that starts with /"},
        {"items", 5, "path that starts with /"},
        {" /a", 0, "cannot begin with a space"},
        {"GET  /a", 4, "exactly one space"},
        {"get /a", 0, "upper case"},
        {"Get /a", 0, "upper case"},
        {"GET,post /a", 4, "upper case"},
        {"GET, POST /a", 4, "without spaces"},
        {",GET /a", 0, "method is missing"},
        {"GET,,POST /a", 4, "method is missing"},
        {"GET, /a", 4, "method is missing"},
        {"GET,GET /a", 4, "named twice"},
        {"TRACE /a", 0, "always refused"},
        {"GET,CONNECT /a", 4, "always refused"},
        {"G@T /a", 0, "not a method"},
        {"1GET /a", 0, "not a method"},
        {"acme.example /a", 0, "host stands directly before the path"},
        {"{t}.acme.example /a", 0, "host stands directly before the path"},
        {"* /a", 0, "host stands directly before the path"},
        {"GET/items", 0, "`GET /items`"},
        {"https://acme.example/a", 0, "leave out the scheme"},
        {"GET https://acme.example/a", 4, "leave out the scheme"},
        {"acme.example:8080/a", 12, "leave out the port"},
        {"[::1]:8080/a", 5, "leave out the port"},
        {"[::1/a", 0, "IPv6"},
        {"[]/a", 0, "IPv6"},
        {"[x]/a", 0, "IPv6"},
        {"[1:2]/a", 0, "IPv6"},
        {"[::1::]/a", 0, "IPv6"},
        {"[127.0.0.1]/a", 0, "IPv6"},
        {"*/a", 0, "for every host write none"},
        {"{t}/a", 0, "for every host write none"},
        {"*./a", 0, "for every host write none"},
        {"a.*.example/x", 2, "whole first label"},
        {"a.{t}.example/x", 2, "whole first label"},
        {"*x.example/", 0, "whole first label"},
        {"x{t}.example/", 1, "whole first label"},
        {"*.*.example/", 2, "whole first label"},
        {"{t...}.example/", 0, "whole first label"},
        {"{1}.example/", 0, "letters, digits"},
        {"{}.example/", 0, "letters, digits"},
        {"*.[::1]/", 2, "not a host name"},
        {"a..b/x", 2, "not a host name"},
        {".a/x", 0, "not a host name"},
        {"./x", 0, "not a host name"},
        {"a../x", 1, "not a host name"},
        {"b\xc3\xbc"
         "cher.example/",
         1, "xn--"},
        {"user@host/", 4, "not a host name"},
        {"/a?b=c", 2, "queries and fragments"},
        {"/a#b", 2, "queries and fragments"},
        {"//", 1, "empty segment"},
        {"/a//b", 3, "empty segment"},
        {"/a//", 3, "empty segment"},
        {"/a/**/b", 3, "only at the end"},
        {"/**/", 1, "only at the end"},
        {"/{p...}/b", 1, "only at the end"},
        {"/{p...}/", 1, "only at the end"},
        {"/a/*", 3, "`/**`"},
        {"/a*", 1, "`/**`"},
        {"/***", 1, "`/**`"},
        {"/:id", 1, "`{id}`"},
        {"/a{b}", 1, "whole segment"},
        {"/{a}b", 1, "whole segment"},
        {"/{a", 1, "whole segment"},
        {"/{a}{b}", 1, "letters, digits"},
        {"/{}", 1, "letters, digits"},
        {"/{...}", 1, "letters, digits"},
        {"/{9a}", 1, "letters, digits"},
        {"/{a-b}", 1, "letters, digits"},
        {"/{*path}", 1, "{path...}"},
        {"/{path*}", 1, "{path...}"},
        {"/{a:[0-9]+}", 1, "letters, digits"},
        {"/{a}/{a}", 5, "used twice"},
        {"/{a}/{a...}", 5, "used twice"},
        {"{a}.acme.example/{a}", 17, "used twice"},
        {"/%61dmin", 1, "`admin`"},
        {"/caf%c3%a9", 1, "`caf%C3%A9`"},
        {"/caf\xc3\xa9", 1, "`caf%C3%A9`"},
        {"/a b", 1, "`a%20b`"},
        {"GET /a b/c", 5, "`a%20b`"},
        {"/a;b", 1, "paths.semicolon"},
        {"/.", 1, "read in two ways"},
        {"/a/../b", 3, "read in two ways"},
        {"/a.", 1, "read in two ways"},
        {"/a%2Fb", 1, "read in two ways"},
        {"/%00", 1, "read in two ways"},
        {"/a%252F", 1, "read in two ways"},
        {"/a\\b", 1, "read in two ways"},
        {"/a%", 1, "read in two ways"},
        {"/a%20", 1, "read in two ways"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.text);
        const auto pattern = parse_route_pattern(c.text, {});
        EXPECT_FALSE(pattern);
        if (pattern) continue;
        EXPECT_EQ(pattern.error().offset, c.offset) << pattern.error().message;
        EXPECT_TRUE(pattern.error().message.contains(c.says)) << pattern.error().message;
    }
}

TEST(RoutePattern, IsBoundedInItsLengthAndItsHost) {
    std::string path;
    for (int i = 0; i < 256; ++i) path += "/a";
    EXPECT_TRUE(parse_route_pattern(path, {}));
    EXPECT_FALSE(parse_route_pattern(path + "/a", {}));

    const std::string label(63, 'a');
    EXPECT_TRUE(parse_route_pattern(label + "/", {}));
    EXPECT_FALSE(parse_route_pattern(label + "a/", {}));
    const std::string host = label + "." + label + "." + label + "." + std::string(61, 'a');
    EXPECT_TRUE(parse_route_pattern(host + "/", {}));
    EXPECT_FALSE(parse_route_pattern(host + "a/", {}));
}

TEST(RoutePattern, NamesItsCapturesHostFirst) {
    EXPECT_EQ(read("{t}.acme.example/{a}/x/{b...}").capture_names(),
              (std::vector<std::string>{"t", "a", "b"}));
    EXPECT_EQ(read("*.acme.example/x/**").capture_names(), std::vector<std::string>{});
}

TEST(RoutePattern, AnswersTheMethodsThatItNamesOrTheUsualOnes) {
    const struct {
        std::string_view text, method;
        bool answers;
    } cases[] = {
        {"/a", "GET", true},         {"/a", "HEAD", true},       {"/a", "POST", true},
        {"/a", "PUT", true},         {"/a", "PATCH", true},      {"/a", "DELETE", true},
        {"/a", "OPTIONS", true},     {"/a", "PROPFIND", false},  {"/a", "TRACE", false},
        {"/a", "CONNECT", false},    {"/a", "get", false},       {"/a", "", false},
        {"GET /a", "GET", true},     {"GET /a", "HEAD", true},   {"GET /a", "get", false},
        {"HEAD /a", "GET", false},   {"POST /a", "HEAD", false}, {"POST /a", "OPTIONS", false},
        {"PURGE /a", "PURGE", true}, {"PURGE /a", "GET", false},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(std::string(c.text) + " ? " + std::string(c.method));
        EXPECT_EQ(read(c.text).answers(c.method), c.answers);
    }
}

}  // namespace
}  // namespace bearergate::core
