// The catalogue of token and key set attacks, each token taken as a request would bring it and
// followed as far as the decision does not depend on a route.
#include "support/authenticate.hpp"
#include "support/vectors.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

namespace {

using namespace bearergate;
using nlohmann::json;

constexpr double now = 1'750'000'000;

core::Policy policy() {
    const core::Issuer issuer{
        .algorithms = {core::Algorithm::es256, core::Algorithm::rs256, core::Algorithm::ps256,
                       core::Algorithm::eddsa, core::Algorithm::es384, core::Algorithm::es512},
        .times = {.skew = std::chrono::seconds(60)},
        .claims = {.organization = {"org"}}};
    core::Policy policy{.issuers = {issuer, issuer}, .identity = core::default_identity_headers()};
    policy.issuers[0].issuer = "https://issuer.example";
    policy.issuers[1].issuer = "https://issuer-b.example";
    return policy;
}

std::string key_set(const std::string& name) {
    return test::read_file(test::vectors_path("jwt/jwks/" + name + ".json"));
}

core::IssuerKeys keys_or_none(const std::string& text) {
    const auto document = core::parse_key_set(text);
    if (!document) return {};
    return {.set = std::make_shared<const core::KeySet>(document->set)};
}

// Checks 6 to 13a.
std::string outcome(const std::string& token, const core::KeyRing& keys) {
    const std::string field = "Bearer " + token;
    const std::string_view view = field;
    const auto text = core::bearer_token({&view, 1});
    if (!text) return test::outcome(text);
    return test::outcome(test::authenticate(*text, policy(), keys, test::at(now)));
}

// What our reasons are called where the vectors name a finer or another one.
const std::map<std::string, std::set<std::string>> reasons{
    {"alg_not_allowed", {"alg_not_allowed"}},
    {"token_malformed",
     {"token_malformed", "token_opaque", "token_encrypted", "credentials_malformed"}},
    {"token_too_large", {"token_too_large"}},
    {"json_duplicate_key", {"token_malformed"}},
    {"json_depth", {"token_malformed"}},
    {"json_trailing", {"token_malformed"}},
    {"json_utf8", {"token_malformed"}},
    {"json_bom", {"token_malformed"}},
    {"json_number", {"token_malformed", "ok"}},
    {"json_invalid", {"token_malformed"}},
    {"payload_not_object", {"token_malformed"}},
    {"header_not_object", {"token_malformed"}},
    {"b64_alphabet", {"token_malformed", "credentials_malformed"}},
    {"b64_noncanonical", {"token_malformed"}},
    {"b64_length", {"token_malformed"}},
    {"b64_not_allowed", {"crit_unsupported"}},
    {"crit_unsupported", {"crit_unsupported"}},
    {"crit_invalid", {"crit_unsupported"}},
    {"typ_rejected", {"typ_not_allowed"}},
    {"kid_type", {"token_malformed"}},
    {"kid_unknown", {"key_unknown"}},
    {"kid_required", {"key_unknown"}},
    {"ambiguous", {"key_unknown"}},
    {"jwk_alg_mismatch", {"key_unknown", "alg_not_allowed"}},
    {"kty_mismatch", {"key_unknown"}},
    {"crv_mismatch", {"key_unknown"}},
    {"signature_invalid", {"signature_invalid"}},
    {"signature_invalid/length", {"signature_invalid"}},
    {"signature_length", {"signature_invalid"}},
    {"iss_required", {"issuer_unknown"}},
    {"unknown_issuer", {"issuer_unknown"}},
    {"exp_required", {"claim_invalid"}},
    {"expired", {"token_expired"}},
    {"not_yet_valid", {"token_not_yet_valid"}},
    {"iat_in_future", {"token_not_yet_valid"}},
    {"claim_type", {"claim_invalid"}},
    {"claim_range", {"claim_invalid"}},
    {"aud_required", {"claim_invalid"}},
    {"sender_constrained_token", {"sender_constrained"}},
};

// Where the vectors leave a choice or name another answer, this is the one that we give.
const std::map<std::string, std::string> decided{
    {"KI-30", "ok"},               // exactly one key fits the algorithm
    {"KI-32", "key_unknown"},      // a key without a name is never meant by one
    {"CR-20", "token_malformed"},  // no base64url: refused before the header is looked at
    {"TY-24", "ok"},               // what `token_use` means is for a route's claims to say
    {"TY-28", "ok"},
    {"JS-42", "token_too_large"},
    {"TM-04", "claim_invalid"},
    {"TM-34", "ok"},
    {"IS-08", "issuer_unknown"},
    {"IS-09", "issuer_unknown"},
    {"IS-11", "issuer_unknown"},
    {"SC-12", "ok"},
    {"SC-13", "ok"},  // one scope with a space in it, which no route can ask for
    {"SC-15", "claim_invalid"},
    {"SC-16", "claim_invalid"},
    {"SC-18", "claim_invalid"},
    {"OR-05", "claim_invalid"},
    {"OR-06", "claim_invalid"},
    {"OR-07", "claim_invalid"},
    {"OR-08", "claim_invalid"},
    {"OR-12", "claim_invalid"},
    {"OR-13", "claim_invalid"},
    {"SU-02", "claim_invalid"},
    {"SU-04", "claim_invalid"},
    {"SU-05", "claim_invalid"},
    {"SU-06", "claim_invalid"},
    {"SU-07", "claim_invalid"},
    {"SU-08", "claim_invalid"},
    {"SU-09", "claim_invalid"},
};

std::string first_word(const std::string& text) {
    return text.substr(0, text.find_first_of(" ,;:("));
}

TEST(TokenVectors, EveryTokenIsRefusedForItsReasonOrProved) {
    if (!test::has_vectors("jwt")) GTEST_SKIP() << test::no_vectors;
    std::size_t seen = 0;
    for (const json& c : test::read_cases("jwt/cases.json")) {
        const auto id = c["id"].get<std::string>();
        const auto expect = c["expect"].get<std::string>();
        SCOPED_TRACE(id + " " + c["attack"].get<std::string>() + ": " + expect);
        ++seen;
        const core::KeyRing keys{keys_or_none(key_set(c["jwks"].get<std::string>())),
                                 keys_or_none(key_set("issuer_b"))};
        const std::string result = outcome(c["token"].get<std::string>(), keys);
        if (const auto it = decided.find(id); it != decided.end()) {
            EXPECT_EQ(result, it->second);
        } else if (expect.starts_with("200") || expect.starts_with("403")) {
            EXPECT_EQ(result, "ok");
        } else {
            const auto known = reasons.find(first_word(c["reason"].get<std::string>()));
            EXPECT_TRUE(known != reasons.end() && known->second.contains(result))
                << c["reason"] << " gave " << result;
        }
    }
    EXPECT_GE(seen, 300U);
}

struct KeySetCase {
    std::size_t usable;  // keys; none: the document is refused
    const char* token;   // what its token comes to
};
const std::map<std::string, KeySetCase> key_sets{
    {"JK-09", {1, "ok"}},
    {"JK-10", {1, "alg_not_allowed"}},
    {"JK-11", {1, "ok"}},  // a shared secret among the keys harms nobody who ignores it
    {"JK-19", {1, "alg_not_allowed"}},
    {"JK-21", {2, "ok"}},
    {"JK-22", {1, "ok"}},
    {"JK-27", {1, ""}},
    {"JK-41", {1, "ok"}},
    {"JK-53", {1, "ok"}},
    {"JK-54", {1, ""}},
    {"JK-57", {1, "ok"}},
};

TEST(TokenVectors, EveryKeySetIsTakenOrRefused) {
    if (!test::has_vectors("jwt")) GTEST_SKIP() << test::no_vectors;
    std::size_t seen = 0;
    for (const json& c : test::read_cases("jwt/jwks_cases.json")) {
        const auto id = c["id"].get<std::string>();
        SCOPED_TRACE(id + " " + c["desc"].get<std::string>());
        ++seen;
        const std::string text = key_set(c["jwks"].get<std::string>());
        const auto document = core::parse_key_set(text);
        const auto known = key_sets.find(id);
        // All the others hold no key that could be used.
        const KeySetCase expected =
            known == key_sets.end() ? KeySetCase{0, "keys_unavailable"} : known->second;
        EXPECT_EQ(document ? document->set.keys().size() : 0, expected.usable);
        const std::string token = c["token"].is_string() ? c["token"].get<std::string>() : "";
        if (!token.empty()) EXPECT_EQ(outcome(token, {keys_or_none(text)}), expected.token);
    }
    EXPECT_GE(seen, 40U);
}

}  // namespace
