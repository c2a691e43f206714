#include <bearergate/config/urls.hpp>
#include <bearergate/gateway/key_fetcher.hpp>

#include "support/scripted_issuer.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

namespace bearergate::gateway {

namespace {

using namespace std::chrono_literals;
using test::ScriptedIssuer;

config::Url url(std::string_view text) {
    config::Url parsed = config::parse_fetched_url(text).value();
    parsed.text = text;
    return parsed;
}

config::KeySource by_discovery(const ScriptedIssuer& issuer) {
    return {.name = "main", .issuer = issuer.issuer(), .discovery = url(issuer.discovery_url())};
}
config::KeySource by_jwks_uri(const ScriptedIssuer& issuer) {
    return {.name = "main", .issuer = issuer.issuer(), .jwks_uri = url(issuer.keys_url())};
}

// One fetcher on a loop of its own, which runs while a fetch is under way.
class Fetching {
public:
    explicit Fetching(config::KeySource source)
        : fetch_(make_key_fetcher(
              io_, resolver_, std::move(source), [] { return nullptr; },
              [this] { return std::chrono::steady_clock::now() + ahead.load(); })) {}

    KeyFetchResult get(const std::string& etag = "") {
        std::optional<KeyFetchResult> result;
        fetch_(etag, [&result](KeyFetchResult got) { result = std::move(got); });
        EXPECT_FALSE(result) << "never within the call";
        io_.restart();
        while (!result && io_.run_one_for(20s) > 0) {
        }
        return result ? *std::move(result) : std::unexpected("no answer at all");
    }

    std::atomic<std::chrono::milliseconds> ahead{0ms};  // of the real clock

private:
    boost::asio::io_context io_{1};
    net::Resolver resolver_{io_};
    FetchKeys fetch_;
};

TEST(KeyFetcher, FindsTheKeySetByDiscovery) {
    ScriptedIssuer issuer;
    issuer.use_cache_control("max-age=300");
    Fetching fetching(by_discovery(issuer));
    const auto document = fetching.get();
    ASSERT_TRUE(document) << document.error();
    EXPECT_EQ(document->text, issuer.jwks());
    EXPECT_FALSE(document->etag.empty());
    EXPECT_EQ(document->max_age, 300s);
    EXPECT_EQ(issuer.discovery_fetches(), 1u);
    EXPECT_EQ(issuer.key_fetches(), 1u);
}

TEST(KeyFetcher, GoesStraightToAConfiguredKeySet) {
    ScriptedIssuer issuer;
    Fetching fetching(by_jwks_uri(issuer));
    EXPECT_EQ(fetching.get()->text, issuer.jwks());
    EXPECT_EQ(issuer.discovery_fetches(), 0u);
}

TEST(KeyFetcher, NamesWhatItHasAndIsToldWhenNothingChanged) {
    ScriptedIssuer issuer;
    Fetching fetching(by_discovery(issuer));
    const std::string etag = fetching.get()->etag;
    const auto again = fetching.get(etag);
    ASSERT_TRUE(again) << again.error();
    EXPECT_TRUE(again->not_modified);
    issuer.rotate();
    const auto changed = fetching.get(etag);
    EXPECT_FALSE(changed->not_modified);
    EXPECT_EQ(changed->text, issuer.jwks());
}

TEST(KeyFetcher, AnETagIsOfOneAddressOnly) {
    ScriptedIssuer issuer;
    Fetching fetching(by_discovery(issuer));
    const std::string etag = fetching.get()->etag;
    // The key set moves: what the old address called its document says nothing here.
    const std::string moved = R"({"issuer":")" + issuer.issuer() + R"(","jwks_uri":")" +
                              issuer.origin() + R"(/elsewhere"})";
    int count = 0;
    issuer.play_discovery([&](test::UpstreamPeer& peer) {
        ScriptedIssuer::answer(200, count++ == 0 ? moved : issuer.jwks())(peer);
    });
    const auto document = fetching.get(etag);
    ASSERT_TRUE(document) << document.error();
    EXPECT_EQ(document->text, issuer.jwks());
    EXPECT_EQ(issuer.requests().back().target, "/elsewhere");
    EXPECT_EQ(issuer.requests().back().header("If-None-Match"), "");
}

TEST(KeyFetcher, ADiscoveryDocumentThatLiesIsNotFollowed) {
    ScriptedIssuer issuer;
    ScriptedIssuer other;
    const auto document = [](const std::string& name, const std::string& keys) {
        return R"({"issuer":")" + name + R"(","jwks_uri":")" + keys + R"("})";
    };
    const struct {
        const char* what;
        std::string text;
    } cases[] = {
        {"another origin", document(issuer.issuer(), other.keys_url())},
        {"another issuer", document(other.issuer(), issuer.keys_url())},
        {"a file", document(issuer.issuer(), "file:///etc/passwd")},
        {"no JSON", "<html>"},
    };
    Fetching fetching(by_discovery(issuer));
    for (const auto& c : cases) {
        SCOPED_TRACE(c.what);
        issuer.play_discovery(ScriptedIssuer::answer(200, c.text));
        const auto result = fetching.get();
        ASSERT_FALSE(result);
        EXPECT_TRUE(result.error().starts_with(issuer.discovery_url())) << result.error();
    }
    EXPECT_EQ(issuer.key_fetches(), 0u);
    EXPECT_EQ(other.requests().size(), 0u);
}

