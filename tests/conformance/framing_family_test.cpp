// Cases of our own, of every class that makes two HTTP implementations see two requests where there
// is one: all pairs of framing fields in many spellings, all spellings of a coding and of a length,
// chunks broken in every way. Each is followed by a request that must not be smuggled in.
#include "oracle.hpp"
#include "volley.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace bearergate;
using namespace std::string_view_literals;
using test::Answers;
using test::Fixture;

constexpr std::string_view smuggled = "GET /api/admin/SMUGGLED HTTP/1.1\r\nHost: gw.test\r\n\r\n";

std::string post(std::string_view fields, std::string_view body, std::string_view version = "1.1") {
    return "POST /api/echo HTTP/" + std::string(version) +
           "\r\nHost: gw.test\r\nAuthorization: Bearer {T}\r\n" + std::string(fields) + "\r\n" +
           std::string(body);
}

// Sends all, holds each to the strict reading, and counts what was forwarded whole.
std::size_t expect_all_honest(const std::vector<std::string>& requests) {
    Fixture fixture;
    std::vector<std::string> bytes;
    std::vector<std::vector<std::string>> conversations;
    for (const std::string& request : requests) {
        bytes.push_back(fixture.filled(request));
        conversations.push_back({bytes.back()});
    }
    const auto all = test::converse_all(fixture, conversations);
    for (std::size_t i = 0; i < all.size(); ++i) {
        SCOPED_TRACE(testing::PrintToString(requests[i]));
        test::expect_honest(bytes[i], all[i], fixture.witness());
        EXPECT_FALSE(all[i].replies.empty());
    }
    return fixture.witness().whole_requests();
}

// Each alone is refused before the upstream hears of it, and ends the connection.
void expect_all_refused(const std::vector<std::string>& requests) {
    Fixture fixture;
    for (const std::string& request : requests) {
        SCOPED_TRACE(testing::PrintToString(request));
        const std::string bytes = fixture.filled(request);
        const Answers answers = fixture.converse(bytes);
        test::expect_honest(bytes, answers, fixture.witness());
        EXPECT_EQ(answers.statuses(), std::vector{400});
        EXPECT_EQ(outcome_of(answers.replies.at(0)), "bad_request");
        EXPECT_EQ(answers.replies.at(0).header("Connection"), "close");
    }
    EXPECT_EQ(fixture.witness().upstream().bytes(), 0U);
}

const std::vector<std::string_view> framing_lines = {
    "",
    "Content-Length: 5\r\n",
    "content-length:5\r\n",
    "Content-Length: 0\r\n",
    "Content-Length: 6\r\n",
    "Content-Length: 005\r\n",
    "Content-Length: 5, 5\r\n",
    "Content-Length: +5\r\n",
    "Content-Length : 5\r\n",
    " Content-Length: 5\r\n",
    "Content-Length:\r\n",
    "Content_Length: 5\r\n",
    "Content.Length: 5\r\n",
    "Transfer-Encoding: chunked\r\n",
    "transfer-encoding:chunked\r\n",
    "TRANSFER-ENCODING:\tCHUNKED \t\r\n",
    "Transfer-Encoding: identity\r\n",
    "Transfer-Encoding: gzip, chunked\r\n",
    "Transfer-Encoding: xchunked\r\n",
    "Transfer-Encoding:\r\n",
    "Transfer-Encoding : chunked\r\n",
    "Transfer-Encoding:\x0b"
    "chunked\r\n",
    "\tTransfer-Encoding: chunked\r\n",
    "Transfer_Encoding: chunked\r\n",
    "TE: chunked\r\n",
    "Content-Encoding: chunked\r\n",
    "X: y\nTransfer-Encoding: chunked\r\n",
    "X: y\rTransfer-Encoding: chunked\r\n",
    "X: \0\r\n"sv,
    "Connection: Content-Length, Transfer-Encoding\r\n",
    "Connection: close\r\n",
    "Expect: 100-continue\r\n",
    "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n",
};

