// An issuer that changes its keys while requests come: the new ones are found by their first token,
// the old ones go with their set, and nobody can make the gateway ask more often than it wants to.

#include "faults/trusting.hpp"

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace bearergate::gateway {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

// Each request of its own, and none out of the cache.
class Rotation : public test::Trusting {
protected:
    std::string fresh_token() {
        return issuer_.token(R"({"scope":"read","jti":")" + std::to_string(++tokens_) + "\"}");
    }

    std::atomic<unsigned> tokens_ = 0;
};

TEST_F(Rotation, UnderTrafficNoTokenOfAKeyInTheSetIsRefused) {
    start("refresh: 1s");
    ASSERT_TRUE(wait_for(200, fresh_token()));
    std::atomic<bool> over = false;
    std::atomic<int> refused = 0;
    std::vector<std::thread> clients;
    for (int i = 0; i < 2; ++i) {
        clients.emplace_back([&] {
            while (!over) refused += get(fresh_token()).status == 200 ? 0 : 1;
        });
    }
    // Once its new key has been asked for it cools down; the refreshes bring the others.
    for (int times = 0; times < 3; ++times) {
        const std::size_t fetches = issuer_.key_fetches();
        const std::string of_the_old_key = fresh_token();
        issuer_.rotate();
        ASSERT_TRUE(issuer_.wait_for_key_fetches(fetches + 2));
        const int so_far = refused;
        std::this_thread::sleep_for(300ms);
        EXPECT_EQ(refused, so_far) << "after the new set has come";
        EXPECT_EQ(get(of_the_old_key).status, 200) << "it is still in the set";
    }
    over = true;
    for (std::thread& client : clients) client.join();
}

TEST_F(Rotation, TheFirstTokenOfANewKeyFindsItAndOldOnesGoWithTheirSet) {
    start();  // refreshed in ten minutes
    const std::string old_token = good_token();
    ASSERT_EQ(get(old_token).status, 200);
    ASSERT_EQ(issuer_.key_fetches(), 1U);
    std::this_thread::sleep_for(10s);  // of the first fetch
    issuer_.rotate(false);
    std::vector<std::thread> clients;
    std::atomic<int> served = 0;
    for (int i = 0; i < 20; ++i) {
        clients.emplace_back([&] { served += get(fresh_token()).status == 200 ? 1 : 0; });
    }
    for (std::thread& client : clients) client.join();
    EXPECT_EQ(served, 20) << "all who came with it";
    EXPECT_EQ(issuer_.key_fetches(), 2U) << "by one fetch";
    EXPECT_EQ(get(old_token).status, 401) << "though it was in the cache";

    // Once more within ten seconds: answered at once, and without a fetch.
    issuer_.rotate(false);
    const auto began = Clock::now();
    EXPECT_EQ(get(fresh_token()).status, 401);
    EXPECT_LT(Clock::now() - began, 1s);
    EXPECT_EQ(issuer_.key_fetches(), 2U);
    EXPECT_TRUE(wait_for(200, fresh_token())) << "as soon as it may ask again";
    EXPECT_EQ(issuer_.key_fetches(), 3U);
}

}  // namespace
}  // namespace bearergate::gateway
