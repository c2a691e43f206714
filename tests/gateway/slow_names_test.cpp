// Names that take their time to resolve: what needs them waits or is refused, and nothing else.

#include "gateway/reloading.hpp"
#include "net/certificates.hpp"
#include "support/gate.hpp"
#include "support/scripted_issuer.hpp"

#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>

namespace bearergate::gateway {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

class SlowNames : public test::Reloading {
protected:
    SlowNames() {
        look_up_ = [name_server = name_server_](const std::string& host) {
            if (host == "slow.test") name_server->wait();
            return std::vector{boost::asio::ip::make_address("127.0.0.1")};
        };
    }
    ~SlowNames() override {
        name_server_->open();
        server_.reset();
    }
    // With the first upstream by a name.
    std::string named(const std::string& routes) const {
        std::string text = configuration(routes);
        const std::string address = "127.0.0.1:" + std::to_string(one_.port());
        text.replace(text.find(address), address.size(),
                     "slow.test:" + std::to_string(one_.port()));
        return text;
    }
    bool comes(int status, const std::string& target) const {
        const auto end = Clock::now() + seconds(20);
        while (get(target).status != status) {
            if (Clock::now() > end) return false;
            std::this_thread::sleep_for(milliseconds(10));
        }
        return true;
    }

    // Answers when it is opened. Shared with the resolver's threads, which nobody waits for.
    // The same configuration with keys that are fetched from an issuer, each second.
    std::string fetching(std::string text, const test::ScriptedIssuer& issuer) const {
        const std::string file = "jwks_file: keys.json";
        const std::string name = issuer_.issuer();
        text.replace(text.find(name), name.size(), issuer.issuer());
        return text.replace(text.find(file), file.size(), "refresh: 1s");
    }

    std::shared_ptr<test::Gate> name_server_ = std::make_shared<test::Gate>();
};

constexpr const char* both =
    "  GET /one: { access: public, upstream: one }\n  GET /two: { access: public, upstream: two "
    "}\n";

TEST_F(SlowNames, AStartWaitsForThemNoLongerThanItsPatience) {
    const auto began = Clock::now();
    serve(named(both));
    EXPECT_EQ(get("/two").body, "two /two");
    EXPECT_LT(Clock::now() - began, seconds(6));
    EXPECT_EQ(get("/one").status, 502) << "until it resolves";
    name_server_->open();
    EXPECT_TRUE(comes(200, "/one"));
}

TEST_F(SlowNames, AReloadWaitsForThemNoLongerThanItsPatience) {
    serve(configuration("  GET /one: { access: public, upstream: one }\n"));
    ASSERT_EQ(get("/one").body, "one /one");
    replace("gateway.yaml", named(both));
    ASSERT_TRUE(reloaded(1));
    EXPECT_EQ(get("/two").body, "two /two");
    EXPECT_EQ(get("/one").status, 502) << "nothing is known of where it is now";
    name_server_->open();
    EXPECT_TRUE(comes(200, "/one"));
}

// A reload that waits for an answer about keys, and another one that comes meanwhile and whose
// names have not resolved: the first one's turn must not become the second one's.
TEST_F(SlowNames, AReloadThatWaitsForKeysGivesWayToTheOneThatOvertakesIt) {
    test::ScriptedIssuer issuer;
    const auto asking = [&](std::string text) { return fetching(std::move(text), issuer); };
    serve(asking(configuration("  GET /a: { scopes: [read], upstream: two }\n")));
    ASSERT_TRUE(log_.wait_for_count("new keys", 1));  // the next fetch is the one to hang
    test::Gate keys;
    issuer.play_keys([&](test::UpstreamPeer& peer) {
        keys.wait();
        test::ScriptedIssuer::answer(200, issuer.jwks())(peer);
    });
    const std::size_t fetches = issuer.key_fetches();
    ASSERT_TRUE(issuer.wait_for_key_fetches(fetches + 1));
    // A question, which has its answer when the fetch that is under way has its own.
    const test::Issuer unknown(issuer.issuer(), core::Algorithm::es256, "unknown");
    std::thread client([&] { EXPECT_EQ(get("/a", unknown.token()).status, 401); });
    std::this_thread::sleep_for(milliseconds(50));

    replace("gateway.yaml",
            asking(configuration("  GET /first: { access: public, upstream: two }\n")));
    std::this_thread::sleep_for(milliseconds(300));  // it has been read, and waits
    replace("gateway.yaml", asking(named(both)));
    std::this_thread::sleep_for(milliseconds(300));
    EXPECT_FALSE(log_.has("configuration reloaded"));
    keys.open();
    client.join();
    ASSERT_TRUE(reloaded(1));
    EXPECT_EQ(get("/two").body, "two /two");
    EXPECT_EQ(get("/first").status, 404);
    EXPECT_EQ(get("/one").status, 502);
    name_server_->open();
    EXPECT_TRUE(comes(200, "/one"));
    EXPECT_EQ(log_.times("configuration reloaded"), 1U);
}

TEST_F(SlowNames, AFileThatAReloadNamesIsWatchedWhileItWaits) {
    serve(configuration("  GET /one: { access: public, upstream: one }\n"));
    net::test::Authority authority;
    const auto files = authority.issue();
    std::string text = named(both);
    const std::string server = "workers: 2";
    text.replace(text.find(server), server.size(),
                 server + ", tls: { certificate: " + files.certificate +
                     ", private_key: " + files.private_key + " }");
    replace("gateway.yaml", text);
    std::this_thread::sleep_for(milliseconds(400));  // it has been read, and waits
    EXPECT_FALSE(log_.has("configuration reloaded"));
    std::filesystem::copy(files.certificate, files.certificate + ".new");
    std::filesystem::rename(files.certificate + ".new", files.certificate);
    ASSERT_TRUE(reloaded(1));
    EXPECT_TRUE(log_.has("a TLS file changed"));
}

// Whoever can have an issuer asked for keys could otherwise keep a route open that is to be closed.
TEST_F(SlowNames, AReloadWaitsForKeysNoLongerThanARequestDoes) {
    test::ScriptedIssuer issuer;
    const auto asking = [&](std::string text) { return fetching(std::move(text), issuer); };
    serve(asking(configuration("  GET /a: { scopes: [read], upstream: two }\n")));
    ASSERT_TRUE(log_.wait_for_count("new keys", 1));
    issuer.play_keys(test::ScriptedIssuer::hang());
    const std::size_t fetches = issuer.key_fetches();
    ASSERT_TRUE(issuer.wait_for_key_fetches(fetches + 1));
    const auto fetch_began = Clock::now();
    const test::Issuer unknown(issuer.issuer(), core::Algorithm::es256, "unknown");
    std::thread client([&] { EXPECT_EQ(get("/a", unknown.token()).status, 401); });
    std::this_thread::sleep_for(milliseconds(50));
    replace("gateway.yaml", asking(configuration("  GET /b: { access: public, upstream: two }\n")));
    EXPECT_TRUE(reloaded(1));
    EXPECT_LT(Clock::now() - fetch_began, seconds(5)) << "that long a fetch may take";
    client.join();
    EXPECT_EQ(get("/a").status, 404);
    server_.reset();  // before the issuer that it fetches from
}

}  // namespace
}  // namespace bearergate::gateway