TEST(KeyFetcher, WhatIsNotAPlainAnswerIsAnError) {
    const std::string jwks = test::Issuer().jwks();
    const struct {
        const char* what;
        ScriptedIssuer::Manner manner;
    } cases[] = {
        {"500", ScriptedIssuer::answer(500, jwks)},
        {"503", ScriptedIssuer::answer(503, "", "Retry-After: 86400\r\n")},
        {"401", ScriptedIssuer::answer(401, jwks)},
        {"204", ScriptedIssuer::raw("HTTP/1.1 204 No Content\r\n\r\n")},
        {"304 that nobody asked for", ScriptedIssuer::raw("HTTP/1.1 304 Not Modified\r\n\r\n")},
        {"a redirect elsewhere",
         ScriptedIssuer::answer(302, "", "Location: http://169.254.169.254/jwks\r\n")},
        {"a redirect to itself", ScriptedIssuer::answer(301, jwks, "Location: /oidc/jwks\r\n")},
        {"cut short",
         ScriptedIssuer::raw("HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + jwks)},
        {"garbage", ScriptedIssuer::raw("\x16\x03\x01\x02 not http\r\n\r\n")},
        {"nothing", ScriptedIssuer::raw("")},
        {"endless body",
         ScriptedIssuer::endless("HTTP/1.1 200 OK\r\n\r\n", std::string(4096, ' '))},
        {"endless chunks",
         ScriptedIssuer::endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                                 "1\r\n \r\n")},
        {"endless head", ScriptedIssuer::endless("HTTP/1.1 200 OK\r\n", "X: y\r\n")},
        {"said to be huge",
         ScriptedIssuer::raw("HTTP/1.1 200 OK\r\nContent-Length: 10485760\r\n\r\n")},
    };
    for (const bool of_discovery : {false, true}) {
        for (const auto& c : cases) {
            SCOPED_TRACE(std::string(c.what) + (of_discovery ? " (discovery)" : " (keys)"));
            ScriptedIssuer issuer;
            Fetching fetching(by_discovery(issuer));
            (of_discovery ? issuer.play_discovery(c.manner) : issuer.play_keys(c.manner));
            const auto result = fetching.get();
            ASSERT_FALSE(result);
            EXPECT_TRUE(result.error().starts_with(of_discovery ? issuer.discovery_url()
                                                                : issuer.keys_url()))
                << result.error();
            EXPECT_LE(issuer.requests().size(), 2u);
        }
    }
}

TEST(KeyFetcher, DiscoveryAndKeySetShareOneDeadline) {
    ScriptedIssuer issuer;
    std::unique_ptr<Fetching> fetching = std::make_unique<Fetching>(by_discovery(issuer));
    issuer.play_discovery([&](test::UpstreamPeer& peer) {
        // Discovery took nearly all of it.
        fetching->ahead = key_fetch_deadline - 50ms;
        ScriptedIssuer::answer(200, R"({"issuer":")" + issuer.issuer() + R"(","jwks_uri":")" +
                                        issuer.keys_url() + R"("})")(peer);
    });
    issuer.play_keys(ScriptedIssuer::hang());
    const auto start = std::chrono::steady_clock::now();
    const auto result = fetching->get();
    ASSERT_FALSE(result);
    EXPECT_TRUE(result.error().starts_with(issuer.keys_url())) << result.error();
    EXPECT_LT(std::chrono::steady_clock::now() - start, key_fetch_deadline - 1s);
}

TEST(KeyFetcher, NothingListensIsAnError) {
    std::string gone;
    {
        ScriptedIssuer issuer;
        gone = issuer.keys_url();
    }
    Fetching fetching({.name = "main", .issuer = "x", .jwks_uri = url(gone)});
    const auto result = fetching.get();
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().find("refused"), std::string::npos) << result.error();
}

class KeyFile : public testing::Test {
protected:
    KeyFile() {
        std::string name = (std::filesystem::temp_directory_path() / "bearergate-XXXXXX").string();
        folder_ = ::mkdtemp(name.data());
    }
    ~KeyFile() override { std::filesystem::remove_all(folder_); }

    std::string path() const { return folder_ / "keys.json"; }
    void write(std::string_view text) const { std::ofstream(path(), std::ios::binary) << text; }
    config::KeySource source() const { return {.name = "main", .jwks_file = path()}; }

private:
    std::filesystem::path folder_{};
};

TEST_F(KeyFile, IsReadEachTime) {
    Fetching fetching(source());
    write("one");
    EXPECT_EQ(fetching.get()->text, "one");
    write("two");
    EXPECT_EQ(fetching.get("\"etag\"")->text, "two");
    write("");
    EXPECT_EQ(fetching.get()->text, "");
}

TEST_F(KeyFile, IsBoundedAndRegular) {
    Fetching fetching(source());
    const auto missing = fetching.get();
    ASSERT_FALSE(missing);
    EXPECT_NE(missing.error().find(path()), std::string::npos);

    ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
    EXPECT_FALSE(fetching.get()) << "a pipe without a writer must not hold us up";
    std::filesystem::remove(path());
    std::filesystem::create_directory(path());
    EXPECT_FALSE(fetching.get());
    std::filesystem::remove(path());
    std::filesystem::create_symlink("/dev/zero", path());
    EXPECT_FALSE(fetching.get());
    std::filesystem::remove(path());

    write(std::string(core::max_key_set_bytes + 100'000, ' '));
    EXPECT_EQ(fetching.get()->text.size(), core::max_key_set_bytes + 1)
        << "enough to see that it is too much";
}

}  // namespace

}  // namespace bearergate::gateway
