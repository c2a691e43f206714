// Lookups that hang, side by side with others.
#include <bearergate/net/resolver.hpp>

#include "net/support.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>

namespace bearergate::net {
namespace {

namespace ip = boost::asio::ip;
using Addresses = std::vector<ip::address>;
const ip::address somewhere = ip::make_address("192.0.2.1");

// What answers for names: at once, or when the test says so. Outlives the resolver for the threads
// that are still in it.
class NameServer {
public:
    Addresses look_up(const std::string& host) {
        std::unique_lock lock(mutex_);
        ++asked_[host];
        most_ = std::max(most_, ++under_way_);
        if (host.starts_with("hangs")) hang(lock);
        --under_way_;
        if (host.starts_with("bad")) throw std::runtime_error("no memory");
        return is_down_ ? Addresses{} : Addresses{somewhere};
    }
    void release() {
        const std::lock_guard lock(mutex_);
        released_ = true;
        changed_.notify_all();
    }
    // One of those that hang: from then on a single thread serves all the others, in their order.
    void release_one() {
        const std::lock_guard lock(mutex_);
        ++released_singly_;
        changed_.notify_all();
    }
    void set_down(bool down) {
        const std::lock_guard lock(mutex_);
        is_down_ = down;
    }
    unsigned asked(const std::string& host) {
        const std::lock_guard lock(mutex_);
        return asked_[host];
    }
    unsigned under_way() {
        const std::lock_guard lock(mutex_);
        return under_way_;
    }
    unsigned most_under_way() {
        const std::lock_guard lock(mutex_);
        return most_;
    }

private:
    void hang(std::unique_lock<std::mutex>& lock) {
        changed_.wait(lock, [this] { return released_ || released_singly_ > 0; });
        if (!released_) --released_singly_;
    }

    std::mutex mutex_{};
    std::condition_variable changed_{};
    std::map<std::string, unsigned> asked_{};
    unsigned under_way_ = 0;
    unsigned most_ = 0;
    bool released_ = false;
    unsigned released_singly_ = 0;
    bool is_down_ = false;
};

class ResolverThreads : public testing::Test {
protected:
    using Found = std::optional<std::vector<Endpoint>>;
    ~ResolverThreads() override { names_->release(); }

    std::shared_ptr<Found> ask(const std::string& host, std::uint16_t port = 80) {
        const auto found = std::make_shared<Found>();
        resolver_->resolve({.host = host, .port = port},
                           [found](std::vector<Endpoint> all) { *found = std::move(all); });
        return found;
    }
    bool comes(const std::shared_ptr<Found>& found) {
        return test::run_until(io_, [&] { return found->has_value(); });
    }
    static std::vector<Endpoint> at(std::uint16_t port) {
        return {Endpoint(ip::tcp::endpoint(somewhere, port))};
    }