TEST(FramingFamily, EveryPairOfFieldsIsReadOneWayOrRefused) {
    const std::string chunked = "5\r\nhello\r\n0\r\n\r\n";
    std::vector<std::string> requests;
    for (const std::string_view first : framing_lines) {
        for (const std::string_view second : framing_lines) {
            const std::string fields = std::string(first) + std::string(second);
            requests.push_back(post(fields, "hello" + std::string(smuggled)));
            requests.push_back(post(fields, chunked + std::string(smuggled)));
            requests.push_back(post(fields, "0\r\n\r\n" + std::string(smuggled), "1.0"));
        }
    }
    EXPECT_GE(expect_all_honest(requests), 500U);
}

TEST(FramingFamily, OnlyOneWordIsATransferCoding) {
    const std::vector<std::string_view> values = {
        "",
        " ",
        ",",
        "chunked,",
        ",chunked",
        "chunked ,",
        "chunked, ",
        ", chunked",
        "chunked,,",
        "chunked, chunked",
        "chunked;",
        "chunked;q=1",
        "chunked; q=0",
        "chunked=1",
        "chunked/1",
        "chunked chunked",
        "chunked identity",
        "identity, chunked",
        "chunked, identity",
        "identity",
        "gzip",
        "gzip, chunked",
        "gzip,chunked",
        "deflate, chunked",
        "compress",
        "br, chunked",
        "x-chunked",
        "xchunked",
        "chunkedx",
        "chunke",
        "chunk",
        "\"chunked\"",
        "'chunked'",
        "<chunked>",
        "(chunked)",
        "[chunked]",
        "{chunked}",
        "chunked()",
        "%63hunked",
        "chunked%00",
        "chunked\x0b",
        "\x0b"
        "chunked",
        "\x0c"
        "chunked",
        "chunked\x0c",
        "chunked\x1f",
        "\x7f"
        "chunked",
        "chunked\x85",
        "\xa0"
        "chunked",
        "chunked\xa0",
        "\xc2\xa0"
        "chunked",
        "\xef\xbb\xbf"
        "chunked",
        "chun\xe2\x84\xaa"
        "ed",
        "chun\xc4\xb1"
        "ked",
        "ch\xc3\xbcnked",
        "chunked\0"sv,
        "\0chunked"sv,
        "chun\0ked"sv,
        "chunked\r",
        "\rchunked",
        "chun\rked",
        "chunked\n",
        "\nchunked",
        "chunked\r\n ",
        "\r\n chunked",
        "\r\n\tchunked",
        "trailers",
        "chunked, trailers",
        "Chunked, Chunked",
        "null",
        "*",
        "0",
        "chunked\\",
        "\\chunked",
        "chunked:",
        ":chunked",
        "chunked#",
        "chunked\t,",
        "chunked\tchunked",
    };
    std::vector<std::string> requests;
    for (const std::string_view value : values) {
        const std::string line = "Transfer-Encoding: " + std::string(value) + "\r\n";
        requests.push_back(post(line, "0\r\n\r\n" + std::string(smuggled)));
        requests.push_back(post(line, smuggled));
        requests.push_back(post("Transfer-Encoding: chunked\r\n" + line, "0\r\n\r\n"));
        requests.push_back(post(line + "Transfer-Encoding: chunked\r\n", "0\r\n\r\n"));
    }
    expect_all_refused(requests);
}

TEST(FramingFamily, OnlyDigitsAreALength) {
    const std::vector<std::string_view> values = {
        "",
        "+5",
        "-5",
        "-0",
        "+0",
        "0x5",
        "0X5",
        "5h",
        "0b101",
        "0o5",
        "1e1",
        "5e0",
        "5.",
        "5.0",
        ".5",
        "5,",
        ",5",
        "5,5",
        "5, 5",
        "5 5",
        "5;5",
        "5;",
        "\"5\"",
        "'5'",
        "(5)",
        "[5]",
        "{5}",
        "5_0",
        "5'0",
        "1_0",
        "5\0"sv,
        "\0005"sv,
        "5\x0b",
        "\x0b"
        "5",
        "5\x0c",
        "5\x7f",
        "\xd9\xa5",
        "\xef\xbc\x95",
        "\xc2\xb2",
        "5\xc2\xa0",
        "\xa0"
        "5",
        "\xef\xbb\xbf"
        "5",
        "five",
        "NaN",
        "inf",
        "null",
        "5\r",
        "\r5",
        "5\n",
        "5\r\n ",
        "\r\n 5",
        "5 /* */",
        "5%",
        "%35",
        "5#",
        "5x",
        "18446744073709551616",
        "18446744073709551621",
        "99999999999999999999999999",
        "340282366920938463463374607431768211461",
        "-18446744073709551611",
    };
    std::vector<std::string> requests;
    for (const std::string_view value : values) {
        const std::string line = "Content-Length: " + std::string(value) + "\r\n";
        requests.push_back(post(line, "hello" + std::string(smuggled)));
        requests.push_back(post(line, "hello", "1.0"));
        requests.push_back(post("Content-Length: 5\r\n" + line, "hello"));
        requests.push_back(post(line + "Content-Length: 5\r\n", "hello"));
        requests.push_back(post("Transfer-Encoding: chunked\r\n" + line, "0\r\n\r\n"));
    }
    expect_all_refused(requests);
}

