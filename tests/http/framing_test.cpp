#include <bearergate/http/framing.hpp>

#include "reading.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace bearergate::http {
namespace {

using test::shown;
using Kind = BodyLength::Kind;
using State = BodyReader::State;
using namespace std::string_literals;
using namespace std::string_view_literals;

// All that a reader makes of bytes that come in the given pieces.
struct Outcome {
    std::string data{};
    std::size_t consumed = 0;
    State state = State::more;
    bool operator==(const Outcome&) const = default;
};

Outcome read_in(BodyReader reader, std::string_view bytes, std::size_t piece) {
    Outcome outcome{.state = reader.state()};
    while (outcome.consumed < bytes.size()) {
        std::string buffer(bytes.substr(outcome.consumed, piece));
        const auto step = reader.take(buffer.data(), buffer.size());
        outcome.data.append(buffer, 0, step.data);
        outcome.consumed += step.consumed;
        outcome.state = step.state;
        EXPECT_LE(step.data, step.consumed);
        EXPECT_EQ(step.state, reader.state());
        if (step.state != State::more) break;
        EXPECT_EQ(step.consumed, buffer.size()) << "bytes were left although more are needed";
    }
    EXPECT_EQ(reader.received(), outcome.data.size());
    return outcome;
}

const BodyReader chunked({.kind = Kind::chunked});

Outcome read_whole(std::string_view bytes) {
    return read_in(chunked, bytes, bytes.size() + 1);
}

void expect_same_at_every_split(std::string_view bytes) {
    const Outcome expected = read_whole(bytes);
    EXPECT_EQ(chunked.check(bytes), expected.state);
    for (std::size_t piece = 1; piece <= std::min<std::size_t>(bytes.size(), 64); ++piece) {
        ASSERT_EQ(read_in(chunked, bytes, piece), expected) << "pieces of " << piece;
    }
    for (std::size_t at = 0; at <= bytes.size(); ++at) {
        BodyReader reader = chunked;
        std::string head(bytes.substr(0, at));
        const auto first = reader.take(head.data(), head.size());
        ASSERT_EQ(chunked.check(bytes.substr(0, at)), first.state);
        std::string tail(bytes.substr(at));
        const auto second = reader.take(tail.data(), tail.size());
        const Outcome outcome{
            .data = head.substr(0, first.data) + tail.substr(0, second.data),
            .consumed = first.consumed + second.consumed,
            .state = second.state,
        };
        ASSERT_EQ(outcome, expected) << "split at " << at;
    }
}

TEST(BodyReader, SizedBodiesEndAfterTheirBytes) {
    const BodyReader reader({.kind = Kind::sized, .bytes = 5});
    for (std::size_t piece = 1; piece < 12; ++piece) {
        EXPECT_EQ(read_in(reader, "helloGET /", piece),
                  (Outcome{.data = "hello", .consumed = 5, .state = State::complete}));
    }
    EXPECT_EQ(read_in(reader, "hell", 9), (Outcome{"hell", 4, State::more}));
    EXPECT_EQ(reader.check("hell"), State::more);
    EXPECT_EQ(reader.check("hello"), State::complete);
    EXPECT_EQ(reader.state(), State::more) << "check() only looks";
}

TEST(BodyReader, WithoutABodyNothingIsTaken) {
    for (const BodyReader& reader : {BodyReader(), BodyReader({.kind = Kind::none}),
                                     BodyReader({.kind = Kind::sized, .bytes = 0})}) {
        EXPECT_EQ(reader.state(), State::complete);
        EXPECT_EQ(read_in(reader, "GET /", 5), (Outcome{"", 0, State::complete}));
    }
}

TEST(BodyReader, OnlyTheCloseEndsABodyWithoutLength) {
    BodyReader reader({.kind = Kind::until_close});
    EXPECT_EQ(read_in(reader, "0\r\n\r\nHTTP/1.1", 3),
              (Outcome{"0\r\n\r\nHTTP/1.1", 13, State::more}));
    EXPECT_TRUE(reader.at_close());
    EXPECT_EQ(reader.state(), State::complete);
}

TEST(BodyReader, AnEarlyCloseIsTruncation) {
    BodyReader sized({.kind = Kind::sized, .bytes = 5});
    EXPECT_FALSE(sized.at_close());
    BodyReader open = chunked;
    std::string bytes = "5\r\nhello\r\n0\r\n";
    open.take(bytes.data(), bytes.size());
    EXPECT_FALSE(open.at_close());
    bytes = "\r\n";
    open.take(bytes.data(), bytes.size());
    EXPECT_TRUE(open.at_close());
    BodyReader broken = chunked;
    bytes = "x";
    broken.take(bytes.data(), bytes.size());
    EXPECT_FALSE(broken.at_close());
}

TEST(BodyReader, WellFormedChunksAreTakenApart) {
    const std::string extension = ";" + std::string(BodyReader::max_extension_bytes - 1, 'x');
    const std::string trailer =
        "X: " + std::string(BodyReader::max_trailer_bytes - 5, 'y') + "\r\n";
    std::string fields;
    for (std::size_t i = 0; i < BodyReader::max_trailer_fields; ++i) fields += "X: y\r\n";
    const struct {
        std::string bytes, data;
    } cases[] = {
        {"0\r\n\r\n", ""},
        {"000\r\n\r\n", ""},
        {"5\r\nhello\r\n0\r\n\r\n", "hello"},
        {"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world"},
        {"A\r\n0123456789\r\n0\r\n\r\n", "0123456789"},
        {"a\r\n0123456789\r\n0\r\n\r\n", "0123456789"},
        {"000000000000005\r\nhello\r\n0\r\n\r\n", "hello"},
        {"5\r\n\r\n0\r\n\r\n0\r\n\r\n", "\r\n0\r\n"},
        {"1\r\n\0\r\n0\r\n\r\n"s, "\0"s},
        {"5;a\r\nhello\r\n0;z\r\n\r\n", "hello"},
        {"5;a=b;c=\"d e;\\\"\t\xe9\";f\r\nhello\r\n0\r\n\r\n", "hello"},
        {"5;a=\"\"\r\nhello\r\n0\r\n\r\n", "hello"},
        {"5" + extension + "\r\nhello\r\n0\r\n\r\n", "hello"},
        {"5\r\nhello\r\n0\r\nX: y\r\n\r\n", "hello"},
        {"0\r\nX:\r\nContent-Length: 9\r\nTransfer-Encoding: gzip\r\nHost: evil\r\n\r\n", ""},
        {"0\r\nX:GET /admin HTTP/1.1\r\nHost: gw\r\n\r\n", ""},
        {"0\r\nX: \xff\t \r\n\r\n", ""},
        {"0\r\n" + trailer + "\r\n", ""},
        {"0\r\n" + fields + "\r\n", ""},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(shown(c.bytes));
        EXPECT_EQ(read_whole(c.bytes), (Outcome{c.data, c.bytes.size(), State::complete}));
        EXPECT_EQ(read_whole(c.bytes + "GET / HTTP/1.1\r\n"),
                  (Outcome{c.data, c.bytes.size(), State::complete}));
        for (std::size_t size = 0; size < c.bytes.size(); ++size) {
            ASSERT_EQ(chunked.check(std::string_view(c.bytes).substr(0, size)), State::more);
        }
        if (c.bytes.size() < 200) expect_same_at_every_split(c.bytes + "next");
    }
}

TEST(BodyReader, ChunksThatTwoReadersCouldReadDifferentlyAreMalformed) {
    const std::string extension = ";" + std::string(BodyReader::max_extension_bytes, 'x');
    const std::string trailer =
        "X: " + std::string(BodyReader::max_trailer_bytes - 4, 'y') + "\r\n";
    std::string fields;
    for (std::size_t i = 0; i <= BodyReader::max_trailer_fields; ++i) fields += "X: y\r\n";
    const std::vector<std::string> cases = {
        "\r\n",
        "\n",
        "5\nhello\r\n0\r\n\r\n",
        "5\rhello\r\n0\r\n\r\n",
        "5\r\r\nhello",
        "5\r\nhello\n0\r\n\r\n",
        "5\r\nhello\r0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhello\r\n\r\n0\r\n\r\n",
        "5\r\nhellox\r\n0\r\n\r\n",
        " 5\r\nhello\r\n",
        "\t5\r\nhello\r\n",
        "5 \r\nhello\r\n",
        "5\t\r\nhello\r\n",
        "5\x0b\r\nhello\r\n",
        "+5\r\nhello\r\n",
        "-5\r\nhello\r\n",
        "0x5\r\nhello\r\n",
        "5_\r\nhello\r\n",
        "5.0\r\nhello\r\n",
        "5,5\r\nhello\r\n",
        "5these\r\nhello\r\n",
        "G\r\nhello\r\n",
        "\xd9\xa5\r\nhello\r\n",
        "\0005\r\nhello\r\n"s,
        "0000000000000005\r\nhello\r\n",
        "10000000000000005\r\nhello\r\n",
        "5;\r\nhello\r\n",
        "5;;a\r\nhello\r\n",
        "5;a;\r\nhello\r\n",
        "5;=b\r\nhello\r\n",
        "5;a=\r\nhello\r\n",
        "5;a=b=c\r\nhello\r\n",
        "5 ;a\r\nhello\r\n",
        "5; a\r\nhello\r\n",
        "5;a =b\r\nhello\r\n",
        "5;a= b\r\nhello\r\n",
        "5;a b\r\nhello\r\n",
        "5;a\nb\r\nhello\r\n",
        "5;a\rb\r\nhello\r\n",
        "5;a\0b\r\nhello\r\n"s,
        "5;a=\"x\r\ny\"\r\nhello\r\n",
        "5;a=\"x\ny\"\r\nhello\r\n",
        "5;a=\"x\\\r\ny\"\r\nhello\r\n",
        "5;a=\"x\"y\r\nhello\r\n",
        "5;a=\"x\r\nhello\r\n0\r\n\r\n",
        "5;caf\xc3\xa9\r\nhello\r\n",
        "5" + extension + "\r\nhello\r\n",
        "0\r\n\n",
        "0\r\n\rX",
        "0\n\r\n",
        "0\r\n X: y\r\n\r\n",
        "0\r\nX: y\r\n z\r\n\r\n",
        "0\r\nX : y\r\n\r\n",
        "0\r\n: y\r\n\r\n",
        "0\r\nX\r\n\r\n",
        "0\r\nX y: z\r\n\r\n",
        "0\r\nX: a\nY: b\r\n\r\n",
        "0\r\nX: a\rY: b\r\n\r\n",
        "0\r\nX: a\0b\r\n\r\n"s,
        "0\r\nX: a\x7f\r\n\r\n",
        "0\r\nX: a\r\n\n",
        "0\r\n" + trailer + "\r\n",
        "0\r\n" + fields + "\r\n",
    };
    for (const std::string& bytes : cases) {
        SCOPED_TRACE(shown(bytes));
        EXPECT_EQ(read_whole(bytes).state, State::malformed);
        if (bytes.size() < 200) expect_same_at_every_split(bytes);
    }
}

TEST(BodyReader, TheExtensionBudgetIsForTheWholeMessage) {
    const std::string chunk = "1;" + std::string(1023, 'x') + "\r\nd\r\n";
    std::string bytes = chunk + chunk + chunk + chunk;
    EXPECT_EQ(chunked.check(bytes), State::more);
    EXPECT_EQ(chunked.check(bytes + "1;x"), State::malformed);
    EXPECT_EQ(chunked.check(bytes + "0\r\n\r\n"), State::complete);
}

TEST(BodyReader, AfterTheEndNothingIsTaken) {
    BodyReader done = chunked;
    std::string bytes = "0\r\n\r\nrest";
    EXPECT_EQ(done.take(bytes.data(), bytes.size()).consumed, 5U);
    const auto again = done.take(bytes.data(), bytes.size());
    EXPECT_EQ(again.consumed, 0U);
    EXPECT_EQ(again.state, State::complete);

    BodyReader broken = chunked;
    bytes = "x5\r\nhello\r\n0\r\n\r\n";
    EXPECT_EQ(broken.take(bytes.data(), bytes.size()).state, State::malformed);
    EXPECT_EQ(broken.take(bytes.data(), bytes.size()).consumed, 0U);
}

TEST(BodyReader, SizesUpToTheLastDigitAreHeldExactly) {
    BodyReader reader = chunked;
    std::string bytes = "fffffffffffffff\r\nabc";
    const auto step = reader.take(bytes.data(), bytes.size());
    EXPECT_EQ(step.state, State::more);
    EXPECT_EQ(bytes.substr(0, step.data), "abc");
}

TEST(ChunkFrame, WhatWeWriteReadsBackAsItWas) {
    std::mt19937 random(20260801);
    for (int round = 0; round < 200; ++round) {
        std::string body;
        std::string framed;
        for (unsigned chunk = 0; chunk < random() % 6; ++chunk) {
            std::string data(1 + random() % 300, '\0');
            for (char& c : data) c = static_cast<char>(random());
            body += data;
            framed.append(chunk_header(data.size()).view()).append(data).append(chunk_end);
        }
        framed += last_chunk;
        for (const std::size_t piece :
             {std::size_t{1}, std::size_t{7}, std::size_t{64}, framed.size()}) {
            ASSERT_EQ(read_in(chunked, framed + "x", piece),
                      (Outcome{body, framed.size(), State::complete}));
        }
    }
    EXPECT_EQ(chunk_header(1).view(), "1\r\n");
    EXPECT_EQ(chunk_header(8000).view(), "1f40\r\n");
    EXPECT_EQ(chunk_header(SIZE_MAX).view(), "ffffffffffffffff\r\n");
}

// Random bytes around valid framing: the answer never depends on where the reads ended.
TEST(BodyReader, EverySplitOfDamagedChunksEqualsTheWhole) {
    std::mt19937 random(7);
    const std::string_view pieces[] = {"5\r\nhello\r\n",
                                       "0\r\n\r\n",
                                       "a;b=\"c\"\r\n",
                                       "X: y\r\n",
                                       "1\r\nz\r\n",
                                       "\r\n",
                                       "0\r\n",
                                       ";",
                                       "\n",
                                       "F",
                                       "\\\"",
                                       "\0"sv};
    for (int round = 0; round < 2000; ++round) {
        std::string bytes;
        for (unsigned i = 0; i < 1 + random() % 6; ++i)
            bytes += pieces[random() % std::size(pieces)];
        if (random() % 2 == 0) bytes[random() % bytes.size()] = static_cast<char>(random());
        SCOPED_TRACE(shown(bytes));
        expect_same_at_every_split(bytes);
        if (HasFatalFailure()) return;
    }
}

}  // namespace
}  // namespace bearergate::http
