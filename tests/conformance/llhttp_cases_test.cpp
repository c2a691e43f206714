// The test collection of Node's llhttp: what it calls an error is refused here, and what we take
// means what it means by the strict reading. Most of its requests have no Host, so each is sent
// with one as well.
#include "oracle.hpp"
#include "raw_cases.hpp"
#include "support/vectors.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace {

using namespace bearergate;
using test::Answers;
using test::Reading;
using test::Witness;

struct Llhttp {
    std::string name{};
    std::string kind{};  // "request" or "response", and a leniency that we do not have
    std::string bytes{};
    std::string error{};
};

std::vector<Llhttp> cases_of(const std::string& kind) {
    std::vector<Llhttp> all;
    for (const auto& c : test::read_cases("http/llhttp_cases.json")) {
        Llhttp one{.name = c["title"],
                   .kind = c["meta"]["type"],
                   .bytes = test::decode_base64(c["bytes_b64"])};
        if (!c["llhttp_error"].is_null()) one.error = c["llhttp_error"]["reason"];
        if (one.kind.starts_with(kind)) all.push_back(std::move(one));
    }
    return all;
}

// These "errors" are its way to hand the connection over, or are said after a whole message.
bool is_no_fault(const std::string& error) {
    static const std::set<std::string> harmless{"Pause on CONNECT/Upgrade",
                                                "Data after `Connection: close`"};
    return error.empty() || harmless.contains(error);
}

std::string with_host(std::string bytes) {
    const auto line = bytes.find("\r\n");
    if (line == bytes.npos || bytes.find("Host:") != bytes.npos) return bytes;
    return bytes.insert(line + 2, "Host: gw.test\r\n");
}

// A gateway that lets everything through: what is refused is refused as HTTP.
class OpenHouse {
public:
    OpenHouse()
        : gateway_("upstream: " + witness_.url() +
                   "\nserver: { timeouts: { header: 60s, idle: 60s } }\n"
                   "paths: { semicolon: opaque }\n"
                   "routes:\n  \"GET,HEAD,POST,PUT,PATCH,DELETE,OPTIONS,M-SEARCH,QUERY,REPORT,"
                   "SEARCH,PURGE,LINK,UNLINK,SOURCE,BIND,MKACTIVITY /**\": public\n") {}

    Answers converse(const std::string& bytes) {
        test::Connection connection(gateway_.port());
        connection.send(bytes);
        connection.finish();
        return test::read_answers(connection.read_all(), test::read_strictly(bytes).methods);
    }
    Witness& witness() { return witness_; }

private:
    Witness witness_{};
    test::Gateway gateway_;
};

TEST(LlhttpRequests, WhatIsTakenMeansTheSame) {
    if (!test::has_vectors("http")) GTEST_SKIP() << test::no_vectors;
    OpenHouse house;
    std::size_t taken = 0;
    std::size_t refused = 0;
    for (const Llhttp& c : cases_of("request")) {
        for (const std::string& bytes : {c.bytes, with_host(c.bytes)}) {
            SCOPED_TRACE(c.name + " (" + c.error + "): " + bytes);
            const auto before = house.witness().whole_requests();
            const Answers answers = house.converse(bytes);
            test::expect_honest(bytes, answers, house.witness());
            const auto arrived = house.witness().whole_requests() - before;
            // Its verdict falls on the last message of several.
            const Reading reading = test::read_strictly(bytes);
            if (!is_no_fault(c.error)) EXPECT_LE(arrived, reading.whole.size());
            if (!is_no_fault(c.error) && reading.end == Reading::End::clean) {
                EXPECT_EQ(arrived, 0U) << "an error there, and not here";
            }
            taken += arrived;
            refused += arrived == 0 ? 1 : 0;
        }
    }
    EXPECT_GE(taken, 60U);
    EXPECT_GE(refused, 100U);
    RecordProperty("forwarded", static_cast<int>(taken));
    RecordProperty("refused", static_cast<int>(refused));
}

// A response's chunks, extensions and trailers included, as the strict reading has those of a
// request.
std::string chunked_body(const std::string& response) {
    const auto reading =
        test::read_strictly(with_host("POST / HTTP/1.1" + response.substr(response.find("\r\n"))));
    return reading.whole.empty() ? "not whole" : reading.whole.front().body;
}

TEST(LlhttpResponses, WhatIsTakenMeansTheSame) {
    if (!test::has_vectors("http")) GTEST_SKIP() << test::no_vectors;
    std::size_t taken = 0;
    for (const Llhttp& c : cases_of("response")) {
        SCOPED_TRACE(c.name + " (" + c.error + "): " + c.bytes);
        test::RecordingUpstream upstream([&](test::UpstreamPeer& peer) {
            if (peer.read_request()) peer.send(c.bytes);
        });
        test::Gateway gateway("upstream: " + upstream.url() + "\nroutes:\n  /**: public\n");
        test::Connection client(gateway.port());
        client.send("GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n");
        client.finish();
        const Answers ours = test::read_answers(client.read_all(), {"GET"});
        // What the upstream said, read by the same strict client.
        const Answers theirs = test::read_answers(c.bytes, {"GET"});
        ASSERT_LE(ours.replies.size(), 1U);
        if (ours.replies.empty() || ours.replies[0].status == 502) continue;  // cut, or refused
        ++taken;
        EXPECT_TRUE(is_no_fault(c.error)) << "an error there, and not here";
        EXPECT_EQ(ours.replies[0].body,
                  theirs.replies.empty() ? chunked_body(c.bytes) : theirs.replies[0].body);
    }
    EXPECT_GE(taken, 30U);
    RecordProperty("taken", static_cast<int>(taken));
}

}  // namespace
