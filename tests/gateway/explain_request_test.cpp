// The request that is explained: what a client would send, or a word about why there is none.
#include <bearergate/gateway/explain.hpp>

#include <gtest/gtest.h>

#include <string>

namespace bearergate::gateway {
namespace {

TEST(RequestHead, IsWhatAClientWouldSend) {
    EXPECT_EQ(request_head("GET", "/a?b", {}, std::nullopt).value(),
              "GET /a?b HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_EQ(request_head("POST", "https://api.example:8443/a", {"X-Org:  acme "}, "t").value(),
              "POST /a HTTP/1.1\r\nHost: api.example:8443\r\nX-Org: acme\r\n"
              "Authorization: Bearer t\r\n\r\n");
    EXPECT_EQ(request_head("GET", "http://api.example", {}, std::nullopt).value(),
              "GET / HTTP/1.1\r\nHost: api.example\r\n\r\n");
    EXPECT_EQ(request_head("GET", "http://api.example?x", {}, std::nullopt).value(),
              "GET /?x HTTP/1.1\r\nHost: api.example\r\n\r\n");
    EXPECT_EQ(request_head("GET", "http://api.example/", {"host: b"}, std::nullopt).value(),
              "GET / HTTP/1.1\r\nhost: b\r\n\r\n");
}

TEST(RequestHead, IsRefusedInAWordWhereItCannotBeOne) {
    EXPECT_FALSE(request_head("GET", "items", {}, std::nullopt));
    EXPECT_FALSE(request_head("GET", "ftp://h/", {}, std::nullopt));
    EXPECT_FALSE(request_head("GET", "", {}, std::nullopt));
    EXPECT_FALSE(request_head("GET", "/", {"NoColon"}, std::nullopt));
    EXPECT_FALSE(request_head("GET", "/", {": x"}, std::nullopt));
    EXPECT_FALSE(request_head("GET", "/", {"A B: x"}, std::nullopt));
    EXPECT_FALSE(request_head("GET", "/", {"A: x\r\nB: y"}, std::nullopt));
    EXPECT_FALSE(request_head("GET", "/\r\nX: y", {}, std::nullopt));
    EXPECT_FALSE(request_head("GET\r\n", "/", {}, std::nullopt));
    EXPECT_FALSE(request_head("GET", "/", {}, "a\r\nX: y"));
}

// A token may be pasted anywhere.
TEST(RequestHead, SaysWhichHeaderIsNoneAndNotWhatItHolds) {
    const auto head = request_head("GET", "/", {"X: 1", "Bearer eyJhbGciOi"}, std::nullopt);
    ASSERT_FALSE(head);
    EXPECT_EQ(head.error(), "header 2 is not written 'Name: value'");
}

}  // namespace
}  // namespace bearergate::gateway
