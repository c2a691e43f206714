// One connection, many requests: answered in order, each decided on its own, and how it ends.

#include <bearergate/gateway/setup.hpp>

#include "gateway/front.hpp"

#include <chrono>
#include <thread>
#include <vector>

namespace bearergate::test {
namespace {

constexpr const char* routes =
    "  /open/**: public\n"
    "  /items: { scopes: [read:items] }\n"
    "  /admin: { scopes: [admin] }\n";

// Answers each request with its target.
void echo_targets(UpstreamPeer& peer) {
    while (const auto request = peer.read_request()) {
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(request->target.size()) +
                  "\r\n\r\n" + request->target);
    }
}

class Persistence : public Front {
protected:
    Persistence() { upstream_.play(echo_targets); }
    std::string admin() const { return bearer(R"({"sub":"root","scope":"admin"})"); }
    std::string reader() const { return bearer(R"({"sub":"ada","scope":"read:items"})"); }
};

TEST_F(Persistence, PipelinedRequestsAreEachDecidedOnTheirOwn) {
    serve(routes);
    const struct {
        std::string request;
        int status;
        const char* subject;
        const char* reason;
    } cases[] = {
        {get("/admin", admin()), 200, "root", ""},
        {get("/admin", reader()), 403, "ada", "scope_missing"},
        {get("/admin"), 401, "", "token_missing"},
        {get("/items", admin()), 403, "root", "scope_missing"},
        {"POST /items HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nGET", 401, "",
         "token_missing"},
        {get("/items", reader()), 200, "ada", ""},
        {get("/nowhere", admin()), 404, "", "no_route"},
        {get("/items", "X-Auth-Subject: root\r\n" + reader()), 200, "ada", ""},
    };
    std::string all;
    for (const auto& c : cases) all += c.request;
    // Together, and byte by byte: where a request ends is no matter of how it came.
    for (const std::size_t step : {all.size(), std::size_t{1}}) {
        SCOPED_TRACE(step);
        Connection client(gateway_->port());
        for (std::size_t at = 0; at < all.size(); at += step) {
            ASSERT_TRUE(client.send(std::string_view(all).substr(at, step)));
        }
        for (const auto& c : cases) {
            SCOPED_TRACE(c.request);
            const Reply reply = client.read_reply();
            EXPECT_EQ(reply.status, c.status);
            if (c.status == 200)
                EXPECT_EQ("GET " + reply.body + " ", c.request.substr(0, reply.body.size() + 5));
            const LogRecord record = gateway_->next_record();
            EXPECT_EQ(record.subject, c.subject);
            EXPECT_EQ(record.reason, c.reason);
        }
    }
    for (const SeenRequest& request : upstream_.requests()) {
        EXPECT_EQ(request.header("X-Auth-Subject"), request.target == "/admin" ? "root" : "ada");
    }
    EXPECT_EQ(upstream_.requests().size(), 6U);
}

TEST_F(Persistence, MoreMayBePipelinedThanThereIsRoomFor) {
    serve(routes);
    std::string all;
    constexpr int requests = 200;
    for (int i = 0; i < requests; ++i) {
        const std::string target = "/open/" + std::to_string(i);
        const std::string fields = "Host: a\r\nX: " + std::string(500, 'x') + "\r\n";
        all += i % 2 == 0 ? "PUT " + target + " HTTP/1.1\r\n" + fields +
                                "Content-Length: 300\r\n\r\n" + std::string(300, 'G')
                          : "PUT " + target + " HTTP/1.1\r\n" + fields +
                                "Transfer-Encoding: chunked\r\n\r\n3;x\r\nGET\r\n0\r\n\r\n";
    }
    Connection client(gateway_->port());
    ASSERT_TRUE(client.send(all));
    for (int i = 0; i < requests; ++i) {
        ASSERT_EQ(client.read_reply().body, "/open/" + std::to_string(i));
    }
}

// Heads that follow one another closely lie ever further back in the block that they are received
// into, and the head of a request stays where it is until its answer is written.
TEST_F(Persistence, ABodyFindsRoomWhereverItsHeadLies) {
    serve(routes, "limits: { header_bytes: 8KiB }");
    constexpr std::size_t block = 8 * 1024 + gateway::room_behind_head;
    const auto head = [](const std::string& line, const std::string& fields, std::size_t bytes) {
        std::string text = line + " HTTP/1.1\r\nHost: a\r\n" + fields + "X: \r\n\r\n";
        text.insert(text.size() - 4, bytes - text.size(), 'x');
        return text;
    };
    for (std::size_t left = 0; left <= 8; ++left) {
        SCOPED_TRACE(left);
        Connection client(gateway_->port());
        client.send(head("GET /open/first", "", block / 2));
        EXPECT_EQ(client.read_reply().body, "/open/first");
        client.send(head("POST /open/second", "Content-Length: 5\r\n", block / 2 - left));
        std::this_thread::sleep_for(std::chrono::milliseconds(20));  // not with its body
        client.send("hel");
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        client.send("lo");
        EXPECT_EQ(client.read_reply().body, "/open/second");
        EXPECT_EQ(upstream_.requests().back().body, "hello");
    }
}

TEST_F(Persistence, NothingIsReadBehindWhatCannotBeRead) {
    serve(routes);
    Connection client(gateway_->port());
    client.send(get("/open/1") + "GET /open/2 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" +
                get("/open/3"));
    EXPECT_EQ(client.read_reply().body, "/open/1");
    EXPECT_EQ(client.read_reply().status, 400);
    EXPECT_EQ(client.read_all(), "");
    EXPECT_EQ(client.end(), Connection::End::closed);
    EXPECT_EQ(upstream_.requests().size(), 1U);
}

TEST_F(Persistence, TheVersionAndConnectionSayWhetherItGoesOn) {
    serve(routes);
    const struct {
        const char* version;
        const char* field;
        bool goes_on;
        const char* said;
    } cases[] = {
        {"1.1", "", true, ""},
        {"1.1", "Connection: keep-alive\r\n", true, ""},
        {"1.1", "Connection: keep-alive, Close\r\n", false, "close"},
        {"1.1", "Connection: x\r\nConnection: close\r\n", false, "close"},
        {"1.0", "", false, "close"},
        {"1.0", "Connection: Keep-Alive\r\n", true, "keep-alive"},
        {"1.0", "Connection: keep-alive, close\r\n", false, "close"},
    };
    for (const auto& c : cases) {
        for (const char* target : {"/open/a", "/nowhere"}) {
            SCOPED_TRACE(std::string(c.version) + c.field + target);
            const std::string request = std::string("GET ") + target + " HTTP/" + c.version +
                                        "\r\nHost: a\r\n" + c.field + "\r\n";
            Connection client(gateway_->port());
            client.send(request + request);
            const Reply reply = client.read_reply();
            EXPECT_EQ(reply.header("Connection"), c.said);
            if (c.goes_on) {
                EXPECT_EQ(client.read_reply().status, reply.status);
            } else {
                EXPECT_EQ(client.read_all(), "");
                EXPECT_EQ(client.end(), Connection::End::closed);
            }
        }
    }
}

TEST_F(Persistence, ARequestsBodyOfAnOldClientDoesNotEndTheConnection) {
    serve(routes);
    Connection client(gateway_->port());
    for (int i = 0; i < 2; ++i) {
        client.send(
            "POST /open/x HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello");
        EXPECT_EQ(client.read_reply().status, 200);
        EXPECT_EQ(upstream_.requests().back().body, "hello");
    }
    // Chunks came with 1.1: nobody can say what an old client means by them.
    client.send("POST /open/x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    EXPECT_EQ(client.read_reply().status, 400);
}

TEST_F(Persistence, AClientThatHasSaidAllIsStillAnswered) {
    serve(routes);
    Connection client(gateway_->port());
    client.send(get("/open/1") + get("/nowhere") + get("/open/2"));
    client.finish();
    EXPECT_EQ(client.read_reply().body, "/open/1");
    EXPECT_EQ(client.read_reply().status, 404);
    EXPECT_EQ(client.read_reply().body, "/open/2");
    EXPECT_EQ(client.read_all(), "");
    EXPECT_EQ(client.end(), Connection::End::closed);
}

TEST_F(Persistence, AHeadThatStopsShortIsBad) {
    serve(routes);
    Connection client(gateway_->port());
    client.send("GET /open/1 HTTP/1.1\r\nHost: a\r\n");
    client.finish();
    EXPECT_EQ(client.read_reply().status, 400);
    EXPECT_EQ(gateway_->next_record().reason, "bad_request");
    expect_upstream_untouched();
}

TEST_F(Persistence, AConnectionThatBringsNothingLeavesNoTrace) {
    serve(routes);
    Connection client(gateway_->port());
    client.finish();
    EXPECT_EQ(client.read_all(), "");
    EXPECT_EQ(client.end(), Connection::End::closed);
    ask(get("/nowhere"));
    EXPECT_EQ(gateway_->next_record().path, "/nowhere");
}

}  // namespace
}  // namespace bearergate::test
