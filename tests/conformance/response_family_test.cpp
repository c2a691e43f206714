// Answers of our own, of every class that an upstream can confuse a gateway with: all pairs of
// framing fields over several bodies and statuses, each with bytes behind it that are nobody's
// answer. The client gets one whole answer, 502, or a cut that it can see; the next one is its own.
#include "answers.hpp"
#include "strict_reading.hpp"
#include "support/gateway.hpp"
#include "support/recording_upstream.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace bearergate;
using namespace std::string_view_literals;
using test::Answers;
using test::Connection;
using test::Reading;

const std::vector<std::string_view> framing_lines = {
    "",
    "Content-Length: 5\r\n",
    "content-length:5\r\n",
    "Content-Length: 0\r\n",
    "Content-Length: 6\r\n",
    "Content-Length: 005\r\n",
    "Content-Length: 5, 5\r\n",
    "Content-Length: -5\r\n",
    "Content-Length:\r\n",
    "Transfer-Encoding: chunked\r\n",
    "TRANSFER-ENCODING: Chunked\r\n",
    "Transfer-Encoding: gzip\r\n",
    "Transfer-Encoding: gzip, chunked\r\n",
    "Transfer-Encoding:\r\n",
    "Transfer-Encoding : chunked\r\n",
    "X: y\nContent-Length: 0\r\n",
    "X: y\r Z\r\n",
    "X: \0\r\n"sv,
    " folded: 1\r\n",
    "Connection: close\r\n",
    "Connection: Content-Length, Transfer-Encoding\r\n",
};
const std::vector<std::string_view> bodies = {
    "hello",
    "5\r\nhello\r\n0\r\n\r\n",
    "5\nhello\r\n0\r\n\r\n",
    "5\r\nhello\r\n0\r\nSet-Cookie: evil=1\r\n\r\n",
    "",
};
constexpr std::string_view evil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL";
constexpr std::string_view good = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood";

std::vector<std::string> all_answers() {
    std::vector<std::string> all;
    for (const std::string_view status :
         {"200 OK", "204 No Content", "304 Not Modified", "404 Gone"}) {
        for (const std::string_view first : framing_lines) {
            for (const std::string_view second : framing_lines) {
                for (const std::string_view body : bodies) {
                    // Most differ in what follows the status line only.
                    if (status != "200 OK" && !second.empty()) continue;
                    all.push_back("HTTP/1.1 " + std::string(status) + "\r\n" + std::string(first) +
                                  std::string(second) + "\r\n" + std::string(body));
                }
            }
        }
    }
    return all;
}

// The body by the strict reading, which does not care what stands on the first line; nothing where
// the fields leave it to the close, or the answer is none.
struct Expected {
    bool is_answer = false;
    std::string body{};
};
Expected expected_of(const std::string& answer) {
    const auto line = answer.find("\r\n");
    const Reading reading = test::read_strictly("POST / HTTP/1.1\r\nHost: gw.test" +
                                                answer.substr(line) + std::string(evil));
    if (reading.whole.empty()) return {};
    const auto& message = reading.whole.front();
    const bool is_framed = test::count_of(message.fields, "Content-Length") +
                               test::count_of(message.fields, "Transfer-Encoding") >
                           0;
    const auto head_end = answer.find("\r\n\r\n") + 4;
    return {.is_answer = true,
            .body = is_framed ? message.body : answer.substr(head_end) + std::string(evil)};
}

void expect_answer(const std::string& sent, const Answers& answers) {
    const Expected expected = expected_of(sent);
    if (answers.replies.empty()) {  // cut: its framing broke after its head had gone out
        EXPECT_TRUE(answers.rest.starts_with("HTTP/1.1 "));
        EXPECT_FALSE(expected.is_answer);
        return;
    }
    const test::Reply& reply = answers.replies.front();
    EXPECT_EQ(reply.header("Set-Cookie"), "");
    if (reply.status == 502) return;
    EXPECT_EQ(std::to_string(reply.status), sent.substr(9, 3));
    EXPECT_LE(reply.count("Content-Length") + reply.count("Transfer-Encoding"), 1U);
    if (reply.status == 204 || reply.status == 304) return;  // whatever it says of a body
    EXPECT_TRUE(expected.is_answer) << "no answer by the strict reading";
    EXPECT_EQ(reply.body, expected.body);
}

TEST(ResponseFamily, EveryPairOfFieldsIsReadOneWayOrRefused) {
    const auto all = all_answers();
    // GET /N is answered with the N-th, and all else well.
    test::RecordingUpstream upstream([&](test::UpstreamPeer& peer) {
        while (const auto request = peer.read_request()) {
            if (request->target == "/good") {
                peer.send(good);
                continue;
            }
            peer.send(all.at(std::stoul(request->target.substr(1))) + std::string(evil));
            return;
        }
    });
    test::Gateway gateway("upstream: " + upstream.url() +
                          "\nserver: { timeouts: { header: 60s, idle: 60s } }\n"
                          "routes:\n  /**: public\n");
    std::size_t relayed = 0;
    std::size_t refused = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
        SCOPED_TRACE(testing::PrintToString(all[i]));
        Connection client(gateway.port());
        client.send("GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: gw.test\r\n\r\n");
        client.send("GET /good HTTP/1.1\r\nHost: gw.test\r\n\r\n");
        client.finish();
        const Answers answers = test::read_answers(client.read_all(), {"GET", "GET"});
        expect_answer(all[i], answers);
        ASSERT_LE(answers.replies.size(), 2U);
        if (answers.replies.size() == 2) EXPECT_EQ(answers.replies[1].body, "good");
        const bool is_refused = answers.replies.empty() || answers.replies[0].status == 502;
        ++(is_refused ? refused : relayed);
    }
    EXPECT_GE(relayed, 200U);
    EXPECT_GE(refused, 1000U);
    EXPECT_EQ(upstream.faults(), std::vector<std::string>{});
}

}  // namespace
