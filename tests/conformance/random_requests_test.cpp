// Requests that nobody thought of: good ones, several on a connection, damaged at random places and
// cut anywhere, each held to the strict reading. The numbers are the same in every run.
#include "oracle.hpp"
#include "volley.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace bearergate;
using namespace std::string_view_literals;
using test::Fixture;

const std::vector<std::string> seeds = {
    "GET /public/a HTTP/1.1\r\nHost: gw.test\r\n\r\n",
    "HEAD /public/a HTTP/1.1\r\nHost: gw.test\r\n\r\n",
    "GET /public/a?b=c HTTP/1.0\r\nHost: gw.test\r\nConnection: keep-alive\r\n\r\n",
    "GET http://gw.test/public/a HTTP/1.1\r\nHost: gw.test\r\n\r\n",
    "GET /public/a HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 3\r\n\r\nabc",
    "POST /public/a HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 5\r\n\r\nhello",
    "GET /public/b HTTP/1.1\r\nHost: gw.test\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5\r\nhello\r\n0\r\n\r\n",
    "GET /public/b HTTP/1.1\r\nHost: gw.test\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5;a=b\r\nhello\r\n6;c=\"d e\"\r\n world\r\n0\r\nX: y\r\n\r\n",
    "GET /public/b HTTP/1.1\r\nHost: gw.test\r\nTransfer-Encoding: chunked\r\n\r\n"
    "2e\r\nGET /api/admin/x HTTP/1.1\r\nHost: gw.test\r\n\r\n\r\n0\r\n\r\n",
    "GET /public/c HTTP/1.1\r\nHost: gw.test\r\nConnection: close, X\r\nX: y\r\n\r\n",
    "GET /public/c HTTP/1.1\r\nHost: gw.test\r\nExpect: 100-continue\r\nContent-Length: "
    "2\r\n\r\nok",
    "GET /api/admin/x HTTP/1.1\r\nHost: gw.test\r\nX-Auth-Sub: root\r\n\r\n",
};

const std::vector<std::string_view> splinters = {
    "\r",
    "\n",
    "\r\n",
    "\r\n\r\n",
    " ",
    "\t",
    "\0"sv,
    "\x0b",
    "\x7f",
    "\x80",
    "\xff",
    ":",
    ";",
    ",",
    "=",
    "\"",
    "\\",
    "/",
    "?",
    "#",
    "%",
    "0",
    "5",
    "F",
    "-",
    "+",
    "_",
    "chunked",
    "close",
    "Content-Length: 5\r\n",
    "Content-Length: 0\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: gzip\r\n",
    "Host: evil.test\r\n",
    "0\r\n\r\n",
    "5\r\nhello\r\n",
    "HTTP/1.1",
    "HTTP/1.0",
    "GET ",
    "Connection: keep-alive\r\n",
    "\r\n ",
    "Trailer: X\r\n",
};

class Vandal {
public:
    explicit Vandal(unsigned seed) : random_(seed) {}

    std::size_t below(std::size_t count) {
        return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_);
    }
    template <class T>
    const T& one_of(const std::vector<T>& all) {
        return all[below(all.size())];
    }
    void damage(std::string& text) {
        const std::size_t at = below(text.size());
        switch (below(5)) {
            case 0: text.insert(at, one_of(splinters)); break;
            case 1: text.erase(at, 1 + below(3)); break;
            case 2: text.replace(at, 1, one_of(splinters)); break;
            case 3: text[at] = static_cast<char>(below(256)); break;
            default: text.insert(at, text.substr(below(text.size()), 1 + below(12))); break;
        }
        if (text.empty()) text = "x";
    }

private:
    std::minstd_rand random_;
};

class RandomRequests : public testing::TestWithParam<unsigned> {};

TEST_P(RandomRequests, AreReadOneWayOrRefused) {
    Vandal vandal(GetParam());
    std::size_t forwarded = 0;
    std::size_t refused = 0;
    for (int batch = 0; batch < 10; ++batch) {
        Fixture fixture;
        std::vector<std::string> requests;
        std::vector<std::vector<std::string>> conversations;
        for (int i = 0; i < 100; ++i) {
            std::string bytes = vandal.one_of(seeds) + vandal.one_of(seeds);
            for (std::size_t times = 1 + vandal.below(3); times > 0; --times) vandal.damage(bytes);
            bytes += test::canary;
            const std::size_t cut = vandal.below(bytes.size());
            requests.push_back(bytes);
            conversations.push_back({bytes.substr(0, cut), bytes.substr(cut)});
        }
        const auto all = test::converse_all(fixture, conversations);
        for (std::size_t i = 0; i < all.size(); ++i) {
            SCOPED_TRACE(testing::PrintToString(requests[i]));
            test::expect_honest(requests[i], all[i], fixture.witness());
            for (const test::Reply& reply : all[i].replies) refused += reply.status != 200;
        }
        forwarded += fixture.witness().whole_requests();
    }
    // Neither all good nor all bad, or it would be no test.
    EXPECT_GE(forwarded, 300U);
    EXPECT_GE(refused, 500U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomRequests, testing::Values(1U, 2U, 3U, 4U));

}  // namespace
