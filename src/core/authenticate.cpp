// Whom a token speaks for: checks 8 to 13a, but for the signature itself.
#include <bearergate/core/authorize.hpp>

#include <utility>

namespace bearergate::core {

namespace {

// For a token of nobody we know: what some issuer allows, so that `none` and its like are refused
// for what they are, and not for whom they name.
AlgorithmSet algorithms_of_all(const std::vector<Issuer>& issuers) {
    AlgorithmSet all;
    for (const Issuer& issuer : issuers) all = all | issuer.algorithms;
    return all;
}

HeaderRules header_rules(const Policy& policy, std::optional<std::size_t> issuer) {
    if (!issuer) return {.algorithms = algorithms_of_all(policy.issuers)};
    const Issuer& known = policy.issuers[*issuer];
    return {.algorithms = known.algorithms, .token_type = known.token_type};
}

}  // namespace

Result<Examined, Reason> examine(std::string_view compact, const Policy& policy, WallTime now) {
    if (compact.size() > policy.token_bytes) return std::unexpected(Reason::token_too_large);
    auto token = UnverifiedToken::parse(compact);
    if (!token) return std::unexpected(token.error());

    const auto name = token->issuer();
    const auto issuer = name ? policy.find_issuer(*name) : std::nullopt;
    const auto header = check_header(*token, header_rules(policy, issuer));
    if (!header) return std::unexpected(header.error());
    if (!issuer) return std::unexpected(Reason::issuer_unknown);

    const auto times = read_times(*token);
    if (!times) return std::unexpected(times.error());
    if (const auto refused = check_times(*times, policy.issuers[*issuer].times, now)) {
        return std::unexpected(*refused);
    }
    return Examined{
        .token = std::move(*token), .issuer = *issuer, .header = *header, .times = *times};
}

Result<const PublicKey*, Reason> choose_key(const Examined& examined, const KeyRing& keys) {
    if (examined.issuer >= keys.size() || !keys[examined.issuer].set) {
        return std::unexpected(Reason::keys_unavailable);
    }
    const PublicKey* key =
        keys[examined.issuer].set->find(examined.header.key_id, examined.header.algorithm);
    if (!key) return std::unexpected(Reason::key_unknown);
    return key;
}

Result<VerifiedToken, Reason> admit(const Examined& examined, const PublicKey& key,
                                    const Policy& policy) {
    auto claims = read_claims(examined.token, policy.issuers[examined.issuer].claims);
    if (!claims) return std::unexpected(claims.error());
    auto identity = identity_lines(policy.identity, *claims);
    if (!identity) return std::unexpected(identity.error());
    return VerifiedToken{.issuer = examined.issuer,
                         .identity = std::move(*identity),
                         .claims = std::move(*claims),
                         .key = key.thumbprint,
                         .key_id = examined.header.key_id.transform(
                             [](std::string_view id) { return std::string(id); }),
                         .algorithm = examined.header.algorithm};
}

}  // namespace bearergate::core
