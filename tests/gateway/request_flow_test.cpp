// What a request's body does to its connection, where both sides of an exchange end at once.
#include <bearergate/gateway/request_flow.hpp>

#include "net/support.hpp"

#include <boost/asio/io_context.hpp>

#include <memory>
#include <string_view>

namespace bearergate::gateway {
namespace {

using http::BodyLength;

class RequestFlowTest : public testing::Test {
protected:
    RequestFlowTest() { client_.use_buffers(std::make_shared<net::BufferPool>(1024)); }

    void send(std::string_view bytes) {
        from_client_.write(bytes);
        const auto before = flow_.received();
        net::test::run_until(io_, [&] {
            if (const auto received = client_.stream.received()) {
                client_.inbox.arrived(received->bytes);
                flow_.advance(client_, upstream_);
            }
            return flow_.received() > before || flow_.fault();
        });
    }
    void begin() {
        flow_.begin({.kind = BodyLength::Kind::chunked});
        flow_.limit(10);
        flow_.start("POST / HTTP/1.1\r\n\r\n");
        flow_.advance(client_, upstream_);
    }

    boost::asio::io_context io_{1};
    net::test::Pair from_client_;
    net::test::Pair to_upstream_;
    net::DeadlineSweep sweep_{io_};
    Client client_{net::Stream(from_client_.take_near(io_)), sweep_};
    net::Stream upstream_{to_upstream_.take_near(io_)};
    RequestFlow flow_;
};

TEST_F(RequestFlowTest, IsSentWhenItsLastByteIs) {
    begin();
    send("5\r\nhello\r\n");
    EXPECT_FALSE(flow_.is_sent());
    send("1\r\n!\r\n0\r\n\r\n");
    EXPECT_TRUE(flow_.is_sent());
}

// A connection with half a body on it must not be another request's.
TEST_F(RequestFlowTest, IsNotSentWhereItsEndWasHeldBack) {
    begin();
    send("5\r\nhello\r\n");
    send("8\r\ntoo much\r\n0\r\n\r\n");
    EXPECT_EQ(flow_.fault(), core::Reason::body_too_large);
    EXPECT_TRUE(flow_.is_read());
    EXPECT_FALSE(flow_.is_sent());
}

}  // namespace
}  // namespace bearergate::gateway