// Lengths that are digits, and more than the route takes, whatever number they come to elsewhere.
TEST(FramingFamily, AHugeLengthIsTooLargeAndNothingElse) {
    Fixture fixture;
    for (const char* length :
         {"1048577", "2147483648", "4294967296", "4294967301", "9223372036854775807",
          "9223372036854775808", "18446744073709551615", "0000000000000000000000001048577"}) {
        SCOPED_TRACE(length);
        const std::string bytes = fixture.filled(post(
            "Content-Length: " + std::string(length) + "\r\n", "hello" + std::string(smuggled)));
        const Answers answers = fixture.converse(bytes);
        EXPECT_EQ(answers.statuses(), std::vector{413});
        EXPECT_EQ(answers.replies.at(0).header("Connection"), "close");
    }
    EXPECT_EQ(fixture.witness().upstream().bytes(), 0U);
}

TEST(FramingFamily, BrokenChunksNeverReachTheUpstream) {
    const std::vector<std::string_view> bodies = {
        "\r\n",
        "\n",
        ";\r\n",
        " 5\r\nhello\r\n0\r\n\r\n",
        "5 \r\nhello\r\n0\r\n\r\n",
        "5\t\r\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "5h\r\nhello\r\n0\r\n\r\n",
        "5,\r\nhello\r\n0\r\n\r\n",
        "5.0\r\nhello\r\n0\r\n\r\n",
        "5_\r\nhello\r\n0\r\n\r\n",
        "\"5\"\r\nhello\r\n0\r\n\r\n",
        "5\0\r\nhello\r\n0\r\n\r\n"sv,
        "\xd9\xa5\r\nhello\r\n0\r\n\r\n",
        "5\xa0\r\nhello\r\n0\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "5\rhello\r\n0\r\n\r\n",
        "5\r\r\nhello\r\n0\r\n\r\n",
        "5\n\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "5\r\nhello\r0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhello\r\n\r\n0\r\n\r\n",
        "5\r\nhello!\r\n0\r\n\r\n",
        "5\r\nhell\r\n0\r\n\r\n",
        "5\r\nhelloXX0\r\n\r\n",
        "5;\r\nhello\r\n0\r\n\r\n",
        "5;;a\r\nhello\r\n0\r\n\r\n",
        "5;a;\r\nhello\r\n0\r\n\r\n",
        "5;=b\r\nhello\r\n0\r\n\r\n",
        "5;a=\r\nhello\r\n0\r\n\r\n",
        "5;a=;b\r\nhello\r\n0\r\n\r\n",
        "5; a\r\nhello\r\n0\r\n\r\n",
        "5 ;a\r\nhello\r\n0\r\n\r\n",
        "5;a =b\r\nhello\r\n0\r\n\r\n",
        "5;a= b\r\nhello\r\n0\r\n\r\n",
        "5;a=b c\r\nhello\r\n0\r\n\r\n",
        "5;a\nb\r\nhello\r\n0\r\n\r\n",
        "5;a\rb\r\nhello\r\n0\r\n\r\n",
        "5;a=\"b\r\nhello\r\n0\r\n\r\n",
        "5;a=\"b\"c\r\nhello\r\n0\r\n\r\n",
        "5;a=\"b\nc\"\r\nhello\r\n0\r\n\r\n",
        "5;a=\"b\r\nc\"\r\nhello\r\n0\r\n\r\n",
        "5;a=\"b\\\r\n\"\r\nhello\r\n0\r\n\r\n",
        "5;a=\"\0\"\r\nhello\r\n0\r\n\r\n"sv,
        "5;a=\x7f\r\nhello\r\n0\r\n\r\n",
        "5;\xc3\xa4\r\nhello\r\n0\r\n\r\n",
        "0000000000000005\r\nhello\r\n0\r\n\r\n",
        "FFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n",
        "10000000000000005\r\nhello\r\n0\r\n\r\n",
        "100000000000000000000\r\nhello\r\n0\r\n\r\n",
        "0\n\n",
        "0\r\n\n",
        "0\n\r\n",
        "0\r\r\n\r\n",
        "0\r\n\r\r",
        "0\r\nX\r\n\r\n",
        "0\r\n: y\r\n\r\n",
        "0\r\nX : y\r\n\r\n",
        "0\r\n X: y\r\n\r\n",
        "0\r\nX: y\r\n Z: w\r\n\r\n",
        "0\r\nX: y\nZ: w\r\n\r\n",
        "0\r\nX: \0\r\n\r\n"sv,
        "0\r\nX: \x7f\r\n\r\n",
        "0\r\nX(: y\r\n\r\n",
        "00000000000000000\r\n\r\n",
        "G\r\n",
        "hello",
        "GET / HTTP/1.1\r\n",
    };
    std::vector<std::string> requests;
    for (const std::string_view body : bodies) {
        requests.push_back(post("Transfer-Encoding: chunked\r\n", body));
        requests.push_back(
            post("Transfer-Encoding: chunked\r\n", std::string(body) + std::string(smuggled)));
        requests.push_back(
            post("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n" + std::string(body)));
    }
    expect_all_refused(requests);
}

