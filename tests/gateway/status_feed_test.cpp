#include <bearergate/gateway/status_feed.hpp>
#include <bearergate/net/http_server.hpp>

#include "gateway/event_reader.hpp"
#include "gateway/observed.hpp"
#include "support/loop.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

namespace bearergate::gateway {
namespace {

using nlohmann::json;
using test::EventReader;

class StatusFeedTest : public testing::Test {
protected:
    StatusFeedTest() {
        server_ = std::make_unique<net::HttpServer>(
            loop_.io(), net::ListenAddress{.text = "127.0.0.1:0", .host = "127.0.0.1"},
            net::HttpServer::Limits{},
            [this](const net::HttpQuestion&, net::HttpServer::Answer give) {
                net::HttpAnswer answer{};
                answer.tell = [this](net::EventStream stream) { feed_->join(std::move(stream)); };
                give(std::move(answer));
            });
        // Often enough not to be waited for, and far enough apart to be samples of their own.
        feed_ = std::make_unique<StatusFeed>(
            loop_.io(), [this](TakeObservation take) { observe_(std::move(take)); },
            std::chrono::milliseconds(110));
        server_->start();
        loop_.start();
    }
    ~StatusFeedTest() override {
        loop_.on([this] {
            feed_.reset();
            server_.reset();
        });
        loop_.stop();
    }
    static std::shared_ptr<const Observation> seen() {
        Observation of = test::full_observation();
        of.steady_at = std::chrono::steady_clock::now();
        return std::make_shared<const Observation>(std::move(of));
    }
    void start() {
        loop_.on([this] { feed_->start(); });
    }
    void stop() {
        loop_.on([this] { feed_->stop(); });
    }
    bool wait_until(const std::function<bool()>& so) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        bool is_so = false;
        while (!is_so && std::chrono::steady_clock::now() < end) {
            loop_.on([&] { is_so = so(); });
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        return is_so;
    }

    std::atomic<int> asked_ = 0;
    std::function<void(TakeObservation)> observe_ = [this](TakeObservation take) {
        ++asked_;
        take(seen());
    };
    test::Loop loop_{};
    std::unique_ptr<StatusFeed> feed_{};
    std::unique_ptr<net::HttpServer> server_{};
};

TEST_F(StatusFeedTest, LooksAlsoWhenNobodyListens) {
    start();
    ASSERT_TRUE(wait_until([this] { return asked_ >= 4; }));
    EventReader reader(server_->port());
    EXPECT_GE(reader.next()["samples"].size(), 2U);
}

TEST_F(StatusFeedTest, ForgetsPagesThatWereClosed) {
    start();
    for (int i = 0; i < 8; ++i) EventReader(server_->port()).next();
    EXPECT_TRUE(wait_until([this] { return feed_->pages() == 0; }));
}

TEST_F(StatusFeedTest, EndsWhatComesWhileItDoesNotRun) {
    EventReader reader(server_->port());
    EXPECT_EQ(reader.rest(), "0\r\n\r\n");
    EXPECT_TRUE(wait_until([this] { return feed_->pages() == 0; }));
}

TEST_F(StatusFeedTest, ForgetsWhatItKnewWhenItIsStopped) {
    start();
    ASSERT_TRUE(wait_until([this] { return asked_ >= 4; }));
    loop_.on([this] { observe_ = [](const TakeObservation&) {}; });
    stop();
    start();
    EventReader reader(server_->port());
    loop_.on([this] { observe_ = [](TakeObservation take) { take(seen()); }; });
    EXPECT_EQ(reader.next()["samples"].size(), 0U) << "nothing of before";
}

TEST_F(StatusFeedTest, AnObservationThatComesTooLateIsOfNoUse) {
    std::vector<TakeObservation> late;
    loop_.on([&] {
        observe_ = [&late](TakeObservation take) { late.push_back(std::move(take)); };
        feed_->start();
        feed_->stop();
        observe_ = [](const TakeObservation&) {};
        feed_->start();
    });
    EventReader reader(server_->port());
    loop_.on([&] {
        late.front()(seen());
        observe_ = [](TakeObservation take) { take(seen()); };
    });
    EXPECT_EQ(reader.next()["samples"].size(), 0U);
    loop_.on([&] { feed_.reset(); });
    loop_.on([&] { late.clear(); });
}

TEST_F(StatusFeedTest, OutlastsAWantOfMemory) {
    loop_.on([this] {
        observe_ = [this](const TakeObservation&) {
            ++asked_;
            throw std::bad_alloc();
        };
    });
    start();
    ASSERT_TRUE(wait_until([this] { return asked_ >= 2; }));
    loop_.on([this] { observe_ = [](TakeObservation take) { take(seen()); }; });
    EventReader reader(server_->port());
    EXPECT_FALSE(reader.next().is_null());
}

}  // namespace
}  // namespace bearergate::gateway
