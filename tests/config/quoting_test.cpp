// What YAML misreads for want of quotes gets told so, with the quotes where they belong.
#include "config/config_support.hpp"

#include <gtest/gtest.h>

#include <array>

namespace bearergate::config {
namespace {

constexpr std::string_view rest =
    "issuer: https://a.example\naudience: x\nupstream: http://127.0.0.1:3000\n";

TEST(Quoting, OfKeys) {
    test::expect_each_is_wrong(
        std::to_array<test::WrongFile>({
            {"routes:\n  {tenant}.acme.example/x: public\n", "2:3",
             "put it in quotes: \"{tenant}.acme.example/x\""},
            {"routes:\n  *.acme.example/x: public\n", "2:3",
             "begins with '*' means something else in YAML; put it in quotes: "
             "\"*.acme.example/x\""},
            {"routes:\n  {orgId}: public\n", "2:3", "put it in quotes: \"{orgId}\""},
            {"routes:\n  [a]: public\n", "2:3", "put it in quotes: \"[a]\""},
        }),
        "");
}

TEST(Quoting, OfValues) {
    test::expect_each_is_wrong(
        std::to_array<test::WrongFile>({
            {"routes:\n  /orgs/{orgId}: { organization: {orgId} }\n", "2:34",
             "YAML reads '{orgId}' without quotes as a map; put it in quotes: \"{orgId}\""},
            {"routes:\n  /orgs/{orgId}:\n    organization: {orgId}\n", "3:19",
             "put it in quotes: \"{orgId}\""},
            {"server:\n  listen: [::]:8080\nroutes: { /a: public }\n", "2:11",
             "put it in quotes: \"[::]:8080\""},
            {"server: { listen: [::]:8080 }\nroutes: { /a: public }\n", "1:19",
             "put it in quotes: \"[::]:8080\""},
            {"server: { listen: [::1]:8080 }\nroutes: { /a: public }\n", "1:19",
             "put it in quotes: \"[::1]:8080\""},
            {"admin:\n  listen: *:8080\nroutes: { /a: public }\n", "2:11",
             "put it in quotes: \"*:8080\""},
            {"cors: { origins: [*] }\nroutes: { /a: public }\n", "1:19", "put it in quotes: \"*\""},
            {"routes: { /a: { upstream: ${NAME} } }\n", "1:27", "put it in quotes: \"${NAME}\""},
            {"routes: { /a: { audience: https://a.example?x } }\n", "1:44",
             "YAML cannot read what stands here: put the value in quotes"},
            {"routes: { /a: { scopes: [@x] } }\n", "1:26", "put it in quotes: \"@x"},
        }),
        rest);
}

TEST(Quoting, WhatIsQuotedIsText) {
    test::expect_each_is_right(
        {
            "routes:\n  \"{tenant}.acme.example/x\": public\n",
            "routes:\n  \"*.acme.example/x\": public\n",
            "routes:\n  /orgs/{orgId}: { organization: \"{orgId}\" }\n",
            "server:\n  listen: \"[::]:8080\"\nroutes: { /a: public }\n",
            "cors: { origins: [\"*\"] }\nroutes: { /a: public }\n",
            "routes:\n  GET /orgs/{orgId}/x: public\n",
        },
        rest);
}

}  // namespace
}  // namespace bearergate::config
