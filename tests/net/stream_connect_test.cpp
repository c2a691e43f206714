// Streams that connect: when they say so, what they say when they cannot, and whom they name.
#include "net/stream_fixture.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace bearergate::net {
namespace {

using Condition = Stream::Condition;

class StreamConnect : public test::StreamFixture {};

TEST_F(StreamConnect, ConnectsAndSaysSo) {
    const int listening = bind_listener({.text = "test", .host = "127.0.0.1"}, false);
    const boost::asio::ip::tcp::endpoint there(boost::asio::ip::make_address("127.0.0.1"),
                                               local_port(listening));
    stream_.attach(signal_, received, writable);
    stream_.start_connect(io_.get_executor(), there);
    EXPECT_TRUE(test::send(stream_, "too early").failed);
    ASSERT_TRUE(wait_for(writable));
    EXPECT_FALSE(stream_.take_error());
    EXPECT_EQ(stream_.peer(), "127.0.0.1");
    EXPECT_EQ(test::send(stream_, "now").bytes, 3U);
    ::close(listening);
}

TEST_F(StreamConnect, AFailedConnectIsAPhraseAndTheStreamMayTryElsewhere) {
    const int listening = bind_listener({.text = "test", .host = "127.0.0.1"}, false);
    const boost::asio::ip::tcp::endpoint nobody(boost::asio::ip::make_address("127.0.0.1"),
                                                local_port(listening));
    ::close(listening);
    stream_.attach(signal_, received, writable);
    stream_.start_connect(io_.get_executor(), nobody);
    ASSERT_TRUE(wait_for(writable));
    signal_.clear(writable);
    EXPECT_EQ(stream_.take_error(), "connection refused");
    EXPECT_FALSE(stream_.take_error());
    EXPECT_FALSE(stream_.is_open());
    EXPECT_TRUE(test::send(stream_, "x").failed);

    const int other = bind_listener({.text = "test", .host = "127.0.0.1"}, false);
    stream_.start_connect(io_.get_executor(),
                          boost::asio::ip::tcp::endpoint(boost::asio::ip::make_address("127.0.0.1"),
                                                         local_port(other)));
    ASSERT_TRUE(wait_for(writable));
    EXPECT_FALSE(stream_.take_error());
    ::close(other);
}

TEST_F(StreamConnect, AConnectThatIsOvertakenByAnotherSaysNothing) {
    const int listening = bind_listener({.text = "test", .host = "127.0.0.1"}, false);
    const boost::asio::ip::tcp::endpoint there(boost::asio::ip::make_address("127.0.0.1"),
                                               local_port(listening));
    stream_.attach(signal_, received, writable);
    stream_.start_connect(io_.get_executor(), there);
    stream_.close();
    io_.poll();
    EXPECT_EQ(signal_.raised(), 0U);
    io_.restart();
    stream_.start_connect(io_.get_executor(), there);
    ASSERT_TRUE(wait_for(writable));
    EXPECT_TRUE(stream_.is_open());
    ::close(listening);
}

TEST_F(StreamConnect, UnixStreamsBehaveAsTcpOnes) {
    const std::string path = testing::TempDir() + "bg_stream_" + std::to_string(::getpid());
    const int listening = bind_listener({.text = path, .is_unix = true, .path = path}, false);
    stream_.attach(signal_, received, writable);
    stream_.start_connect(io_.get_executor(), boost::asio::local::stream_protocol::endpoint(path));
    ASSERT_TRUE(wait_for(writable));
    signal_.clear(writable);
    ASSERT_FALSE(stream_.take_error());
    EXPECT_EQ(stream_.peer(), "unix");
    const int peer = ::accept(listening, nullptr, nullptr);
    ASSERT_EQ(::send(peer, "hi", 2, 0), 2);
    EXPECT_EQ(receive().bytes, 2U);

    Stream accepted(Socket(io_, peer));
    EXPECT_EQ(accepted.peer(), "unix");
    accepted.close();
    EXPECT_EQ(receive().condition, Condition::ended);
    ::close(listening);
    ::unlink(path.c_str());

    stream_.start_connect(io_.get_executor(), boost::asio::local::stream_protocol::endpoint(path));
    ASSERT_TRUE(wait_for(writable));
    EXPECT_EQ(stream_.take_error(), "no such file or directory");
}

TEST_F(StreamConnect, AnIPv4PeerOfAnIPv6ListenerHasItsIPv4Name) {
    const int listening = bind_listener({.text = "test", .host = "::"}, false);
    stream_.attach(signal_, received, writable);
    stream_.start_connect(io_.get_executor(),
                          boost::asio::ip::tcp::endpoint(boost::asio::ip::make_address("127.0.0.1"),
                                                         local_port(listening)));
    ASSERT_TRUE(wait_for(writable));
    const int peer = ::accept(listening, nullptr, nullptr);
    ASSERT_GE(peer, 0);
    const Stream accepted(Socket(io_, peer));
    EXPECT_EQ(accepted.peer(), "127.0.0.1");
    ::close(listening);
}

}  // namespace
}  // namespace bearergate::net
