// Fields of our own that would speak for the gateway: every name that it rules, in every spelling
// that a framework could fold into it, on a public route, on one with a token, and nominated by
// Connection.
#include "fixture.hpp"
#include "oracle.hpp"

#include <gtest/gtest.h>

#include <cctype>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace bearergate;
using test::Fixture;
using test::Headers;

const std::vector<std::string> ruled = {
    "X-Auth-Sub",
    "X-Auth-Org",
    "X-Auth-Scopes",
    "X-Auth-Anything",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "X-Forwarded-Host",
    "X-Forwarded-Port",
    "X-Forwarded-Uri",
    "X-Forwarded-Method",
    "X-Forwarded-Prefix",
    "X-Forwarded-Server",
    "Forwarded",
    "X-Real-IP",
    "X-Client-IP",
    "True-Client-IP",
    "CF-Connecting-IP",
    "X-Cluster-Client-IP",
    "X-Original-URL",
    "X-Original-URI",
    "X-Rewrite-URL",
    "X-Host",
    "X-HTTP-Method-Override",
    "X-HTTP-Method",
    "X-Method-Override",
    "X-Envoy-Original-Path",
    "X-Middleware-Subrequest",
    "Proxy",
    "Proxy-Authorization",
    "X-Request-Id",
    "Keep-Alive",
};

std::string upper(std::string text) {
    for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return text;
}

// The name with each of the characters that a token may hold for `-`, all at once and the first.
std::vector<std::string> spellings(const std::string& name) {
    std::vector<std::string> all = {name, upper(name)};
    if (name.find('-') == name.npos) return all;
    for (const char c : std::string_view("!#$%&'*+.^_`|~")) {
        std::string every = name;
        for (char& at : every) at = at == '-' ? c : at;
        std::string first = name;
        first[first.find('-')] = c;
        all.push_back(every);
        all.push_back(upper(first));
    }
    return all;
}

void expect_stripped(Fixture& fixture, const std::string& path, const std::string& token,
                     const Headers& fields) {
    Headers headers = fields;
    if (!token.empty()) headers.emplace_back("Authorization", "Bearer " + token);
    const auto reply = test::ask(fixture.gateway().port(), {.target = path, .headers = headers});
    ASSERT_EQ(reply.status, 200) << reply.body;
    const auto seen = fixture.witness().seen(reply.header("X-Request-Id"));
    ASSERT_TRUE(seen);
    test::expect_clean(*seen);
    for (const auto& [name, value] : seen->headers) {
        EXPECT_EQ(value.find("evil"), value.npos) << name << ": " << value;
    }
    if (token.empty()) return;
    EXPECT_EQ(seen->header("X-Auth-Sub"), "user-1");
    EXPECT_EQ(seen->header("X-Auth-Org"), "acme");
    EXPECT_EQ(seen->header("X-Auth-Scopes"), "read");
}

TEST(IdentityFamily, NoSpellingOfARuledNamePasses) {
    Fixture fixture;
    const std::string token = fixture.token();
    for (const std::string& name : ruled) {
        SCOPED_TRACE(name);
        Headers fields;
        for (const std::string& spelling : spellings(name)) fields.emplace_back(spelling, "evil");
        expect_stripped(fixture, "/public/a", "", fields);
        expect_stripped(fixture, "/api/echo", token, fields);
    }
}

TEST(IdentityFamily, ConnectionTakesNothingOfOursAway) {
    Fixture fixture;
    const std::string token = fixture.token();
    std::string all;
    for (const std::string& name : ruled) all += (all.empty() ? "" : ", ") + name;
    expect_stripped(fixture, "/api/echo", token, {{"Connection", all}});
    for (const std::string& name : ruled) {
        SCOPED_TRACE(name);
        expect_stripped(fixture, "/api/echo", token,
                        {{"Connection", name}, {upper(name), "evil"}, {"connection", upper(name)}});
    }
    // Nor what the request is and who may send it.
    for (const char* name : {"Host", "Authorization", "Content-Length", "Cookie"}) {
        const auto reply =
            test::ask(fixture.gateway().port(), {.method = "POST",
                                                 .target = "/api/echo",
                                                 .headers = {{"Connection", name},
                                                             {"Cookie", "a=b"},
                                                             {"Authorization", "Bearer " + token}},
                                                 .body = "hello"});
        ASSERT_EQ(reply.status, 200) << name;
        const auto seen = fixture.witness().seen(reply.header("X-Request-Id"));
        ASSERT_TRUE(seen);
        EXPECT_EQ(seen->body, "hello");
        EXPECT_EQ(seen->header("Host"), "localhost");
        EXPECT_EQ(seen->header("Cookie"), "a=b");
    }
}

TEST(IdentityFamily, AnotherMethodByAnyNameChangesNothing) {
    Fixture fixture;
    const std::string token = fixture.token();
    for (const char* query :
         {"_method=DELETE", "_METHOD=DELETE", "%5fmethod=DELETE", "a=b&_method=x", "_meth%6fd=x",
          "+_method=x", "_method[]=x", "_method%00=x"}) {
        EXPECT_EQ(fixture.outcome(std::string("/api/x?") + query, token), "bad_target") << query;
    }
    for (const char* query : {"access_token=x", "method=DELETE", "a=_method", "x_method=y"}) {
        EXPECT_EQ(fixture.outcome(std::string("/api/x?") + query, token), "ok") << query;
    }
}

}  // namespace
