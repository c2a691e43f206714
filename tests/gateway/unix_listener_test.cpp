// Clients that come by a unix socket: they have no address, and may be a proxy that is trusted.

#include "gateway/front.hpp"
#include "support/temporary_folder.hpp"

namespace bearergate::test {
namespace {

constexpr const char* told = "X-Forwarded-For: 203.0.113.9\r\nX-Request-Id: r-1\r\n";

class UnixListener : public Front {
protected:
    void serve_unix(const std::string& server) {
        serve_with(configuration("  /open: public\n  /items: authenticated\n", server),
                   {.unix_socket = path_});
    }
    SeenRequest forwarded() {
        Connection client(path_);
        client.send(get("/open", told));
        EXPECT_EQ(client.read_reply().status, 200);
        return upstream_.requests().back();
    }

    TemporaryFolder folder_{};
    std::string path_ = folder_.file("gateway.sock");
};

TEST_F(UnixListener, ServesAndRefusesLikeAnyOther) {
    serve_unix("");
    Connection client(path_);
    client.send(get("/items") + get("/items", bearer()));
    EXPECT_EQ(client.read_reply().status, 401);
    EXPECT_EQ(client.read_reply().status, 200);
    EXPECT_EQ(upstream_.requests().size(), 1U);
    EXPECT_EQ(upstream_.requests().back().header("X-Auth-Subject"), "ada");
}

TEST_F(UnixListener, APeerWithoutAnAddressIsNobodyInParticular) {
    serve_unix("trusted_proxies: [127.0.0.0/8]");
    const SeenRequest request = forwarded();
    EXPECT_EQ(request.count("X-Forwarded-For"), 0U);
    EXPECT_EQ(request.header("Forwarded"), "for=unknown;host=a.example;proto=http");
    EXPECT_NE(request.header("X-Request-Id"), "r-1");
    EXPECT_EQ(gateway_->next_record().client, "unix");
}

TEST_F(UnixListener, IsBelievedAsAProxyWhereTheConfigurationSaysSo) {
    serve_unix("trusted_proxies: [unix]");
    const SeenRequest request = forwarded();
    EXPECT_EQ(request.header("X-Forwarded-For"), "203.0.113.9");
    EXPECT_EQ(request.header("Forwarded"), "for=unknown;host=a.example;proto=http");
    EXPECT_EQ(request.header("X-Request-Id"), "r-1");
    EXPECT_EQ(gateway_->next_record().client, "203.0.113.9");

    ask(get("/open", told));  // by TCP: not one of those
    EXPECT_EQ(upstream_.requests().back().header("X-Forwarded-For"), "127.0.0.1");
    EXPECT_EQ(gateway_->next_record().client, "127.0.0.1");
}

}  // namespace
}  // namespace bearergate::test
