// Memory runs out again and again, in the whole gateway and in all that it does beside serving:
// what fails is what was being done, nothing is permitted for it, and everything is back with the
// memory.

#include "faults/starving.hpp"
#include "support/http_client.hpp"
#include "support/recording_upstream.hpp"
#include "support/scripted_issuer.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>
#include <string>

namespace bearergate::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class OutOfMemory : public Starving {
protected:
    OutOfMemory() {
        replace_keys();
        gateway_ = std::make_unique<RunningGateway>(STARVING_BINARY, configuration("one"));
    }
    std::string configuration(const std::string& marker) const {
        return "server: { listen: \"127.0.0.1:0\", workers: 2 }\n"
               "admin: { listen: \"127.0.0.1:0\" }\n"
               "issuers:\n  web: { issuer: " +
               issuer_.issuer() + ", refresh: 1s }\n  file: { issuer: " + file_issuer_.issuer() +
               ", jwks_file: " + folder_.file("keys.json") +
               " }\n"
               "audience: https://api.example\nupstream: " +
               upstream_.url() +
               "\nroutes:\n  GET /open: public\n  GET /items: { scopes: [read] }\n  GET /" +
               marker + ": public\n";
    }
    // Moved into place.
    void replace_keys() const {
        std::filesystem::rename(folder_.write("new.json", file_issuer_.jwks()),
                                folder_.file("keys.json"));
    }
    // Never twice the same, so that none comes out of the cache.
    template <class Whose>
    std::string token(const Whose& whose) {
        return whose.token(R"({"scope":"read","jti":")" + std::to_string(++tokens_) + R"(",)" +
                           issued_now() + "}");
    }
    int get(const std::string& target, const std::string& bearer = "") const {
        Ask request{.target = target};
        if (!bearer.empty()) request.headers = {{"Authorization", "Bearer " + bearer}};
        return ask(gateway_->port(), request).status;
    }
    int admin(const std::string& target) const {
        return ask(gateway_->admin_port(), {.target = target}).status;
    }
    // Everything that a gateway does, for a while; whatever fails of it may fail.
    void ask_for_everything(milliseconds time) {
        Connection kept(gateway_->port());
        for (const auto end = Clock::now() + time; Clock::now() < end;) {
            kept.send("GET /open HTTP/1.1\r\nHost: a.example\r\n\r\n");
            kept.read_reply();
            get("/open");
            get("/items", token(issuer_));
            get("/items", token(file_issuer_));
            EXPECT_NE(get("/items", token(stranger_)), 200);
            EXPECT_NE(get("/items", with_flipped_signature(token(issuer_), 9)), 200);
            EXPECT_NE(get("/items", with_flipped_signature(token(file_issuer_), 9)), 200);
            admin("/metrics");
            admin("/readyz");
            replace_keys();
        }
    }

    TemporaryFolder folder_{};
    RecordingUpstream upstream_{};
    ScriptedIssuer issuer_{};
    Issuer file_issuer_{"https://file.example", core::Algorithm::es384};  // for the pool
    Issuer stranger_{issuer_.issuer(), core::Algorithm::es256, "made-up"};
    unsigned tokens_ = 0;
};

TEST_F(OutOfMemory, CostsWhatWasBeingDoneAndNothingElse) {
    ASSERT_TRUE(comes(200, [&] { return get("/items", token(issuer_)); }));
    ASSERT_TRUE(comes(200, [&] { return get("/items", token(file_issuer_)); }));
    const bool counts = gateway_->shows_descriptors();  // to root only
    const std::size_t descriptors = counts ? gateway_->descriptors() : 0;
    for (const int every : {1, 2, 3, 5, 11, 30, 1}) {
        SCOPED_TRACE(every);
        starve(every);
        if (every == 1) {
            // Not at once: the signal may still be on its way.
            EXPECT_TRUE(comes(1, [&] { return get("/open") != 200 ? 1 : 0; }))
                << "it does not starve";
        }
        ask_for_everything(milliseconds(700));
        starve(0);
        ASSERT_TRUE(comes(200, [&] { return get("/open"); }));
        EXPECT_TRUE(comes(200, [&] { return get("/items", token(issuer_)); }));
        EXPECT_TRUE(comes(200, [&] { return get("/items", token(file_issuer_)); }));
        EXPECT_EQ(get("/items", with_flipped_signature(token(issuer_), 9)), 401);
        EXPECT_TRUE(comes(200, [&] { return admin("/metrics"); }));
        EXPECT_TRUE(comes(200, [&] { return admin("/readyz"); }));
        const std::size_t fetches = issuer_.key_fetches();
        EXPECT_TRUE(issuer_.wait_for_key_fetches(fetches + 1)) << "keys are no longer kept fresh";
    }
    gateway_->replace(configuration("two"));
    EXPECT_TRUE(comes(200, [&] { return get("/two"); })) << "files are no longer watched";

    EXPECT_TRUE(upstream_.faults().empty());
    for (const SeenRequest& request : upstream_.requests()) {
        if (request.target == "/items") EXPECT_EQ(request.header("X-Auth-Subject"), "ada");
    }
    const auto has_no_more = [&] { return gateway_->descriptors() <= descriptors + 8 ? 1 : 0; };
    if (counts)
        EXPECT_TRUE(comes(1, has_no_more))
            << gateway_->descriptors() << " descriptors after " << descriptors;
    gateway_->process().signal(SIGTERM);
    EXPECT_EQ(gateway_->process().wait(), 0);
}

TEST_F(OutOfMemory, DoesNotKeepItFromEnding) {
    ASSERT_TRUE(comes(200, [&] { return get("/open"); }));
    starve(1);
    gateway_->process().signal(SIGTERM);
    EXPECT_EQ(gateway_->process().wait(), 0);
}

}  // namespace
}  // namespace bearergate::test
