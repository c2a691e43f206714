#include <bearergate/http/cors.hpp>

#include "reading.hpp"

#include <gtest/gtest.h>

#include <string>

namespace bearergate::http {
namespace {

using test::read_request;
using test::request_with;

const Cors listed{.origins = {"https://app.test", "http://localhost:3000"},
                  .methods = {"GET", "PUT"},
                  .headers = {"Authorization", "Content-Type"},
                  .credentials = true,
                  .max_age = std::chrono::seconds(600)};
const Cors anybody{.origins = {"*"}};

std::string lines_for(const Cors& cors, std::string_view fields) {
    const std::string bytes = request_with(fields);
    RequestHead head;
    EXPECT_TRUE(read_request(bytes, head).accepted());
    return cors_lines(cors, head);
}

TEST(Cors, OnlyListedOriginsAreAnswered) {
    EXPECT_EQ(lines_for(listed, "Origin: https://app.test\r\n"),
              "Access-Control-Allow-Origin: https://app.test\r\n"
              "Access-Control-Allow-Credentials: true\r\nVary: Origin\r\n");
    EXPECT_EQ(lines_for(listed, "Origin: http://localhost:3000\r\n").substr(0, 50),
              "Access-Control-Allow-Origin: http://localhost:3000");
    for (const std::string_view origin :
         {"https://app.test.evil.test", "https://app.tes", "http://app.test", "https://APP.test",
          "https://app.test/", "https://app.test:443", "null", "*", "",
          "https://app.test https://evil.test"}) {
        EXPECT_EQ(lines_for(listed, "Origin: " + std::string(origin) + "\r\n"), "Vary: Origin\r\n")
            << origin;
    }
    EXPECT_EQ(lines_for(listed, ""), "Vary: Origin\r\n");
    EXPECT_EQ(lines_for(listed, "Origin: https://app.test\r\nOrigin: https://app.test\r\n"),
              "Vary: Origin\r\n");
}

TEST(Cors, AnyOriginIsAStarAndNeverWithCredentials) {
    EXPECT_EQ(lines_for(anybody, "Origin: https://x.test\r\n"),
              "Access-Control-Allow-Origin: *\r\nVary: Origin\r\n");
    Cors wrong = anybody;
    wrong.credentials = true;
    EXPECT_EQ(lines_for(wrong, "Origin: https://x.test\r\n"), "Vary: Origin\r\n");
    const Cors mixed{.origins = {"*", "https://app.test"}};
    EXPECT_EQ(lines_for(mixed, "Origin: https://x.test\r\n"), "Vary: Origin\r\n");
}

TEST(Preflight, IsAnOptionsThatAsksForAMethodAndHasNoBody) {
    const auto method_of = [](std::string_view fields, std::string_view method = "OPTIONS") {
        const std::string bytes = request_with(fields, method);
        RequestHead head;
        EXPECT_TRUE(read_request(bytes, head).accepted()) << fields;
        return std::string(preflight_method(head).value_or("(none)"));
    };
    const std::string asks = "Origin: https://app.test\r\nAccess-Control-Request-Method: PUT\r\n";
    EXPECT_EQ(method_of(asks), "PUT");
    EXPECT_EQ(method_of(asks + "Content-Length: 0\r\n"), "PUT");
    EXPECT_EQ(method_of("Origin: null\r\naccess-control-request-method: put\r\n"), "put");
    EXPECT_EQ(method_of(asks, "GET"), "(none)");
    EXPECT_EQ(method_of(asks, "options"), "(none)");
    EXPECT_EQ(method_of(asks + "Content-Length: 5\r\n"), "(none)");
    EXPECT_EQ(method_of(asks + "Transfer-Encoding: chunked\r\n"), "(none)");
    EXPECT_EQ(method_of("Origin: https://app.test\r\n"), "(none)");
    EXPECT_EQ(method_of("Access-Control-Request-Method: PUT\r\n"), "(none)");
    EXPECT_EQ(method_of(asks + "Origin: https://other.test\r\n"), "(none)");
    EXPECT_EQ(method_of(asks + "Access-Control-Request-Method: GET\r\n"), "(none)");
    EXPECT_EQ(method_of("Origin: a\r\nAccess-Control-Request-Method:\r\n"), "(none)");
    EXPECT_EQ(method_of("Origin: a\r\nAccess-Control-Request-Method: A, B\r\n"), "(none)");
}

std::string preflight(const Cors& cors, std::string_view origin, bool keep_alive = true,
                      int minor = 1) {
    const std::string bytes = "OPTIONS /a HTTP/1." + std::to_string(minor) +
                              "\r\nHost: a\r\nOrigin: " + std::string(origin) +
                              "\r\nAccess-Control-Request-Method: PUT\r\n\r\n";
    RequestHead head;
    EXPECT_TRUE(read_request(bytes, head).accepted());
    std::string out = "kept";
    write_preflight(out, cors, head, "id", keep_alive);
    EXPECT_TRUE(out.starts_with("kept"));
    return out.substr(4);
}

TEST(Preflight, TellsAListedOriginWhatItMay) {
    EXPECT_EQ(preflight(listed, "https://app.test"),
              "HTTP/1.1 204 No Content\r\n"
              "Access-Control-Allow-Origin: https://app.test\r\n"
              "Access-Control-Allow-Credentials: true\r\n"
              "Access-Control-Allow-Methods: GET, PUT\r\n"
              "Access-Control-Allow-Headers: Authorization, Content-Type\r\n"
              "Access-Control-Max-Age: 600\r\n"
              "Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers\r\n"
              "X-Request-Id: id\r\n\r\n");
}

TEST(Preflight, TellsOthersNothing) {
    EXPECT_EQ(preflight(listed, "https://evil.test", false),
              "HTTP/1.1 204 No Content\r\n"
              "Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers\r\n"
              "X-Request-Id: id\r\nConnection: close\r\n\r\n");
    EXPECT_NE(preflight(listed, "https://evil.test", true, 0).find("Connection: keep-alive\r\n"),
              std::string::npos);
}

TEST(Preflight, SendsNoEmptyLists) {
    const std::string answer =
        preflight({.origins = {"*"}, .max_age = std::chrono::seconds(-1)}, "https://x.test");
    EXPECT_EQ(answer.find("Allow-Methods"), std::string::npos);
    EXPECT_EQ(answer.find("Allow-Headers"), std::string::npos);
    EXPECT_NE(answer.find("Access-Control-Max-Age: 0\r\n"), std::string::npos);
    ResponseHead head;
    EXPECT_TRUE(test::read_response(answer, "OPTIONS", head).accepted());
}

}  // namespace
}  // namespace bearergate::http
