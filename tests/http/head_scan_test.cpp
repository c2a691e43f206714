#include <bearergate/http/head_scan.hpp>

#include "reading.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bearergate::http {
namespace {

using core::Reason;
using test::shown;
using namespace std::string_literals;
using namespace std::string_view_literals;

// What a scan says in the end: the head's length, or a reason, or that bytes are missing.
struct Verdict {
    std::optional<std::size_t> size{};
    std::optional<Reason> reason{};
    bool operator==(const Verdict&) const = default;
};

Verdict verdict_of(HeadScan& scan, std::string_view bytes) {
    const auto answer = scan.feed(bytes);
    if (!answer) return {.reason = answer.error()};
    return {.size = *answer};
}

Verdict whole(std::string_view bytes, HeadScan::Kind kind, HeadLimits limits = {}) {
    HeadScan scan(kind, limits);
    return verdict_of(scan, bytes);
}

void expect_same_at_every_split(std::string_view bytes, HeadScan::Kind kind,
                                HeadLimits limits = {}) {
    const Verdict expected = whole(bytes, kind, limits);
    for (std::size_t at = 0; at <= bytes.size(); ++at) {
        HeadScan scan(kind, limits);
        verdict_of(scan, bytes.substr(0, at));
        ASSERT_EQ(verdict_of(scan, bytes), expected) << "split at " << at;
    }
    HeadScan scan(kind, limits);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const Verdict early = verdict_of(scan, bytes.substr(0, size));
        if (early != Verdict{}) ASSERT_EQ(early, expected) << "after " << size << " bytes";
    }
    ASSERT_EQ(verdict_of(scan, bytes), expected) << "byte by byte";
}

TEST(HeadScan, WellFormedRequestsEndAtTheEmptyLine) {
    const std::vector<std::string> heads = {
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "GET /a?b=c HTTP/1.1\r\nHost: gw.test\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: gw.test\r\n\r\n",
        "CONNECT gw.test:443 HTTP/1.1\r\nHost: gw.test:443\r\n\r\n",
        "M-SEARCH!#$%&'*+.^_`|~09 /a HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a HTTP/1.1\r\nX:\r\nY: \r\nZ:\t\r\n\r\n",
        "GET /a HTTP/1.1\r\nX: \t a \t b\t \r\n\r\n",
        "GET /a HTTP/1.1\r\nX: caf\xc3\xa9 \xff\r\n\r\n",
        "GET /a HTTP/1.1\r\nX::::\r\n\r\n",
        "GET /a HTTP/1.1\r\nX: " + std::string(1000, 'v') + "\r\n\r\n",
        "GET /a HTTP/1.1\r\nX: " + std::string(40, 'v') + "\t" + std::string(40, 'w') + "\r\n\r\n",
    };
    for (const std::string& head : heads) {
        SCOPED_TRACE(shown(head));
        EXPECT_EQ(whole(head, HeadScan::Kind::request).size, head.size());
        EXPECT_EQ(whole(head + "GET \0\n\xff"s, HeadScan::Kind::request).size, head.size());
        expect_same_at_every_split(head + "body", HeadScan::Kind::request);
    }
}

TEST(HeadScan, WellFormedResponsesEndAtTheEmptyLine) {
    const std::vector<std::string> heads = {
        "HTTP/1.1 200 OK\r\n\r\n",       "HTTP/1.0 404 Not Found\r\n\r\n",
        "HTTP/1.1 200 \r\n\r\n",         "HTTP/1.1 200  OK\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 599 a\tb \xeb\r\nSet-Cookie: a=b\r\n\r\n",
    };
    for (const std::string& head : heads) {
        SCOPED_TRACE(shown(head));
        EXPECT_EQ(whole(head, HeadScan::Kind::response).size, head.size());
        expect_same_at_every_split(head + "body", HeadScan::Kind::response);
    }
}

