#include <bearergate/core/target.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <random>
#include <string>
#include <vector>

namespace bearergate::core {
namespace {

constexpr TargetRules strict{};
constexpr TargetRules opaque{.semicolon_is_opaque = true};

struct Parsed {
    bool ok = false;
    std::string path{};
    bool has_query = false;
    std::string query{};
};
Parsed parsed(std::string_view raw, const TargetRules& rules = strict) {
    std::string scratch;
    const auto target = Target::parse(raw, rules, scratch);
    if (!target) {
        EXPECT_EQ(target.error(), Reason::bad_target);
        return {};
    }
    return {true, std::string(target->path()), target->has_query(), std::string(target->query())};
}

TEST(Target, HasOneSpelling) {
    const struct {
        std::string_view raw, path;
    } cases[] = {
        {"/", "/"},
        {"/a", "/a"},
        {"/a/", "/a/"},
        {"/%61dmin", "/admin"},
        {"/%41%5A%2d%2E%5f%7e", "/AZ-._~"},
        {"/caf%c3%a9", "/caf%C3%A9"},
        {"/%f0%9f%94%92", "/%F0%9F%94%92"},
        {"/%ed%9f%bf", "/%ED%9F%BF"},
        {"/%f4%8f%bf%bf", "/%F4%8F%BF%BF"},
        {"/a%20b", "/a%20b"},
        {"/a%3fb%23c%5bd", "/a%3Fb%23c%5Bd"},
        {"/%25", "/%25"},
        {"/100%25", "/100%25"},
        {"/100%25users", "/100%25users"},
        {"/%2541", "/%2541"},
        {"/./a", "/a"},
        {"/a/./b/../c", "/a/c"},
        {"/a/..", "/"},
        {"/a/b/..", "/a/"},
        {"/a/.", "/a/"},
        {"/a/%2E%2e/b", "/b"},
        {"/a/b/.%2e/../c", "/c"},
        {"/v1.2/x.json", "/v1.2/x.json"},
        {"/.well-known/a", "/.well-known/a"},
        {"/..a/.b", "/..a/.b"},
        {"/a/.../b", "/a/.../b"},
        {"/a!$&'()*+,=:@b", "/a!$&'()*+,=:@b"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.raw);
        const Parsed once = parsed(c.raw);
        EXPECT_TRUE(once.ok);
        EXPECT_EQ(once.path, c.path);
        EXPECT_FALSE(once.has_query);
    }
}

TEST(Target, RefusesWhatTwoServersMayReadInTwoWays) {
    const std::string_view cases[] = {
        // not origin-form
        "", "a", "*", "http://h/a", "host:443", "?a", " /a",
        // raw bytes
        "/a b", "/a\tb", "/a\\b", "/a/..\\b", "/a#b", "/\xc3\xa9", "/a\x7f",
        std::string_view("/a\0b", 4), "/a\r\nb",
        // escapes that are none
        "/%", "/%4", "/%zz", "/%%", "/%%32%65", "/%u002e", "/%0x41", "/% 41", "/a%", "/%2",
        // escapes of what may not be there
        "/a%00", "/a%00b", "/a%0a", "/a%0D%0A", "/a%09", "/a%1f", "/a%7F", "/a%2fb", "/a%2Fb",
        "/a%5cb", "/a%5Cb", "/orgs/acme%2f..%2fother",
        // escapes of escapes of it
        "/%252e", "/%252E%252e/a", "/%252f", "/%255C", "/%2500", "/%250a", "/%257f", "/%2525",
        "/%25252e", "/%2523", "/%253b", "/%25%32%65", "/%25%32f", "/%25u002e", "/%25U002f",
        // UTF-8
        "/%c0%af", "/%c1%bf", "/%e0%80%ae", "/%f0%80%80%ae", "/%ed%a0%80", "/%f4%90%80%80",
        "/%f5%80%80%80", "/%ff", "/%80", "/%c3", "/%c3a", "/%c3/%a9", "/%e2%82", "/%e2%82a",
        "/%f0%9f%94", "/%c3%c3", "/%C3%",
        // empty segments
        "//", "//a", "/a//b", "/a//", "///", "/a/.//b", "/a/..//b",
        // above the root
        "/..", "/../", "/../a", "/a/../..", "/a/../../b", "/%2e%2e", "/./..", "/%2e%2e/%2e%2e",
        // names that a file system or a server changes
        "/a.", "/a./b", "/a..", "/api/admin%2e", "/a%20", "/a%20/b", "/%20", "/a.%20", "/.a.",
        "/a./../b", "/a%20/../b",
        // path parameters
        "/;", "/a;x=1", "/a;x/b", "/a/..;/b", "/a/.;/b", "/;/a", "/a%3bx", "/a/%2e%2e;/b",
        "/a/..%3B/b", "/a;/../b"};
    for (const auto raw : cases) {
        SCOPED_TRACE(raw);
        EXPECT_FALSE(parsed(raw).ok);
    }
}

TEST(Target, LetsSemicolonsThroughOnlyWhereTheyAreOrdinary) {
    const struct {
        std::string_view raw, path;
    } fine[] = {
        {"/a;x=1/b", "/a;x=1/b"}, {"/a%3bx", "/a%3Bx"}, {"/;", "/;"}, {"/a%253b", "/a%253b"}};
    for (const auto& c : fine) {
        SCOPED_TRACE(c.raw);
        EXPECT_EQ(parsed(c.raw, opaque).path, c.path);
        EXPECT_FALSE(parsed(c.raw, strict).ok);
    }
    // These are dot segments for every server with path parameters.
    for (const std::string_view raw :
         {"/a/..;/b", "/a/.;/b", "/a/..;x=1", "/..;", "/a/..%3b/b", "/a/%2e%2e%3Bx/b"}) {
        SCOPED_TRACE(raw);
        EXPECT_FALSE(parsed(raw, opaque).ok);
    }
}

TEST(Target, KeepsTheQueryAsItCame) {
    const struct {
        std::string_view raw, path, query;
    } cases[] = {
        {"/a?", "/a", ""},
        {"/a?b", "/a", "b"},
        {"/a??", "/a", "?"},
        {"/a?b=/../c", "/a", "b=/../c"},
        {"/a/../b?x=/../y", "/b", "x=/../y"},
        {"/a?%00", "/a", "%00"},
        {"/a?%zz&%", "/a", "%zz&%"},
        {"/a?x=%2F..%2f;y", "/a", "x=%2F..%2f;y"},
        {"/a?x=//b\\c", "/a", "x=//b\\c"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.raw);
        const Parsed target = parsed(c.raw);
        EXPECT_TRUE(target.ok);
        EXPECT_EQ(target.path, c.path);
        EXPECT_TRUE(target.has_query);
        EXPECT_EQ(target.query, c.query);
    }
    for (const std::string_view raw : {"/a?b#c", "/a?b c", "/a?\xc3\xa9", "/a?\x7f", "/a?b\n"}) {
        SCOPED_TRACE(raw);
        EXPECT_FALSE(parsed(raw).ok);
    }
}

TEST(Target, RefusesAQueryThatChangesTheMethod) {
    for (const std::string_view query :
         {"_method=DELETE",  "_method",      "_method=",         "a=1&_method=PUT",
          "_METHOD=put",     "_Method=x",    "%5Fmethod=DELETE", "_%6dethod=x",
          "_method%5B%5D=x", "_method[]=x",  "_method[a]=x",     "_method%00=x",
          "_method%00abc=x", "+_method=x",   "%20_method=x",     ".method=x",
          "[_method]=x",     "_method]=x",   "a;_method=x",      "a=1;_method",
          "_method.x=1",     "_%4DETHO%44=x"}) {
        SCOPED_TRACE(query);
        EXPECT_FALSE(parsed("/a?" + std::string(query)).ok);
    }
    for (const std::string_view query :
         {"method=DELETE", "x=_method", "my_method=x", "_methods=x", "__method=x", "_meth=od",
          "x%3D_method=1", "_methodology=x", "%255Fmethod=x"}) {
        SCOPED_TRACE(query);
        EXPECT_TRUE(parsed("/a?" + std::string(query)).ok);
    }
}

TEST(Target, ViewsIntoTheRawTargetWhereThatIsNormal) {
    for (const std::string raw : {"/", "/a/b.c/", "/a/.../b", "/caf%C3%A9", "/.a/b?c=d"}) {
        SCOPED_TRACE(raw);
        std::string scratch;
        const auto target = Target::parse(raw, strict, scratch);
        ASSERT_TRUE(target);
        EXPECT_EQ(target->path().data(), raw.data());
    }
    const std::string raw = "/a/%62";
    std::string scratch;
    const auto target = Target::parse(raw, strict, scratch);
    ASSERT_TRUE(target);
    EXPECT_EQ(target->path().data(), scratch.data());
}

// ---------------------------------------------------------------------------------------------
// Properties, over targets made of the pieces that attacks are made of.

std::string random_target(std::mt19937& random) {
    static constexpr std::array<std::string_view, 40> pieces{
        "/",   "/",   "/",    "a",   "admin", "%61", "%2e", "%2E", ".",    "..",
        "...", "%2f", "%5C",  "\\",  "%00",   "%25", "%32", "%65", "%252", "e",
        "%c3", "%A9", "%c0",  "%af", "%e2",   "%82", "%ac", ";",   "%3b",  "%20",
        "%7e", "/..", "/../", "/./", "%",     "#",   "//",  "-",   "X",    "%3F"};
    std::string target = "/";
    const int count = std::uniform_int_distribution(0, 14)(random);
    for (int i = 0; i < count; ++i) {
        // Mostly harmless pieces, so that a good part of the targets has a normal form.
        const std::size_t last = std::bernoulli_distribution(0.8)(random) ? 8 : pieces.size() - 1;
        target += pieces[std::uniform_int_distribution<std::size_t>(0, last)(random)];
    }
    return target;
}

bool has_dot_segment(std::string_view path) {
    const std::string closed = std::string(path) + "/";
    return closed.contains("/./") || closed.contains("/../");
}

TEST(TargetProperty, TheNormalFormIsStableShorterAndFreeOfTraps) {
    constexpr unsigned seed = 20260731;
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    int accepted = 0;
    for (int i = 0; i < 200'000; ++i) {
        const std::string raw = random_target(random);
        for (const TargetRules& rules : {strict, opaque}) {
            const Parsed once = parsed(raw, rules);
            if (!once.ok) continue;
            ++accepted;
            const Parsed twice = parsed(once.path, rules);
            ASSERT_TRUE(twice.ok) << raw;
            ASSERT_EQ(twice.path, once.path) << raw;
            ASSERT_LE(once.path.size(), raw.size()) << raw;
            ASSERT_TRUE(once.path.starts_with('/')) << raw;
            ASSERT_FALSE(has_dot_segment(once.path)) << raw;
            for (const std::string_view trap :
                 {"%2E", "%2e", "%2F", "%2f", "%5C", "%5c", "%00", "//", "\\", "#", "%61", "%c3"}) {
                ASSERT_FALSE(once.path.contains(trap)) << raw;
            }
        }
    }
    EXPECT_GT(accepted, 20'000);
}

TEST(TargetProperty, NoTargetOfASingleByteOrEscapeEscapesTheRules) {
    for (unsigned byte = 0; byte < 256; ++byte) {
        SCOPED_TRACE(byte);
        const std::string raw = std::string("/a") + static_cast<char>(byte) + "b";
        const bool is_query = byte == '?';
        const bool fine =
            byte > 0x20 && byte < 0x7f && byte != '\\' && byte != '#' && byte != '%' && byte != ';';
        const Parsed target = parsed(raw);
        EXPECT_EQ(target.ok, fine);
        if (fine && !is_query) EXPECT_EQ(target.path, raw);

        constexpr std::string_view digits = "0123456789abcdef";
        const std::string escaped =
            std::string("/a%") + digits[byte / 16] + digits[byte % 16] + "b";
        const bool may_be_escaped =
            byte >= 0x20 && byte < 0x7f && byte != '/' && byte != '\\' && byte != ';';
        EXPECT_EQ(parsed(escaped).ok, may_be_escaped);
    }
}

// Time grows with the length and not with its square: 64 times the length, far less than 64 * 64
// times the time. Generous, because the machine may be busy.
TEST(TargetProperty, TakesLinearTime) {
    const auto seconds_for = [](std::size_t repeats, std::string_view piece) {
        std::string raw = piece.starts_with('&') ? "/?" : "/";
        for (std::size_t i = 0; i < repeats; ++i) raw += piece;
        const auto start = std::chrono::steady_clock::now();
        std::string scratch;
        for (int i = 0; i < 3; ++i) (void)Target::parse(raw, strict, scratch);
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    for (const std::string_view piece : {"a/", "a/../", "a/b/../", "%61", "%C3%A9", "./", "%25",
                                         "x/y/../../", "&_methods", "&%5Fmethods"}) {
        SCOPED_TRACE(piece);
        const double small = seconds_for(2'000, piece);
        const double large = seconds_for(128'000, piece);
        EXPECT_LT(large, small * 64 * 20 + 0.5);
    }
}

TEST(PercentDecoded, DecodesEveryEscapeOnce) {
    const struct {
        std::string_view raw, decoded;
    } cases[] = {
        {"", ""},         {"abc", "abc"},         {"a%20b", "a b"},
        {"%2525", "%25"}, {"%C3%A9", "\xC3\xA9"}, {"%41%62", "Ab"},
        {"%2f", "/"},     {"a+b", "a+b"},         {"%", "%"},
        {"%4", "%4"},     {"%zz", "%zz"},         {"%%41", "%A"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.raw);
        EXPECT_EQ(percent_decoded(c.raw), c.decoded);
    }
    EXPECT_EQ(percent_decoded("a%00b"), std::string("a\0b", 3));
}

}  // namespace
}  // namespace bearergate::core
