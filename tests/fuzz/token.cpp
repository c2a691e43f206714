// base64url, and what a token says before and after it is believed. Input: a compact token; or,
// of several lines, the header, the payload and the signature of one, in clear.
#include <bearergate/core/authorize.hpp>
#include <bearergate/core/base64url.hpp>

#include "fuzz.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace bearergate::fuzz {

namespace {

using namespace core;

const WallTime now{std::chrono::duration<double>(1'700'000'000)};

void try_base64url(std::string_view text) {
    const auto decoded = decode_base64url(text);
    require(!decoded || encode_base64url(*decoded) == text, "one text for one sequence of bytes");
    const auto encoded = encode_base64url(text);
    require(decode_base64url(encoded) == text, "what is encoded decodes");
    require(encoded.find_first_of("+/=") == encoded.npos, "without padding, for URLs");
}

// The parts of `compact` by the naive reading, none where there are not three strict ones.
bool has_three_good_parts(std::string_view compact) {
    if (std::count(compact.begin(), compact.end(), '.') != 2) return false;
    for (int i = 0; i < 3; ++i) {
        const std::size_t end = std::min(compact.find('.'), compact.size());
        const auto part = decode_base64url(compact.substr(0, end));
        compact.remove_prefix(std::min(end + 1, compact.size()));
        if (!part) return false;
        if (i == 2) break;
        const auto json = Json::parse(*part, 16);
        if (!json || !json->is_object()) return false;
    }
    return true;
}

void require_good(const TokenTimes& times) {
    const auto is_date = [](WallTime time) {
        const double seconds = time.time_since_epoch().count();
        return std::isfinite(seconds) && seconds >= 0 && seconds <= 253'402'300'799;
    };
    require(is_date(times.expires_at), "exp is a date");
    require(is_date(times.not_before.value_or(now)), "nbf is a date");
    require(is_date(times.issued_at.value_or(now)), "iat is a date");
    const TimeRules rules{.skew = std::chrono::seconds(30),
                          .max_lifetime = std::chrono::seconds(3600)};
    if (check_times(times, rules, now)) return;
    require(times.expires_at + rules.skew > now, "nothing expired is good");
    require(!times.not_before || *times.not_before <= now + rules.skew, "nothing early is good");
    require(times.issued_at && times.expires_at - *times.issued_at <= std::chrono::seconds(3600),
            "nothing lives too long");
    require(check_times(times, rules, times.expires_at + rules.skew) == Reason::token_expired,
            "what is good now expires");
}

void require_good(const Claims& claims) {
    require(!claims.subject.empty() && fits_in_header(claims.subject), "a subject for a header");
    require(fits_in_header(claims.client.value_or("a")), "a client for a header");
    require(fits_in_header(claims.organization.value_or("a")), "an organization for a header");
    require(claims.all.at("cnf").type() == Json::Type::invalid, "no bound token");
    // That the issuer is a configured one has been checked before its claims are read.
    if (!fits_in_header(claims.issuer)) return;
    const auto headers = default_identity_headers();
    const auto lines = identity_lines(headers, claims);
    require(lines && lines->size() == headers.size(), "a place for each header");
    for (std::size_t i = 0; i < lines->size(); ++i) {
        const std::string_view value = (*lines)[i];
        const auto is_printable = [](char c) { return c >= 0x20 && c <= 0x7E; };
        require(std::all_of(value.begin(), value.end(), is_printable), "fit to be sent");
    }
}

// Nothing in a header but its own alg chooses how a signature is checked.
void try_header(const UnverifiedToken& token) {
    const auto strict =
        check_header(token, {.algorithms = {Algorithm::es256}, .token_type = "at+jwt"});
    const auto lax = check_header(token, {.algorithms = AlgorithmSet::all()});
    require(!strict || lax, "what the stricter rules pass the laxer ones pass");
    require(!strict || strict->algorithm == Algorithm::es256, "only an allowed algorithm passes");
    require(!lax || name_of(lax->algorithm) == token.header().at("alg").string(), "the one named");
    require(!check_header(token, {}), "with none allowed, none passes");
}

Policy make_policy() {
    Policy policy;
    policy.issuers.push_back({.name = "own", .issuer = "https://issuer.example"});
    policy.identity = default_identity_headers();
    return policy;
}

void try_token(std::string_view compact) {
    const auto token = UnverifiedToken::parse(compact);
    require(token.has_value() == has_three_good_parts(compact),
            "three parts, as the naive reading");
    static const Policy policy = make_policy();
    const auto examined = examine(compact, policy, now);
    require(!examined || token, "what is examined was parsed");
    require(!examined || token->issuer() == policy.issuers[examined->issuer].issuer,
            "by a configured issuer, exactly");
    // Without its key nothing is good.
    require(!examined || !choose_key(*examined, KeyRing{{}}), "no key, no proof");
    if (!token) return;
    require(compact.starts_with(token->signed_text()), "the front of the text is signed");
    require(compact.substr(token->signed_text().size() + 1) == encode_base64url(token->signature()),
            "the rest is the signature");
    try_header(*token);
    if (const auto times = read_times(*token)) require_good(*times);
    if (const auto claims = read_claims(*token, {})) require_good(*claims);
    const ClaimNames by_pointer{.scope = {"/a/0"}, .organization = {"/b~1c"}, .client = {"/"}};
    if (const auto claims = read_claims(*token, by_pointer)) require_good(*claims);
}

void try_authorization(std::string_view value) {
    const std::string_view values[]{value, value};
    require(!bearer_token(values), "two are none");
    const auto token = bearer_token({values, 1});
    if (!token) return;
    require(value.contains(*token) && !token->empty(), "a token is a part of its field");
    require(token->find_first_of(" \t\r\n") == token->npos, "and one word");
}

}  // namespace

void try_input(std::string_view input) {
    try_authorization(input);
    if (!input.contains('\n')) {
        try_base64url(input);
        try_token(input);
        return;
    }
    const std::string header = encode_base64url(take_line(input));
    const std::string payload = encode_base64url(take_line(input));
    try_token(header + "." + payload + "." + encode_base64url(input));
}

}  // namespace bearergate::fuzz
