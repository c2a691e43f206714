// From one configuration to the next while requests come: files replaced as people and deployments
// replace them, with the whole gateway in this process.

#include "gateway/reloading.hpp"
#include "net/certificates.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace bearergate::gateway {
namespace {

using test::Reply;
using Reload = test::Reloading;

TEST_F(Reload, AReplacedFileIsInForceWithoutARestart) {
    serve(configuration("  GET /a: { access: public, upstream: one }\n"));
    EXPECT_EQ(get("/a").body, "one /a");
    EXPECT_EQ(get("/b").status, 404);
    replace("gateway.yaml", configuration("  GET /b: { access: public, upstream: two }\n"));
    ASSERT_TRUE(reloaded(1));
    EXPECT_EQ(get("/b").body, "two /b");
    EXPECT_EQ(get("/a").status, 404);
}

TEST_F(Reload, ABadFileChangesNothingAndIsToldLineByLine) {
    serve(configuration("  GET /a: { access: public, upstream: one }\n"));
    const std::map<std::string, std::string> bad = {
        {"an unknown key", configuration("  GET /a: { acess: public, upstream: one }\n")},
        {"half a file", configuration("")},
        {"nothing", ""},
        {"no YAML", "routes: [\n"},
    };
    std::size_t times = 0;
    for (const auto& [what, text] : bad) {
        SCOPED_TRACE(what);
        replace("gateway.yaml", text);
        ASSERT_TRUE(log_.wait_for_count("the configuration was not reloaded", ++times));
        EXPECT_EQ(get("/a").body, "one /a");
    }
    EXPECT_NE(log_.wait_for({"acess", "\"line\"", "\"column\""}), "");
    EXPECT_FALSE(log_.has("configuration reloaded"));
    replace("gateway.yaml", configuration("  GET /a: { access: public, upstream: two }\n"));
    ASSERT_TRUE(reloaded(1));
    EXPECT_EQ(get("/a").body, "two /a");
}

TEST_F(Reload, AnUnusableTlsFileChangesNothing) {
    serve(configuration("  GET /a: { access: public, upstream: one }\n"));
    folder_.write("broken.crt", "no certificate");
    replace("gateway.yaml",
            configuration("  GET /a: { access: public, upstream: two }\n",
                          ", tls: { certificate: broken.crt, private_key: broken.crt }"));
    ASSERT_TRUE(log_.wait_for_count("the configuration was not reloaded", 1));
    EXPECT_EQ(get("/a").body, "one /a");
}

TEST_F(Reload, WhatAFailedReloadLackedIsTakenUpWhenItComes) {
    serve(configuration("  GET /a: { access: public, upstream: one }\n"));
    net::test::Authority authority;
    const net::test::Identity own = authority.issue();
    const auto bring = [&](const std::string& name, const std::string& from) {
        replace(name, test::read_file(from));
    };
    replace("gateway.yaml", configuration("  GET /a: { access: public, upstream: two }\n",
                                          ", tls: { certificate: own.crt, private_key: own.key }"));
    ASSERT_TRUE(log_.wait_for_count("the configuration was not reloaded", 1));
    bring("own.crt", own.certificate);
    ASSERT_TRUE(log_.wait_for_count("the configuration was not reloaded", 2));
    bring("own.key", own.private_key);
    EXPECT_TRUE(reloaded(1));
}

// Half of a file may let in whom the other half keeps out.
TEST_F(Reload, AHalfWrittenFileIsNotReadBecauseAnotherOneChanged) {
    serve("logging: { level: debug }\n" +
          configuration("  GET /admin: { upstream: one, scopes: [admin] }\n  /b: deny\n"));
    ASSERT_TRUE(log_.wait_for_count("the keys were fetched", 1));
    folder_.write("gateway.yaml", "routes: [");
    ASSERT_TRUE(log_.wait_for_count("the configuration was not reloaded", 1));
    std::ofstream half(folder_.file("gateway.yaml"));
    half << configuration("  GET /admin: { upstream: one }\n") << std::flush;
    replace("keys.json", issuer_.jwks());
    ASSERT_TRUE(log_.wait_for_count("the keys were fetched", 2));
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    EXPECT_EQ(get("/admin", issuer_.token(R"({"scope":"other"})")).status, 403);
    EXPECT_FALSE(log_.has("configuration reloaded"));
    half.close();
    EXPECT_TRUE(reloaded(1));
}

TEST_F(Reload, AReplacedFolderIsInForceWithoutARestart) {
    net::test::Authority authority;
    const auto put = [&](const std::string& folder) {
        const net::test::Identity own = authority.issue();
        std::filesystem::create_directories(folder_.path() / folder);
        std::filesystem::copy(own.certificate, folder_.path() / folder / "own.crt");
        std::filesystem::copy(own.private_key, folder_.path() / folder / "own.key");
    };
    put("tls");
    put("tls.new");
    serve(configuration("  GET /a: { access: public, upstream: one }\n",
                        ", tls: { certificate: tls/own.crt, private_key: tls/own.key }"));
    std::filesystem::rename(folder_.path() / "tls", folder_.path() / "tls.old");
    std::filesystem::rename(folder_.path() / "tls.new", folder_.path() / "tls");
    EXPECT_TRUE(reloaded(1));
    EXPECT_FALSE(log_.has("not reloaded"));
}

TEST_F(Reload, AReplacedKeyFileIsInForceWithoutARestart) {
    serve(configuration("  GET /a: { scopes: [read], upstream: one }\n"));
    const test::Issuer other;
    const std::string old_token = issuer_.token(R"({"scope":"read"})");
    const std::string new_token = other.token(R"({"scope":"read"})");
    EXPECT_EQ(get("/a", old_token).status, 200);
    replace("keys.json", other.jwks());
    ASSERT_TRUE(log_.wait_for_count("new keys", 2));
    EXPECT_EQ(get("/a", new_token).status, 200);
    EXPECT_EQ(get("/a", old_token).status, 401);  // though it was in the cache
    EXPECT_FALSE(log_.has("configuration reloaded"));
}

TEST_F(Reload, ATokenThatIsInTheCacheIsJudgedByTheNewPolicy) {
    serve(configuration("  GET /a: { scopes: [read], upstream: one }\n"));
    const std::string token = issuer_.token(R"({"scope":"read"})");
    EXPECT_EQ(get("/a", token).status, 200);
    std::string text = configuration("  GET /a: { scopes: [read], upstream: one }\n");
    const std::string was = "jwks_file: keys.json";
    text.replace(text.find(was), was.size(), was + ", max_token_lifetime: 1s");
    replace("gateway.yaml", text);
    ASSERT_TRUE(reloaded(1));
    EXPECT_EQ(get("/a", token).status, 401);
}

TEST_F(Reload, WhatCannotChangeLiveIsTold) {
    serve(configuration("  GET /a: { access: public, upstream: one }\n"));
    std::string text = configuration("  GET /a: { access: public, upstream: two }\n");
    text.replace(text.find("workers: 2"), 10, "workers: 3");
    replace("gateway.yaml", text);
    ASSERT_TRUE(reloaded(1));
    const std::string line = log_.wait_for({"takes effect at the next start"});
    EXPECT_NE(line.find("server.workers"), std::string::npos) << line;
    EXPECT_EQ(line.find("listen"), std::string::npos) << line;
    EXPECT_EQ(get("/a").body, "two /a");
}

TEST_F(Reload, TheLogTurnsOverToo) {
    serve(configuration("  GET /a: { access: public, upstream: one }\n"));
    replace("gateway.yaml", "logging: { format: logfmt }\n" +
                                configuration("  GET /a: { access: public, upstream: one }\n"));
    ASSERT_TRUE(reloaded(1));
    get("/a");
    EXPECT_NE(log_.wait_for({"status=200"}), "");
}

// Every request is decided, rewritten and sent by one and the same configuration, and none is lost.
TEST_F(Reload, AHundredReloadsUnderLoadLoseNoRequest) {
    const std::string by_one = configuration("  GET /v/{x}: { scopes: [read], upstream: one }\n");
    const std::string by_two =
        configuration("  GET /v/{x}: { scopes: [read], upstream: two, strip_prefix: /v }\n");
    serve(by_one);
    const std::string token = issuer_.token(R"({"scope":"read"})");
    const std::string text =
        "GET /v/x HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + token + "\r\n\r\n";
    std::atomic<bool> over = false;
    std::atomic<int> good = 0;
    std::atomic<int> bad = 0;
    const auto note = [&](const Reply& reply) {
        const bool is_whole = reply.body == "one /v/x" || reply.body == "two /x";
        ++(reply.status == 200 && is_whole ? good : bad);
    };
    std::vector<std::thread> clients;
    for (int i = 0; i < 2; ++i) {
        clients.emplace_back([&] {
            test::Connection kept(server_->ports().front());
            while (!over && bad == 0) {
                kept.send(text);
                note(kept.read_reply());
            }
        });
        clients.emplace_back([&] {
            while (!over && bad == 0) note(get("/v/x", token));
        });
    }
    bool all_reloaded = true;
    for (std::size_t i = 1; i <= 100 && all_reloaded; ++i) {
        replace("gateway.yaml", i % 2 == 0 ? by_one : by_two);
        all_reloaded = reloaded(i);
    }
    over = true;
    for (std::thread& client : clients) client.join();
    EXPECT_TRUE(all_reloaded);
    EXPECT_EQ(bad, 0);
    EXPECT_GT(good, 100);
}

}  // namespace
}  // namespace bearergate::gateway
