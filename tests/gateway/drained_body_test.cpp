// Bodies that nobody wants: how much of one is read so that the connection can go on, and what its
// client sees when that is too much to ask.

#include "gateway/front.hpp"

namespace bearergate::test {
namespace {

constexpr std::size_t most = 64 * 1024;
constexpr const char* routes = "  /items: authenticated\n";
constexpr const char* chunked = "Transfer-Encoding: chunked\r\n";
// Looks like a request where a body's end is misjudged.
constexpr const char* trap = "GET /trap HTTP/1.1\r\nHost: a\r\n\r\n";

std::string post(const std::string& fields) {
    return "POST /items HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}
std::string sized(std::size_t bytes) {
    return "Content-Length: " + std::to_string(bytes) + "\r\n";
}
std::string in_chunks(std::size_t bytes) {
    std::string body;
    for (std::size_t left = bytes; left > 0;) {
        const std::size_t size = std::min<std::size_t>(left, 0x1000);
        char line[16];
        std::snprintf(line, sizeof line, "%zx\r\n", size);
        body += line + std::string(size, 'x') + "\r\n";
        left -= size;
    }
    return body + "0\r\n\r\n";
}

class DrainedBody : public Front {
protected:
    // The connection stands where a request begins: one is answered, and nothing else was.
    void expect_goes_on(Connection& client) {
        ASSERT_TRUE(client.send(get("/nowhere")));
        EXPECT_EQ(client.read_reply().status, 404);
        EXPECT_EQ(gateway_->next_record().path, "/items");
        EXPECT_EQ(gateway_->next_record().path, "/nowhere");
        expect_upstream_untouched();
    }
    void expect_closes(Connection& client) {
        EXPECT_EQ(client.read_all(), "");
        EXPECT_EQ(client.end(), Connection::End::closed) << "no reset that could eat the answer";
        EXPECT_EQ(gateway_->counters().unrouted.refused,
                  decltype(gateway::Counters::Route::refused){})
            << "nothing of the body was taken for a request";
        expect_upstream_untouched();
    }
};

TEST_F(DrainedBody, OfModestSizeIsReadAndTheConnectionGoesOn) {
    serve(routes);
    for (const std::string& request :
         {post(sized(5)) + "hello", post(sized(most)) + std::string(most, 'x'),
          post(chunked) + in_chunks(5), post(chunked) + in_chunks(most),
          post(sized(std::string_view(trap).size())) + trap,
          post(chunked) + "1f;x=y\r\n" + trap + "\r\n0\r\nX: y\r\n\r\n"}) {
        SCOPED_TRACE(request.substr(0, 80));
        Connection client(gateway_->port());
        ASSERT_TRUE(client.send(request));
        const Reply reply = client.read_reply();
        EXPECT_EQ(reply.status, 401);
        EXPECT_EQ(reply.count("Connection"), 0U);
        expect_goes_on(client);
    }
}

TEST_F(DrainedBody, MayComeAfterTheAnswer) {
    serve(routes);
    for (const bool is_sized : {true, false}) {
        Connection client(gateway_->port());
        client.send(post(is_sized ? sized(most) : chunked));
        EXPECT_EQ(client.read_reply().status, 401);
        client.send(is_sized ? std::string(most, 'x') : in_chunks(most));
        expect_goes_on(client);
    }
}

TEST_F(DrainedBody, ThatIsTooLongEndsTheConnectionWithTheAnswerRead) {
    serve(routes);
    for (const std::size_t bytes : {2 * most, std::size_t{600'000}}) {
        Connection client(gateway_->port());
        ASSERT_TRUE(client.send(post(sized(bytes)) + std::string(bytes, 'x')));
        const Reply reply = client.read_reply();
        EXPECT_EQ(reply.status, 401);
        EXPECT_EQ(reply.header("Connection"), "close");
        expect_closes(client);
    }
    Connection client(gateway_->port());
    ASSERT_TRUE(client.send(post(chunked) + in_chunks(600'000)));
    EXPECT_EQ(client.read_reply().status, 401) << "how long it is shows only later";
    expect_closes(client);
}

TEST_F(DrainedBody, IsNotWaitedForLong) {
    serve(routes);
    Connection client(gateway_->port());
    const auto began = std::chrono::steady_clock::now();
    client.send(post(sized(100)) + "only a part");
    EXPECT_EQ(client.read_reply().status, 401);
    expect_closes(client);
    EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(900));
}

TEST_F(DrainedBody, ThatIsBadlyFramedEndsTheConnection) {
    serve(routes);
    Connection client(gateway_->port());
    client.send(post(chunked) + "5\r\nhello\r\n");
    EXPECT_EQ(client.read_reply().status, 401);
    client.send("x\r\n" + std::string(trap));
    expect_closes(client);
}

}  // namespace
}  // namespace bearergate::test
