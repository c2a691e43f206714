#include <bearergate/core/base64url.hpp>
#include <bearergate/core/jwk.hpp>

#include "key_material.hpp"
#include "openssl.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace bearergate::core {

namespace {

// What `kty` and `crv` mean to us.
struct Kind {
    std::string_view type;
    std::string_view curve;
    KeyType key;
    int bits;  // 0: the modulus says it
};
constexpr std::array<Kind, 6> kinds{{{"RSA", "", KeyType::rsa, 0},
                                     {"EC", "P-256", KeyType::p256, 256},
                                     {"EC", "P-384", KeyType::p384, 384},
                                     {"EC", "P-521", KeyType::p521, 521},
                                     {"OKP", "Ed25519", KeyType::ed25519, 255},
                                     {"OKP", "Ed448", KeyType::ed448, 448}}};

const Kind* find_kind(const Json& jwk) {
    const auto type = jwk.at("kty").string();
    const auto curve = jwk.at("crv").string();
    const auto* kind = std::ranges::find_if(kinds, [&](const Kind& candidate) {
        return candidate.type == type && (candidate.curve.empty() || candidate.curve == curve);
    });
    return kind == kinds.end() ? nullptr : kind;
}

// A key's name stands in logs; control characters in it would be an attack on who reads them.
bool is_fit_for_id(std::string_view id) {
    constexpr std::size_t max_id_bytes = 1024;
    return !id.empty() && id.size() <= max_id_bytes &&
           std::ranges::none_of(id, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

Result<std::optional<std::string>, KeyFault> read_id(const Json& jwk) {
    const Json member = jwk.at("kid");
    if (member.type() == Json::Type::invalid) return std::nullopt;
    const auto id = member.string();
    if (!id || !is_fit_for_id(*id)) return std::unexpected(KeyFault::member_invalid);
    return std::string(*id);
}

// RFC 7517 sections 4.2 and 4.3.
std::optional<KeyFault> check_use(const Json& jwk) {
    const Json use = jwk.at("use");
    if (use.type() != Json::Type::invalid) {
        if (!use.string()) return KeyFault::member_invalid;
        if (use.string() != "sig") return KeyFault::not_for_verification;
    }
    const Json operations = jwk.at("key_ops");
    if (operations.type() == Json::Type::invalid) return std::nullopt;
    if (operations.type() != Json::Type::array) return KeyFault::member_invalid;
    std::vector<std::string_view> names;
    for (std::size_t i = 0; i < operations.size(); ++i) {
        const auto name = operations.at(i).string();
        if (!name) return KeyFault::member_invalid;
        names.push_back(*name);
    }
    std::ranges::sort(names);
    if (std::ranges::adjacent_find(names) != names.end()) return KeyFault::member_invalid;
    if (!std::ranges::binary_search(names, "verify")) return KeyFault::not_for_verification;
    return std::nullopt;
}

// The key's `alg`, or without one all that its type can do.
Result<AlgorithmSet, KeyFault> read_algorithms(const Json& jwk, KeyType type) {
    const Json member = jwk.at("alg");
    if (member.type() == Json::Type::invalid) return algorithms_of(type);
    const auto name = member.string();
    if (!name) return std::unexpected(KeyFault::member_invalid);
    const auto algorithm = parse_algorithm(*name);
    if (!algorithm || !algorithms_of(type).contains(*algorithm)) {
        return std::unexpected(KeyFault::algorithm_mismatch);
    }
    return AlgorithmSet{*algorithm};
}

std::optional<std::string> read_bytes(const Json& jwk, std::string_view name) {
    const auto text = jwk.at(name).string();
    return text && !text->empty() ? decode_base64url(*text) : std::nullopt;
}

struct Material {
    KeyHandle handle{};
    std::string canonical{};  // what RFC 7638 section 3 hashes
};

std::string without_leading_zeros(std::string_view number) {
    return std::string(number.substr(std::min(number.find_first_not_of('\0'), number.size())));
}

Result<Material, KeyFault> read_rsa(const Json& jwk) {
    const auto n = read_bytes(jwk, "n");
    const auto e = read_bytes(jwk, "e");
    if (!n || !e) return std::unexpected(KeyFault::member_invalid);
    auto key = rsa_public_key(*n, *e);
    if (!key) return std::unexpected(key.error());
    return Material{std::move(*key), R"({"e":")" + encode_base64url(without_leading_zeros(*e)) +
                                         R"(","kty":"RSA","n":")" +
                                         encode_base64url(without_leading_zeros(*n)) + R"("})"};
}

Result<Material, KeyFault> read_ec(const Json& jwk, const Kind& kind) {
    const auto x = read_bytes(jwk, "x");
    const auto y = read_bytes(jwk, "y");
    if (!x || !y) return std::unexpected(KeyFault::member_invalid);
    auto key = ec_public_key(kind.key, *x, *y);
    if (!key) return std::unexpected(key.error());
    return Material{std::move(*key), R"({"crv":")" + std::string(kind.curve) +
                                         R"(","kty":"EC","x":")" + encode_base64url(*x) +
                                         R"(","y":")" + encode_base64url(*y) + R"("})"};
}