TEST(HeadScan, WhatTwoReadersCouldReadDifferentlyIsRefused) {
    const std::vector<std::string_view> heads = {
        // Before and in the request line.
        "\r\nGET / HTTP/1.1\r\n\r\n",
        "\nGET / HTTP/1.1\r\n\r\n",
        " GET / HTTP/1.1\r\n\r\n",
        "\0GET / HTTP/1.1\r\n\r\n"sv,
        "GET  / HTTP/1.1\r\n\r\n",
        "GET\t/ HTTP/1.1\r\n\r\n",
        "GET /\tHTTP/1.1\r\n\r\n",
        "GET /\x0bHTTP/1.1\r\n\r\n",
        "GET /  HTTP/1.1\r\n\r\n",
        "GET / b HTTP/1.1\r\n\r\n",
        "GET /\r\n\r\n",
        "GET / \r\n\r\n",
        "GET\r\n\r\n",
        "G\"T / HTTP/1.1\r\n\r\n",
        "G(T / HTTP/1.1\r\n\r\n",
        "G\xc3\x84T / HTTP/1.1\r\n\r\n",
        "GET /\xc3\xa9 HTTP/1.1\r\n\r\n",
        "GET /\x7f HTTP/1.1\r\n\r\n",
        "GET /\0 HTTP/1.1\r\n\r\n"sv,
        "GET /a\nHTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1 \r\n\r\n",
        "GET / HTTP/1.1x\r\n\r\n",
        "GET / HTTP/1.1\n\r\n",
        "GET / HTTP/1.1\r\r\n",
        "GET / HTTP/1.1\rHost: a\r\n\r\n",
        "GET / HTTP/1.2\r\n\r\n",
        "GET / HTTP/1.11\r\n\r\n",
        "GET / HTTP/01.1\r\n\r\n",
        "GET / HTTP/2.0\r\n\r\n",
        "GET / HTTP/0.9\r\n\r\n",
        "GET / HTTP/1\r\n\r\n",
        "GET / http/1.1\r\n\r\n",
        "GET / HTTPS/1.1\r\n\r\n",
        "GET / ICE/1.1\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "\x16\x03\x01\x02\x00"sv,
        // In the fields.
        "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
        "GET / HTTP/1.1\r\n\tHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nX: a\r\n b\r\n\r\n",
        "GET / HTTP/1.1\r\nX: a\r\n\tb\r\n\r\n",
        "GET / HTTP/1.1\r\nX: a\r\n \r\n\r\n",
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost\t: a\r\n\r\n",
        "GET / HTTP/1.1\r\n: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost\r\n\r\n",
        "GET / HTTP/1.1\r\nX Y: a\r\n\r\n",
        "GET / HTTP/1.1\r\nX(Y): a\r\n\r\n",
        "GET / HTTP/1.1\r\nX\xe2\x80\x8b: a\r\n\r\n",
        "GET / HTTP/1.1\r\nX\x85: a\r\n\r\n",
        "GET / HTTP/1.1\r\nX\0: a\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nX: a\nY: b\r\n\r\n",
        "GET / HTTP/1.1\r\nX: a\rY: b\r\n\r\n",
        "GET / HTTP/1.1\r\nX: a\0b\r\n\r\n"sv,
        "GET / HTTP/1.1\r\nX: a\x01\r\n\r\n",
        "GET / HTTP/1.1\r\nX: a\x1f\r\n\r\n",
        "GET / HTTP/1.1\r\nX: a\x7f\r\n\r\n",
        "GET / HTTP/1.1\r\nX: aaaaaaaa\x0b\x62\r\n\r\n",
        "GET / HTTP/1.1\r\nX: a\r\r\n\r\n",
        "GET / HTTP/1.1\r\nX: a\n\r\n",
        "GET / HTTP/1.1\r\nX: a\r\n\n",
        "GET / HTTP/1.1\r\nX: a\r\n\rZ",
        "GET / HTTP/1.1\r\nX: a\r\n\r\rZ",
        "GET / HTTP/1.1\n\nX: a\n\n",
    };
    for (const std::string_view head : heads) {
        SCOPED_TRACE(shown(head));
        EXPECT_EQ(whole(head, HeadScan::Kind::request).reason, Reason::bad_request);
        expect_same_at_every_split(head, HeadScan::Kind::request);
    }
}

TEST(HeadScan, BrokenStatusLinesAreRefused) {
    const std::vector<std::string_view> heads = {
        "HTTP/1.1 200\r\n\r\n",
        "HTTP/1.1  200 OK\r\n\r\n",
        "HTTP/1.1\t200 OK\r\n\r\n",
        "HTTP/1.1 099 X\r\n\r\n",
        "HTTP/1.1 000 X\r\n\r\n",
        "HTTP/1.1 600 X\r\n\r\n",
        "HTTP/1.1 999 X\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 2x0 OK\r\n\r\n",
        "HTTP/1.1 -20 OK\r\n\r\n",
        "HTTP/1.2 200 OK\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/2 200 OK\r\n\r\n",
        "HTTP/0.9 200 OK\r\n\r\n",
        "http/1.1 200 OK\r\n\r\n",
        "\r\nHTTP/1.1 200 OK\r\n",
        " HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 O\x01K\r\n\r\n",
        "HTTP/1.1 200 O\0K\r\n\r\n"sv,
        "HTTP/1.1 200 O\x7fK\r\n\r\n",
        "HTTP/1.1 200 OK\n\r\n",
        "HTTP/1.1 200 OK\rX\r\n",
        "HTTP/1.1 200 OK\r\n X: a\r\n\r\n",
        "hello\r\n",
        "<html>",
        "GET / HTTP/1.1\r\n\r\n",
        "ICE/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\nSet-Cookie: b\r\n\r\n",
    };
    for (const std::string_view head : heads) {
        SCOPED_TRACE(shown(head));
        EXPECT_EQ(whole(head, HeadScan::Kind::response).reason, Reason::bad_request);
        expect_same_at_every_split(head, HeadScan::Kind::response);
    }
}

