// Every hostile response of the collection, from an upstream that sends just that: what the client
// gets, that the connection it came on is never used again, and that the next request gets its own
// answer.
#include "oracle.hpp"
#include "raw_cases.hpp"
#include "support/vectors.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <string>
#include <vector>

namespace {

using namespace bearergate;
using test::Answers;
using test::Connection;
using test::Reply;
using test::UpstreamPeer;

// What the client gets for the first request.
struct Fate {
    int status;
    const char* body = "";  // of a whole 200
    bool cut = false;       // the head came, the body did not end
    bool reusable = false;  // the upstream's connection may carry the next request
};

// Where the collection leaves a choice, this is ours. All others are 502.
const std::map<std::string, Fate> fates{
    {"RS-008", {200, "hello"}},
    {"RS-009", {200, "EVIL"}},
    {"RS-010", {204}},
    {"RS-011", {304}},
    {"RS-012", {200}},
    {"RS-014", {.status = 200, .body = "ok", .reusable = true}},
    {"RS-033", {.status = 200, .cut = true}},
    {"RS-035", {.status = 200, .cut = true}},
    {"RS-039", {200, "hello"}},
    {"RS-040", {.status = 200, .cut = true}},
    {"RS-043", {200, "ok"}},
    {"RS-044", {200, "ok"}},
    {"RS-045", {200, "\x1f\x8b"}},
    {"RS-046", {.status = 200, .cut = true}},
    {"RS-047", {504}},
};

constexpr const char* good = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood";

// Sends the hostile bytes to the first request that comes, on whichever connection, and good ones
// to all others; on the hostile connection nothing more.
struct HostileUpstream {
    HostileUpstream(std::string bytes, std::string then)
        : upstream([this, bytes = std::move(bytes), then = std::move(then)](UpstreamPeer& peer) {
              const auto request = peer.read_request();
              if (!request) return;
              if (!struck.exchange(true)) {
                  peer.send(bytes);
                  if (then != "close" && peer.read_request()) ++reused;
                  return;
              }
              do {
                  peer.send(good);
              } while (peer.read_request());
          }) {}

    std::atomic<bool> struck = false;
    std::atomic<int> reused = 0;  // requests on the connection behind the hostile bytes
    test::RecordingUpstream upstream;
};

std::string configuration(const std::string& upstream) {
    return "server: { timeouts: { idle: 5s } }\n"
           "upstreams: { default: { url: \"" +
           upstream + "\", timeouts: { response: 300ms, body: 300ms } } }\n" +
           "routes:\n  GET /public/**: public\n";
}

void expect_fate(const Fate& fate, const Answers& first, Connection::End end) {
    if (fate.cut) {
        // Never a whole response, and nothing behind it.
        EXPECT_TRUE(first.replies.empty());
        EXPECT_TRUE(first.rest.starts_with("HTTP/1.1 200"));
        EXPECT_FALSE(first.rest.ends_with("\r\n0\r\n\r\n"));
        EXPECT_NE(end, Connection::End::none);
        return;
    }
    EXPECT_EQ(first.rest, "");
    ASSERT_FALSE(first.replies.empty());
    const Reply& reply = first.replies.front();
    EXPECT_EQ(reply.status, fate.status);
    EXPECT_LE(reply.count("Content-Length") + reply.count("Transfer-Encoding"), 1U);
    EXPECT_EQ(reply.count("Keep-Alive") + reply.count("Proxy-Authenticate"), 0U);
    EXPECT_EQ(reply.count("X-Request-Id"), 1U);
    if (fate.status == 502 || fate.status == 504) {
        test::expect_refusal(reply, "");
        EXPECT_EQ(reply.header("Set-Cookie"), "");
    } else {
        EXPECT_EQ(reply.body, fate.body);
    }
}

void expect_case(const nlohmann::json& c) {
    const auto known = fates.find(c["id"]);
    const Fate fate = known == fates.end() ? Fate{502} : known->second;
    const std::string method =
        c["req"].get<std::string>().substr(0, c["req"].get<std::string>().find(' '));
    HostileUpstream hostile(test::decode_base64(c["bytes_b64"]), c["then"]);
    test::Gateway gateway(configuration(hostile.upstream.url()));
    Connection client(gateway.port());
    client.send(method + " /public/a HTTP/1.1\r\nHost: gw.test\r\n\r\n");
    client.send("GET /public/b HTTP/1.1\r\nHost: gw.test\r\n\r\n");
    client.finish();
    const Answers answers = test::read_answers(client.read_all(), {method, "GET"});
    expect_fate(fate, answers, client.end());
    if (!fate.cut) {
        ASSERT_EQ(answers.replies.size(), 2U);
        EXPECT_EQ(answers.replies[1].body, "good");
    }
    // And for somebody else.
    const Reply other = test::ask(gateway.port(), {.target = "/public/c"});
    EXPECT_EQ(other.status, 200);
    EXPECT_EQ(other.body, "good");
    gateway.stop();
    EXPECT_EQ(hostile.reused, fate.reusable ? 1 : 0) << "the connection was trusted again";
}

TEST(RawResponses, NoneReachesMoreThanItsOwnRequest) {
    if (!test::has_vectors("http")) GTEST_SKIP() << test::no_vectors;
    std::size_t seen = 0;
    for (const auto& c : test::read_cases("http/raw_responses.json")) {
        SCOPED_TRACE(c["id"].get<std::string>() + ": " + c["expect"].get<std::string>());
        expect_case(c);
        ++seen;
    }
    EXPECT_GE(seen, 36U);
}

}  // namespace