    boost::asio::io_context io_{1};
    std::shared_ptr<NameServer> names_ = std::make_shared<NameServer>();
    std::unique_ptr<Resolver> resolver_ = std::make_unique<Resolver>(
        io_, [names = names_](const std::string& host) { return names->look_up(host); });
};

TEST_F(ResolverThreads, ANameThatHangsHoldsNoOtherUp) {
    std::vector<std::shared_ptr<Found>> hanging;
    for (int i = 0; i < 100; ++i) hanging.push_back(ask("hangs.example"));
    const auto good = ask("good.example", 443);
    ASSERT_TRUE(comes(good));
    EXPECT_EQ(**good, at(443));
    for (const auto& each : hanging) EXPECT_FALSE(*each);
}

TEST_F(ResolverThreads, OneLookupServesAllWhoAskForAName) {
    const auto first = ask("hangs.example", 80);
    test::run_until(io_, [&] { return names_->under_way() == 1; });
    const auto second = ask("hangs.example", 443);
    names_->release();
    ASSERT_TRUE(comes(first) && comes(second));
    EXPECT_EQ(**first, at(80));
    EXPECT_EQ(**second, at(443));
    EXPECT_EQ(names_->asked("hangs.example"), 1U);
}

TEST_F(ResolverThreads, FewLookupsAreUnderWayAtATime) {
    std::vector<std::shared_ptr<Found>> all;
    for (int i = 0; i < 20; ++i) all.push_back(ask("hangs" + std::to_string(i)));
    test::run_until(io_, [&] { return names_->under_way() == 4; });
    names_->release();
    for (const auto& each : all) ASSERT_TRUE(comes(each));
    EXPECT_EQ(names_->most_under_way(), 4U);
}

TEST_F(ResolverThreads, ANameThatNobodyWaitsForAnyMoreIsNotLookedUp) {
    for (int i = 0; i < 4; ++i) ask("hangs" + std::to_string(i));
    test::run_until(io_, [&] { return names_->under_way() == 4; });
    auto asker = std::make_shared<int>();
    auto other = std::make_shared<int>();
    int answered = 0;
    const auto count = [&answered](const std::vector<Endpoint>&) { ++answered; };
    resolver_->resolve({.host = "gone.example"}, asker, count);
    resolver_->resolve({.host = "shared.example"}, asker, count);
    resolver_->resolve({.host = "shared.example"}, other, count);
    const auto last = ask("last.example");
    asker.reset();
    names_->release();
    ASSERT_TRUE(comes(last));
    test::run_until(io_, [&] { return answered == 3; });
    EXPECT_EQ(names_->asked("gone.example"), 0U);
    EXPECT_EQ(names_->asked("shared.example"), 1U) << "somebody waits for it";
}

// A fetch of keys has a few seconds, and begins anew at the end of the queue.
TEST_F(ResolverThreads, WhoMayLoseInterestIsServedBeforeThoseWhoWait) {
    for (int i = 0; i < 4; ++i) ask("hangs" + std::to_string(i));
    test::run_until(io_, [&] { return names_->under_way() == 4; });
    const auto asker = std::make_shared<int>();
    std::vector<std::string> order;
    const auto notes = [&order](const std::string& host) {
        return [&order, host](const std::vector<Endpoint>&) { order.push_back(host); };
    };
    resolver_->resolve({.host = "patient.example"}, notes("patient"));
    resolver_->resolve({.host = "shared.example"}, notes("shared"));
    resolver_->resolve({.host = "pressing.example"}, asker, notes("pressing"));
    resolver_->resolve({.host = "shared.example"}, asker, notes("shared"));
    names_->release_one();
    test::run_until(io_, [&] { return order.size() == 4; });
    EXPECT_EQ(order, (std::vector<std::string>{"shared", "shared", "pressing", "patient"}));
}

TEST_F(ResolverThreads, GoesWithoutWaitingForALookup) {
    const auto under_way = ask("hangs.example");
    test::run_until(io_, [&] { return names_->under_way() == 1; });
    resolver_.reset();
    ASSERT_TRUE(comes(under_way));
    EXPECT_TRUE((*under_way)->empty());
    names_->release();
    test::run_until(io_, [&] { return names_->under_way() == 0; });
}

TEST_F(ResolverThreads, AFloodBehindANameThatHangsIsBounded) {
    std::vector<std::shared_ptr<Found>> all;
    for (int i = 0; i < 1000; ++i) all.push_back(ask("hangs.example"));
    for (int turn = 0; turn < 3000; ++turn) io_.poll_one();
    EXPECT_GE(std::ranges::count_if(all, [](const auto& each) { return each->has_value(); }), 700);
    names_->release();
    for (const auto& each : all) ASSERT_TRUE(comes(each));
}

TEST_F(ResolverThreads, RemembersWhereANameWas) {
    EXPECT_EQ(resolver_->last_good({.host = "good.example", .port = 1}), std::vector<Endpoint>{});
    ASSERT_TRUE(comes(ask("good.example")));
    names_->set_down(true);
    const auto failed = ask("good.example");
    ASSERT_TRUE(comes(failed));
    EXPECT_TRUE((*failed)->empty());
    EXPECT_EQ(resolver_->last_good({.host = "good.example", .port = 8080}), at(8080));
    EXPECT_EQ(resolver_->last_good({.host = "other.example", .port = 1}), std::vector<Endpoint>{});
}

TEST_F(ResolverThreads, ALookupThatThrowsHasFailed) {
    const auto bad = ask("bad.example");
    ASSERT_TRUE(comes(bad));
    EXPECT_TRUE((*bad)->empty());
    const auto good = ask("good.example");
    ASSERT_TRUE(comes(good));
    EXPECT_FALSE((*good)->empty());
}

}  // namespace
}  // namespace bearergate::net
