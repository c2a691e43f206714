// `bearergate check` as people run it: the real binary and real files.

#include "net/certificates.hpp"
#include "support/files.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace bearergate::test {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view good_file = R"(issuer: https://acme.logto.app/oidc
audience: https://api.acme.example
upstream: http://127.0.0.1:3000
routes:
  POST /items: { scopes: [write:items, read:items], any_scope: [a, b] }
  GET /items: { scopes: [read:items] }
  GET /orgs/{orgId}/projects: { organization: "{orgId}", scopes: [read:projects] }
  POST /orgs/{orgId}/invitations: { organization: "{orgId}", token: organization }
  GET /healthz: public
  /admin/**: deny
)";

// What every test of files needs around the line that it is about.
std::string with(const std::string& block) {
    return block +
           "audience: https://api.example\n"
           "routes: { GET /a: authenticated }\n";
}

class CheckCommand : public testing::Test {
protected:
    Outcome check(std::string_view text, const std::vector<std::string>& environment = {}) const {
        const std::string file = folder_.write("gate.yaml", text);
        return run({BEARERGATE_BINARY, "check", "-c", file}, {.environment = environment});
    }
    // Output with the folder's name taken out, so that it can be compared.
    std::string tidy(std::string text) const {
        const std::string name = folder_.path().string() + "/";
        for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name)) {
            text.erase(at, name.size());
        }
        return text;
    }
    std::string copy(const std::string& from, const std::string& name) const {
        return folder_.write(name, read_file(from));
    }

    TemporaryFolder folder_{};
};

TEST_F(CheckCommand, TwoHundredErrorsAreShownAndTheOthersAreNotCountedAsOne) {
    std::string text(good_file);
    for (int i = 0; i < 250; ++i) text += "unheard_of_" + std::to_string(i) + ": 1\n";
    const Outcome outcome = check(text);
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(tidy(outcome.errors), EndsWith("gate.yaml: error: 50 more errors are not shown\n"
                                               "gate.yaml: more than 200 errors\n"));
}

TEST_F(CheckCommand, AGoodFileIsATableOfWhoMayWhatInTheOrderInWhichRoutesWin) {
    const Outcome outcome = check(good_file);
    EXPECT_EQ(outcome.code, 0);
    EXPECT_EQ(outcome.errors, "");
    EXPECT_EQ(
        tidy(outcome.output),
        R"(ROUTE                           TOKEN             AUDIENCE                        ORGANIZATION  SCOPES                   UPSTREAM
/admin/**                       deny              -                               -             -                        -
GET /healthz                    public            -                               -             -                        default
GET /items                      api               https://api.acme.example        -             read:items               default
POST /items                     api               https://api.acme.example        -             write:items, read:items  default
                                                                                                one of a, b
POST /orgs/{orgId}/invitations  organization      urn:logto:organization:{orgId}  {orgId}       -                        default
GET /orgs/{orgId}/projects      organization-api  https://api.acme.example        {orgId}       read:projects            default

gate.yaml is good: 1 issuer, 1 upstream, 6 routes, 0 warnings
)");
}

TEST_F(CheckCommand, ABadFileIsAllItsErrorsWithTheirPlacesAndTheNearestWords) {
    const Outcome outcome = check(R"(issuer: https://acme.logto.app/oidc
audience: https://api.acme.example
upstrem: http://127.0.0.1:3000
routes:
  GET /items: { scope: [read:items] }
  GET /orgs/{orgId}: { organization: "{orgid}" }
  GET /healthz: publik
)");
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.output, "");
    EXPECT_EQ(tidy(outcome.errors),
              R"(gate.yaml:3:1: error: unknown key 'upstrem'; did you mean 'upstream'?
  3 | upstrem: http://127.0.0.1:3000
    | ^
gate.yaml:5:17: error: unknown key 'scope'; did you mean 'scopes'?
  5 |   GET /items: { scope: [read:items] }
    |                 ^
gate.yaml:6:24: error: the pattern has no '{orgid}'; did you mean "{orgId}"?
  6 |   GET /orgs/{orgId}: { organization: "{orgid}" }
    |                        ^
gate.yaml:7:17: error: who may pass cannot be 'publik'; did you mean 'public'?
  7 |   GET /healthz: publik
    |                 ^
gate.yaml: 4 errors
)");
}

TEST_F(CheckCommand, WarningsAreSaidAndCountedAndNoFailure) {
    const Outcome outcome = check(std::string(good_file) + "  GET /teams/{teamId}: {}\n");
    EXPECT_EQ(outcome.code, 0);
    EXPECT_THAT(tidy(outcome.errors),
                AllOf(HasSubstr("gate.yaml:11:3: warning: 'GET /teams/{teamId}' captures 'teamId'"),
                      HasSubstr("\n  11 |   GET /teams/{teamId}: {}\n     |   ^\n")));
    EXPECT_THAT(outcome.output, EndsWith("7 routes, 1 warning\n"));
}

TEST_F(CheckCommand, FilesThatAreNamedAreRead) {
    net::test::Authority authority;
    const net::test::Identity own = authority.issue();
    const net::test::Identity locked = authority.issue({.passphrase = "secret"});
    copy(own.certificate, "own.crt");
    copy(own.private_key, "own.key");
    copy(authority.issue().private_key, "other.key");
    copy(locked.private_key, "locked.key");
    copy(authority.file(), "ca.pem");
    folder_.write("empty", "");
    folder_.write("large.json", std::string(300 * 1024, ' '));
    folder_.write("broken.crt",
                  read_file(own.certificate).substr(0, 200) + "-----END CERTIFICATE-----\n");
    copy(BEARERGATE_TEST_DATA "/logto/jwks.json", "keys.json");
    folder_.write("none.json", R"({"keys":[]})");
    ASSERT_EQ(mkfifo(folder_.file("pipe").c_str(), 0600), 0);
    const std::string head = "issuer: https://issuer.example\nupstream: https://127.0.0.1:3\n";
    const auto server = [&](const std::string& tls) {
        return head + "server: { tls: " + tls + " }\n";
    };
    const auto upstream = [](const std::string& tls) {
        return "issuer: https://issuer.example\nupstreams:\n  u: { url: \"https://127.0.0.1:3\", "
               "tls: " +
               tls + " }\n";
    };
    const auto issuer = [](const std::string& more) {
        return "upstream: http://127.0.0.1:3\nissuers:\n  i: { issuer: https://issuer.example, " +
               more + " }\n";
    };
    const struct {
        std::string block;
        const char* message;  // "": all is well
    } cases[] = {
        {server("{ certificate: own.crt, private_key: own.key, client_ca: ca.pem }"), ""},
        {server("{ certificate: no.crt, private_key: own.key }"),
         "gate.yaml:3:31: error: the certificate no.crt cannot be read: No such file"},
        {server("{ certificate: empty, private_key: own.key }"),
         "the certificate empty holds no certificate in PEM form"},
        {server("{ certificate: own.key, private_key: own.key }"),
         "the certificate own.key holds no certificate in PEM form"},
        {server("{ certificate: broken.crt, private_key: own.key }"),
         "the certificate broken.crt holds a broken certificate, number 1"},
        {server("{ certificate: own.crt, private_key: own.crt }"),
         "gate.yaml:3:53: error: the private key own.crt holds no private key in PEM form"},
        {server("{ certificate: own.crt, private_key: locked.key }"),
         "the private key locked.key is locked with a passphrase"},
        {server("{ certificate: own.crt, private_key: other.key }"),
         "gate.yaml:3:53: error: the private key other.key cannot be used: key values mismatch"},
        {server("{ certificate: own.crt, private_key: own.key, client_ca: empty }"),
         "the CA file empty holds no certificate"},
        {server("{ certificate: pipe, private_key: own.key }"),
         "the certificate pipe is not a regular file"},
        {server("{ certificate: ., private_key: own.key }"), "is not a regular file"},
        {upstream("{ ca: ca.pem, certificate: own.crt, private_key: own.key }"), ""},
        {upstream("{ ca: no.pem }"), "the CA file no.pem cannot be read: No such file"},
        {upstream("{ certificate: own.crt, private_key: other.key }"),
         "the private key other.key cannot be used: key values mismatch"},
        {issuer("jwks_file: keys.json"), ""},
        {issuer("jwks_file: no.json"), "the key set no.json cannot be read: No such file"},
        {issuer("jwks_file: none.json"), "the key set none.json has no usable key"},
        {issuer("jwks_file: own.crt"), "the key set own.crt is not strict JSON"},
        {issuer("jwks_file: large.json"), "the key set large.json is larger than 256 KiB"},
        {issuer("tls: { ca: ca.pem }"), ""},
        {issuer("tls: { ca: keys.json }"), "the CA file keys.json holds no certificate"},
        {head +
             "tests:\n  - { name: n, request: GET /a, token: { file: no.jwt }, expect: allow }\n",
         "the token no.jwt cannot be read: No such file"},
        {head + "tests:\n  - { name: n, request: GET /a, token: { file: empty }, expect: allow }\n",
         "the token empty is empty"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.block);
        const Outcome outcome = check(with(c.block));
        const bool is_good = std::string_view(c.message).empty();
        EXPECT_EQ(outcome.code, is_good ? 0 : 2);
        EXPECT_THAT(tidy(outcome.errors), HasSubstr(c.message));
        EXPECT_EQ(outcome.errors.empty(), is_good) << outcome.errors;
        EXPECT_EQ(outcome.output.empty(), !is_good);
    }
}

TEST_F(CheckCommand, FilesAndTextAreFoundWrongTogether) {
    const Outcome outcome = check(
        "issuers: { i: { issuer: x, jwks_file: no.json, refersh: 1m } }\n"
        "upstream: http://127.0.0.1:3\n"
        "audience: a\n"
        "routes: { GET /a: authenticatd }\n");
    EXPECT_EQ(outcome.code, 2);
    const std::string errors = tidy(outcome.errors);
    const std::size_t file = errors.find("gate.yaml:1:39: error: the key set no.json");
    const std::size_t key = errors.find("gate.yaml:1:48: error: unknown key 'refersh'");
    const std::size_t route = errors.find("gate.yaml:4:19: error: who may pass cannot be");
    ASSERT_NE(route, std::string::npos) << errors;
    EXPECT_LT(file, key);
    EXPECT_LT(key, route);
    EXPECT_THAT(errors, EndsWith("gate.yaml: 3 errors\n"));
}

TEST_F(CheckCommand, WhatAFileOfKeysMayStillLackIsAWarning) {
    net::test::Authority authority;
    const net::test::Identity expired = authority.issue({.expired = true});
    copy(expired.certificate, "old.crt");
    copy(expired.private_key, "old.key");
    std::string keys = read_file(BEARERGATE_TEST_DATA "/logto/jwks.json");
    keys.insert(keys.find('[') + 1, R"({"kty":"oct","k":"c2VjcmV0","kid":"shared"},)");
    folder_.write("keys.json", keys);
    const Outcome outcome =
        check(with("server: { tls: { certificate: old.crt, private_key: old.key } }\n"
                   "upstream: http://127.0.0.1:3\n"
                   "issuers: { i: { issuer: x, jwks_file: keys.json } }\n"));
    EXPECT_EQ(outcome.code, 0);
    EXPECT_THAT(tidy(outcome.errors),
                AllOf(HasSubstr("gate.yaml:1:31: warning: the certificate old.crt expired at "),
                      HasSubstr("gate.yaml:3:39: warning: the key set keys.json has a key that is "
                                "passed over: 'shared' has no `kty`")));
    EXPECT_THAT(outcome.output, EndsWith("2 warnings\n"));
}

TEST_F(CheckCommand, WhatEverybodyMayWriteToIsAWarning) {
    copy(BEARERGATE_TEST_DATA "/logto/jwks.json", "keys.json");
    const std::string text =
        with("upstream: http://127.0.0.1:3\nissuers: { i: { issuer: x, jwks_file: keys.json } }\n");
    EXPECT_EQ(check(text).errors, "");
    using std::filesystem::perms;
    for (const char* name : {"gate.yaml", "keys.json"}) {
        std::filesystem::permissions(folder_.file(name), perms::others_write,
                                     std::filesystem::perm_options::add);
    }
    const Outcome outcome = check(text);
    EXPECT_EQ(outcome.code, 0);
    EXPECT_THAT(tidy(outcome.errors),
                AllOf(HasSubstr("gate.yaml: warning: everybody may write to this file"),
                      HasSubstr("gate.yaml:2:39: warning: everybody may write to keys.json")));
}

TEST_F(CheckCommand, TheNetworkIsLeftAlone) {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
    ASSERT_EQ(listen(listener, 8), 0);
    ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
    const std::string server = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    const Outcome outcome = check(with("issuer: " + server + "\nupstream: " + server + "\n"));
    EXPECT_EQ(outcome.code, 0) << outcome.errors;
    pollfd watched{listener, POLLIN, 0};
    EXPECT_EQ(poll(&watched, 1, 0), 0);
    close(listener);
}

TEST_F(CheckCommand, WhatIsInTheEnvironmentIsNeverShown) {
    const std::vector<std::string> environment = {"GATE_AUDIENCE=https://hidden.example",
                                                  "GATE_KEYS=/hidden/keys.json"};
    const std::string text =
        "issuers: { i: { issuer: x, jwks_uri: https://issuer.example/keys } }\n"
        "audience: ${GATE_AUDIENCE}\n"
        "upstream: http://127.0.0.1:3\n"
        "routes: { GET /a: { claims: { tier: \"${GATE_AUDIENCE}\" } } }\n";
    const Outcome good = check(text, environment);
    EXPECT_EQ(good.code, 0) << good.errors;
    EXPECT_THAT(good.output,
                AllOf(HasSubstr("  ${GATE_AUDIENCE}  "),
                      HasSubstr("claim  tier is ${GATE_AUDIENCE}\n"), Not(HasSubstr("hidden"))));
    std::string wrong = text;
    wrong.replace(wrong.find("jwks_uri: https://issuer.example/keys"), 37,
                  "jwks_file: \"${GATE_KEYS}\"");
    const Outcome bad = check(wrong, environment);
    EXPECT_EQ(bad.code, 2);
    EXPECT_THAT(bad.errors, AllOf(HasSubstr("the key set ${GATE_KEYS} cannot be read"),
                                  Not(HasSubstr("hidden"))));
}

TEST_F(CheckCommand, WhatCannotBeReadIsTwo) {
    const std::vector<std::vector<std::string>> cases = {
        {BEARERGATE_BINARY, "check"},
        {BEARERGATE_BINARY, "check", "-c"},
        {BEARERGATE_BINARY, "check", "-c", folder_.file("absent.yaml")},
        {BEARERGATE_BINARY, "check", "-c", folder_.path().string()},
        {BEARERGATE_BINARY, "check", "-c", folder_.write("empty.yaml", "")},
        {BEARERGATE_BINARY, "check", "-c", folder_.write("no_routes.yaml", "issuer: x\n")},
    };
    for (const auto& command : cases) {
        SCOPED_TRACE(command.back());
        const Outcome outcome = run(command);
        EXPECT_EQ(outcome.code, 2);
        EXPECT_EQ(outcome.output, "");
        EXPECT_NE(outcome.errors, "");
    }
}

TEST_F(CheckCommand, HelpTeaches) {
    const Outcome outcome = run({BEARERGATE_BINARY, "check", "--help"});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_THAT(outcome.output, AllOf(HasSubstr("in which they win"), HasSubstr("Examples:"),
                                      HasSubstr("Exit codes:")));
    EXPECT_THAT(run({BEARERGATE_BINARY, "--help"}).output, HasSubstr("\n  check "));
}

}  // namespace
}  // namespace bearergate::test
