// Every way to be refused before there is an upstream to speak of: what the client is told, what
// is noted down, and that the upstream hears nothing of it.

#include <bearergate/core/base64url.hpp>

#include "gateway/front.hpp"

#include <nlohmann/json.hpp>

#include <set>
#include <vector>

namespace bearergate::test {
namespace {

using core::Reason;
using nlohmann::json;

constexpr const char* routes =
    "  /open: public\n"
    "  /token: authenticated\n"
    "  GET /read: { scopes: [read:items, 'sp\"ce'], any_scope: [a, b] }\n"
    "  /claims: { claims: { role: admin } }\n"
    "  /closed: deny\n"
    "  GET,PUT /twice: public\n"
    "  /org/{orgId}: { organization: '{orgId}' }\n"
    "  /org-header: { organization: header:X-Org }\n"
    "  /other-issuer: { issuer: other, audience: https://api.example }\n"
    "  /other-audience: { audience: https://other.example }\n"
    "  POST /small: { access: public, body_bytes: 10B }\n";

constexpr const char* other_issuer =
    "issuers: { other: { issuer: https://other.example, jwks_uri: https://other.example/jwks } }";

struct Case {
    Reason reason;
    std::string what{};
    std::string request{};
    int status = 0;
    const char* error = nullptr;  // nullptr: no challenge; "": a challenge that names none
    bool ends_connection = false;
    std::string scope{};     // in the challenge
    std::string headers{};   // "Name: value" that must be there besides
    std::string route{};     // as logged
    bool is_unread = false;  // the head never became one
};

class Refusals : public Front {
protected:
    std::vector<Case> cases() const;
    std::vector<Case> token_cases() const;

    void serve_routes() {
        serve(routes, "limits: { header_bytes: 2KiB, token_bytes: 1KiB }", other_issuer);
    }
    std::string with_token(const std::string& target, const std::string& token) const {
        return get(target, "Authorization: Bearer " + token + "\r\n");
    }

    void check(const Case& c) {
        const auto before = counted(c.reason);
        Connection client(gateway_->port());
        ASSERT_TRUE(client.send(c.request));
        const Reply reply = client.read_reply();
        check_reply(c, reply);
        check_record(c, reply);
        EXPECT_EQ(counted(c.reason), before + 1);
        expect_upstream_untouched();
        check_connection(c, reply, client);
        expect_upstream_untouched();
    }

    static void check_reply(const Case& c, const Reply& reply) {
        ASSERT_EQ(reply.status, c.status) << reply.body;
        EXPECT_EQ(reply.header("Content-Type"), "application/problem+json");
        EXPECT_EQ(reply.header("Cache-Control"), "no-store");
        EXPECT_EQ(reply.header("X-Content-Type-Options"), "nosniff");
        EXPECT_EQ(reply.header("Date"), "Tue, 14 Nov 2023 22:14:20 GMT");
        const json body = json::parse(reply.body);
        EXPECT_EQ(body["status"], c.status);
        EXPECT_EQ(body["type"], "about:blank");
        EXPECT_EQ(body["reason"], std::string(core::name_of(c.reason)));
        EXPECT_EQ(body["request_id"], reply.header("X-Request-Id"));
        EXPECT_EQ(reply.header("X-Request-Id").size(), 32U);

        std::set<std::string> members{"type",   "title",     "status", "error_description",
                                      "reason", "request_id"};
        std::string challenge;
        if (c.error != nullptr) challenge = "Bearer realm=\"bearergate\"";
        if (c.error != nullptr && *c.error != '\0') {
            members.insert("error");
            EXPECT_EQ(body["error"], c.error);
            challenge += std::string(", error=\"") + c.error + "\", error_description=\"" +
                         body["error_description"].get<std::string>() + "\"";
        }
        if (!c.scope.empty()) challenge += ", scope=\"" + c.scope + "\"";
        EXPECT_EQ(reply.header("WWW-Authenticate"), challenge);
        EXPECT_EQ(reply.count("WWW-Authenticate"), challenge.empty() ? 0U : 1U);
        if (c.reason == Reason::scope_missing) {
            members.insert({"required_scopes", "required_any_scope"});
            EXPECT_EQ(body["required_scopes"], json({"read:items", "sp\"ce"}));
            EXPECT_EQ(body["required_any_scope"], json({"a", "b"}));
        }
        std::set<std::string> seen;
        for (const auto& [name, value] : body.items()) seen.insert(name);
        EXPECT_EQ(seen, members);

        // Whatever the method is refused for, its answer names those of the path's routes.
        const bool has_routes = c.reason == Reason::method_not_allowed && c.what != "CONNECT";
        EXPECT_EQ(reply.header("Allow"), has_routes ? "GET, HEAD, PUT" : "");
        EXPECT_EQ(reply.count("Allow"), c.reason == Reason::method_not_allowed ? 1U : 0U);
        EXPECT_EQ(reply.header("Retry-After"), c.status == 503 ? "1" : "");
        EXPECT_EQ(reply.header("Connection"), c.ends_connection ? "close" : "");
    }

