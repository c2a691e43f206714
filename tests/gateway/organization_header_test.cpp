// A field that says the organization must say to the upstream what it said to the gateway.
#include <bearergate/http/forward.hpp>

#include "config/config_support.hpp"
#include "support/ruled_fields.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bearergate::gateway {
namespace {

// What is read and written anew, and two spellings that never pass.
const std::vector<std::string> rewritten = {
    "Host",          "Authorization",
    "Connection",    "Content-Length",
    "Expect",        "Transfer-Encoding",
    "Via",           "X-Auth-Organization-Id",
    "X-Auth-Tenant", "X_Org",
    "x.real.ip",
};

bool may_say_the_organization(const std::string& name) {
    return test::errors_of(
               "issuer: https://acme.example/oidc\naudience: https://api.example\n"
               "upstream: http://127.0.0.1:3000\n"
               "routes: { /o: { organization: \"header:" +
               name + "\" } }\n")
        .empty();
}

TEST(OrganizationHeader, IsNoneThatTheGatewayDropsOrWrites) {
    for (const auto* list : {&test::dropped_fields, &test::told_fields, &rewritten}) {
        for (const std::string& name : *list) {
            EXPECT_FALSE(may_say_the_organization(name)) << name;
        }
    }
    const http::Hygiene hygiene({}, {});
    for (const std::string name : {"X-Org", "X-Organization-Id", "Tenant", "x-tenant-id", "Org2"}) {
        EXPECT_TRUE(may_say_the_organization(name)) << name;
        EXPECT_FALSE(hygiene.drops(name)) << name;
    }
}

}  // namespace
}  // namespace bearergate::gateway