// Nobody should wait for the end of a line to learn that its start is wrong.
TEST(HeadScan, RefusesWithTheFirstByteThatCannotStand) {
    const std::vector<std::string_view> starts = {
        "\r",
        " ",
        "GET  ",
        "GET /a\t",
        "GET / HTTP/1.1\r\nX: a\0"sv,
        "GET / HTTP/1.1\r\n ",
        "GET / HTTP/1.1\r\nHost ",
        "GET / HTTP/2",
        "GET / HTTP/1.1\r\nX: a\r\n\r\r",
    };
    for (const std::string_view bytes : starts) {
        SCOPED_TRACE(shown(bytes));
        EXPECT_EQ(whole(bytes.substr(0, bytes.size() - 1), HeadScan::Kind::request), Verdict{});
        EXPECT_EQ(whole(bytes, HeadScan::Kind::request).reason, Reason::bad_request);
    }
}

TEST(HeadScan, TheHeadMayFillItsLimitAndNoMore) {
    const std::string head = "GET / HTTP/1.1\r\nX: 123456789\r\n\r\n";
    const HeadLimits exact{.bytes = head.size()};
    EXPECT_EQ(whole(head, HeadScan::Kind::request, exact).size, head.size());
    EXPECT_EQ(whole(head + "body", HeadScan::Kind::request, exact).size, head.size());
    const HeadLimits less{.bytes = head.size() - 1};
    EXPECT_EQ(whole(head, HeadScan::Kind::request, less).reason, Reason::header_too_large);
    // Said as soon as the buffer is full: there is no room to read another byte into.
    EXPECT_EQ(whole(head.substr(0, less.bytes), HeadScan::Kind::request, less).reason,
              Reason::header_too_large);
    expect_same_at_every_split(head, HeadScan::Kind::request, less);
}

TEST(HeadScan, EndlessStartLinesAreTooLarge) {
    const HeadLimits limits{.bytes = 100};
    for (const std::string& bytes : {std::string(200, 'A'), "GET /" + std::string(200, 'a'),
                                     "GET / HTTP/1.1\r\nX: " + std::string(200, 'a'),
                                     "GET / HTTP/1.1\r\n" + std::string(200, 'a')}) {
        SCOPED_TRACE(shown(bytes));
        EXPECT_EQ(whole(bytes, HeadScan::Kind::request, limits).reason, Reason::header_too_large);
    }
}

TEST(HeadScan, TheNumberOfFieldsIsBounded) {
    const auto head_of = [](std::size_t fields) {
        std::string head = "GET / HTTP/1.1\r\n";
        for (std::size_t i = 0; i < fields; ++i) head += "X: y\r\n";
        return head + "\r\n";
    };
    const HeadLimits limits{.fields = 3};
    EXPECT_EQ(whole(head_of(3), HeadScan::Kind::request, limits).size, head_of(3).size());
    EXPECT_EQ(whole(head_of(4), HeadScan::Kind::request, limits).reason, Reason::header_too_large);
    expect_same_at_every_split(head_of(3), HeadScan::Kind::request, limits);
    expect_same_at_every_split(head_of(4), HeadScan::Kind::request, limits);
    const HeadLimits none{.fields = 0};
    EXPECT_EQ(whole(head_of(0), HeadScan::Kind::request, none).size, head_of(0).size());
    EXPECT_EQ(whole(head_of(1), HeadScan::Kind::request, none).reason, Reason::header_too_large);
}

TEST(HeadScan, AnAnswerStaysUntilReset) {
    HeadScan scan(HeadScan::Kind::request, {});
    const std::string_view bad = "GET / HTTP/3";
    EXPECT_EQ(verdict_of(scan, bad).reason, Reason::bad_request);
    EXPECT_EQ(verdict_of(scan, "GET / HTTP/1.1\r\n\r\n").reason, Reason::bad_request);
    scan.reset();
    const std::string_view good = "GET / HTTP/1.1\r\n\r\n";
    EXPECT_EQ(verdict_of(scan, good).size, good.size());
    EXPECT_EQ(verdict_of(scan, "GET / HTTP/1.1\r\n\r\n\0\n").size, good.size());
    scan.reset();
    EXPECT_EQ(verdict_of(scan, "GET / HTTP/1.1\r\nA: b\r\n\r\n").size, good.size() + 6);
}

}  // namespace
}  // namespace bearergate::http
