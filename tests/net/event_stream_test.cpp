// Answers that go on: who reads them, who does not, and what that costs.

#include <bearergate/net/http_server.hpp>

#include "support/http_client.hpp"
#include "support/loop.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace bearergate::net {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* request = "GET /events HTTP/1.1\r\nHost: x\r\n\r\n";

class EventStreamTest : public testing::Test {
protected:
    ~EventStreamTest() override {
        loop_.on([this] {
            server_.reset();
            streams_.clear();
        });
        loop_.stop();
    }
    void serve(const HttpServer::Limits& limits = {}) {
        server_ = std::make_unique<HttpServer>(
            loop_.io(), ListenAddress{.text = "127.0.0.1:0", .host = "127.0.0.1"}, limits,
            [this](const HttpQuestion& question, HttpServer::Answer give) {
                if (question.path() != "/events") return give({.body = "a page"});
                HttpAnswer answer{.fields = {{"X-Of", "ours"}}};
                answer.tell = [this](EventStream stream) { streams_.push_back(std::move(stream)); };
                give(std::move(answer));
            });
        server_->start();
        loop_.start();
    }
    std::uint16_t port() const { return server_->port(); }
    void offer(const std::string& text) {
        const auto event = std::make_shared<const std::string>(text);
        loop_.on([&] {
            for (EventStream& stream : streams_) stream.offer(event);
        });
    }
    std::size_t readers() {
        std::size_t count = 0;
        loop_.on([&] {
            count =
                static_cast<std::size_t>(std::ranges::count_if(streams_, &EventStream::has_reader));
        });
        return count;
    }
    bool wait_for_readers(std::size_t count) {
        for (int i = 0; i < 4000; ++i) {
            if (readers() == count) return true;
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        return false;
    }
    // A connection with a stream that has begun.
    std::unique_ptr<test::Connection> reader(int receive_buffer = 0) {
        auto connection = std::make_unique<test::Connection>(port(), receive_buffer);
        connection->send(request);
        connection->read_head();
        return connection;
    }

    test::Loop loop_{};
    std::vector<EventStream> streams_{};
    std::unique_ptr<HttpServer> server_{};
};

TEST_F(EventStreamTest, SendsEachEventAsItIsOffered) {
    serve();
    test::Connection connection(port());
    ASSERT_TRUE(connection.send(request));
    const std::string head = connection.read_head();
    EXPECT_THAT(head, StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(head, HasSubstr("Content-Type: text/event-stream\r\n"));
    EXPECT_THAT(head, HasSubstr("Cache-Control: no-store\r\n"));
    EXPECT_THAT(head, HasSubstr("Transfer-Encoding: chunked\r\n"));
    EXPECT_THAT(head, HasSubstr("X-Of: ours\r\n"));
    EXPECT_THAT(head, Not(HasSubstr("Content-Length")));
    ASSERT_TRUE(wait_for_readers(1));
    for (const char* event : {"data: 1\n\n", "data: 2\n\n"}) {
        offer(event);
        EXPECT_EQ(connection.read_until("\n\n\r\n"), std::string("9\r\n") + event + "\r\n");
    }
}

TEST_F(EventStreamTest, EndsWholeWhenNobodyTellsAnyMore) {
    serve();
    const auto connection = reader();
    ASSERT_TRUE(wait_for_readers(1));
    offer("data: last\n\n");
    loop_.on([this] { streams_.clear(); });
    EXPECT_EQ(connection->read_all(), "c\r\ndata: last\n\n\r\n0\r\n\r\n");
}

TEST_F(EventStreamTest, OfHttp10EndsWithTheConnection) {
    serve();
    test::Connection connection(port());
    ASSERT_TRUE(connection.send("GET /events HTTP/1.0\r\nHost: x\r\n\r\n"));
    EXPECT_THAT(connection.read_head(), Not(HasSubstr("chunked")));
    ASSERT_TRUE(wait_for_readers(1));
    offer("data: 1\n\n");
    loop_.on([this] { streams_.clear(); });
    EXPECT_EQ(connection.read_all(), "data: 1\n\n");
}

TEST_F(EventStreamTest, BeginsNoneForHead) {
    serve();
    const std::string bytes = test::talk(port(), "HEAD /events HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(bytes, HasSubstr("text/event-stream"));
    EXPECT_THAT(bytes, EndsWith("\r\n\r\n"));
    EXPECT_EQ(readers(), 0U);
}

TEST_F(EventStreamTest, BeyondTheLimitIsRefusedUntilOneEnds) {
    serve({.event_streams = 2});
    auto first = reader();
    const auto second = reader();
    ASSERT_TRUE(wait_for_readers(2));
    const test::Reply refused = test::ask(port(), {.target = "/events"});
    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(refused.header("Retry-After"), "5");
    EXPECT_EQ(test::ask(port(), {.target = "/page"}).status, 200);
    first.reset();
    ASSERT_TRUE(wait_for_readers(1)) << "a reader that goes is noticed without an event";
    const auto third = reader();
    EXPECT_TRUE(wait_for_readers(2));
}

TEST_F(EventStreamTest, WhoSaysMoreHasEndedIt) {
    serve();
    const auto connection = reader();
    ASSERT_TRUE(wait_for_readers(1));
    ASSERT_TRUE(connection->send("GET /more HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_EQ(connection->read_all(), "");
    EXPECT_EQ(readers(), 0U);
}

TEST_F(EventStreamTest, ASlowReaderMissesEventsAndDelaysNobody) {
    serve();
    const auto slow = reader(4096);
    const auto quick = reader();
    ASSERT_TRUE(wait_for_readers(2));
    // More than the kernel holds for the slow one.
    const std::string large = "data: " + std::string(256 * 1024, 'x') + "\n\n";
    constexpr int last = 48;
    for (int i = 1; i <= last; ++i) {
        const std::string number = "id: " + std::to_string(i) + "\n";
        offer(number + large);
        EXPECT_THAT(quick->read_until(large + "\r\n"), HasSubstr(number));
    }
    EXPECT_EQ(readers(), 2U);
    loop_.on([this] { streams_.clear(); });
    const std::string rest = slow->read_all();
    EXPECT_LT(rest.size(), static_cast<std::size_t>(last) / 2 * large.size());
    EXPECT_THAT(rest, HasSubstr("id: " + std::to_string(last) + "\n")) << "the newest is not lost";
    EXPECT_THAT(rest, EndsWith("\r\n0\r\n\r\n"));
}

TEST_F(EventStreamTest, WhoTakesNothingIsDropped) {
    serve({.patience = std::chrono::seconds(1)});
    const auto dead = reader(4096);
    ASSERT_TRUE(wait_for_readers(1));
    offer("data: " + std::string(16 * 1024 * 1024, 'x') + "\n\n");
    EXPECT_TRUE(wait_for_readers(0));
}

TEST_F(EventStreamTest, AConnectionOutlastsAPauseInWhatThereIsToTell) {
    serve({.heart_beat = std::chrono::seconds(1)});
    const auto connection = reader();
    EXPECT_THAT(connection->read_until(":\n\n"), EndsWith(":\n\n"));
    EXPECT_THAT(connection->read_until(":\n\n"), EndsWith(":\n\n"));
}

TEST_F(EventStreamTest, StoppingCutsStreamsAndLeavesTellersNothingToTouch) {
    serve();
    const auto connection = reader();
    ASSERT_TRUE(wait_for_readers(1));
    loop_.on([this] { server_->stop(); });
    EXPECT_EQ(connection->read_all(), "");
    EXPECT_TRUE(wait_for_readers(0));
    offer("data: to nobody\n\n");
}

TEST_F(EventStreamTest, KnowsWhoAsks) {
    std::string peer;
    server_ = std::make_unique<HttpServer>(
        loop_.io(), ListenAddress{.text = "[::]:0", .host = "::"}, HttpServer::Limits{},
        [&peer](const HttpQuestion& question, HttpServer::Answer give) {
            peer = question.peer;
            give({});
        });
    server_->start();
    loop_.start();
    EXPECT_EQ(test::ask(port(), {}).status, 200);
    EXPECT_EQ(peer, "127.0.0.1") << "and not by its name in IPv6";
}

}  // namespace
}  // namespace bearergate::net
