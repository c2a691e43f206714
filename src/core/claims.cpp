#include <bearergate/core/claims.hpp>
#include <bearergate/core/identity.hpp>

#include <algorithm>
#include <utility>

namespace bearergate::core {

namespace {

constexpr double last_second_of_9999 = 253'402'300'799;

WallTime wall_time(double seconds) {
    return WallTime(std::chrono::duration<double>(seconds));
}

bool is_there(const Json& value) {
    return value.type() != Json::Type::invalid;
}

// Absent is fine; there and no NumericDate is not.
Result<std::optional<WallTime>, Reason> read_time(const Json& value) {
    if (!is_there(value)) return std::nullopt;
    const auto seconds = value.number();
    if (!seconds || *seconds < 0 || *seconds > last_second_of_9999) {
        return std::unexpected(Reason::claim_invalid);
    }
    return wall_time(*seconds);
}

// Absent is fine; there and no string that can travel in a header is not.
Result<std::optional<std::string>, Reason> read_name(const Json& value) {
    if (!is_there(value)) return std::nullopt;
    const auto text = value.string();
    if (!text || !fits_in_header(*text)) return std::unexpected(Reason::claim_invalid);
    return std::string(*text);
}

Result<std::vector<std::string>, Reason> read_strings(const Json& array) {
    std::vector<std::string> strings;
    strings.reserve(array.size());
    for (std::size_t i = 0; i < array.size(); ++i) {
        const auto text = array.at(i).string();
        if (!text) return std::unexpected(Reason::claim_invalid);
        strings.emplace_back(*text);
    }
    return strings;
}

// RFC 7519 section 4.1.3.
Result<std::vector<std::string>, Reason> read_audience(const Json& value) {
    if (const auto text = value.string()) return std::vector{std::string(*text)};
    if (value.type() != Json::Type::array) return std::unexpected(Reason::claim_invalid);
    return read_strings(value);
}

// RFC 8693 section 4.2, or an array whose elements are scopes as they stand. Only a space
// separates: a scope may be granted under a name that contains any other byte.
Result<std::vector<std::string>, Reason> read_scopes(const Json& value) {
    if (!is_there(value)) return std::vector<std::string>{};
    if (value.type() == Json::Type::array) return read_strings(value);
    const auto text = value.string();
    if (!text) return std::unexpected(Reason::claim_invalid);
    std::vector<std::string> scopes;
    constexpr std::ptrdiff_t many = 64;  // a text of nothing but spaces gets no more room
    scopes.reserve(static_cast<std::size_t>(std::min(std::ranges::count(*text, ' ') + 1, many)));
    for (std::size_t begin = 0; begin < text->size();) {
        const std::size_t end = std::min(text->find(' ', begin), text->size());
        if (end > begin) scopes.emplace_back(text->substr(begin, end - begin));
        begin = end + 1;
    }
    return scopes;
}

}  // namespace

Result<TokenTimes, Reason> read_times(const UnverifiedToken& token) {
    const Json& payload = UnverifiedPayload::of(token);
    const auto expires_at = read_time(payload.at("exp"));
    const auto not_before = read_time(payload.at("nbf"));
    const auto issued_at = read_time(payload.at("iat"));
    if (!expires_at || !not_before || !issued_at || !*expires_at) {
        return std::unexpected(Reason::claim_invalid);
    }
    return TokenTimes{
        .expires_at = **expires_at, .not_before = *not_before, .issued_at = *issued_at};
}

std::optional<Reason> check_times(const TokenTimes& times, const TimeRules& rules, WallTime now) {
    if (now >= times.expires_at + rules.skew) return Reason::token_expired;
    if (times.not_before && now + rules.skew < *times.not_before) {
        return Reason::token_not_yet_valid;
    }
    if (times.issued_at && now + rules.skew < *times.issued_at) return Reason::token_not_yet_valid;
    if (rules.max_lifetime &&
        (!times.issued_at || times.expires_at - *times.issued_at > *rules.max_lifetime)) {
        return Reason::claim_invalid;
    }
    return std::nullopt;
}

Result<Claims, Reason> read_claims(const UnverifiedToken& token, const ClaimNames& names) {
    const Json& payload = UnverifiedPayload::of(token);
    auto subject = read_name(payload.at("sub"));
    auto audience = read_audience(payload.at("aud"));
    auto scopes = read_scopes(names.scope.in(payload));
    auto client = read_name(names.client.in(payload));
    auto organization = read_name(names.organization.in(payload));
    const auto times = read_times(token);
    if (!subject || !*subject || (*subject)->empty() || !audience || !scopes || !client ||
        !organization || !times) {
        return std::unexpected(Reason::claim_invalid);
    }
    // RFC 7800: such a token is worth something only together with a key that we cannot ask for.
    if (is_there(payload.at("cnf"))) return std::unexpected(Reason::sender_constrained);
    return Claims{.times = *times,
                  .audience = std::move(*audience),
                  .scopes = std::move(*scopes),
                  .organization = std::move(*organization),
                  .issuer = std::string(token.issuer().value_or("")),
                  .subject = std::move(**subject),
                  .client = std::move(*client),
                  .all = payload};
}

}  // namespace bearergate::core
