#include <bearergate/gateway/trusted_proxies.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace bearergate::gateway {
namespace {

using config::TrustedProxy;

const std::vector<TrustedProxy> trusted{
    {.network = {10, 0, 0, 0}, .prefix_bits = 8},
    {.network = {192, 168, 1, 128}, .prefix_bits = 25},
    {.network = {203, 0, 113, 9}, .prefix_bits = 32},
    {.network = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, .prefix_bits = 33},
};

TEST(TrustedProxies, NobodyIsTrustedWithoutConfiguration) {
    for (const auto* peer : {"127.0.0.1", "::1", "unix", "", "unknown"}) {
        EXPECT_FALSE(is_trusted_proxy({}, peer)) << peer;
    }
}

TEST(TrustedProxies, CoverTheirRangeToTheBit) {
    struct Case {
        const char* peer;
        bool is_trusted;
    };
    for (const auto& c : std::vector<Case>{
             {"10.0.0.0", true},
             {"10.255.255.255", true},
             {"11.0.0.0", false},
             {"9.255.255.255", false},
             {"192.168.1.128", true},
             {"192.168.1.255", true},
             {"192.168.1.127", false},
             {"203.0.113.9", true},
             {"203.0.113.8", false},
             {"2001:db8::1", true},
             {"2001:db8:7fff:ffff::", true},
             {"2001:db8:8000::", false},
             {"2001:db9::", false},
             {"::ffff:10.1.2.3", true},
             {"::ffff:11.1.2.3", false},
             {"::10.1.2.3", false},
             // Only what is an address can be in a range.
             {"010.1.2.3", false},
             {"10.1.2", false},
             {"10.1.2.3:80", false},
             {"10.1.2.3 ", false},
             {"[2001:db8::1]", false},
             {"unix", false},
             {"unknown", false},
             {"", false},
             {"10.1.2.3.10.1.2.3.10.1.2.3.10.1.2.3.10.1.2.3.10.1.2.3.10.1.2.3", false},
         }) {
        SCOPED_TRACE(c.peer);
        EXPECT_EQ(is_trusted_proxy(trusted, c.peer), c.is_trusted);
    }
}

TEST(TrustedProxies, UnixPeersAreTrustedOnlyWhereTheyAreNamed) {
    const std::vector<TrustedProxy> with_unix{{.is_unix = true}};
    EXPECT_TRUE(is_trusted_proxy(with_unix, "unix"));
    EXPECT_FALSE(is_trusted_proxy(with_unix, "127.0.0.1"));
    EXPECT_FALSE(is_trusted_proxy(with_unix, "unknown"));
}

TEST(TrustedProxies, TheClientIsTheRightmostAddressThatNobodyVouchesFor) {
    struct Case {
        const char* peer;
        std::vector<core::Field> fields;
        const char* client;
    };
    for (const auto& c : std::vector<Case>{
             {"198.51.100.1", {{"X-Forwarded-For", "1.2.3.4"}}, "198.51.100.1"},
             {"10.0.0.1", {}, "10.0.0.1"},
             {"10.0.0.1", {{"X-Forwarded-For", "1.2.3.4"}}, "1.2.3.4"},
             {"10.0.0.1", {{"x-forwarded-for", "6.6.6.6, 1.2.3.4"}}, "1.2.3.4"},
             {"10.0.0.1", {{"X-Forwarded-For", "6.6.6.6,1.2.3.4 ,\t10.9.9.9"}}, "1.2.3.4"},
             {"10.0.0.1",
              {{"X-Forwarded-For", "6.6.6.6"}, {"X-Forwarded-For", "1.2.3.4, 10.2.2.2"}},
              "1.2.3.4"},
             {"10.0.0.1",
              {{"X-Forwarded-For", "1.2.3.4"}, {"Accept", "*/*"}, {"X-Forwarded-For", "10.2.2.2"}},
              "1.2.3.4"},
             {"10.0.0.1", {{"X-Forwarded-For", "2001:db8:ffff::7"}}, "2001:db8:ffff::7"},
             // Everybody on the way is ours: the farthest of them.
             {"10.0.0.1", {{"X-Forwarded-For", "10.3.3.3, 10.2.2.2"}}, "10.3.3.3"},
             // What is not an address ends the search at the last one that is.
             {"10.0.0.1", {{"X-Forwarded-For", "1.2.3.4, unknown"}}, "10.0.0.1"},
             {"10.0.0.1", {{"X-Forwarded-For", "1.2.3.4, evil, 10.2.2.2"}}, "10.2.2.2"},
             {"10.0.0.1", {{"X-Forwarded-For", "1.2.3.4,"}}, "10.0.0.1"},
             {"10.0.0.1", {{"X-Forwarded-For", ""}}, "10.0.0.1"},
             {"10.0.0.1", {{"X-Forwarded-For", "1.2.3.4:5678"}}, "1.2.3.4"},
             {"10.0.0.1", {{"X_Forwarded_For", "1.2.3.4"}}, "10.0.0.1"},
         }) {
        SCOPED_TRACE(c.fields.empty() ? "" : c.fields[0].value);
        EXPECT_EQ(client_address(trusted, c.peer, c.fields), c.client);
    }
}

}  // namespace
}  // namespace bearergate::gateway