    void check_record(const Case& c, const Reply& reply) {
        const LogRecord record = gateway_->next_record();
        EXPECT_EQ(record.status, static_cast<unsigned>(c.status));
        EXPECT_EQ(record.reason, core::name_of(c.reason));
        EXPECT_EQ(record.would_deny, "");
        EXPECT_EQ(record.request_id, reply.header("X-Request-Id"));
        EXPECT_EQ(record.client, "127.0.0.1");
        EXPECT_EQ(record.bytes_out, reply.body.size());
        EXPECT_EQ(record.method, c.is_unread ? "" : c.request.substr(0, c.request.find(' ')));
        EXPECT_EQ(record.route, c.route);
        EXPECT_FALSE(record.reached_upstream);
    }

    // The connection ends, or carries another request.
    void check_connection(const Case& c, const Reply& reply, Connection& client) {
        if (c.ends_connection) {
            EXPECT_EQ(client.read_all(), "");
            EXPECT_EQ(client.end(), Connection::End::closed);
            return;
        }
        ASSERT_TRUE(client.send(get("/nowhere")));
        const Reply next = client.read_reply();
        EXPECT_EQ(next.status, 404);
        EXPECT_NE(next.header("X-Request-Id"), reply.header("X-Request-Id"));
        gateway_->next_record();
    }

