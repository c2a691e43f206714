#include <bearergate/config/urls.hpp>
#include <bearergate/gateway/discovery.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace bearergate::gateway {

namespace {

config::Url url(std::string_view text) {
    return config::parse_fetched_url(text).value();
}

config::KeySource source(std::string issuer) {
    config::KeySource made{.name = "main", .issuer = issuer};
    made.discovery = url(issuer + "/.well-known/openid-configuration");
    return made;
}

std::string document(std::string_view issuer, std::string_view jwks_uri) {
    return fmt::format(R"({{"issuer":"{}","jwks_uri":"{}","scopes_supported":["a"]}})", issuer,
                       jwks_uri);
}

TEST(Discovery, NamesTheKeySet) {
    const std::string issuer = "https://id.example/oidc";
    const auto found =
        read_discovery(document(issuer, "https://id.example/oidc/jwks?v=1"), source(issuer));
    ASSERT_TRUE(found) << found.error();
    EXPECT_TRUE(found->tls);
    EXPECT_EQ(found->host, "id.example");
    EXPECT_EQ(found->port, 443);
    EXPECT_EQ(found->path, "/oidc/jwks?v=1");
    EXPECT_EQ(found->text, "https://id.example/oidc/jwks?v=1");
}

TEST(Discovery, TheKeySetHasTheIssuersOrigin) {
    const struct {
        const char* issuer;
        const char* jwks_uri;
        bool good;
    } cases[] = {
        {"https://id.example/oidc", "https://id.example/jwks", true},
        {"https://id.example/oidc", "https://ID.Example:443/jwks", true},
        {"https://id.example/oidc", "https://id.example", true},
        {"https://id.example:8443", "https://id.example:8443/jwks", true},
        {"http://localhost:3001/oidc", "http://localhost:3001/oidc/jwks", true},
        {"http://127.0.0.1:3001", "http://127.0.0.1:3001/jwks", true},
        {"http://[::1]:3001", "http://[::1]:3001/jwks", true},
        {"https://id.example/oidc", "https://evil.example/jwks", false},
        {"https://id.example/oidc", "https://id.example.evil/jwks", false},
        {"https://id.example/oidc", "https://sub.id.example/jwks", false},
        {"https://id.example/oidc", "https://id.example:8443/jwks", false},
        {"https://id.example:8443", "https://id.example/jwks", false},
        {"https://id.example/oidc", "http://id.example/jwks", false},
        {"https://id.example/oidc", "http://id.example:443/jwks", false},
        {"https://id.example/oidc", "https://id.example@evil.example/jwks", false},
        {"https://id.example/oidc", "https://evil.example/@id.example/", false},
        {"https://id.example/oidc", "https://id.example\\\\.evil.example/", false},
        {"https://id.example/oidc", "https://169.254.169.254/jwks", false},
        {"http://localhost:3001", "http://127.0.0.1:3001/jwks", false},
        {"http://localhost:3001", "http://localhost:3002/jwks", false},
        {"https://id.example", "file:///etc/passwd", false},
        {"https://id.example", "ftp://id.example/jwks", false},
        {"https://id.example", "//id.example/jwks", false},
        {"https://id.example", "/jwks", false},
        {"https://id.example", "", false},
        {"https://id.example", "https://", false},
        {"https://id.example", "https:///jwks", false},
        {"https://id.example", "https://id.example/jwks#x", false},
        {"https://id.example", "https://id.example/j wks", false},
        {"https://id.example", "https://id.example/jwks\\r\\nX: y", false},
        {"https://id.example", "https://id.example:0/jwks", false},
        {"https://id.example", "https://id.example:65979/jwks", false},
        {"https://id.example", "https://id.example\\u0000/jwks", false},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(fmt::format("{} -> {}", c.issuer, c.jwks_uri));
        EXPECT_EQ(read_discovery(document(c.issuer, c.jwks_uri), source(c.issuer)).has_value(),
                  c.good);
    }
}

TEST(Discovery, AConfiguredDiscoveryUrlVouchesForItsOrigin) {
    config::KeySource custom{.name = "main", .issuer = "https://id.example/oidc"};
    custom.discovery = url("https://cdn.example/oidc.json");
    const std::string text = document(custom.issuer, "https://cdn.example/jwks");
    EXPECT_FALSE(read_discovery(text, custom)) << "only if it was configured";
    custom.discovery_is_configured = true;
    EXPECT_TRUE(read_discovery(text, custom));
    EXPECT_TRUE(read_discovery(document(custom.issuer, "https://id.example/jwks"), custom));
    EXPECT_FALSE(read_discovery(document(custom.issuer, "https://other.example/jwks"), custom));

    custom.issuer = "accounts.example";  // some issuers' names are no URLs
    EXPECT_TRUE(read_discovery(document(custom.issuer, "https://cdn.example/jwks"), custom));
    EXPECT_FALSE(read_discovery(document(custom.issuer, "https://accounts.example/jwks"), custom));
}

TEST(Discovery, PlainHttpOnlyForLoopbackOrWhenAllowed) {
    const std::string issuer = "http://id.internal";
    const std::string text = document(issuer, "http://id.internal/jwks");
    config::KeySource from = source(issuer);
    EXPECT_FALSE(read_discovery(text, from));
    from.insecure_http = true;
    EXPECT_TRUE(read_discovery(text, from));
    for (const char* const lookalike :
         {"http://localhost.example", "http://127.0.0.1.example", "http://128.0.0.1"}) {
        SCOPED_TRACE(lookalike);
        EXPECT_FALSE(read_discovery(document(lookalike, std::string(lookalike) + "/jwks"),
                                    source(lookalike)));
    }
}

TEST(Discovery, TheIssuerIsTheConfiguredOneByteForByte) {
    const std::string issuer = "https://id.example/oidc";
    for (const char* const other :
         {"https://id.example/oidc/", "https://id.example", "https://ID.example/oidc",
          "https://id.example:443/oidc", "https://id.example/oidc\\u0000", ""}) {
        SCOPED_TRACE(other);
        EXPECT_FALSE(read_discovery(document(other, "https://id.example/jwks"), source(issuer)));
    }
}

TEST(Discovery, RefusesWhatIsNoDocument) {
    const std::string issuer = "https://id.example";
    const std::string good = document(issuer, "https://id.example/jwks");
    ASSERT_TRUE(read_discovery(good, source(issuer)));
    std::string deep =
        R"({"issuer":"https://id.example","jwks_uri":"https://id.example/jwks","x":)";
    deep += std::string(8, '[') + std::string(8, ']') + "}";
    const std::string cases[] = {
        "",
        "null",
        "[" + good + "]",
        "<html></html>",
        good.substr(0, good.size() - 1),
        good + "x",
        "\xEF\xBB\xBF" + good,
        std::string("\0", 1) + good,
        R"({"jwks_uri":"https://id.example/jwks"})",
        R"({"issuer":"https://id.example"})",
        R"({"issuer":["https://id.example"],"jwks_uri":"https://id.example/jwks"})",
        R"({"issuer":"https://id.example","jwks_uri":["https://id.example/jwks"]})",
        R"({"issuer":"https://id.example","jwks_uri":null})",
        R"({"issuer":"https://id.example","issuer":"https://id.example","jwks_uri":"https://id.example/jwks"})",
        R"({"issuer":"https://id.example","jwks_uri":"https://evil.example/j","jwks_uri":"https://id.example/jwks"})",
        deep,
        good + std::string(max_discovery_bytes, ' '),
    };
    for (const std::string& text : cases) {
        SCOPED_TRACE(text.substr(0, 80));
        EXPECT_FALSE(read_discovery(text, source(issuer)));
    }
}

TEST(MaxAge, IsReadStrictly) {
    using std::chrono::seconds;
    const struct {
        const char* value;
        std::optional<seconds> expected;
    } cases[] = {
        {"", {}},
        {"no-store", {}},
        {"max-age=300", seconds(300)},
        {"Max-Age=300", seconds(300)},
        {"public, max-age=300, must-revalidate", seconds(300)},
        {"no-cache, no-store,max-age=60", seconds(60)},
        {" \tmax-age=60\t ", seconds(60)},
        {"max-age=0", {}},
        {"max-age=-1", {}},
        {"max-age=+5", {}},
        {"max-age=1.5", {}},
        {"max-age=", {}},
        {"max-age", {}},
        {"max-age=\"60\"", {}},
        {"max-age=60s", {}},
        {"max-age= 60", {}},
        {"s-maxage=60", {}},
        {"x-max-age=60", {}},
        {"max-age=999999999", seconds(999'999'999)},
        {"max-age=1000000000000", {}},
        {"max-age=99999999999999999999999", {}},
        {"max-age=100, max-age=200", seconds(100)},
        {",,, ,max-age=7,", seconds(7)},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.value);
        EXPECT_EQ(max_age_of(c.value), c.expected);
    }
}

}  // namespace

}  // namespace bearergate::gateway
