// What checks 8 to 13 compared: the token, by its header and claims.
#include <bearergate/gateway/explain.hpp>

#include "explain_evidence.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

namespace bearergate::gateway {
namespace {

constexpr std::array all_algorithms{
    core::Algorithm::rs256, core::Algorithm::rs384, core::Algorithm::rs512, core::Algorithm::ps256,
    core::Algorithm::ps384, core::Algorithm::ps512, core::Algorithm::es256, core::Algorithm::es384,
    core::Algorithm::es512, core::Algorithm::eddsa};

std::string names_of(core::AlgorithmSet set) {
    std::string names;
    for (const core::Algorithm algorithm : all_algorithms) {
        if (!set.contains(algorithm)) continue;
        if (!names.empty()) names += ' ';
        names += core::name_of(algorithm);
    }
    return names;
}

// A member as the token writes it; strings without their quotes.
std::string text_of(const core::Json& value) {
    if (value.type() == core::Json::Type::invalid) return "(absent)";
    const auto string = value.string();
    return shown(string ? std::string(*string) : value.dump());
}

// "3 min ago", "in 2 h".
std::string distance(double seconds) {
    const double size = std::abs(seconds);
    const std::string amount = size < 120          ? fmt::format("{:.0f} s", size)
                               : size < 2 * 3600   ? fmt::format("{:.0f} min", size / 60)
                               : size < 2 * 86'400 ? fmt::format("{:.1f} h", size / 3600)
                                                   : fmt::format("{:.0f} days", size / 86'400);
    return seconds < 0 ? amount + " ago" : "in " + amount;
}

std::string utc(double seconds) {
    constexpr double last = 253'402'300'799;  // 9999-12-31T23:59:59Z
    if (!(seconds >= 0 && seconds <= last)) return fmt::format("{}", seconds);
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

std::string time_of(const core::Json& claim, double now) {
    const auto seconds = claim.number();
    if (!seconds) return text_of(claim);
    return fmt::format("{} ({})", utc(*seconds), distance(*seconds - now));
}

std::string key_ids(const core::KeySet& set) {
    return list_of(set.keys(), [](const core::PublicKey& key) {
        return (key.id ? shown(*key.id) : "(no kid)") + " for " + names_of(key.algorithms);
    });
}

const core::Json& payload_of(const Evidence& evidence) {
    return core::UnverifiedPayload::of(*evidence.token);
}

}  // namespace

Compared compared_form(const Evidence& evidence) {
    if (!evidence.compact) return {};
    const auto dots = std::ranges::count(*evidence.compact, '.');
    return {fmt::format("{} bytes of at most {}, {} {}", evidence.compact->size(),
                        evidence.policy.token_bytes, dots + 1, dots == 0 ? "part" : "parts")};
}

Compared compared_header(const Evidence& evidence) {
    if (!evidence.token) return {};
    const core::Json& header = evidence.token->header();
    Compared compared{
        fmt::format("alg {}, typ {}", text_of(header.at("alg")), text_of(header.at("typ")))};
    if (header.at("crit").type() != core::Json::Type::invalid)
        compared.push_back("crit " + text_of(header.at("crit")));
    if (const auto issuer = evidence.issuer()) {
        const core::Issuer& known = evidence.policy.issuers[*issuer];
        compared.push_back(fmt::format("allowed: {}; typ {}", names_of(known.algorithms),
                                       known.token_type ? shown(*known.token_type) : "any"));
    }
    return compared;
}

Compared compared_issuer(const Evidence& evidence) {
    if (!evidence.token) return {};
    Compared compared{"iss " + text_of(payload_of(evidence).at("iss"))};
    const auto issuer = evidence.issuer();
    for (std::size_t i = 0; i < evidence.policy.issuers.size(); ++i) {
        const core::Issuer& known = evidence.policy.issuers[i];
        if (issuer && *issuer != i) continue;
        compared.push_back(
            fmt::format("issuer {}: {}", shown(known.name), setting(evidence, known.issuer)));
    }
    return compared;
}

Compared compared_times(const Evidence& evidence) {
    if (!evidence.token) return {};
    const double now = evidence.now.time_since_epoch().count();
    const core::Json& payload = payload_of(evidence);
    Compared compared{"now " + utc(now)};
    for (const std::string_view name : {"exp", "nbf", "iat"}) {
        const core::Json claim = payload.at(name);
        if (claim.type() == core::Json::Type::invalid && name != "exp") continue;
        compared.push_back(fmt::format("{} {}", name, time_of(claim, now)));
    }
    if (const auto issuer = evidence.issuer()) {
        const core::TimeRules& rules = evidence.policy.issuers[*issuer].times;
        compared.push_back(fmt::format("clock skew {} s", rules.skew.count()));
        if (rules.max_lifetime) {
            compared.push_back(fmt::format("lifetime of at most {} s, counted from iat",
                                           rules.max_lifetime->count()));
        }
    }
    return compared;
}

Compared compared_keys(const Evidence& evidence) {
    if (!evidence.account.examined || !evidence.keys) return {};
    const core::Examined& examined = *evidence.account.examined;
    Compared compared{fmt::format(
        "kid {}, alg {}", examined.header.key_id ? shown(*examined.header.key_id) : "(absent)",
        core::name_of(examined.header.algorithm))};
    const bool has_set =
        examined.issuer < evidence.keys->size() && (*evidence.keys)[examined.issuer].set;
    compared.push_back(has_set ? "keys: " + key_ids(*(*evidence.keys)[examined.issuer].set)
                               : "no usable key set could be had");
    return compared;
}

Compared compared_signature(const Evidence& evidence) {
    if (!evidence.account.examined) return {};
    return {fmt::format("{} bytes of {}", evidence.account.examined->token.signature().size(),
                        core::name_of(evidence.account.examined->header.algorithm))};
}

Compared compared_claims(const Evidence& evidence) {
    if (!evidence.token || !evidence.issuer()) return {};
    const core::Json& payload = payload_of(evidence);
    const core::ClaimNames& names = evidence.policy.issuers[*evidence.issuer()].claims;
    Compared compared{"sub " + text_of(payload.at("sub")), "aud " + text_of(payload.at("aud"))};
    for (const core::ClaimName* name : {&names.client, &names.organization, &names.scope}) {
        compared.push_back(fmt::format("{} {}", shown(name->text), text_of(name->in(payload))));
    }
    if (payload.at("cnf").type() != core::Json::Type::invalid)
        compared.emplace_back("cnf is there: the token is bound to its sender");
    return compared;
}

}  // namespace bearergate::gateway
