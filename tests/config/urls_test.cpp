#include <bearergate/config/urls.hpp>

#include <gtest/gtest.h>

#include <string>

namespace bearergate::config {
namespace {

using Bytes = std::vector<std::uint8_t>;

TEST(Urls, OfWhatIsFetched) {
    const struct {
        const char* text;
        bool tls;
        const char* host;
        int port;
        const char* authority;
        const char* path;
    } cases[] = {
        {"https://a.example/keys", true, "a.example", 443, "a.example", "/keys"},
        {"http://a.example:8080/k?x=1&y=%20", false, "a.example", 8080, "a.example:8080",
         "/k?x=1&y=%20"},
        {"https://A.Example:443", true, "a.example", 443, "a.example", "/"},
        {"http://127.0.0.1:80/", false, "127.0.0.1", 80, "127.0.0.1", "/"},
        {"https://[::1]:8443/x", true, "::1", 8443, "[::1]:8443", "/x"},
        {"https://a.example?q", true, "a.example", 443, "a.example", "/?q"},
        {"https://a_b-c.example/", true, "a_b-c.example", 443, "a_b-c.example", "/"},
        {"https://localhost:65535/", true, "localhost", 65535, "localhost:65535", "/"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.text);
        const auto url = parse_fetched_url(c.text);
        ASSERT_TRUE(url);
        EXPECT_EQ(url->tls, c.tls);
        EXPECT_EQ(url->host, c.host);
        EXPECT_EQ(url->port, c.port);
        EXPECT_EQ(url->authority, c.authority);
        EXPECT_EQ(url->path, c.path);
    }
}

TEST(Urls, ThatCannotBeFetched) {
    for (const char* text : {"",
                             "a.example/keys",
                             "/keys",
                             "ftp://a.example/",
                             "file:///etc/passwd",
                             "HTTPS://a.example/",
                             "https:/a.example",
                             "https://",
                             "https:///keys",
                             "https://:443/",
                             "https://user@a.example/",
                             "https://user:pw@a.example/",
                             "https://a.example@b.example/",
                             "https://a.example/#x",
                             "https://a.example:0/",
                             "https://a.example:65536/",
                             "https://a.example:/",
                             "https://a.example:08/",
                             "https://a.example:x/",
                             "https://a.example:80:80/",
                             "https://::1/",
                             "https://[::1/",
                             "https://[::1]x/",
                             "https://[1.2.3.4]/",
                             "https://[fe80::1%25eth0]/",
                             "https://a..example/",
                             "https://.a.example/",
                             "https://-a.example/",
                             "https://a-.example/",
                             "https://a.example./",
                             "https://127.1/",
                             "https://0x7f.0.0.1/",
                             "https://1.2.3/",
                             "https://1.2.3.256/",
                             "https://a b.example/",
                             "https://a.example/ ",
                             "https://a.example/\u00fc",
                             "https://a.example/\"",
                             "https://a.example/<x>",
                             "https://a.example/{x}",
                             "https://a.example/\\x",
                             "https://\u00fc.example/",
                             "https://a.example/\x01",
                             "https://a.example/\x7f",
                             "https://*.example/"}) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(parse_fetched_url(text));
    }
    const std::string longest = "https://a.example/" + std::string(2048 - 18, 'x');
    EXPECT_TRUE(parse_fetched_url(longest));
    EXPECT_FALSE(parse_fetched_url(longest + "x"));
}

TEST(Urls, OfUpstreams) {
    const auto tcp = parse_upstream_url("http://Backend:3000");
    ASSERT_TRUE(tcp);
    EXPECT_EQ(tcp->host, "backend");
    EXPECT_EQ(tcp->port, 3000);
    EXPECT_EQ(tcp->path, "");
    EXPECT_EQ(parse_upstream_url("https://b")->authority, "b");
    EXPECT_EQ(parse_upstream_url("https://b")->port, 443);
    const auto unix_socket = parse_upstream_url("unix:/run/app.sock");
    ASSERT_TRUE(unix_socket);
    EXPECT_TRUE(unix_socket->is_unix);
    EXPECT_EQ(unix_socket->path, "/run/app.sock");
    EXPECT_EQ(unix_socket->authority, "localhost");
    EXPECT_EQ(parse_upstream_url("unix:app.sock")->path, "app.sock");
    EXPECT_TRUE(parse_upstream_url("unix:/" + std::string(106, 'x')));
    for (const char* text : {"http://b/", "http://b/api", "http://b?x", "b:3000", "unix:",
                             "tcp://b", "http://u@b", "http://b#x", "127.0.0.1:3000", ""}) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(parse_upstream_url(text));
    }
    EXPECT_TRUE(parse_upstream_url("b:3000").error().contains("http://HOST[:PORT]"));
    EXPECT_TRUE(parse_upstream_url("http://b/api").error().contains("must end after the host"));
}

