// Everything that can be wrong with `upstream:` and `upstreams:`.
#include "config/config_support.hpp"

#include <gtest/gtest.h>

#include <array>

namespace bearergate::config {
namespace {

constexpr std::string_view rest = "routes: { /a: deny }\n";

// With the folder of the file, which is /etc/gate here.
TEST(LoadUpstreams, ASocketsPathHasTheLengthThatTheSystemTakes) {
    const auto errors_with = [](const std::string& path) {
        return test::errors_of("upstream: \"unix:" + path + "\"\nserver: { listen: \"unix:" + path +
                               "\" }\n" + std::string(rest));
    };
    EXPECT_TRUE(errors_with("/" + std::string(106, 'x')).empty());
    EXPECT_TRUE(errors_with(std::string(97, 'x')).empty());
    for (const std::string& path : {"/" + std::string(107, 'x'), std::string(98, 'x')}) {
        SCOPED_TRACE(path);
        const auto errors = errors_with(path);
        ASSERT_EQ(errors.size(), 2U);
        for (const auto& error : errors) {
            EXPECT_TRUE(error.contains("names a socket by 108 bytes")) << error;
            EXPECT_EQ(error.contains("the file's folder among them"), !path.starts_with('/'));
        }
    }
}

TEST(LoadUpstreams, EveryError) {
    test::expect_each_is_wrong(
        std::to_array<test::WrongFile>({
            {"upstream: 127.0.0.1:3000\n", "1:11", "it must be http://HOST[:PORT]"},
            {"upstream: ftp://a.example\n", "1:11", "it must be http://HOST[:PORT]"},
            {"upstream: http://a.example/api\n", "1:11", "requests keep their own path"},
            {"upstream: http://a.example/\n", "1:11", "must end after the host and port"},
            {"upstream: http://u:p@a.example\n", "1:11", "may not hold a user name"},
            {"upstream: http://a.example:99999\n", "1:11", "must have a port"},
            {"upstream: []\n", "1:11", "'url' is an empty list"},
            {"upstream: [http://a.example, b]\n", "1:30", "the upstream's URL is 'b'"},
            {"upstream: \"unix:\"\n", "1:11", "must name a socket"},
            {"upstreams: http://a.example\n", "1:12", "'upstreams' must be a map"},
            {"upstreams: {}\n", "1:12", "'upstreams' is empty"},
            {"upstreams: { a: http://a.example }\n", "1:17", "'a' must be a map"},
            {"upstreams: { a: {} }\n", "1:17", "the upstream 'a' needs 'url'"},
            {"upstreams: { a: { urls: http://a.example } }\n", "1:19", "did you mean 'url'?"},
            {"upstreams: { \"a b\": { url: http://a.example } }\n", "1:14",
             "'a b' cannot be a name"},
            {"upstream: http://a.example\nupstreams: { default: { url: http://b.example } }\n",
             "2:14", "is the upstream called default already"},
            {"upstreams: { a: { url: http://a.example, host: \"a b\" } }\n", "1:48",
             "'host' must be preserve, upstream, or a host"},
            {"upstreams: { a: { url: http://a.example, host: http://b.example } }\n", "1:48",
             "'host' must be preserve, upstream, or a host"},
            {"upstreams: { a: { url: http://a.example, timeouts: { connect: 0s } } }\n", "1:63",
             "a duration from 1ms to 1h"},
            {"upstreams: { a: { url: http://a.example, timeouts: { response: 25h } } }\n", "1:64",
             "a duration from 1ms to 24h"},
            {"upstreams: { a: { url: http://a.example, timeouts: { body: 5 } } }\n", "1:60",
             "with a unit"},
            {"upstreams: { a: { url: http://a.example, timeouts: { idle: never } } }\n", "1:60",
             "with a unit"},
            {"upstreams: { a: { url: http://a.example, timeouts: { read: 1s } } }\n", "1:54",
             "unknown key 'read'"},
            {"upstreams: { a: { url: http://a.example, idle_connections: 100001 } }\n", "1:60",
             "from 0 to 100000"},
            {"upstreams: { a: { url: https://a.example, tls: { certificate: c } } }\n", "1:43",
             "'certificate' and 'private_key' belong together"},
            {"upstreams: { a: { url: https://a.example, tls: { private_key: k } } }\n", "1:43",
             "'certificate' and 'private_key' belong together"},
            {"upstreams: { a: { url: https://a.example, tls: { server_name: 1.2.3.4 } } }\n",
             "1:63", "'server_name' must be a DNS name"},
            {"upstreams: { a: { url: https://a.example, tls: { insecure: true } } }\n", "1:50",
             "unknown key 'insecure'"},
        }),
        rest);
}

TEST(LoadUpstreams, EveryBorder) {
    test::expect_each_is_right(
        {
            "upstream: [http://a.example, https://b.example:1, unix:a]\n",
            "upstream: http://[::1]:3000\n",
            "upstreams: { a: { url: http://a.example, host: \"[::1]:80\" } }\n",
            "upstreams: { a: { url: http://a.example, idle_connections: 0 } }\n",
            "upstreams: { a: { url: http://a.example, idle_connections: 100000 } }\n",
            "upstreams: { a: { url: http://a.example, timeouts: { connect: 1h, response: 24h,\n"
            "  body: 24h, idle: 1ms } } }\n",
            "upstream: http://a.example\nupstreams: { b: { url: http://a.example } }\n",
        },
        rest);
}

TEST(LoadUpstreams, TlsForNobodyIsAWarning) {
    const auto warnings = [](const std::string& url) {
        return test::load("upstreams: { a: { url: " + url + ", tls: { ca: c } } }\n" +
                          std::string(rest))
            .loaded.value()
            .warnings;
    };
    ASSERT_EQ(warnings("http://a.example").size(), 1U);
    EXPECT_TRUE(warnings("http://a.example")[0].message.contains("'tls' has no effect"));
    EXPECT_TRUE(warnings("[http://a.example, https://b.example]").empty());
}

}  // namespace
}  // namespace bearergate::config
