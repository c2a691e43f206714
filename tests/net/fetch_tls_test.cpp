// Whom a fetch believes over TLS, and when an answer is whole.
#include <bearergate/net/fetch.hpp>

#include "net/certificates.hpp"
#include "net/fetch_fixture.hpp"

#include <string>

namespace bearergate::net {
namespace {

using namespace std::chrono_literals;
using test::ok;
using test::Outcome;
using test::Scripted;

class FetchTlsTest : public test::FetchFixture {
protected:
    TlsContext server_of(const test::Authority::Wish& wish) {
        const test::Identity files = authority_.issue(wish);
        return make_tls_server(
            {.certificate = files.certificate, .private_key = files.private_key});
    }
    Outcome get_tls(const TlsContext& server, const std::string& host = "localhost",
                    Scripted::Script script = {.pieces = {ok("{}")}}) {
        const Scripted scripted(io_, std::move(script), server);
        const Outcome outcome = get({.host = host,
                                     .port = scripted.port(),
                                     .target = "/jwks",
                                     .context = make_tls_client({.ca = authority_.file()})});
        if (!outcome) EXPECT_EQ(scripted.request().find("GET"), sent_ ? 0U : std::string::npos);
        return outcome;
    }
    test::Authority authority_;
    bool sent_ = false;  // whether a request is expected to go out although it fails
};

TEST_F(FetchTlsTest, BelievesNamesAndAddressesOfItsAuthority) {
    for (const char* host : {"localhost", "127.0.0.1"}) {
        SCOPED_TRACE(host);
        const Outcome outcome = get_tls(server_of({}), host);
        ASSERT_TRUE(outcome) << outcome.error().what;
        EXPECT_EQ(outcome->body, "{}");
    }
    EXPECT_TRUE(get_tls(server_of({.through_intermediate = true})));
}

TEST_F(FetchTlsTest, RefusesEveryOtherBeforeARequestIsSent) {
    const struct {
        test::Authority::Wish wish;
        const char* problem;
    } cases[] = {
        {{.alternatives = "DNS:acme.example"}, "certificate refused: hostname mismatch"},
        {{.expired = true}, "certificate refused: certificate has expired"},
        {{.self_signed = true}, "certificate refused: self-signed certificate"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.problem);
        const Outcome outcome = get_tls(server_of(c.wish));
        ASSERT_FALSE(outcome);
        EXPECT_EQ(outcome.error().what, c.problem);
    }
    EXPECT_EQ(get_tls(server_of({.alternatives = "DNS:localhost"}), "127.0.0.1").error().what,
              "certificate refused: IP address mismatch");
}

TEST_F(FetchTlsTest, AServerWithoutTlsIsNone) {
    const Scripted server(io_, {.pieces = {ok("{}")}});
    // It takes the handshake for a request that has not ended: nothing comes, or what comes is
    // HTTP.
    const FetchRequest request{.host = "127.0.0.1",
                               .port = server.port(),
                               .target = "/",
                               .context = make_tls_client({.ca = authority_.file()}),
                               .deadline = 300ms};
    EXPECT_FALSE(get(request));
}

TEST_F(FetchTlsTest, AnEndWithoutGoodbyeEndsOnlyWhatIsWhole) {
    const TlsContext server = server_of({});
    EXPECT_TRUE(get_tls(server, "localhost", {.pieces = {ok("{}")}, .without_goodbye = true}));
    EXPECT_TRUE(get_tls(server, "localhost", {.pieces = {"HTTP/1.1 200 OK\r\n\r\n{}"}}));
    sent_ = true;
    const Outcome cut = get_tls(server, "localhost",
                                {.pieces = {"HTTP/1.1 200 OK\r\n\r\n{}"}, .without_goodbye = true});
    ASSERT_FALSE(cut);
    EXPECT_EQ(cut.error().what, "the answer was cut short");
}

}  // namespace
}  // namespace bearergate::net
