// Which fields nobody may set for himself, and who counts as the client.
#include <bearergate/http/forward.hpp>

#include "reading.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace bearergate::http {
namespace {

using test::read_request;
using test::request_with;

const std::vector<core::IdentityHeader> identity = [] {
    auto headers = core::default_identity_headers();
    headers.push_back({.name = "My-User", .source = core::IdentityHeader::Source::claim});
    return headers;
}();
const Hygiene hygiene(identity, {"X-Org"});

TEST(Hygiene, ProtectsInAnyCase) {
    for (const std::string_view name :
         {"host", "AUTHORIZATION", "Content-Length", "cookie", "X-Auth-Subject", "my_user",
          "x-forwarded-for", "X-Forwarded-Port", "Forwarded", "X-Request-ID", "x-org"}) {
        EXPECT_TRUE(hygiene.is_protected(name)) << name;
    }
    for (const std::string_view name : {"X-Other", "Via", "", "Accept", "X-Organization"}) {
        EXPECT_FALSE(hygiene.is_protected(name)) << name;
    }
}

TEST(Hygiene, NamesOfEveryLengthAreLookedAt) {
    EXPECT_TRUE(hygiene.drops("X-Auth-" + std::string(500, 'a')));
    EXPECT_TRUE(hygiene.drops("X.Auth." + std::string(500, 'a')));
    EXPECT_TRUE(hygiene.drops(std::string(500, 'a') + "_"));
    EXPECT_FALSE(hygiene.drops(std::string(500, 'a') + "."));
    EXPECT_FALSE(hygiene.drops(""));
    EXPECT_FALSE(hygiene.drops("X-Auth"));
    EXPECT_TRUE(hygiene.drops("X-Auth-"));
}

TEST(ClientAddress, IsTheRightmostThatNoTrustedProxyHas) {
    const auto is_trusted = [](std::string_view address) {
        return address.starts_with("10.") || address == "fd00::1";
    };
    const struct {
        std::string_view peer, fields, client;
    } cases[] = {
        {"192.0.2.1", "", "192.0.2.1"},
        {"192.0.2.1", "X-Forwarded-For: 10.0.0.1\r\n", "192.0.2.1"},  // a stranger says so
        {"10.0.0.1", "", "10.0.0.1"},
        {"10.0.0.1", "X-Forwarded-For: 203.0.113.9\r\n", "203.0.113.9"},
        {"10.0.0.1", "X-Forwarded-For: 1.1.1.1, 203.0.113.9,10.0.0.2\r\n", "203.0.113.9"},
        {"10.0.0.1", "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 10.0.0.3\r\n", "1.1.1.1"},
        {"10.0.0.1", "X-Forwarded-For: 10.0.0.3, 10.0.0.2\r\n", "10.0.0.3"},
        {"10.0.0.1", "X-Forwarded-For: 203.0.113.9:1234\r\n", "203.0.113.9"},
        {"10.0.0.1", "X-Forwarded-For: [2001:db8::1]:1234\r\n", "2001:db8::1"},
        {"10.0.0.1", "X-Forwarded-For: 2001:db8::1\r\n", "2001:db8::1"},
        {"fd00::1", "X-Forwarded-For: [2001:db8::1]\r\n", "2001:db8::1"},
        {"10.0.0.1", "X-Forwarded-For: 1.1.1.1, unknown\r\n", "10.0.0.1"},
        {"10.0.0.1", "X-Forwarded-For: 1.1.1.1, unknown, 10.0.0.2\r\n", "10.0.0.2"},
        {"10.0.0.1", "X-Forwarded-For: 1.1.1.1,\r\n", "10.0.0.1"},
        {"10.0.0.1", "X-Forwarded-For:\r\n", "10.0.0.1"},
        {"10.0.0.1", "X-Forwarded-For: 1.1.1.1, 999.1.1.1\r\n", "10.0.0.1"},
        {"10.0.0.1", "X-Forwarded-For: 1.1.1.1, evil.test\r\n", "10.0.0.1"},
        {"10.0.0.1", "Forwarded: for=1.1.1.1\r\n", "10.0.0.1"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.fields);
        const std::string bytes = request_with(c.fields);
        RequestHead head;
        ASSERT_TRUE(read_request(bytes, head).accepted());
        EXPECT_EQ(client_address(head.fields, c.peer, is_trusted), c.client);
    }
}

}  // namespace
}  // namespace bearergate::http
