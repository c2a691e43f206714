// What of a worker survives a reload, and what a snapshot makes of a configuration.
#include <bearergate/gateway/setup.hpp>

#include "config/config_support.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace bearergate::gateway {
namespace {

std::shared_ptr<const Snapshot> snapshot(const std::string& upstreams,
                                         const std::string& more = "") {
    auto result = test::load("upstreams:\n" + upstreams + more +
                             "routes: { /open: { access: public, upstream: a },\n"
                             "  /watched: { access: deny, mode: shadow, upstream: a },\n"
                             "  /closed: { access: deny, upstream: a } }\n");
    if (!result.loaded) throw std::runtime_error(test::report(result));
    return make_snapshot(std::move(*result.loaded), 7);
}

struct Pair {
    std::shared_ptr<Setup> before;
    std::shared_ptr<Setup> after;
};
class SetupTest : public testing::Test {
protected:
    Pair reload(const std::string& before, const std::string& after,
                const std::string& more_after = "") {
        auto first = make_setup(snapshot(before), nullptr, buffers_);
        auto second = make_setup(snapshot(after, more_after), first.get(), buffers_);
        return {std::move(first), std::move(second)};
    }
    net::BufferPool buffers_{1024};
};

TEST_F(SetupTest, AnUpstreamThatDidNotChangeKeepsItsConnections) {
    const Pair same = reload("  a: { url: http://127.0.0.1:1 }\n  b: { url: http://127.0.0.1:2 }\n",
                             "  b: { url: http://127.0.0.1:2, timeouts: { response: 9s } }\n"
                             "  a: { url: http://127.0.0.1:1, host: upstream }\n");
    EXPECT_EQ(same.after->upstreams[0], same.before->upstreams[1]);
    EXPECT_EQ(same.after->upstreams[1], same.before->upstreams[0]);
}

TEST_F(SetupTest, AnUpstreamThatChangedStartsAnew) {
    const std::string before =
        "  a: { url: [http://127.0.0.1:1, http://127.0.0.1:2], idle_connections: 5 }\n";
    for (const char* after :
         {"  a: { url: [http://127.0.0.1:1, http://127.0.0.1:3], idle_connections: 5 }\n",
          "  a: { url: http://127.0.0.1:1, idle_connections: 5 }\n",
          "  a: { url: [https://127.0.0.1:1, http://127.0.0.1:2], idle_connections: 5 }\n",
          "  a: { url: [http://127.0.0.1:1, http://127.0.0.1:2], idle_connections: 6 }\n",
          "  a: { url: [http://127.0.0.1:1, http://127.0.0.1:2], idle_connections: 5,\n"
          "    timeouts: { idle: 1s } }\n"}) {
        SCOPED_TRACE(after);
        const Pair pair = reload(before, after);
        EXPECT_NE(pair.after->upstreams[0], pair.before->upstreams[0]);
    }
    const Pair renamed =
        reload("  a: { url: http://127.0.0.1:1 }\n",
               "  b: { url: http://127.0.0.1:1 }\n  a: { url: http://127.0.0.1:2 }\n");
    EXPECT_NE(renamed.after->upstreams[0], renamed.before->upstreams[0]);
    EXPECT_NE(renamed.after->upstreams[1], renamed.before->upstreams[0]);
}

// The files that its settings name may say something else by now.
TEST_F(SetupTest, ATlsUpstreamStartsAnewWhereItIsKnownToBe) {
    const std::string upstream = "  a: { url: https://127.0.0.1:1 }\n";
    auto first = make_setup(snapshot(upstream), nullptr, buffers_);
    first->upstreams[0]->addresses = std::make_shared<const net::UpstreamAddresses>();
    const auto second = make_setup(snapshot(upstream), first.get(), buffers_);
    EXPECT_NE(second->upstreams[0], first->upstreams[0]);
    EXPECT_EQ(second->upstreams[0]->addresses, first->upstreams[0]->addresses);
    EXPECT_TRUE(second->is_ready());
}

TEST_F(SetupTest, ClientBuffersStayWhileHeadsMayBeAsLong) {
    const std::string upstream = "  a: { url: http://127.0.0.1:1 }\n";
    const Pair same = reload(upstream, upstream, "server: { limits: { header_bytes: 16KiB } }\n");
    EXPECT_EQ(same.after->client_buffers, same.before->client_buffers);
    EXPECT_EQ(same.before->client_buffers->block_bytes(), 16U * 1024U + room_behind_head);
    const Pair other = reload(upstream, upstream, "server: { limits: { header_bytes: 32KiB } }\n");
    EXPECT_NE(other.after->client_buffers, other.before->client_buffers);
    EXPECT_EQ(other.after->client_buffers->block_bytes(), 32U * 1024U + room_behind_head);
    EXPECT_EQ(other.after->head_limits().bytes, 32U * 1024U);
}

TEST_F(SetupTest, IsReadyOnceTheAddressesOfEveryUpstreamAreKnown) {
    const auto setup =
        make_setup(snapshot("  a: { url: http://127.0.0.1:1 }\n  b: { url: http://127.0.0.1:2 }\n"),
                   nullptr, buffers_);
    EXPECT_FALSE(setup->is_ready());
    setup->upstreams[0]->addresses = std::make_shared<const net::UpstreamAddresses>();
    EXPECT_FALSE(setup->is_ready());
    setup->upstreams[1]->addresses = std::make_shared<const net::UpstreamAddresses>();
    EXPECT_TRUE(setup->is_ready());
}

TEST(Snapshot, HoldsTlsSettingsForWhoSpeaksTls) {
    const auto made = snapshot(
        "  a: { url: http://127.0.0.1:1 }\n"
        "  b: { url: [http://127.0.0.1:2, https://127.0.0.1:3] }\n"
        "  c: { url: unix:/x }\n");
    ASSERT_EQ(made->upstream_tls.size(), 3U);
    EXPECT_EQ(made->upstream_tls[0], nullptr);
    EXPECT_NE(made->upstream_tls[1], nullptr);
    EXPECT_EQ(made->upstream_tls[2], nullptr);
    EXPECT_EQ(made->server_tls, nullptr);
    EXPECT_EQ(made->generation, 7U);
    EXPECT_FALSE(made->cors);
}

TEST(Snapshot, NamesTheTlsFileThatIsOfNoUse) {
    for (const char* block :
         {"server: { tls: { certificate: no.pem, private_key: no.pem } }\n",
          "upstreams: { a: { url: https://127.0.0.1:1, tls: { ca: no.pem } } }\n"}) {
        SCOPED_TRACE(block);
        auto result = test::load(std::string(block) + "routes: { /a: deny }\n");
        ASSERT_TRUE(result.loaded);
        try {
            make_snapshot(std::move(*result.loaded), 1);
            ADD_FAILURE() << "it was taken for good";
        } catch (const net::TlsFileError& error) {
            EXPECT_EQ(error.file, "/etc/gate/no.pem");
            EXPECT_FALSE(error.reason.empty());
        }
    }
}

TEST(Snapshot, WhereTheClientsAuthorizationGoesUpstreamAsItCame) {
    const auto made = snapshot("  a: { url: http://127.0.0.1:1 }\n");
    const auto& routes = made->policy.routes;
    EXPECT_TRUE(keeps_authorization(routes[0], made->config));   // public
    EXPECT_TRUE(keeps_authorization(routes[1], made->config));   // shadow
    EXPECT_FALSE(keeps_authorization(routes[2], made->config));  // enforced
    const auto forwards =
        snapshot("  a: { url: http://127.0.0.1:1 }\n", "identity: { forward_token: true }\n");
    EXPECT_TRUE(keeps_authorization(forwards->policy.routes[2], forwards->config));
}

}  // namespace
}  // namespace bearergate::gateway
