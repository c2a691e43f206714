// The form of `tests:`, in the configuration and in a file of their own.
#include "config/config_support.hpp"

#include <gtest/gtest.h>

#include <array>

namespace bearergate::config {
namespace {

constexpr std::string_view rest =
    "issuer: https://a.example\naudience: x\nupstream: http://127.0.0.1:1\n"
    "routes: { /a: authenticated }\n";

TEST(LoadTests, EveryError) {
    test::expect_each_is_wrong(
        std::to_array<test::WrongFile>({
            {"tests: { a: b }\n", "1:8", "'tests' must be a list"},
            {"tests: [a]\n", "1:9", "must be a map"},
            {"tests: [{ request: GET /a, expect: allow }]\n", "1:9", "a test needs 'name'"},
            {"tests: [{ name: c, expect: allow }]\n", "1:9", "a test needs 'request'"},
            {"tests: [{ name: c, request: GET /a }]\n", "1:9", "a test needs 'expect'"},
            {"tests: [{ nmae: c, request: GET /a, expect: allow }]\n", "1:11",
             "did you mean 'name'?"},
            {"tests:\n- { name: c, request: GET /a, expect: allow }\n"
             "- { name: c, request: GET /a, expect: allow }\n",
             "3:3", "two tests are called 'c'"},
            {"tests: [{ name: c, request: /a, expect: allow }]\n", "1:29",
             "it must be a method, a space and a path or URL"},
            {"tests: [{ name: c, request: GET, expect: allow }]\n", "1:29", "it must be a method"},
            {"tests: [{ name: c, request: GET a, expect: allow }]\n", "1:29",
             "it must be a method"},
            {"tests: [{ name: c, request: GET /a b, expect: allow }]\n", "1:29",
             "it must be a method"},
            {"tests: [{ name: c, request: GET http:///a, expect: allow }]\n", "1:29",
             "it must be a method"},
            {"tests: [{ name: c, request: GET https://u@a/a, expect: allow }]\n", "1:29",
             "it must be a method"},
            {"tests: [{ name: c, request: GET /a, headers: { \"X Y\": z }, expect: allow }]\n",
             "1:48", "cannot be a header name"},
            {"tests: [{ name: c, request: GET /a, headers: [X], expect: allow }]\n", "1:46",
             "'headers' must be a map"},
            {"tests: [{ name: c, request: GET /a, headers: { X: { y: z } }, expect: allow }]\n",
             "1:51", "'X' must be"},
            {"tests: [{ name: c, request: GET /a, token: abc, expect: allow }]\n", "1:44",
             "'token' must be none, {claims: {...}} or {file: NAME}"},
            {"tests: [{ name: c, request: GET /a, token: {}, expect: allow }]\n", "1:44",
             "a token has 'claims' or comes from a 'file'"},
            {"tests: [{ name: c, request: GET /a, token: { claims: {}, file: f }, expect: allow "
             "}]\n",
             "1:44", "a token has 'claims' or comes from a 'file'"},
            {"tests: [{ name: c, request: GET /a, token: { claims: [x] }, expect: allow }]\n",
             "1:54", "'claims' must be a map"},
            {"tests: [{ name: c, request: GET /a, token: { claims: { a: 010 } }, expect: allow "
             "}]\n",
             "1:59", "which YAML readers understand differently"},
            {"tests: [{ name: c, request: GET /a, token: { claims: { a: } }, expect: allow }]\n",
             "1:56", "'a' has no value"},
            {"tests: [{ name: c, request: GET /a, token: { claims: { a: [[[[[[[[[[[[[[[[1]]]]]]]\n"
             "  ]]]]]]]]] } }, expect: allow }]\n",
             "1:54", "no token can hold these claims"},
            {"tests: [{ name: c, request: GET /a, expect: alow }]\n", "1:45",
             "did you mean 'allow'?"},
            {"tests: [{ name: c, request: GET /a, expect: {} }]\n", "1:45",
             "'expect' must be allow, or a map"},
            {"tests: [{ name: c, request: GET /a, expect: [allow] }]\n", "1:45", "must be a map"},
            {"tests: [{ name: c, request: GET /a, expect: { status: 200 } }]\n", "1:55",
             "from 400 to 599"},
            {"tests: [{ name: c, request: GET /a, expect: { reason: scope_mising } }]\n", "1:55",
             "did you mean 'scope_missing'?"},
            {"tests: [{ name: c, request: GET /a, expect: { status: 401, reason: scope_missing } "
             "}]\n",
             "1:55", "a request refused as 'scope_missing' is answered with 403"},
            {"tests: [{ name: c, request: GET /a, expect: { status: 403, upstream: default } }]\n",
             "1:45", "a refused request reaches no upstream"},
            {"tests: [{ name: c, request: GET /a, expect: { upstream: defualt } }]\n", "1:57",
             "did you mean 'default'?"},
            {"tests: [{ name: c, request: GET /a, expect: { headers: { X-Auth-Subjet: a } } }]\n",
             "1:58", "is not one of 'identity.headers'; did you mean 'X-Auth-Subject'?"},
            {"tests: [{ name: c, request: GET /a, expect: { headers: { Accept: a } } }]\n", "1:58",
             "'Accept' is not one of 'identity.headers'"},
        }),
        rest);
}

TEST(LoadTests, AReasonThatNoCaseCanComeToIsAnError) {
    for (const std::string reason :
         {"header_timeout", "body_timeout", "overloaded", "upstream_unreachable", "upstream_broken",
          "upstream_timeout"}) {
        const std::string text =
            "tests: [{ name: c, request: GET /a, expect: { reason: " + reason + " } }]\n";
        const std::string message = "no case is refused as '" + reason + "': nothing is sent";
        test::expect_each_is_wrong(
            std::to_array<test::WrongFile>({{text.c_str(), "1:55", message.c_str()}}), rest);
    }
    test::expect_each_is_right(
        {
            "tests: [{ name: c, request: GET /a, expect: { reason: body_too_large } }]\n",
            "tests: [{ name: c, request: GET /a, expect: { reason: keys_unavailable } }]\n",
            "tests: [{ name: c, request: GET /a, expect: { reason: header_too_large } }]\n",
        },
        rest);
}

TEST(LoadTests, EveryForm) {
    test::expect_each_is_right(
        {
            "tests: []\n",
            "tests: [{ name: c, request: GET http://h.example, expect: allow }]\n",
            "tests: [{ name: c, request: PURGE /a//%2e, token: none, expect: { status: 400 } }]\n",
            "tests: [{ name: c, request: GET /a, expect: { status: 403, reason: scope_missing } "
            "}]\n",
            "tests: [{ name: c, request: GET /a, expect: { headers: { x_auth_subject: a } } }]\n",
            "tests: [{ name: c, request: GET /a, token: { claims: { a: ~, b: [1, { c: true }] } "
            "},\n"
            "  expect: allow }]\n",
        },
        rest);
}

Loaded subject() {
    return std::move(*test::load(rest).loaded);
}

TEST(LoadTests, MayBeAFileOfTheirOwn) {
    const LoadedTests loaded = load_tests(
        "tests:\n  - { name: c, request: GET /a, token: { file: t.jwt }, expect: allow }\n",
        subject(), {.folder = "/tests"});
    EXPECT_TRUE(loaded.errors.empty());
    ASSERT_EQ(loaded.cases.size(), 1U);
    EXPECT_EQ(loaded.cases[0].line, 2);
    EXPECT_EQ(loaded.cases[0].token.file, "/tests/t.jwt");
}

TEST(LoadTests, AFileOfTheirOwnHoldsNothingElse) {
    const struct {
        const char* text;
        const char* message;
    } cases[] = {
        {"", "the file is empty"},
        {"x\n", "this is one single text"},
        {"- a\n", "must be a map"},
        {"other: 1\n", "there are no 'tests'"},
        {"test: []\n", "did you mean 'tests'?"},
        {"tests: []\nroutes: {}\n", "unknown key 'routes'"},
        {"tests: [{ name: \"${UNSET}\", request: GET /a, expect: allow }]\n", "is not set"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.text);
        const LoadedTests loaded = load_tests(c.text, subject(), {});
        EXPECT_TRUE(loaded.cases.empty());
        ASSERT_FALSE(loaded.errors.empty());
        bool found = false;
        for (const Diagnostic& error : loaded.errors) {
            found = found || error.message.contains(c.message);
        }
        EXPECT_TRUE(found) << loaded.errors[0].message;
    }
}

}  // namespace
}  // namespace bearergate::config