    const Issuer other_{"https://other.example"};
};

std::vector<Case> Refusals::cases() const {
    const std::string body = "Content-Length: 11\r\n";
    const std::string post = "POST /small HTTP/1.1\r\nHost: a\r\n";
    return {
        {Reason::bad_request, "no HTTP", "hello\r\n\r\n", 400, nullptr, true, {}, {}, {}, true},
        {Reason::bad_request,
         "no Host",
         "GET /open HTTP/1.1\r\n\r\n",
         400,
         nullptr,
         true,
         {},
         {},
         {},
         true},
        {Reason::expectation_unsupported, "an expectation", get("/open", "Expect: tea\r\n"), 417,
         nullptr, true},
        {Reason::header_too_large,
         "a long field",
         get("/open", "X: " + std::string(2048, 'x') + "\r\n"),
         431,
         nullptr,
         true,
         {},
         {},
         {},
         true},
        {Reason::bad_target, "an encoded slash", get("/op%2Fen"), 400},
        {Reason::bad_target, "another authority", get("http://b.example/open"), 400, nullptr, true},
        {Reason::no_route, "no route", get("/nowhere"), 404},
        {Reason::method_not_allowed, "no such method", "DELETE /twice HTTP/1.1\r\nHost: a\r\n\r\n",
         405},
        {Reason::method_not_allowed, "TRACE", "TRACE /twice HTTP/1.1\r\nHost: a\r\n\r\n", 405,
         nullptr, true},
        {Reason::method_not_allowed, "TRACE of a URL",
         "TRACE http://a/twice HTTP/1.1\r\nHost: a\r\n\r\n", 405, nullptr, true},
        {Reason::method_not_allowed, "CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
         405, nullptr, true},
        {Reason::route_closed,
         "a closed route",
         get("/closed", bearer()),
         403,
         nullptr,
         false,
         {},
         {},
         "/closed"},
        {Reason::token_missing, "no token", get("/token"), 401, "", false, {}, {}, "/token"},
        {Reason::credentials_ambiguous,
         "two tokens",
         get("/token", bearer() + bearer()),
         400,
         "invalid_request",
         false,
         {},
         {},
         "/token"},
        {Reason::credentials_malformed,
         "three words",
         get("/token", "Authorization: Bearer a b\r\n"),
         400,
         "invalid_request",
         false,
         {},
         {},
         "/token"},
        {Reason::scheme_unsupported,
         "Basic",
         get("/token", "Authorization: Basic YTpi\r\n"),
         401,
         "",
         false,
         {},
         {},
         "/token"},
        {Reason::body_too_large,
         "a body that says it",
         post + body + "\r\n",
         413,
         nullptr,
         true,
         {},
         {},
         "POST /small"},
        {Reason::body_too_large,
         "a chunked body that came at once",
         post + "Transfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n0\r\n\r\n",
         413,
         nullptr,
         true,
         {},
         {},
         "POST /small"},
        {Reason::bad_request, "a chunked body gone wrong at once",
         post + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello world\r\n0\r\n\r\n", 400, nullptr,
         true},
    };
}

std::vector<Case> Refusals::token_cases() const {
    const auto plain = [this](Reason reason, const std::string& token) {
        return Case{reason,
                    std::string(core::name_of(reason)),
                    with_token("/token", token),
                    401,
                    "invalid_token",
                    false,
                    {},
                    {},
                    "/token"};
    };
    const auto forbidden = [this](Reason reason, const std::string& target,
                                  const std::string& route, std::string_view claims = "{}") {
        return Case{reason,
                    target,
                    with_token(target, issuer_.token(claims)),
                    403,
                    "insufficient_scope",
                    false,
                    {},
                    {},
                    route};
    };
    std::vector<Case> all{
        plain(Reason::token_too_large, issuer_.token(R"({"x":")" + std::string(800, 'x') + "\"}")),
        plain(Reason::token_malformed, "a.b.c"),
        plain(Reason::token_opaque, "JaZ0pc-wEMH2g2gIuN"),
        plain(Reason::token_encrypted, "a.b.c.d.e"),
        plain(Reason::alg_not_allowed, unsigned_token(issuer_.payload())),
        plain(Reason::crit_unsupported, issuer_.token_with_header(R"({"crit":["x"],"x":1})")),
        plain(Reason::typ_not_allowed, issuer_.token_with_header(R"({"typ":"JWT"})")),
        plain(Reason::issuer_unknown, issuer_.token(R"({"iss":"https://evil.example"})")),
        plain(Reason::token_expired, issuer_.token(R"({"exp":1700000000})")),
        plain(Reason::token_not_yet_valid, issuer_.token(R"({"nbf":1700003000})")),
        plain(Reason::claim_invalid, issuer_.token(R"({"sub":7})")),
        plain(Reason::claim_invalid, issuer_.token(R"({"exp":null})")),
        plain(Reason::signature_invalid, with_flipped_signature(issuer_.token(), 9)),
        plain(Reason::sender_constrained, issuer_.token(R"({"cnf":{"jkt":"x"}})")),
        forbidden(Reason::issuer_not_accepted, "/other-issuer", "/other-issuer"),
        forbidden(Reason::audience_mismatch, "/other-audience", "/other-audience"),
        forbidden(Reason::organization_missing, "/org/acme", "/org/{orgId}"),
        forbidden(Reason::organization_mismatch, "/org/acme", "/org/{orgId}",
                  R"({"organization_id":"globex"})"),
        forbidden(Reason::organization_not_accepted, "/token", "/token",
                  R"({"organization_id":"acme"})"),
        forbidden(Reason::scope_missing, "/read", "GET /read", R"({"scope":"read:items a"})"),
        forbidden(Reason::claim_mismatch, "/claims", "/claims", R"({"role":"reader"})"),
    };
    all[all.size() - 2].scope = "read:items a b";  // less the name that no scope-token can be
    all.push_back({Reason::organization_unnamed,
                   "no organization named",
                   with_token("/org-header", issuer_.token(R"({"organization_id":"acme"})")),
                   400,
                   "invalid_request",
                   false,
                   {},
                   {},
                   "/org-header"});
    all.push_back({Reason::key_unknown,
                   "a key that nobody has",
                   with_token("/token", issuer_.token_with_header(R"({"kid":"nobody"})")),
                   401,
                   "invalid_token",
                   false,
                   {},
                   {},
                   "/token"});
    all.push_back({Reason::keys_unavailable,
                   "an issuer without keys",
                   with_token("/token", other_.token()),
                   503,
                   nullptr,
                   false,
                   {},
                   {},
                   "/token"});
    return all;
}

TEST_F(Refusals, SayWhyAndNeverReachTheUpstream) {
    serve_routes();
    std::set<Reason> seen;
    for (const auto& all : {cases(), token_cases()}) {
        for (const Case& c : all) {
            SCOPED_TRACE(c.what);
            check(c);
            seen.insert(c.reason);
        }
    }
    // What takes time or a crowd has tests of its own.
    const std::set<Reason> elsewhere{Reason::header_timeout,  Reason::body_timeout,
                                     Reason::overloaded,      Reason::upstream_unreachable,
                                     Reason::upstream_broken, Reason::upstream_timeout};
    EXPECT_EQ(seen.size() + elsewhere.size(), core::reason_count);
}

TEST_F(Refusals, OfHeadHaveNoBody) {
    serve_routes();
    const struct {
        std::string target;
        std::string fields;
        int status;
    } cases[] = {{"/token", "", 401},
                 {"/nowhere", "", 404},
                 {"/read", bearer(), 403},
                 {"/open", "Expect: tea\r\n", 417},
                 {"/open", "Host: b\r\n", 400},
                 {"/open", "No colon\r\n", 400},
                 {"/open", "X: " + std::string(2048, 'x') + "\r\n", 431}};
    for (const auto& c : cases) {
        SCOPED_TRACE(c.status);
        const std::string request = "HEAD " + c.target + " HTTP/1.1\r\nHost: a\r\n" + c.fields +
                                    "Connection: close\r\n\r\n";
        const std::string answer = talk(gateway_->port(), request);
        const Reply reply = parse_reply(answer, true);
        EXPECT_EQ(reply.status, c.status);
        EXPECT_GT(std::stoi(reply.header("Content-Length")), 100) << "of the body that GET gets";
        EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
        EXPECT_EQ(gateway_->next_record().bytes_out, 0U);
    }
    expect_upstream_untouched();
}

TEST_F(Refusals, OfOldClientsSayWhetherTheyMayGoOn) {
    serve_routes();
    const std::string request = "GET /token HTTP/1.0\r\n";
    const Reply closed = parse_reply(talk(gateway_->port(), request + "\r\n"), false);
    EXPECT_EQ(closed.status, 401);
    EXPECT_EQ(closed.header("Connection"), "close");

    Connection client(gateway_->port());
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(client.send(request + "Connection: keep-alive\r\n\r\n"));
        const Reply kept = client.read_reply();
        EXPECT_EQ(kept.status, 401);
        EXPECT_EQ(kept.header("Connection"), "keep-alive");
    }
    expect_upstream_untouched();
}

TEST_F(Refusals, NeverListTheMethodsOfAnotherRequest) {
    serve_routes();
    EXPECT_EQ(ask("DELETE /twice HTTP/1.1\r\nHost: a\r\n\r\n").header("Allow"), "GET, HEAD, PUT");
    const Reply reply = ask("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n");
    EXPECT_EQ(reply.status, 405);
    EXPECT_EQ(reply.header("Allow"), "");
}

TEST_F(Refusals, ForWantOfAVerifierAskToComeAgain) {
    const Issuer slow(issuer_.issuer(), core::Algorithm::es384);
    serve_with(configuration(routes, "", other_issuer),
               {.keys = {{issuer_.issuer(), slow.jwks()}}, .verifications = 0});
    check({Reason::overloaded,
           "no room",
           with_token("/token", slow.token()),
           503,
           nullptr,
           false,
           {},
           {},
           "/token"});
}

}  // namespace
}  // namespace bearergate::test