Result<Material, KeyFault> read_edwards(const Json& jwk, const Kind& kind) {
    const auto x = read_bytes(jwk, "x");
    if (!x) return std::unexpected(KeyFault::member_invalid);
    auto key = edwards_public_key(kind.key, *x);
    if (!key) return std::unexpected(key.error());
    return Material{std::move(*key), R"({"crv":")" + std::string(kind.curve) +
                                         R"(","kty":"OKP","x":")" + encode_base64url(*x) + R"("})"};
}

Result<Material, KeyFault> read_material(const Json& jwk, const Kind& kind) {
    switch (kind.key) {
        case KeyType::rsa: return read_rsa(jwk);
        case KeyType::p256:
        case KeyType::p384:
        case KeyType::p521: return read_ec(jwk, kind);
        case KeyType::ed25519:
        case KeyType::ed448: return read_edwards(jwk, kind);
    }
    return std::unexpected(KeyFault::type_unknown);
}

}  // namespace

AlgorithmSet algorithms_of(KeyType type) {
    switch (type) {
        case KeyType::rsa:
            return {Algorithm::rs256, Algorithm::rs384, Algorithm::rs512,
                    Algorithm::ps256, Algorithm::ps384, Algorithm::ps512};
        case KeyType::p256: return {Algorithm::es256};
        case KeyType::p384: return {Algorithm::es384};
        case KeyType::p521: return {Algorithm::es512};
        case KeyType::ed25519:
        case KeyType::ed448: return {Algorithm::eddsa};
    }
    return {};
}

std::string_view describe(KeyFault fault) {
    switch (fault) {
        case KeyFault::not_an_object: return "is not a JSON object";
        case KeyFault::type_unknown: return "has no `kty` and `crv` that verify signatures";
        case KeyFault::member_invalid: return "has a missing or malformed member";
        case KeyFault::not_for_verification: return "is not meant for verifying signatures";
        case KeyFault::algorithm_mismatch: return "has an `alg` that does not fit its type";
        case KeyFault::rsa_size: return "has an RSA modulus outside 2048 to 8192 bits";
        case KeyFault::rsa_number: return "has an unsafe RSA modulus or exponent";
        case KeyFault::rsa_weak: return "was made by a flawed generator (CVE-2017-15361)";
        case KeyFault::not_offered: return "is of a type that OpenSSL does not offer here";
        case KeyFault::point_invalid: return "has an invalid or unsafe point on its curve";
    }
    return "cannot be used";
}

bool has_private_members(const Json& jwk) {
    constexpr std::array<std::string_view, 8> names{"d", "p", "q", "dp", "dq", "qi", "oth", "k"};
    return std::ranges::any_of(
        names, [&](std::string_view name) { return jwk.at(name).type() != Json::Type::invalid; });
}

Result<PublicKey, KeyFault> import_key(const Json& jwk) {
    if (!jwk.is_object()) return std::unexpected(KeyFault::not_an_object);
    const Kind* kind = find_kind(jwk);
    if (!kind) return std::unexpected(KeyFault::type_unknown);
    auto id = read_id(jwk);
    if (!id) return std::unexpected(id.error());
    if (const auto fault = check_use(jwk)) return std::unexpected(*fault);
    const auto algorithms = read_algorithms(jwk, kind->key);
    if (!algorithms) return std::unexpected(algorithms.error());
    auto material = read_material(jwk, *kind);
    if (!material) return std::unexpected(material.error());

    PublicKey key{.id = std::move(*id), .type = kind->key, .algorithms = *algorithms};
    key.bits = kind->bits != 0 ? kind->bits : EVP_PKEY_get_bits(material->handle.get());
    if (EVP_Digest(material->canonical.data(), material->canonical.size(), key.thumbprint.data(),
                   nullptr, EVP_sha256(), nullptr) != 1) {
        openssl::throw_out_of_memory();
    }
    key.handle = std::move(material->handle);
    return key;
}

}  // namespace bearergate::core
