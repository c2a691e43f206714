// One small GET against servers that are slow, endless, lying or not the one they should be.
#include <bearergate/net/fetch.hpp>

#include "net/certificates.hpp"
#include "net/fetch_fixture.hpp"
#include "support/gate.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bearergate::net {
namespace {

using namespace std::chrono_literals;
using test::ok;
using test::Outcome;
using test::Scripted;

class FetchTest : public test::FetchFixture {};

class NamesTest : public FetchTest {
protected:
    // A name, whose server listens on the loopback, and what its name server does next.
    enum class Names : std::uint8_t { answer, fail, hang };
    std::string fetch_by_name(Names how) {
        *how_ = how;
        const Scripted server(io_, {.pieces = {ok("found")}});
        FetchRequest request = plain(server);
        request.host = "issuer.example";
        std::optional<Outcome> outcome;
        fetch(io_, names_, std::move(request), [&](Outcome got) { outcome = std::move(got); });
        test::run_until(io_, [&] { return outcome.has_value(); });
        if (!outcome) return "nothing";
        return *outcome ? (*outcome)->body : outcome->error().what;
    }
    ~NamesTest() override { end_->open(); }

    // Shared with the resolver's threads, which nobody waits for.
    std::shared_ptr<bearergate::test::Gate> end_ = std::make_shared<bearergate::test::Gate>();
    std::shared_ptr<std::atomic<Names>> how_ = std::make_shared<std::atomic<Names>>(Names::answer);
    Resolver names_{io_, [how = how_, end = end_](const std::string&) {
                        if (*how == Names::hang) end->wait();
                        std::vector<boost::asio::ip::address> found;
                        if (*how == Names::answer) {
                            found.push_back(boost::asio::ip::address_v4::loopback());
                        }
                        return found;
                    }};
};

TEST_F(NamesTest, ANameThatStopsResolvingIsSoughtWhereItWas) {
    EXPECT_EQ(fetch_by_name(Names::fail), "no address for issuer.example");
    EXPECT_EQ(fetch_by_name(Names::answer), "found");
    EXPECT_EQ(fetch_by_name(Names::fail), "found");
    EXPECT_EQ(fetch_by_name(Names::hang), "found") << "long before its deadline";
}

TEST_F(FetchTest, SendsAPlainGetAndTakesTheAnswer) {
    const Scripted server(
        io_, {.pieces = {
                  ok("{\"keys\":[]}", "ETag: \"abc\"\r\nCache-Control: max-age=300\r\nX: y\r\n")}});
    FetchRequest request = plain(server);
    request.etag = "W/\"old\"";
    const Outcome outcome = get(request);
    ASSERT_TRUE(outcome) << outcome.error().what;
    EXPECT_EQ(outcome->status, 200U);
    EXPECT_EQ(outcome->body, "{\"keys\":[]}");
    EXPECT_EQ(outcome->etag, "\"abc\"");
    EXPECT_EQ(outcome->cache_control, "max-age=300");
    EXPECT_EQ(server.request(),
              "GET /oidc/jwks HTTP/1.1\r\n"
              "Host: 127.0.0.1:" +
                  std::to_string(server.port()) +
                  "\r\n"
                  "User-Agent: bearergate\r\n"
                  "Accept: application/json, application/jwk-set+json\r\n"
                  "Connection: close\r\n"
                  "If-None-Match: W/\"old\"\r\n\r\n");
}

TEST_F(FetchTest, EveryFramingOfABodyIsRead) {
    const std::vector<std::vector<std::string>> cases = {
        {ok("[1,2]")},
        {"HTTP/1.1 200 OK\r\n", "Content-Le", "ngth: 5\r\n\r\n[1", ",2]"},
        {"HTTP/1.1 200 OK\r\n\r\n[1,2]"},
        {"HTTP/1.0 200 OK\r\n\r\n[1", ",2]"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: "
         "chunked\r\n\r\n2\r\n[1\r\n3;x=y\r\n,2]\r\n0\r\n\r\n"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[",
         "1\r\n3\r\n,2]\r\n0\r\nA: b\r\n", "\r\n"},
    };
    for (const auto& pieces : cases) {
        SCOPED_TRACE(pieces[0]);
        const Outcome outcome = get({.pieces = pieces, .between = 1ms});
        ASSERT_TRUE(outcome) << outcome.error().what;
        EXPECT_EQ(outcome->body, "[1,2]");
    }
}

TEST_F(FetchTest, OnlyOkAndNotModifiedAreAnswers) {
    for (const char* status :
         {"101 Switching", "201 Created", "204 No", "206 Partial", "301 Moved", "302 Found",
          "307 T", "308 P", "400 Bad", "401 U", "404 N", "500 E", "503 S"}) {
        SCOPED_TRACE(status);
        const std::string head = std::string("HTTP/1.1 ") + status;
        EXPECT_EQ(
            problem({.pieces = {head +
                                "\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"}}),
            "status " + std::string(status, 3));
    }
    const Scripted server(io_, {.pieces = {"HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n"}});
    FetchRequest request = plain(server);
    EXPECT_EQ(get(request).error().what, "status 304") << "nobody asked whether";
    request.etag = "\"a\"";
    const Outcome outcome = get(request);
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->status, 304U);
    EXPECT_EQ(outcome->body, "");
}

TEST_F(FetchTest, HeadsBeforeTheAnswerArePassedOver) {
    const std::string early = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    const std::string fine = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n[1,2]";
    for (const auto& pieces : std::vector<std::vector<std::string>>{
             {"HTTP/1.1 100 Continue\r\n\r\n" + early + early + fine},
             {early, fine},
             {early.substr(0, 20), early.substr(20) + fine.substr(0, 9), fine.substr(9)}}) {
        const Outcome outcome = get({.pieces = pieces, .between = 1ms});
        ASSERT_TRUE(outcome) << outcome.error().what;
        EXPECT_EQ(outcome->body, "[1,2]");
    }
    EXPECT_EQ(problem({.pieces = {early}}), "closed without an answer");
}

TEST_F(FetchTest, EndsUnheardWithItsLoop) {
    auto whoever_asks = std::make_shared<int>();
    const std::weak_ptr<int> asks_still = whoever_asks;
    {
        boost::asio::io_context io{1};
        Resolver resolver{io};
        const Scripted server(io, {.close_at_end = false});
        fetch(io, resolver, plain(server),
              [asking = std::move(whoever_asks)](const Outcome&) { ADD_FAILURE() << "answered"; });
        test::run_until(io, [&] { return !server.request().empty(); });
        EXPECT_FALSE(asks_still.expired());
    }
    EXPECT_TRUE(asks_still.expired());
}

TEST_F(FetchTest, WhatIsTooLargeIsCut) {
    const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    const std::string kilobyte(1024, 'x');
    EXPECT_EQ(problem({.pieces = {ok(std::string(1001, 'x'))}}, 1000), "too large");
    EXPECT_EQ(problem({.pieces = {ok(std::string(1000, 'x'))}}, 1000), "status 200");
    EXPECT_EQ(problem({.pieces = {"HTTP/1.1 200 OK\r\n\r\n", kilobyte}, .repeat_last = true}),
              "too large");
    EXPECT_EQ(problem({.pieces = {chunked, "400\r\n" + kilobyte + "\r\n"}, .repeat_last = true}),
              "too large");
    EXPECT_EQ(problem({.pieces = {chunked, "1;" + kilobyte + "\r\nx\r\n"}, .repeat_last = true}),
              "too large")
        << "nearly all of it chunk extensions";
    const std::string trailers =
        problem({.pieces = {chunked + "0\r\n", "A: " + kilobyte + "\r\n"}, .repeat_last = true});
    EXPECT_TRUE(trailers.ends_with("too large")) << trailers << ": newer Beasts say of what";
    EXPECT_EQ(problem({.pieces = {"HTTP/1.1 200 OK\r\n", "A: " + kilobyte + "\r\n"},
                       .repeat_last = true}),
              "header too large");
    EXPECT_EQ(problem({.pieces = {"HTTP/1.1 200 ", kilobyte}, .repeat_last = true}),
              "header too large");
}

TEST_F(FetchTest, WhatIsNotAWholeAnswerIsNone) {
    const struct {
        const char* answer;
        const char* problem;
    } cases[] = {
        {"", "closed without an answer"},
        {"HTTP/1.1 200 OK\r\nContent-Le", "the answer was cut short"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[1", "the answer was cut short"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[1\r\n",
         "the answer was cut short"},
        {"SSH-2.0-OpenSSH_9.2\r\n", "malformed answer: bad version"},
        {"HTTP/2 200\r\n\r\n", "malformed answer: bad version"},
        {"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "malformed answer: bad Content-Length"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.answer);
        EXPECT_EQ(problem({.pieces = {c.answer}}), c.problem);
    }
}

TEST_F(FetchTest, OneDeadlineCoversEverything) {
    const std::vector<Scripted::Script> scripts = {
        {.pieces = {}, .close_at_end = false},
        {.pieces = {"HTTP/1.1 200 OK\r\n", "A: b\r\n"}, .between = 20ms, .repeat_last = true},
        {.pieces = {"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", "x"},
         .between = 20ms,
         .repeat_last = true},
    };
    for (const auto& script : scripts) {
        const auto began = std::chrono::steady_clock::now();
        const Outcome outcome = get(script, 1000, 200ms);
        const auto took = std::chrono::steady_clock::now() - began;
        ASSERT_FALSE(outcome);
        EXPECT_EQ(outcome.error().what, "no answer in time");
        EXPECT_GE(took, 200ms);
        EXPECT_LT(took, 3000ms);
    }
}

TEST_F(FetchTest, EveryAddressIsTried) {
    // ::1 first, where nobody listens.
    const Scripted server(io_, {.pieces = {ok("{}")}});
    FetchRequest request = plain(server);
    request.host = "localhost";
    const Outcome outcome = get(request);
    ASSERT_TRUE(outcome) << outcome.error().what;
    EXPECT_EQ(server.request().substr(0, 41).find("Host: localhost:") != std::string::npos, true);

    const int nobody = bind_listener({.text = "test", .host = "127.0.0.1"}, false);
    const std::uint16_t port = local_port(nobody);
    ::close(nobody);
    EXPECT_EQ(get({.tls = false, .host = "127.0.0.1", .port = port, .target = "/"}).error().what,
              "connection refused");
    EXPECT_EQ(get({.tls = false, .host = "no such name", .port = port, .target = "/"}).error().what,
              "not a request that can be sent");
    const std::string no_name(300, 'a');  // nobody needs to be asked
    EXPECT_EQ(get({.tls = false, .host = no_name, .port = port, .target = "/"}).error().what,
              "no address for " + no_name);
}

TEST_F(FetchTest, AnAddressThatSwallowsEverythingLeavesTimeForTheNext) {
    // A server on ::1 that never answers the TLS handshake, one on 127.0.0.1 that does.
    test::Authority authority;
    const test::Identity files = authority.issue();
    const TlsContext tls =
        make_tls_server({.certificate = files.certificate, .private_key = files.private_key});
    const Scripted server(io_, {.pieces = {ok("{}")}}, tls);
    int silent = -1;
    try {
        silent = bind_listener({.text = "test", .host = "::1", .port = server.port()}, false);
    } catch (const std::system_error&) {
        GTEST_SKIP() << "SKIPPED: no IPv6 loopback here";
    }
    const Outcome outcome = get({.host = "localhost",
                                 .port = server.port(),
                                 .target = "/",
                                 .context = make_tls_client({.ca = authority.file()}),
                                 .deadline = 1000ms});
    EXPECT_TRUE(outcome) << outcome.error().what;
    ::close(silent);
}

TEST_F(FetchTest, ARequestThatCouldSayMoreThanItShouldIsNotSent) {
    const Scripted server(io_, {.pieces = {ok("{}")}});
    const FetchRequest good = plain(server);
    std::vector<FetchRequest> bad(9, good);
    bad[0].target = "/ HTTP/1.1\r\nX: y";
    bad[1].target = "oidc";
    bad[2].target = "";
    bad[3].host = "127.0.0.1\r\nX: y";
    bad[4].host = "";
    bad[5].etag = "\"a\"\r\nX: y";
    bad[6].tls = true;  // and no context
    bad[7].target = "/\x01";
    bad[8].target = std::string("/\0", 2);
    for (const FetchRequest& request : bad) {
        SCOPED_TRACE(&request - bad.data());
        EXPECT_EQ(get(request).error().what, "not a request that can be sent");
    }
    EXPECT_EQ(server.connections(), 0U);
    EXPECT_TRUE(get(good));
}

}  // namespace
}  // namespace bearergate::net