TEST(Urls, OriginsAsBrowsersSendThem) {
    for (const char* text : {"https://a.example", "http://localhost:3000", "https://[::1]:8443",
                             "http://127.0.0.1", "https://a.example:444"}) {
        SCOPED_TRACE(text);
        EXPECT_TRUE(is_origin(text));
    }
    for (const char* text :
         {"", "*", "null", "a.example", "https://a.example/", "https://A.example",
          "https://a.example:443", "http://a.example:80", "https://a.example?x",
          "https://u@a.example", "https://*.example", "ftp://a.example"}) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(is_origin(text));
    }
}

TEST(Urls, HostsWithOrWithoutPort) {
    for (const char* text : {"a.example", "a.example:8080", "localhost", "1.2.3.4:80", "[::1]",
                             "[::1]:80", "xn--bcher-kva.example"}) {
        SCOPED_TRACE(text);
        EXPECT_TRUE(is_host_and_port(text));
    }
    for (const char* text : {"", ":80", "a.example:", "a.example:0", "::1", "a b", "a.example/x",
                             "a.example:80x", "[::1]80", "[]", "http://a.example"}) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(is_host_and_port(text));
    }
}

TEST(Urls, DnsNames) {
    const std::string label(63, 'a');
    EXPECT_TRUE(is_host_name(label));
    EXPECT_FALSE(is_host_name(label + "a"));
    const std::string longest = label + "." + label + "." + label + "." + label.substr(2);
    ASSERT_EQ(longest.size(), 253U);
    EXPECT_TRUE(is_host_name(longest));
    EXPECT_FALSE(is_host_name("a" + longest.substr(0, 189) + "." + longest.substr(189)));
    for (const char* text : {"", ".", "a.", ".a", "a..b", "-a", "a-", "1", "a.1", "1.2.3.4", "0x7f",
                             "a.0xff", "a/b", "a:1", "*", "a b", "\u00fc"}) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(is_host_name(text));
    }
    EXPECT_TRUE(is_host_name("1.a"));
    EXPECT_TRUE(is_host_name("a.0xfg"));
}

TEST(Addresses, ToListenOn) {
    const auto v4 = parse_address("0.0.0.0:8080");
    ASSERT_TRUE(v4);
    EXPECT_EQ(v4->host, "0.0.0.0");
    EXPECT_EQ(v4->port, 8080);
    EXPECT_EQ(v4->text, "0.0.0.0:8080");
    const auto v6 = parse_address("[2001:db8::1]:443");
    ASSERT_TRUE(v6);
    EXPECT_EQ(v6->host, "2001:db8::1");
    EXPECT_EQ(v6->port, 443);
    EXPECT_EQ(parse_address("127.0.0.1:0")->port, 0);
    const auto unix_socket = parse_address("unix:/run/gate.sock");
    ASSERT_TRUE(unix_socket);
    EXPECT_TRUE(unix_socket->is_unix);
    EXPECT_EQ(unix_socket->path, "/run/gate.sock");
    const struct {
        const char* text;
        const char* fault;
    } faults[] = {
        {"", "must be IP:PORT"},
        {"8080", "must be IP:PORT"},
        {":8080", "must name an address"},
        {"*:8080", "must name an address"},
        {"localhost:8080", "must name an address, not a host"},
        {"gate.example:8080", "must be IP:PORT"},
        {"1.2.3.4", "must be IP:PORT"},
        {"1.2.3.4:", "must have a port"},
        {"1.2.3.4:65536", "must have a port"},
        {"1.2.3.4:080", "must have a port"},
        {"1.2.3.4:-1", "must have a port"},
        {"1.2.3.4:http", "must have a port"},
        {"1.2.3:80", "must be IP:PORT"},
        {"01.2.3.4:80", "must be IP:PORT"},
        {"::1:80", "must be IP:PORT"},
        {"[1.2.3.4]:80", "must be IP:PORT"},
        {"[::1]", "must be IP:PORT"},
        {"[::1", "must be IP:PORT"},
        {"unix:", "must name a socket"},
        {"http://1.2.3.4:80", "must be IP:PORT"},
    };
    for (const auto& c : faults) {
        SCOPED_TRACE(c.text);
        const auto address = parse_address(c.text);
        ASSERT_FALSE(address);
        EXPECT_TRUE(address.error().contains(c.fault)) << address.error();
    }
}

