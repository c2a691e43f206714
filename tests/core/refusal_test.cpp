#include <bearergate/core/refusal.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace bearergate::core {
namespace {

struct Expected {
    Reason reason;
    std::string_view name;
    unsigned status;
    OAuthError error;
    bool challenge;
    int check;
};

// Written down a second time on purpose: these are what clients and dashboards rely on.
constexpr Expected published[] = {
    {Reason::bad_request, "bad_request", 400, OAuthError::none, false, 1},
    {Reason::expectation_unsupported, "expectation_unsupported", 417, OAuthError::none, false, 1},
    {Reason::header_too_large, "header_too_large", 431, OAuthError::none, false, 2},
    {Reason::header_timeout, "header_timeout", 408, OAuthError::none, false, 2},
    {Reason::body_timeout, "body_timeout", 408, OAuthError::none, false, 2},
    {Reason::bad_target, "bad_target", 400, OAuthError::none, false, 3},
    {Reason::no_route, "no_route", 404, OAuthError::none, false, 4},
    {Reason::method_not_allowed, "method_not_allowed", 405, OAuthError::none, false, 4},
    {Reason::route_closed, "route_closed", 403, OAuthError::none, false, 5},
    {Reason::token_missing, "token_missing", 401, OAuthError::none, true, 6},
    {Reason::credentials_ambiguous, "credentials_ambiguous", 400, OAuthError::invalid_request, true,
     7},
    {Reason::credentials_malformed, "credentials_malformed", 400, OAuthError::invalid_request, true,
     7},
    {Reason::scheme_unsupported, "scheme_unsupported", 401, OAuthError::none, true, 7},
    {Reason::token_too_large, "token_too_large", 401, OAuthError::invalid_token, true, 8},
    {Reason::token_malformed, "token_malformed", 401, OAuthError::invalid_token, true, 8},
    {Reason::token_opaque, "token_opaque", 401, OAuthError::invalid_token, true, 8},
    {Reason::token_encrypted, "token_encrypted", 401, OAuthError::invalid_token, true, 8},
    {Reason::alg_not_allowed, "alg_not_allowed", 401, OAuthError::invalid_token, true, 9},
    {Reason::crit_unsupported, "crit_unsupported", 401, OAuthError::invalid_token, true, 9},
    {Reason::typ_not_allowed, "typ_not_allowed", 401, OAuthError::invalid_token, true, 9},
    {Reason::issuer_unknown, "issuer_unknown", 401, OAuthError::invalid_token, true, 10},
    {Reason::token_expired, "token_expired", 401, OAuthError::invalid_token, true, 11},
    {Reason::token_not_yet_valid, "token_not_yet_valid", 401, OAuthError::invalid_token, true, 11},
    {Reason::claim_invalid, "claim_invalid", 401, OAuthError::invalid_token, true, 11},
    {Reason::key_unknown, "key_unknown", 401, OAuthError::invalid_token, true, 12},
    {Reason::keys_unavailable, "keys_unavailable", 503, OAuthError::none, false, 12},
    {Reason::signature_invalid, "signature_invalid", 401, OAuthError::invalid_token, true, 13},
    {Reason::overloaded, "overloaded", 503, OAuthError::none, false, 13},
    {Reason::sender_constrained, "sender_constrained", 401, OAuthError::invalid_token, true, 13},
    {Reason::issuer_not_accepted, "issuer_not_accepted", 403, OAuthError::insufficient_scope, true,
     14},
    {Reason::audience_mismatch, "audience_mismatch", 403, OAuthError::insufficient_scope, true, 14},
    {Reason::organization_unnamed, "organization_unnamed", 400, OAuthError::invalid_request, true,
     15},
    {Reason::organization_missing, "organization_missing", 403, OAuthError::insufficient_scope,
     true, 15},
    {Reason::organization_mismatch, "organization_mismatch", 403, OAuthError::insufficient_scope,
     true, 15},
    {Reason::organization_not_accepted, "organization_not_accepted", 403,
     OAuthError::insufficient_scope, true, 15},
    {Reason::scope_missing, "scope_missing", 403, OAuthError::insufficient_scope, true, 16},
    {Reason::claim_mismatch, "claim_mismatch", 403, OAuthError::insufficient_scope, true, 16},
    {Reason::body_too_large, "body_too_large", 413, OAuthError::none, false, 17},
    {Reason::upstream_unreachable, "upstream_unreachable", 502, OAuthError::none, false, 18},
    {Reason::upstream_broken, "upstream_broken", 502, OAuthError::none, false, 18},
    {Reason::upstream_timeout, "upstream_timeout", 504, OAuthError::none, false, 18},
};

TEST(Refusal, SaysWhatIsPublished) {
    ASSERT_EQ(std::size(published), reason_count);
    for (const Expected& expected : published) {
        SCOPED_TRACE(expected.name);
        const Refusal& actual = refusal(expected.reason);
        EXPECT_EQ(actual.name, expected.name);
        EXPECT_EQ(name_of(expected.reason), expected.name);
        EXPECT_EQ(actual.status, expected.status);
        EXPECT_EQ(actual.error, expected.error);
        EXPECT_EQ(actual.challenge, expected.challenge);
        EXPECT_EQ(actual.check, expected.check);
    }
}

// RFC 6750 section 3: %x20-21 / %x23-5B / %x5D-7E.
TEST(Refusal, DescribesItselfInOneSentenceFitForAChallenge) {
    std::set<std::string_view> texts;
    for (std::size_t i = 0; i < reason_count; ++i) {
        const Refusal& actual = refusal(static_cast<Reason>(i));
        SCOPED_TRACE(actual.name);
        const std::string_view text = actual.description;
        EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) {
            return c >= 0x20 && c <= 0x7e && c != '"' && c != '\\';
        }));
        EXPECT_TRUE(text.ends_with('.'));
        EXPECT_EQ(std::count(text.begin(), text.end(), '.') - (text.contains("1.x") ? 1 : 0), 1);
        EXPECT_TRUE(texts.insert(text).second) << "two reasons say the same";
    }
}

TEST(Refusal, NeverChallengesWhereNoTokenWouldHelp) {
    for (std::size_t i = 0; i < reason_count; ++i) {
        const Refusal& actual = refusal(static_cast<Reason>(i));
        SCOPED_TRACE(actual.name);
        if (actual.status == 401) EXPECT_TRUE(actual.challenge);
        if (actual.status >= 404) EXPECT_FALSE(actual.challenge);
        if (actual.error != OAuthError::none) EXPECT_TRUE(actual.challenge);
        if (actual.error == OAuthError::invalid_token) EXPECT_EQ(actual.status, 401U);
        if (actual.error == OAuthError::insufficient_scope) EXPECT_EQ(actual.status, 403U);
        if (actual.error == OAuthError::invalid_request) EXPECT_EQ(actual.status, 400U);
    }
}

TEST(Refusal, AnOpaqueTokenIsToldWhatToAskFor) {
    EXPECT_TRUE(refusal(Reason::token_opaque).description.contains("API resource"));
}

TEST(Refusal, NamesTheErrorsOfRfc6750) {
    EXPECT_EQ(name_of(OAuthError::none), "");
    EXPECT_EQ(name_of(OAuthError::invalid_request), "invalid_request");
    EXPECT_EQ(name_of(OAuthError::invalid_token), "invalid_token");
    EXPECT_EQ(name_of(OAuthError::insufficient_scope), "insufficient_scope");
}

}  // namespace
}  // namespace bearergate::core
