// Everything that can be wrong with `server:` and `admin:`.
#include "config/config_support.hpp"

#include <gtest/gtest.h>

#include <array>

namespace bearergate::config {
namespace {

constexpr std::string_view rest = "routes: { /a: deny }\n";

TEST(LoadServer, EveryError) {
    test::expect_each_is_wrong(
        std::to_array<test::WrongFile>({
            {"server: 8080\n", "1:9", "'server' must be a map"},
            {"server: { listn: 1.2.3.4:80 }\n", "1:11", "did you mean 'listen'?"},
            {"server: { listen: 8080 }\n", "1:19", "'listen' must be text"},
            {"server: { listen: \"8080\" }\n", "1:19", "must be IP:PORT"},
            {"server: { listen: localhost:80 }\n", "1:19", "must name an address, not a host"},
            {"server: { listen: [1.2.3.4:80, \":80\"] }\n", "1:32", "must name an address"},
            {"server: { listen: [] }\n", "1:19", "'listen' is an empty list"},
            {"server: { listen: [1.2.3.4:80, 1.2.3.4:80] }\n", "1:32", "stands in 'listen' twice"},
            {"server: { listen: [unix:a, unix:/etc/gate/a] }\n", "1:28", "in 'listen' twice"},
            {"server: { listen: [1.2.3.4:80, 0.0.0.0:80] }\n", "1:32",
             "'1.2.3.4:80' and '0.0.0.0:80' want the same port"},
            {"server: { listen: [\"[::]:80\", \"[::1]:80\"] }\n", "1:31", "want the same port"},
            {"server: { listen: { a: 1 } }\n", "1:19", "'listen' must be"},
            {"server: { workers: 0 }\n", "1:20", "a whole number from 1 to 512"},
            {"server: { workers: 513 }\n", "1:20", "a whole number from 1 to 512"},
            {"server: { workers: many }\n", "1:20", "a whole number from 1 to 512"},
            {"server: { workers: 04 }\n", "1:20", "looks octal"},
            {"server: { cache: -1 }\n", "1:18", "a whole number from 0 to 10000000"},
            {"server: { cache: 10000001 }\n", "1:18", "a whole number from 0 to 10000000"},
            {"server: { tls: on }\n", "1:16", "'tls' must be a map"},
            {"server: { tls: { certificate: a } }\n", "1:11", "'tls' needs 'private_key'"},
            {"server: { tls: { private_key: a } }\n", "1:11", "'tls' needs 'certificate'"},
            {"server: { tls: { certificat: a, private_key: b } }\n", "1:18",
             "did you mean 'certificate'?"},
            {"server: { tls: { certificate: a, private_key: b, min_version: \"1.1\" } }\n", "1:63",
             "'min_version' cannot be '1.1'"},
            {"server: { tls: { certificate: a, private_key: b, client_ca: [c] } }\n", "1:61",
             "'client_ca' must be text"},
            {"server: { trusted_proxies: 10.0.0.0/8 }\n", "1:28", "must be a list"},
            {"server: { trusted_proxies: [0.0.0.0/0] }\n", "1:29",
             "the trusted proxy '0.0.0.0/0' would believe everybody"},
            {"server: { trusted_proxies: [\"::/0\"] }\n", "1:29", "would believe everybody"},
            {"server: { trusted_proxies: [proxy.example] }\n", "1:29", "must be an IP address"},
            {"server: { trusted_proxies: [10.0.0.0/8, 10.1.2.3/8] }\n", "1:41", "must have zeros"},
            {"server: { limits: { connections: 0 } }\n", "1:34", "from 1 to 1000000"},
            {"server: { limits: { header_bytes: 1023B } }\n", "1:35", "from 1KiB to 1MiB"},
            {"server: { limits: { header_bytes: 2MiB } }\n", "1:35", "from 1KiB to 1MiB"},
            {"server: { limits: { header_bytes: 16384 } }\n", "1:35", "with a unit"},
            {"server: { limits: { header_count: 1001 } }\n", "1:35", "from 1 to 1000"},
            {"server: { limits: { token_bytes: 255B } }\n", "1:34", "from 256B to 256KiB"},
            {"server: { limits: { body_bytes: all } }\n", "1:33", "with a unit"},
            {"server: { limits: { body_bytes: 9223372036854775808B } }\n", "1:33",
             "a size from 0B"},
            {"server: { timeouts: { tls: 0s } }\n", "1:28", "a duration from 1ms to 1h"},
            {"server: { timeouts: { header: 2h } }\n", "1:31", "a duration from 1ms to 1h"},
            {"server: { timeouts: { idle: 25h } }\n", "1:29", "a duration from 1ms to 24h"},
            {"server: { timeouts: { tunnel: 721h } }\n", "1:31", "a duration from 1ms to 720h"},
            {"server: { timeouts: { tunnel_at_expiry: open } }\n", "1:41", "one of: close, keep"},
            {"server: { timeouts: { drain: 30 } }\n", "1:30", "with a unit"},
            {"server: { timeouts: { drian: 30s } }\n", "1:23", "did you mean 'drain'?"},
        }),
        rest);
}

TEST(LoadServer, EveryBorder) {
    test::expect_each_is_right(
        {
            "server: { listen: [1.2.3.4:0, 1.2.3.4:0] }\n",  // the system chooses two
            "server: { listen: [1.2.3.4:80, 1.2.3.5:80, \"[::]:81\", unix:a] }\n",
            "server: { workers: auto }\n",
            "server: { workers: 1 }\n",
            "server: { workers: 512 }\n",
            "server: { cache: 0 }\n",
            "server: { cache: 10000000 }\n",
            "server: { trusted_proxies: [] }\n",
            "server: { limits: { connections: 1000000, header_bytes: 1KiB, header_count: 1 } }\n",
            "server: { limits: { header_bytes: 1MiB, header_count: 1000, token_bytes: 256B } }\n",
            "server: { limits: { token_bytes: 256KiB, body_bytes: none } }\n",
            "server: { limits: { body_bytes: 0B } }\n",
            "server: { limits: { body_bytes: 9223372036854775807B } }\n",
            "server: { timeouts: { tls: 1ms, header: 1h, idle: 24h, tunnel: 720h, drain: 0s } }\n",
            "server: {}\n",
        },
        rest);
}

TEST(LoadServer, OneAddressForBothProtocolsBesideOneOfTheOther) {
    const auto result =
        test::load("server: { listen: [0.0.0.0:80, \"[::]:80\"] }\n" + std::string(rest));
    ASSERT_TRUE(result.loaded) << test::report(result);
    ASSERT_EQ(result.loaded->warnings.size(), 1U);
    EXPECT_TRUE(result.loaded->warnings.front().message.starts_with(
        "'0.0.0.0:80' and '[::]:80' want the same port"));
}

TEST(LoadServer, ATokenThatNoHeaderHoldsIsWarnedOf) {
    const auto warnings = [](const std::string& limits) {
        const auto result =
            test::load("server: { limits: { " + limits + " } }\n" + std::string(rest));
        return result.loaded ? result.loaded->warnings : std::vector<Diagnostic>(9);
    };
    for (const char* limits :
         {"token_bytes: 64KiB", "token_bytes: 16KiB", "token_bytes: 32KiB, header_bytes: 32KiB"}) {
        SCOPED_TRACE(limits);
        const auto said = warnings(limits);
        ASSERT_EQ(said.size(), 1U);
        EXPECT_EQ(said[0].line, 1);
        EXPECT_EQ(said[0].column, 21);
        EXPECT_TRUE(said[0].message.contains("'token_bytes' has no effect"));
    }
    EXPECT_TRUE(warnings("token_bytes: 64KiB, header_bytes: 65KiB").empty());
    EXPECT_TRUE(warnings("token_bytes: 15KiB").empty());
    EXPECT_TRUE(warnings("header_bytes: 4KiB").empty()) << "nobody wrote the other";
}

TEST(LoadAdmin, EveryError) {
    test::expect_each_is_wrong(
        std::to_array<test::WrongFile>({
            {"admin: off\n", "1:8", "'admin' must be a map"},
            {"admin: { listen: localhost:9901 }\n", "1:18", "must name an address, not a host"},
            {"admin: { listen: [1.2.3.4:1] }\n", "1:18", "'listen' must be text"},
            {"admin: { hosts: gate.internal }\n", "1:17", "must be a list"},
            {"admin: { hosts: [\"https://gate.internal\"] }\n", "1:18", "is no host name"},
            {"admin: { hosts: [\"gate.internal:80\"] }\n", "1:18", "is no host name"},
            {"admin: { page: yes }\n", "1:16", "'page' must be one of: loopback, on, off"},
            {"admin: { pages: on }\n", "1:10", "did you mean 'page'?"},
            {"admin: { listen: 127.0.0.1:8080 }\n", "1:18",
             "is both the admin listener's address and one of 'server.listen'"},
            {"server: { listen: 127.0.0.1:9901 }\n", "1:1",
             "is both the admin listener's address and one of 'server.listen'"},
            {"server: { listen: 0.0.0.0:9901 }\n", "1:1",
             "the admin listener's '127.0.0.1:9901' and '0.0.0.0:9901' want the same port"},
            {"server: { listen: \"[::]:9901\" }\n", "1:1", "want the same port"},
        }),
        rest);
    test::expect_each_is_right(
        {
            "admin: { listen: off }\nserver: { listen: 127.0.0.1:9901 }\n",
            "admin: { listen: \"[::1]:9901\", hosts: [a.example], page: off }\n",
            "admin: { listen: unix:admin.sock }\n",
        },
        rest);
}

}  // namespace
}  // namespace bearergate::config