TEST(Addresses, OfTrustedProxies) {
    EXPECT_TRUE(parse_trusted_proxy("unix")->is_unix);
    EXPECT_EQ(parse_trusted_proxy("10.0.0.0/8")->network, (Bytes{10, 0, 0, 0}));
    EXPECT_EQ(parse_trusted_proxy("10.0.0.0/8")->prefix_bits, 8);
    EXPECT_EQ(parse_trusted_proxy("192.0.2.1")->prefix_bits, 32);
    EXPECT_EQ(parse_trusted_proxy("192.0.2.1/32")->prefix_bits, 32);
    EXPECT_EQ(parse_trusted_proxy("128.0.0.0/1")->prefix_bits, 1);
    EXPECT_EQ(parse_trusted_proxy("10.1.2.4/30")->prefix_bits, 30);
    EXPECT_EQ(parse_trusted_proxy("::1")->prefix_bits, 128);
    EXPECT_EQ(parse_trusted_proxy("fc00::/7")->network.size(), 16U);
    const struct {
        const char* text;
        const char* fault;
    } faults[] = {
        {"", "must be an IP address"},
        {"proxy.example", "must be an IP address"},
        {"10.0.0.0/", "must have 1 to 32 bits"},
        {"10.0.0.0/33", "must have 1 to 32 bits"},
        {"10.0.0.0/08", "must have 1 to 32 bits"},
        {"10.0.0.0/-1", "must have 1 to 32 bits"},
        {"10.0.0.0/8/8", "must have 1 to 32 bits"},
        {"::/129", "must have 1 to 128 bits"},
        {"0.0.0.0/0", "would believe everybody"},
        {"::/0", "would believe everybody"},
        {"10.1.2.3/8", "must have zeros behind its prefix"},
        {"10.1.2.5/30", "must have zeros behind its prefix"},
        {"2001:db8::1/32", "must have zeros behind its prefix"},
        {"::ffff:10.0.0.1", "must be written as the IPv4 address"},
        {"::ffff:0:0/96", "must be written as the IPv4 address"},
        {"[::1]", "must be an IP address"},
        {"10.0.0.0 /8", "must be an IP address"},
    };
    for (const auto& c : faults) {
        SCOPED_TRACE(c.text);
        const auto proxy = parse_trusted_proxy(c.text);
        ASSERT_FALSE(proxy);
        EXPECT_TRUE(proxy.error().contains(c.fault)) << proxy.error();
    }
}

TEST(Addresses, OfLoopback) {
    for (const char* text : {"localhost", "127.0.0.1", "127.255.0.9", "::1", "0:0:0:0:0:0:0:1"}) {
        SCOPED_TRACE(text);
        EXPECT_TRUE(is_loopback(text));
    }
    for (const char* text : {"", "localhost.example", "128.0.0.1", "0.0.0.0", "::", "::2",
                             "10.0.0.1", "127.1", "::ffff:10.0.0.1", "127.0.0.1.example"}) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(is_loopback(text));
    }
}

}  // namespace
}  // namespace bearergate::config
