// Names to addresses, without a name server.
#include <bearergate/net/resolver.hpp>

#include "net/support.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <optional>
#include <thread>

namespace bearergate::net {
namespace {

using Addresses = std::vector<Endpoint>;

Endpoint tcp(const char* address, std::uint16_t port) {
    return boost::asio::ip::tcp::endpoint(boost::asio::ip::make_address(address), port);
}

struct ResolverTest : testing::Test {
    Addresses resolve(const std::string& host, std::uint16_t port = 80) {
        std::optional<Addresses> found;
        resolver->resolve({.host = host, .port = port}, [&](Addresses all) {
            EXPECT_EQ(std::this_thread::get_id(), here);
            EXPECT_FALSE(found) << "answered twice";
            found = std::move(all);
        });
        EXPECT_FALSE(found) << "never from within the call";
        test::run_until(io, [&] { return found.has_value(); });
        return found.value_or(Addresses{});
    }
    std::thread::id here = std::this_thread::get_id();
    boost::asio::io_context io{1};
    std::unique_ptr<Resolver> resolver = std::make_unique<Resolver>(io);
};

TEST_F(ResolverTest, LiteralsAreTheirOwnAddresses) {
    EXPECT_EQ(resolve("192.0.2.1", 8080), Addresses{tcp("192.0.2.1", 8080)});
    EXPECT_EQ(resolve("2001:db8::1", 443), Addresses{tcp("2001:db8::1", 443)});
}

TEST_F(ResolverTest, LocalhostIsTheLoopbackInBothFamilies) {
    EXPECT_EQ(resolve("localhost", 3001), (Addresses{tcp("::1", 3001), tcp("127.0.0.1", 3001)}));
}

TEST_F(ResolverTest, WhatIsNoNameHasNoAddress) {
    for (const std::string& host : {std::string(), std::string("127.0.0.1\0.evil", 15),
                                    std::string(300, 'a'), std::string("no such name")}) {
        SCOPED_TRACE(host);
        EXPECT_EQ(resolve(host), Addresses{});
    }
}

TEST_F(ResolverTest, TheSystemIsAskedForOtherNames) {
    std::array<char, 256> name{};
    ASSERT_EQ(::gethostname(name.data(), name.size() - 1), 0);
    const Addresses found = resolve(name.data(), 1234);
    if (found.empty()) GTEST_SKIP() << "SKIPPED: this machine does not know its own name";
    for (const Endpoint& endpoint : found) {
        EXPECT_TRUE(endpoint.protocol().family() == AF_INET ||
                    endpoint.protocol().family() == AF_INET6);
        EXPECT_EQ(endpoint.protocol().type(), SOCK_STREAM);
    }
}

TEST_F(ResolverTest, AFloodOfQuestionsIsBoundedAndEachIsAnsweredOnce) {
    int answered = 0;
    constexpr int asked = 2000;
    for (int count = 0; count < asked; ++count) {
        resolver->resolve({.host = "no such name", .port = 1}, [&](Addresses all) {
            EXPECT_TRUE(all.empty());
            ++answered;
        });
    }
    test::run_until(io, [&] { return answered == asked; });
}

TEST_F(ResolverTest, WhatWasNotLookedUpIsAnsweredWhenTheResolverGoes) {
    int answered = 0;
    for (int count = 0; count < 100; ++count) {
        resolver->resolve({.host = "no such name", .port = 1}, [&](Addresses) { ++answered; });
    }
    resolver.reset();
    io.run();  // returns: nothing more will come
    EXPECT_EQ(answered, 100);
}

TEST_F(ResolverTest, TheLoopStaysForAnAnswer) {
    bool answered = false;
    resolver->resolve({.host = "no such name", .port = 1}, [&](Addresses) { answered = true; });
    io.run();
    EXPECT_TRUE(answered);
}

}  // namespace
}  // namespace bearergate::net