TEST(FramingFamily, SoundChunksArriveAsTheirDataAlone) {
    const std::string extension(4000, 'x');
    std::string trailers;
    for (int i = 0; i < 32; ++i) trailers += "X-" + std::to_string(i) + ": y\r\n";
    const std::vector<std::string> bodies = {
        "0\r\n\r\n",
        "5\r\nhello\r\n0\r\n\r\n",
        "000000000000005\r\nhello\r\n000\r\n\r\n",
        "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n",
        "5;a\r\nhello\r\n0\r\n\r\n",
        "5;a=b;c=\"d \\\" ; \\\\ e\";f\r\nhello\r\n0;last\r\n\r\n",
        "5;" + extension + "\r\nhello\r\n0\r\n\r\n",
        "2\r\n\r\n\r\n3\r\n0\r\n\r\n0\r\n\r\n",
        "0\r\nHost: evil.test\r\nAuthorization: Bearer x\r\nX-Auth-Sub: root\r\n\r\n",
        "5\r\nhello\r\n0\r\n" + trailers + "\r\n",
        std::string("33\r\n") + std::string(smuggled) + "\r\n0\r\n\r\n",
    };
    std::vector<std::string> requests;
    for (const std::string& body : bodies) {
        requests.push_back(post("Transfer-Encoding: chunked\r\n", body));
    }
    EXPECT_EQ(expect_all_honest(requests), requests.size());
}

TEST(FramingFamily, WhatIsAroundTheDataIsBounded) {
    std::string many;
    for (int i = 0; i < 3000; ++i) many += "1;a\r\nx\r\n";
    std::string trailers;
    for (int i = 0; i < 33; ++i) trailers += "X-" + std::to_string(i) + ": y\r\n";
    Fixture fixture;
    for (const std::string& body :
         {"5;" + std::string(4097, 'x') + "\r\nhello\r\n0\r\n\r\n", many + "0\r\n\r\n",
          "0\r\n" + trailers + "\r\n", "0\r\nX: " + std::string(4096, 'y') + "\r\n\r\n"}) {
        const std::string bytes = fixture.filled(post("Transfer-Encoding: chunked\r\n", body));
        const Answers answers = fixture.converse(bytes);
        test::expect_honest(bytes, answers, fixture.witness());
        EXPECT_EQ(answers.statuses(), std::vector{400});
    }
    EXPECT_EQ(fixture.witness().whole_requests(), 0U);
}

}  // namespace
