// Routes that are open, optional or in shadow: what is let through there, and what not even there.

#include "gateway/front.hpp"

#include <vector>

namespace bearergate::test {
namespace {

constexpr const char* routes =
    "  /open: public\n"
    "  /optional: { access: optional, scopes: [read:items] }\n"
    "  /shadow: { mode: shadow, scopes: [read:items] }\n"
    "  /shadow-closed: { mode: shadow, access: deny }\n"
    "  /shadow-optional: { mode: shadow, access: optional }\n"
    "  POST /shadow-small: { mode: shadow, access: token, body_bytes: 10B }\n"
    "  /area/**: authenticated\n"
    "  /area/private/**: deny\n";

constexpr const char* good_scope = R"({"scope":"read:items"})";

class AccessKinds : public Front {
protected:
    // What the upstream got of the request; status 200 and nothing else from the upstream itself.
    SeenRequest forwarded(const std::string& request) {
        const auto before = upstream_.requests().size();
        EXPECT_EQ(ask(request).status, 200);
        const auto seen = upstream_.requests();
        if (seen.size() != before + 1) {
            ADD_FAILURE() << "the upstream got " << seen.size() - before << " requests";
            return {};
        }
        return seen.back();
    }
    static void expect_no_identity(const SeenRequest& request) {
        for (const auto& [name, value] : request.headers) {
            EXPECT_FALSE(name.starts_with("X-Auth")) << name << ": " << value;
        }
    }
    std::uint64_t would_deny(core::Reason reason) {
        std::uint64_t all = 0;
        for (const auto& route : gateway_->counters().routes) {
            all += route.would_deny[static_cast<std::size_t>(reason)];
        }
        return all;
    }
};

TEST_F(AccessKinds, OpenRoutesLookAtNoToken) {
    serve(routes);
    const std::string both =
        "Authorization: Bearer not-a-token\r\nAuthorization: Basic YTpi\r\nX-Auth-Subject: "
        "root\r\n";
    const SeenRequest request = forwarded(get("/open", both));
    EXPECT_EQ(request.count("Authorization"), 2U);
    EXPECT_EQ(request.header("Authorization"), "Bearer not-a-token");
    expect_no_identity(request);
    const LogRecord record = gateway_->next_record();
    EXPECT_EQ(record.route, "/open");
    EXPECT_EQ(record.reason, "");
    EXPECT_EQ(record.subject, "");
    EXPECT_TRUE(record.reached_upstream);
}

TEST_F(AccessKinds, OptionalRoutesTakeNobodyOrSomebodyWhoPassesEveryCheck) {
    serve(routes);
    expect_no_identity(forwarded(get("/optional")));
    EXPECT_EQ(gateway_->next_record().subject, "");

    const SeenRequest known = forwarded(get("/optional", bearer(good_scope)));
    EXPECT_EQ(known.header("X-Auth-Subject"), "ada");
    EXPECT_EQ(known.count("Authorization"), 0U);
    EXPECT_EQ(gateway_->next_record().subject, "ada");

    const auto before = upstream_.bytes();
    EXPECT_EQ(ask(get("/optional", bearer())).status, 403);
    EXPECT_EQ(ask(get("/optional", "Authorization: \r\n")).status, 400) << "a field is a field";
    EXPECT_EQ(ask(get("/optional", "Authorization: Basic YTpi\r\n")).status, 401);
    EXPECT_EQ(ask(get("/optional", bearer(good_scope) + bearer(good_scope))).status, 400);
    EXPECT_EQ(upstream_.bytes(), before);
}

TEST_F(AccessKinds, ADeniedPartOfAnOpenAreaStaysShut) {
    serve(routes);
    for (const char* target : {"/area/private", "/area/private/", "/area/private/x",
                               "/area/%70rivate/x", "/area/./private/x", "/area/x/../private/x"}) {
        SCOPED_TRACE(target);
        const Reply reply = ask(get(target, bearer()));
        EXPECT_EQ(reply.status, 403);
        EXPECT_EQ(reply.count("WWW-Authenticate"), 0U);
        EXPECT_EQ(gateway_->next_record().reason, "route_closed");
    }
    expect_upstream_untouched();
    EXPECT_EQ(forwarded(get("/area/public", bearer())).target, "/area/public");
}

TEST_F(AccessKinds, ShadowRoutesForwardAndNoteDownWhatTheyWouldHaveRefused) {
    serve(routes);
    const std::string expired = issuer_.token(R"({"exp":1700000000})");
    const struct {
        std::string target;
        std::string fields;
        core::Reason reason;
        std::string subject;
    } cases[] = {
        {"/shadow", "", core::Reason::token_missing, ""},
        {"/shadow", "Authorization: Basic YTpi\r\n", core::Reason::scheme_unsupported, ""},
        {"/shadow", "Authorization: x\r\n", core::Reason::credentials_malformed, ""},
        {"/shadow", "Authorization: Bearer " + expired + "\r\n", core::Reason::token_expired, ""},
        {"/shadow", bearer(), core::Reason::scope_missing, "ada"},
        {"/shadow-closed", bearer(good_scope), core::Reason::route_closed, ""},
        {"/shadow-optional", "Authorization: Bearer x\r\n", core::Reason::token_opaque, ""},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(core::name_of(c.reason));
        const SeenRequest request = forwarded(get(c.target, c.fields + "X-Auth-Subject: root\r\n"));
        expect_no_identity(request);
        const std::string value =
            c.fields.empty() ? "" : c.fields.substr(15, c.fields.size() - 15 - 2);
        EXPECT_EQ(request.header("Authorization"), value) << "untouched";
        const LogRecord record = gateway_->next_record();
        EXPECT_EQ(record.status, 200U);
        EXPECT_EQ(record.reason, "");
        EXPECT_EQ(record.would_deny, core::name_of(c.reason));
        EXPECT_EQ(record.subject, c.subject);
        EXPECT_EQ(would_deny(c.reason), 1U);
        EXPECT_EQ(counted(c.reason), 0U);
    }
}

TEST_F(AccessKinds, ShadowRoutesNameWhoPassedEveryCheck) {
    serve(routes);
    const std::string field = bearer(good_scope);
    const SeenRequest request = forwarded(get("/shadow", field));
    EXPECT_EQ(request.header("X-Auth-Subject"), "ada");
    EXPECT_EQ("Authorization: " + request.header("Authorization") + "\r\n", field);
    EXPECT_EQ(gateway_->next_record().would_deny, "");
}

// What the backend itself could read in two ways is refused even here.
TEST_F(AccessKinds, ShadowRoutesStillRefuseWhatIsAmbiguous) {
    serve(routes);
    const std::string two = bearer(good_scope) + "Authorization: Bearer x\r\n";
    for (const char* target : {"/shadow", "/shadow-optional"}) {
        SCOPED_TRACE(target);
        EXPECT_EQ(ask(get(target, two)).status, 400);
        const LogRecord record = gateway_->next_record();
        EXPECT_EQ(record.reason, "credentials_ambiguous");
        EXPECT_EQ(record.would_deny, "");
    }
    EXPECT_EQ(ask(get("/shadow/../%2e%2e/x")).status, 400);
    EXPECT_EQ(ask(get("/shadow", "Content-Length: 4, 4\r\n")).status, 400);
    EXPECT_EQ(ask("POST /shadow-small HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n").status,
              413);
    expect_upstream_untouched();
}

TEST_F(AccessKinds, ShadowRoutesDoNotWaitForKeys) {
    // Whoever asks for keys here is never answered, and would wait for two seconds.
    serve_with(configuration(routes), {.keys = {{issuer_.issuer(), issuer_.jwks()}},
                                       .asked = [](Gateway&, const gateway::KeyQuestion&) {}});
    const auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < 20; ++i) {
        const std::string token =
            issuer_.token_with_header(R"({"kid":"new-)" + std::to_string(i) + "\"}");
        forwarded(get("/shadow", "Authorization: Bearer " + token + "\r\n"));
        EXPECT_EQ(gateway_->next_record().would_deny, "key_unknown");
    }
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(20));
}

}  // namespace
}  // namespace bearergate::test
