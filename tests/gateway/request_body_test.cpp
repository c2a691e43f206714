// Bodies on their way from the client to the upstream.

#include "gateway/front.hpp"
#include "support/gate.hpp"

#include <future>
#include <thread>
#include <vector>

namespace bearergate::test {
namespace {

constexpr const char* routes =
    "  POST /open: public\n"
    "  POST /items: authenticated\n"
    "  POST /small: { access: public, body_bytes: 10B }\n";

std::string post(const std::string& target, const std::string& fields) {
    return "POST " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}
std::string sized(std::size_t bytes) {
    return "Content-Length: " + std::to_string(bytes) + "\r\n";
}
constexpr const char* chunked = "Transfer-Encoding: chunked\r\n";

// Text in which a lost, doubled or misplaced piece shows.
std::string patterned(std::size_t bytes) {
    std::string text;
    for (std::size_t i = 0; text.size() < bytes; ++i) text += std::to_string(i) + ",";
    text.resize(bytes);
    return text;
}

class RequestBody : public Front {
protected:
    // The upstream reads a head and then until the gateway ends the connection; how it did.
    std::future<Connection::End> upstream_reads_on() {
        auto end = std::make_shared<std::promise<Connection::End>>();
        upstream_.play([end](UpstreamPeer& peer) {
            peer.read_head();
            end->set_value(peer.wait_for_end());
        });
        return end->get_future();
    }
    // Whether the upstream has come to have all these bytes in its first connection.
    bool reached_upstream(const std::string& bytes) const {
        const auto most = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (upstream_.raw(0).find(bytes) == std::string::npos) {
            if (std::chrono::steady_clock::now() > most) return false;
            std::this_thread::yield();
        }
        return true;
    }
};

TEST_F(RequestBody, OfAStatedSizeArrivesAsItWas) {
    serve(routes);
    for (const std::size_t bytes :
         {std::size_t{0}, std::size_t{1}, std::size_t{100'000}, std::size_t{1'000'000}}) {
        SCOPED_TRACE(bytes);
        const std::string body = patterned(bytes);
        EXPECT_EQ(ask(post("/open", sized(bytes)) + body).status, 200);
        const SeenRequest request = upstream_.requests().back();
        EXPECT_EQ(request.header("Content-Length"), std::to_string(bytes));
        EXPECT_TRUE(request.body == body);
        EXPECT_EQ(gateway_->next_record().bytes_in, bytes);
    }
}

TEST_F(RequestBody, InChunksIsFramedAnew) {
    serve(routes);
    EXPECT_EQ(ask(post("/open", std::string(chunked) + "Trailer: X-Sum\r\n") +
                  "00005;a=b;c=\"d\\\"\"\r\nhello\r\n6\r\n world\r\n0;last\r\nX-Sum: 1\r\n"
                  "Content-Length: 7\r\n\r\n")
                  .status,
              200);
    const SeenRequest request = upstream_.requests().back();
    EXPECT_EQ(request.body, "hello world");
    EXPECT_EQ(request.count("Trailer"), 0U);
    const std::string raw = upstream_.raw(0);
    EXPECT_EQ(raw.substr(raw.find("\r\n\r\n") + 4), "b\r\nhello world\r\n0\r\n\r\n");
    EXPECT_EQ(gateway_->next_record().bytes_in, 11U) << "of data, not of framing";
}

TEST_F(RequestBody, InTheSmallestPiecesIsTheSame) {
    serve(routes);
    const std::string body = patterned(200);
    std::string framed;
    for (const char c : body) framed += "1;x\r\n" + std::string(1, c) + "\r\n";
    Connection client(gateway_->port());
    client.send(post("/open", chunked));
    for (const char c : framed + "0\r\nX: y\r\n\r\n") ASSERT_TRUE(client.send({&c, 1}));
    EXPECT_EQ(client.read_reply().status, 200);
    EXPECT_EQ(upstream_.requests().back().body, body);
}

TEST_F(RequestBody, FlowsWhileTheAnswerFlowsBack) {
    serve(routes);
    constexpr std::size_t bytes = 2'000'000;
    upstream_.play([](UpstreamPeer& peer) {
        peer.read_head();
        peer.send("HTTP/1.1 200 OK\r\n" + sized(bytes) + "\r\n");
        for (std::size_t left = bytes; left > 0;) {
            const std::string piece = peer.read_bytes(std::min<std::size_t>(left, 10'000));
            if (piece.empty() || !peer.send(piece)) return;
            left -= piece.size();
        }
    });
    const std::string body = patterned(bytes);
    Connection client(gateway_->port());
    std::thread sender([&] { client.send(post("/open", sized(bytes)) + body); });
    const Reply reply = client.read_reply();
    sender.join();
    EXPECT_EQ(reply.status, 200);
    EXPECT_TRUE(reply.body == body);
}

TEST_F(RequestBody, IsAskedForOnceTheClientMaySendIt) {
    serve(routes);
    Connection client(gateway_->port());
    for (int i = 0; i < 2; ++i) {
        client.send(post("/items", "Expect: 100-Continue\r\n" + sized(5) + bearer()));
        EXPECT_EQ(client.read_head(), "HTTP/1.1 100 Continue\r\n\r\n");
        client.send("hello");
        EXPECT_EQ(client.read_reply().status, 200);
        EXPECT_EQ(upstream_.requests().back().body, "hello");
        EXPECT_EQ(upstream_.requests().back().count("Expect"), 0U);
    }
}

TEST_F(RequestBody, IsNotAskedForWhenItIsThereAlreadyOrThereIsNone) {
    serve(routes);
    for (const char* version : {"1.1", "1.0"}) {
        for (const std::string body : {"hello", "h", ""}) {
            SCOPED_TRACE(version + body);
            Connection client(gateway_->port());
            client.send("POST /open HTTP/" + std::string(version) +
                        "\r\nHost: a\r\nExpect: 100-continue\r\n" + sized(body.empty() ? 0 : 5) +
                        "\r\n" + body);
            if (body == "h") {
                ASSERT_TRUE(reached_upstream("\r\n\r\nh"));
                client.send("ello");
            }
            EXPECT_EQ(client.read_reply().status, 200) << "and nothing before it";
            upstream_.play(RecordingUpstream::answer("HTTP/1.1 200 OK\r\n\r\n"));
        }
    }
}

TEST_F(RequestBody, IsNeverAskedForFromWhomItIsNotWanted) {
    serve(routes);
    for (const std::string& token :
         {std::string(), bearer(R"({"exp":1700000000})"), std::string("Authorization: x\r\n")}) {
        Connection client(gateway_->port());
        client.send(post("/items", "Expect: 100-continue\r\n" + sized(5) + token));
        const Reply reply = client.read_reply();
        EXPECT_EQ(reply.status / 100, 4);
        // Its next bytes could be the body or another request.
        EXPECT_EQ(reply.header("Connection"), "close");
        EXPECT_EQ(client.read_all(), "");
    }
    const Reply reply = ask(post("/small", "Expect: 100-continue\r\n" + sized(11)));
    EXPECT_EQ(reply.status, 413);
    expect_upstream_untouched();
}

// A client need not wait for 100 (RFC 9110 section 10.1.1), and this one waits for keys meanwhile.
TEST_F(RequestBody, IsNotAskedForWhenItCameWhileKeysDid) {
    for (const bool comes : {false, true}) {
        Gate asked;
        serve_with(configuration(routes),
                   {.keys = {{issuer_.issuer(), Issuer().jwks()}},
                    .asked = [&](Gateway&, const gateway::KeyQuestion&) { asked.open(); }});
        Connection client(gateway_->port());
        client.send(post("/items", "Expect: 100-continue\r\n" + sized(5) + bearer()));
        ASSERT_TRUE(asked.wait());
        if (comes) client.send("hello");
        // Each answer takes the worker once around its loop, where it finds what came.
        for (int i = 0; i < 3; ++i) gateway_->counters();
        gateway_->use_keys({{issuer_.issuer(), issuer_.jwks()}});
        if (!comes) {
            EXPECT_EQ(client.read_head(), "HTTP/1.1 100 Continue\r\n\r\n");
            client.send("hello");
        }
        EXPECT_EQ(client.read_reply().status, 200);
        EXPECT_EQ(upstream_.requests().back().body, "hello");
    }
}

TEST_F(RequestBody, IsNotAskedForWhenNobodyWouldTakeIt) {
    std::string text = configuration(routes);
    std::uint16_t closed = 0;
    {
        const RecordingUpstream gone;
        closed = gone.port();
    }
    text.replace(text.find(upstream_.url()), upstream_.url().size(),
                 "http://127.0.0.1:" + std::to_string(closed));
    serve_with(text, Gateway::Options{});
    EXPECT_EQ(ask(post("/open", "Expect: 100-continue\r\n" + sized(5))).status, 502);
}

TEST_F(RequestBody, MayBeAsLongAsItsLimit) {
    serve(routes);
    EXPECT_EQ(ask(post("/small", sized(10)) + "0123456789").status, 200);
    EXPECT_EQ(ask(post("/small", chunked) + "5;x=12345\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n").status,
              200);
    EXPECT_EQ(upstream_.requests().back().body, "0123456789");
}

struct Breach {
    const char* what;
    const char* target;
    const char* then;  // nullptr: the end of what the client sends
    int status;
    const char* reason;
};

// What is wrong with a body may show only when the upstream has a part of it. It must never take
// that part for the whole.
TEST_F(RequestBody, ThatGoesWrongOnTheWayNeverLooksWhole) {
    const Breach cases[] = {
        {"too long", "/small", "6\r\n567890\r\n0\r\n\r\n", 413, "body_too_large"},
        {"much too long", "/small", "ffffffff\r\n567890", 413, "body_too_large"},
        {"no chunk size", "/open", "x\r\n", 400, "bad_request"},
        {"more than its chunk", "/open", "2\r\nabc\r\n0\r\n\r\n", 400, "bad_request"},
        {"a chunk size without end", "/open", "0000000000000000\r\n", 400, "bad_request"},
        {"a bare LF", "/open", "2\nab\r\n0\r\n\r\n", 400, "bad_request"},
        {"a trailer that is none", "/open", "0\r\nX Y: 1\r\n\r\n", 400, "bad_request"},
        {"its client stops", "/open", nullptr, 400, "bad_request"},
    };
    for (const Breach& c : cases) {
        SCOPED_TRACE(c.what);
        serve(routes);
        const auto whole = upstream_.requests().size();
        const auto connection = upstream_.connections();
        auto end = upstream_reads_on();
        Connection client(gateway_->port());
        client.send(post(c.target, chunked) + "5\r\n01234\r\n");
        ASSERT_TRUE(upstream_.wait_for_connections(connection + 1));
        while (!upstream_.raw(connection).ends_with("5\r\n01234\r\n")) std::this_thread::yield();
        c.then != nullptr ? static_cast<void>(client.send(c.then)) : client.finish();

        const Reply reply = client.read_reply();
        EXPECT_EQ(reply.status, c.status);
        EXPECT_EQ(reply.header("Connection"), "close");
        EXPECT_EQ(client.read_all(), "");
        EXPECT_NE(end.get(), Connection::End::none);
        EXPECT_FALSE(upstream_.raw(connection).ends_with("0\r\n\r\n"));
        EXPECT_EQ(upstream_.requests().size(), whole);
        EXPECT_EQ(gateway_->next_record().reason, c.reason);
    }
}

TEST_F(RequestBody, OfAStatedSizeThatStopsShortNeverLooksWhole) {
    serve(routes);
    auto end = upstream_reads_on();
    Connection client(gateway_->port());
    client.send(post("/open", sized(10)) + "01234");
    ASSERT_TRUE(reached_upstream("01234"));
    client.finish();
    EXPECT_EQ(client.read_reply().status, 400);
    EXPECT_NE(end.get(), Connection::End::none);
    EXPECT_TRUE(upstream_.raw(0).ends_with("\r\n\r\n01234"));
}

// Framing that is wrong in what came together with the head never reaches anybody.
TEST_F(RequestBody, ThatIsWrongFromTheStartIsRefusedWithoutContact) {
    serve(routes);
    for (const std::string body :
         {"x\r\n", "5\r\nhelloX\r\n", "-1\r\n", "5 \r\nhello\r\n", "5;\r\nhello\r\n", "\r\n",
          "0\r\nX: y\r\n Z\r\n\r\n", "1\r\na\r\n0x0\r\n\r\n"}) {
        SCOPED_TRACE(body);
        const Reply reply = ask(post("/open", chunked) + body);
        EXPECT_EQ(reply.status, 400);
        EXPECT_EQ(reply.header("Connection"), "close");
    }
    const std::string extensions(4097, 'x');
    EXPECT_EQ(ask(post("/open", chunked) + "5;" + extensions + "\r\nhello\r\n0\r\n\r\n").status,
              400);
    std::string trailers = "0\r\n";
    for (int i = 0; i < 33; ++i) trailers += "X: y\r\n";
    EXPECT_EQ(ask(post("/open", chunked) + trailers + "\r\n").status, 400);
    expect_upstream_untouched();
}

}  // namespace
}  // namespace bearergate::test
