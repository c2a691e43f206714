#include <bearergate/gateway/address_keeper.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <gtest/gtest.h>

#include <map>
#include <new>
#include <optional>
#include <string>
#include <vector>

namespace bearergate::gateway {
namespace {

using Endpoints = std::vector<net::Endpoint>;

net::Endpoint tcp(const char* address, std::uint16_t port) {
    return boost::asio::ip::tcp::endpoint(boost::asio::ip::make_address(address), port);
}

config::Url named(const std::string& host, std::uint16_t port = 80) {
    return {.text = "http://" + host, .host = host, .port = port};
}

// A resolver and a clock that do what they are told.
struct World {
    std::map<std::string, Endpoints> names{};
    bool answers_late = false;
    std::vector<std::function<void()>> late{};
    std::vector<std::string> asked{};
    std::optional<std::chrono::milliseconds> scheduled{};
    std::function<void()> next{};
    AddressKeeper* keeper = nullptr;
    std::vector<std::shared_ptr<const AddressKeeper::All>> published{};
    std::vector<std::string> logged{};
    int first_passes = 0;

    AddressKeeper::Hooks hooks() {
        return {.resolve =
                    [this](net::HostPort where, std::function<void(Endpoints)> done) {
                        asked.push_back(where.host);
                        if (!answers_late) return done(names[where.host]);
                        late.emplace_back([done, answer = names[where.host]] { done(answer); });
                    },
                .schedule =
                    [this](std::chrono::milliseconds after) {
                        scheduled = after;
                        next = [this] { keeper->wake(); };
                    },
                .changed = [this](auto all) { published.push_back(std::move(all)); },
                .log =
                    [this](std::string_view level, const std::string& host, const std::string&) {
                        logged.push_back(std::string(level) + " " + host);
                    }};
    }
    void pass_time() { std::exchange(next, {})(); }
    void start(AddressKeeper& its_keeper) {
        keeper = &its_keeper;
        its_keeper.start([this] { ++first_passes; });
    }
};

std::vector<config::Upstream> one(std::vector<config::Url> urls) {
    return {{.name = "default", .urls = std::move(urls)}};
}

TEST(AddressKeeper, LiteralsAndUnixSocketsAreThereAtOnceAndNeverAskedFor) {
    World world;
    config::Url socket{.text = "unix:/run/a.sock", .is_unix = true, .path = "/run/a.sock"};
    AddressKeeper keeper(one({named("127.0.0.1", 3000), named("::1", 3001), socket}),
                         world.hooks());
    world.start(keeper);
    EXPECT_EQ(world.first_passes, 1);
    EXPECT_TRUE(world.asked.empty());
    EXPECT_FALSE(world.scheduled);
    ASSERT_EQ(world.published.size(), 1U);
    const auto& servers = world.published[0]->at(0).servers;
    ASSERT_EQ(servers.size(), 3U);
    EXPECT_EQ(servers[0].endpoints, Endpoints{tcp("127.0.0.1", 3000)});
    EXPECT_EQ(servers[1].endpoints, Endpoints{tcp("::1", 3001)});
    EXPECT_EQ(servers[2].endpoints,
              Endpoints{boost::asio::local::stream_protocol::endpoint("/run/a.sock")});
}

TEST(AddressKeeper, ANameKeepsAllItsAddressesInTheOrderGiven) {
    World world;
    world.names["localhost"] = {tcp("::1", 80), tcp("127.0.0.1", 80)};
    AddressKeeper keeper(one({named("localhost")}), world.hooks());
    world.start(keeper);
    ASSERT_EQ(world.published.size(), 1U);
    EXPECT_EQ(world.published[0]->at(0).servers.at(0).endpoints, world.names["localhost"]);
    EXPECT_EQ(world.scheduled, AddressKeeper::interval);
}

TEST(AddressKeeper, ANewAddressIsPublishedAndAnotherOrderIsNot) {
    World world;
    world.names["api"] = {tcp("10.0.0.1", 80), tcp("10.0.0.2", 80)};
    AddressKeeper keeper(one({named("api")}), world.hooks());
    world.start(keeper);
    world.names["api"] = {tcp("10.0.0.2", 80), tcp("10.0.0.1", 80)};
    world.pass_time();
    EXPECT_EQ(world.published.size(), 1U);
    world.names["api"] = {tcp("10.0.0.3", 80)};
    world.pass_time();
    ASSERT_EQ(world.published.size(), 2U);
    EXPECT_EQ(world.published[1]->at(0).servers.at(0).endpoints, world.names["api"]);
}

TEST(AddressKeeper, AFailingNameKeepsItsLastGoodAddressesAndIsToldOnce) {
    World world;
    world.names["api"] = {tcp("10.0.0.1", 80)};
    AddressKeeper keeper(one({named("api")}), world.hooks());
    world.start(keeper);
    world.names["api"].clear();
    world.pass_time();
    world.pass_time();
    EXPECT_EQ(world.published.size(), 1U);
    EXPECT_EQ(world.scheduled, AddressKeeper::interval);
    EXPECT_EQ(world.logged, std::vector<std::string>{"warning api"});
    world.names["api"] = {tcp("10.0.0.1", 80)};
    world.pass_time();
    EXPECT_EQ(world.published.size(), 1U);
    EXPECT_EQ(world.logged.back(), "info api");
}

TEST(AddressKeeper, ANameThatNeverResolvedIsAskedForSoonerAndStopsNobodyElse) {
    World world;
    world.names["good"] = {tcp("10.0.0.1", 80)};
    std::vector<config::Upstream> upstreams = one({named("bad")});
    upstreams.push_back({.name = "other", .urls = {named("good")}});
    AddressKeeper keeper(upstreams, world.hooks());
    world.start(keeper);
    EXPECT_EQ(world.first_passes, 1);
    EXPECT_EQ(world.scheduled, AddressKeeper::retry);
    ASSERT_EQ(world.published.size(), 1U);
    EXPECT_TRUE(world.published[0]->at(0).servers.at(0).endpoints.empty());
    EXPECT_EQ(world.published[0]->at(1).servers.at(0).endpoints, world.names["good"]);
    world.names["bad"] = {tcp("10.0.0.9", 80)};
    world.pass_time();
    EXPECT_EQ(world.scheduled, AddressKeeper::interval);
    EXPECT_EQ(world.published.at(1)->at(0).servers.at(0).endpoints, world.names["bad"]);
}

TEST(AddressKeeper, ANameThatTakesItsTimeHoldsUpNoOther) {
    World world;
    world.answers_late = true;
    world.names["slow"] = {tcp("10.0.0.1", 80)};
    world.names["quick"] = {tcp("10.0.0.2", 80)};
    AddressKeeper keeper(one({named("slow"), named("127.0.0.1"), named("quick")}), world.hooks());
    world.start(keeper);
    ASSERT_EQ(world.published.size(), 1U) << "what needs no name is known at once";
    EXPECT_EQ(world.published[0]->at(0).servers[1].endpoints, Endpoints{tcp("127.0.0.1", 80)});
    world.late.at(1)();
    ASSERT_EQ(world.published.size(), 2U);
    EXPECT_TRUE(world.published[1]->at(0).servers[0].endpoints.empty());
    EXPECT_EQ(world.published[1]->at(0).servers[2].endpoints, world.names["quick"]);
    EXPECT_EQ(world.first_passes, 0) << "one has not had its chance";

    EXPECT_EQ(world.scheduled, AddressKeeper::retry);
    world.pass_time();
    EXPECT_EQ(world.asked, (std::vector<std::string>{"slow", "quick", "quick"}))
        << "what is being asked is not asked again";
    world.late.at(2)();
    EXPECT_EQ(world.first_passes, 0);
    world.late.at(0)();
    EXPECT_EQ(world.first_passes, 1);
    ASSERT_EQ(world.published.size(), 3U);
    EXPECT_EQ(world.published[2]->at(0).servers[0].endpoints, world.names["slow"]);
}

std::vector<config::Url> many(const std::string& prefix, std::size_t count) {
    std::vector<config::Url> urls;
    for (std::size_t i = 0; i < count; ++i) urls.push_back(named(prefix + std::to_string(i)));
    return urls;
}

TEST(AddressKeeper, MoreNamesThanTheResolverTakesAtATimeAllResolveInOnePass) {
    constexpr std::size_t count = 1000;
    boost::asio::io_context io{1};
    net::Resolver resolver(io, [](const std::string&) {
        return std::vector{boost::asio::ip::make_address("192.0.2.1")};
    });
    World world;
    AddressKeeper::Hooks hooks = world.hooks();
    hooks.resolve = [&](net::HostPort where, auto done) {
        resolver.resolve(std::move(where), std::move(done));
    };
    AddressKeeper keeper(one(many("name", count)), std::move(hooks));
    world.start(keeper);
    io.run();  // until the last answer
    EXPECT_EQ(world.first_passes, 1);
    EXPECT_TRUE(world.logged.empty()) << world.logged.front();
    const auto& servers = world.published.back()->at(0).servers;
    ASSERT_EQ(servers.size(), count);
    for (const auto& server : servers) EXPECT_EQ(server.endpoints, Endpoints{tcp("192.0.2.1", 80)});
}

TEST(AddressKeeper, NamesWhoseServerIsSilentKeepNoOtherFromItsTurn) {
    constexpr std::size_t most = AddressKeeper::most_open;
    World world;
    world.answers_late = true;
    std::vector<config::Url> urls = many("dead", 2 * most);
    urls.push_back(named("last"));
    world.names["last"] = {tcp("10.0.0.1", 80)};
    AddressKeeper keeper(one(std::move(urls)), world.hooks());
    world.start(keeper);
    EXPECT_EQ(world.asked.size(), most);
    for (std::size_t i = 0; i <= most; ++i) {
        world.pass_time();  // those that failed are to be asked anew, behind the others
        EXPECT_EQ(world.asked.size(), most + i);
        world.late.at(i)();
    }
    EXPECT_EQ(world.asked.back(), "last");
    EXPECT_EQ(world.first_passes, 0);
    for (std::size_t i = most + 1; i <= 2 * most; ++i) world.late.at(i)();
    EXPECT_EQ(world.first_passes, 1);
    EXPECT_EQ(world.published.back()->at(0).servers.back().endpoints, world.names["last"]);
}

TEST(AddressKeeper, WhoHasNoAddressYetIsAskedBeforeThoseThatHaveOne) {
    World world;
    world.names["good"] = {tcp("10.0.0.1", 80)};
    AddressKeeper keeper(one({named("good"), named("bad")}), world.hooks());
    world.start(keeper);
    world.pass_time();
    EXPECT_EQ(world.asked, (std::vector<std::string>{"good", "bad", "bad", "good"}));
}

TEST(AddressKeeper, WhatCouldNotBeAskedOrToldForWantOfMemoryIsMadeUpFor) {
    World world;
    world.names["api"] = {tcp("10.0.0.1", 80)};
    AddressKeeper::Hooks hooks = world.hooks();
    bool has_memory = false;
    const auto needs_memory = [&has_memory](auto what) {
        return [&has_memory, what = std::move(what)](auto... with) {
            if (!has_memory) throw std::bad_alloc();
            what(std::move(with)...);
        };
    };
    hooks.resolve = needs_memory(std::move(hooks.resolve));
    hooks.changed = needs_memory(std::move(hooks.changed));
    AddressKeeper keeper(one({named("api")}), std::move(hooks));
    world.start(keeper);
    EXPECT_TRUE(world.published.empty());
    has_memory = true;
    world.pass_time();
    ASSERT_EQ(world.published.size(), 1U);
    EXPECT_EQ(world.published[0]->at(0).servers[0].endpoints, world.names["api"]);
}

TEST(AddressKeeper, LiteralsThatCouldNotBeToldForWantOfMemoryAreToldAsSoonAsMayBe) {
    World world;
    AddressKeeper::Hooks hooks = world.hooks();
    bool has_memory = false;
    hooks.changed = [&, tell = hooks.changed](auto all) {
        if (!has_memory) throw std::bad_alloc();
        tell(std::move(all));
    };
    AddressKeeper keeper(one({named("127.0.0.1")}), std::move(hooks));
    world.start(keeper);
    EXPECT_TRUE(world.published.empty());
    has_memory = true;
    ASSERT_TRUE(world.next) << "nothing would ever be told";
    world.pass_time();
    ASSERT_EQ(world.published.size(), 1U);
    EXPECT_EQ(world.published[0]->at(0).servers[0].endpoints, Endpoints{tcp("127.0.0.1", 80)});
    EXPECT_FALSE(world.next) << "there is nothing more to do";
}

TEST(AddressKeeper, AnAnswerAfterItsEndTouchesNothing) {
    World world;
    world.answers_late = true;
    world.names["a"] = {tcp("10.0.0.1", 80)};
    {
        AddressKeeper keeper(one({named("a")}), world.hooks());
        world.start(keeper);
    }
    world.late.at(0)();
    EXPECT_EQ(world.published.size(), 1U) << "at its start";
    EXPECT_EQ(world.first_passes, 0);
}

TEST(AddressKeeper, WhatAFormerConfigurationKnewServesUntilTheNameResolvesAnew) {
    World world;
    world.names["api.example"] = {tcp("192.0.2.1", 80)};
    AddressKeeper former(one({named("api.example")}), world.hooks());
    world.start(former);
    world.names.clear();

    AddressKeeper keeper(one({named("other.example"), named("api.example")}), world.hooks(),
                         &former);
    world.start(keeper);
    const auto& servers = world.published.back()->at(0).servers;
    EXPECT_TRUE(servers[0].endpoints.empty());
    EXPECT_EQ(servers[1].endpoints, Endpoints{tcp("192.0.2.1", 80)});

    world.names["api.example"] = {tcp("192.0.2.2", 80)};
    world.pass_time();
    EXPECT_EQ(world.published.back()->at(0).servers[1].endpoints, Endpoints{tcp("192.0.2.2", 80)});
}

}  // namespace
}  // namespace bearergate::gateway
