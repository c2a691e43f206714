// A field that says the organization must say to the upstream what it said to the gateway.
#include <bearergate/http/forward.hpp>

#include "config/config_support.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bearergate::gateway {
namespace {

// What http::RequestWriter drops, writes itself or leaves to trusted proxies, in each of the groups
// that it knows; and what it passes on.
const std::vector<std::string> touched = {
    "Host",
    "Authorization",
    "Connection",
    "Content-Length",
    "Expect",
    "Keep-Alive",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "HTTP2-Settings",
    "Proxy",
    "Proxy-Connection",
    "Forwarded",
    "X-Forwarded",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Tenant",
    "Forwarded-For",
    "X-Real-IP",
    "X-Client-IP",
    "Client-IP",
    "True-Client-IP",
    "CF-Connecting-IP",
    "CF-Connecting-IPv6",
    "CF-Pseudo-IPv4",
    "Fastly-Client-IP",
    "Fly-Client-IP",
    "WL-Proxy-Client-IP",
    "X-Cluster-Client-IP",
    "X-AppEngine-User-IP",
    "X-Azure-ClientIP",
    "X-Azure-SocketIP",
    "X-Original-Forwarded-For",
    "X-Originating-IP",
    "X-Remote-IP",
    "X-Remote-Addr",
    "Remote-Addr",
    "X-Original-URL",
    "X-Original-URI",
    "X-Rewrite-URL",
    "X-Host",
    "X-HTTP-Method",
    "X-HTTP-Method-Override",
    "X-Method-Override",
    "X-Middleware-Subrequest",
    "X-Envoy-Tenant",
    "X-Auth-Organization-Id",
    "X-Auth-Tenant",
    "X-Request-Id",
    "X_Org",
    "x.real.ip",
    "Via",
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
    for (const std::string& name : touched) {
        EXPECT_FALSE(may_say_the_organization(name)) << name;
    }
    const http::Hygiene hygiene({}, {});
    for (const std::string name : {"X-Org", "X-Organization-Id", "Tenant", "x-tenant-id", "Org2"}) {
        EXPECT_TRUE(may_say_the_organization(name)) << name;
        EXPECT_FALSE(hygiene.drops(name)) << name;
    }
}

}  // namespace
}  // namespace bearergate::gateway
