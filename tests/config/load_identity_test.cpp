// Everything that can be wrong with `identity:`, `cors:`, `paths:` and `logging:`.
#include "config/config_support.hpp"

#include <gtest/gtest.h>

#include <array>

namespace bearergate::config {
namespace {

constexpr std::string_view rest = "routes: { /a: deny }\n";

TEST(LoadIdentity, EveryError) {
    test::expect_each_is_wrong(
        std::to_array<test::WrongFile>({
            {"identity: []\n", "1:11", "'identity' must be a map"},
            {"identity: { header: {} }\n", "1:13", "did you mean 'headers'?"},
            {"identity: { headers: [X-A] }\n", "1:22", "'headers' must be a map"},
            {"identity: { headers: { \"X A\": sub } }\n", "1:24", "cannot be a header name"},
            {"identity: { headers: { \"X:A\": sub } }\n", "1:24", "cannot be a header name"},
            {"identity: { headers: { X-A: { claim: sub } } }\n", "1:29", "'X-A' must be text"},
            {"identity: { headers: { X-A: } }\n", "1:24", "'X-A' has no value"},
            {"identity: { headers: { X-A: /a~ } }\n", "1:29", "is a JSON Pointer"},
            {"identity: { headers: { X-A: sub, x_a: iss } }\n", "1:34",
             "'x_a' and 'X-A' are one header to many servers"},
            {"identity: { forward_token: 1 }\n", "1:28", "must be true or false"},
        }),
        rest);
}

TEST(LoadIdentity, NamesThatMeanSomethingInHttp) {
    for (const char* name : {"Host",
                             "Authorization",
                             "Connection",
                             "Content-Type",
                             "Content-Length",
                             "content_length",
                             "Transfer-Encoding",
                             "Cookie",
                             "Forwarded",
                             "X-Forwarded-For",
                             "X-Forwarded-Anything",
                             "Keep-Alive",
                             "TE",
                             "Trailer",
                             "Upgrade",
                             "Expect",
                             "Via",
                             "X-Real-IP",
                             "X-Request-Id",
                             "Proxy-Authorization",
                             "X-Original-URL",
                             "X-Envoy-Peer",
                             "Sec-WebSocket-Key",
                             "Access-Control-Allow-Origin",
                             "HOST",
                             "x_request_id"}) {
        SCOPED_TRACE(name);
        const auto errors = test::errors_of("identity: { headers: { \"" + std::string(name) +
                                            "\": sub } }\n" + std::string(rest));
        ASSERT_EQ(errors.size(), 1U);
        EXPECT_TRUE(errors[0].starts_with("1:24: "));
        EXPECT_TRUE(errors[0].contains("cannot be an identity header"));
    }
    test::expect_each_is_right({"identity: { headers: { X-User: sub, Remote-User: iss } }\n",
                                "identity: { headers: {} }\n", "identity: {}\n"},
                               rest);
}

TEST(LoadIdentity, HeadersAreBounded) {
    const auto with = [](int count) {
        std::string text = "identity:\n  headers:\n";
        for (int i = 0; i < count; ++i) text += "    X-" + std::to_string(i) + ": sub\n";
        return test::errors_of(text + std::string(rest));
    };
    EXPECT_TRUE(with(32).empty());
    ASSERT_EQ(with(33).size(), 1U);
    EXPECT_TRUE(with(33)[0].contains("more than 32 identity headers"));
}

TEST(LoadCors, EveryError) {
    test::expect_each_is_wrong(
        std::to_array<test::WrongFile>({
            {"cors: on\n", "1:7", "'cors' must be a map"},
            {"cors: {}\n", "1:7", "'cors' needs 'origins'"},
            {"cors: { origin: [https://a.example] }\n", "1:9", "did you mean 'origins'?"},
            {"cors: { origins: [] }\n", "1:18", "'origins' is empty"},
            {"cors: { origins: https://a.example }\n", "1:18", "must be a list"},
            {"cors: { origins: [https://a.example/] }\n", "1:19",
             "is no origin as browsers send it"},
            {"cors: { origins: [a.example] }\n", "1:19", "is no origin as browsers send it"},
            {"cors: { origins: [https://A.example] }\n", "1:19",
             "is no origin as browsers send it"},
            {"cors: { origins: [https://a.example:443] }\n", "1:19", "is no origin as browsers"},
            {"cors: { origins: [\"https://*.example\"] }\n", "1:19", "is no origin as browsers"},
            {"cors: { origins: [\"*\", https://a.example] }\n", "1:19", "it stands alone"},
            {"cors: { origins: [\"*\"], credentials: true }\n", "1:19",
             "would let every web page act for its visitors"},
            {"cors: { origins: [https://a.example], methods: [get] }\n", "1:49",
             "cannot be a method here"},
            {"cors: { origins: [https://a.example], methods: [TRACE] }\n", "1:49",
             "cannot be a method here"},
            {"cors: { origins: [https://a.example], methods: [\"*\"] }\n", "1:49",
             "cannot be a method here"},
            {"cors: { origins: [https://a.example], headers: [\"*\"] }\n", "1:49",
             "cannot be a header name here"},
            {"cors: { origins: [https://a.example], headers: [\"X A\"] }\n", "1:49",
             "cannot be a header name here"},
            {"cors: { origins: [https://a.example], credentials: 1 }\n", "1:52",
             "must be true or false"},
            {"cors: { origins: [https://a.example], max_age: 25h }\n", "1:48",
             "a duration from 0s to 24h"},
        }),
        rest);
    test::expect_each_is_right({"cors: off\n", "cors: { origins: [\"*\"] }\n",
                                "cors: { origins: [http://localhost:3000], max_age: 0s }\n"},
                               rest);
}

TEST(LoadPaths, EveryError) {
    test::expect_each_is_wrong(
        std::to_array<test::WrongFile>({
            {"paths: { case_sensitive: no }\n", "1:26", "must be true or false"},
            {"paths: { trailing_slash: different }\n", "1:26", "one of: same, distinct"},
            {"paths: { semicolon: allow }\n", "1:21", "one of: refuse, opaque"},
            {"paths: { semi_colon: opaque }\n", "1:10", "did you mean 'semicolon'?"},
        }),
        rest);
}

TEST(LoadLogging, EveryError) {
    test::expect_each_is_wrong(
        std::to_array<test::WrongFile>({
            {"logging: { level: warn }\n", "1:19", "must be one of: debug, info, warning, error"},
            {"logging: { level: trace }\n", "1:19", "one of: debug, info, warning, error"},
            {"logging: { format: text }\n", "1:20", "one of: json, logfmt"},
            {"logging: { access: none }\n", "1:20", "one of: all, denied, off"},
            {"logging: { levle: info }\n", "1:12", "did you mean 'level'?"},
            {"loging: { level: info }\n", "1:1", "did you mean 'logging'?"},
        }),
        rest);
}

}  // namespace
}  // namespace bearergate::config
