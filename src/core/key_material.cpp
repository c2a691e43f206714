#include "key_material.hpp"

#include "edwards_point.hpp"
#include "openssl.hpp"

#include <openssl/core_names.h>
#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <utility>

namespace bearergate::core {

namespace {

using openssl::Bignum;

constexpr int min_modulus_bits = 2048;
constexpr int max_modulus_bits = 8192;  // a verification with more takes milliseconds
constexpr std::size_t max_modulus_bytes = max_modulus_bits / 8;

Bignum bignum(std::string_view big_endian) {
    return openssl::made(Bignum(
        BN_bin2bn(openssl::bytes(big_endian), static_cast<int>(big_endian.size()), nullptr)));
}

KeyHandle owned(EVP_PKEY* key) {
    return key ? KeyHandle(key, EVP_PKEY_free) : nullptr;
}

KeyHandle key_from(const char* type, OSSL_PARAM_BLD* builder) {
    const auto params = openssl::made(openssl::Params(OSSL_PARAM_BLD_to_param(builder)));
    const auto context =
        openssl::made(openssl::KeyContext(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr)));
    if (EVP_PKEY_fromdata_init(context.get()) != 1) openssl::throw_out_of_memory();
    EVP_PKEY* key = nullptr;
    EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get());
    return owned(key);
}

// The fingerprint of moduli made by Infineon's RSALib (CVE-2017-15361), whose primes are
// k * M + 65537^a mod M: modulo each small prime such a modulus is a power of 65537. One modulus
// in 2^27 has the property by chance.
bool has_roca_fingerprint(const BIGNUM* modulus) {
    constexpr std::array<unsigned, 38> primes{
        3,  5,  7,  11, 13, 17,  19,  23,  29,  31,  37,  41,  43,  47,  53,  59,  61,  67,  71,
        73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167};
    return std::ranges::all_of(primes, [&](unsigned prime) {
        const auto rest = static_cast<unsigned>(BN_mod_word(modulus, prime));
        unsigned power = 1;
        do {
            if (power == rest) return true;
            power = power * (65537 % prime) % prime;
        } while (power != 1);
        return false;
    });
}

const char* group_of(KeyType curve) {
    return curve == KeyType::p256 ? "P-256" : curve == KeyType::p384 ? "P-384" : "P-521";
}

std::size_t field_bytes(KeyType curve) {
    return curve == KeyType::p256 ? 32 : curve == KeyType::p384 ? 48 : 66;
}

}  // namespace

Result<KeyHandle, KeyFault> rsa_public_key(std::string_view modulus, std::string_view exponent) {
    // Some issuers write the zero byte that keeps two's complement positive.
    modulus.remove_prefix(std::min(modulus.find_first_not_of('\0'), modulus.size()));
    exponent.remove_prefix(std::min(exponent.find_first_not_of('\0'), exponent.size()));
    if (modulus.size() > max_modulus_bytes) return std::unexpected(KeyFault::rsa_size);
    // Up to 2^32 - 1: a longer exponent makes one verification cost milliseconds.
    if (exponent.size() > 4) return std::unexpected(KeyFault::rsa_number);

    const Bignum n = bignum(modulus);
    const Bignum e = bignum(exponent);
    const auto builder = openssl::made(openssl::ParamBuilder(OSSL_PARAM_BLD_new()));
    const int bits = BN_num_bits(n.get());
    if (bits < min_modulus_bits || bits > max_modulus_bits) {
        return std::unexpected(KeyFault::rsa_size);
    }
    // With e = 1 every signature is its own message.
    if (!BN_is_odd(n.get()) || !BN_is_odd(e.get()) || BN_get_word(e.get()) < 65537) {
        return std::unexpected(KeyFault::rsa_number);
    }
    if (has_roca_fingerprint(n.get())) return std::unexpected(KeyFault::rsa_weak);
    openssl::made(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1);
    openssl::made(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 1);
    if (!openssl::offers("RSA")) return std::unexpected(KeyFault::not_offered);
    // There is nothing left to be wrong with these numbers.
    return openssl::made(key_from("RSA", builder.get()));
}

Result<KeyHandle, KeyFault> ec_public_key(KeyType curve, std::string_view x, std::string_view y) {
    if (!openssl::offers("EC")) return std::unexpected(KeyFault::not_offered);
    const std::size_t size = field_bytes(curve);
    if (x.size() != size || y.size() != size) return std::unexpected(KeyFault::point_invalid);
    std::string point(1, '\x04');  // uncompressed
    point.append(x).append(y);
    const auto builder = openssl::made(openssl::ParamBuilder(OSSL_PARAM_BLD_new()));
    openssl::made(OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME,
                                                  group_of(curve), 0) == 1);
    openssl::made(OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY,
                                                   point.data(), point.size()) == 1);
    // Refuses coordinates beyond the field and points off the curve.
    openssl::forget_errors();
    auto key = key_from("EC", builder.get());
    if (!key && openssl::was_refused_by(ERR_LIB_EC)) {
        return std::unexpected(KeyFault::point_invalid);
    }
    return openssl::made(std::move(key));
}

Result<KeyHandle, KeyFault> edwards_public_key(KeyType curve, std::string_view point) {
    const bool ed25519 = curve == KeyType::ed25519;
    const char* const type = ed25519 ? "ED25519" : "ED448";
    if (!is_sound_point(ed25519 ? EdwardsCurve::ed25519 : EdwardsCurve::ed448, point)) {
        return std::unexpected(KeyFault::point_invalid);
    }
    if (!openssl::offers(type)) return std::unexpected(KeyFault::not_offered);
    return openssl::made(owned(EVP_PKEY_new_raw_public_key_ex(
        nullptr, type, nullptr, openssl::bytes(point), point.size())));
}

}  // namespace bearergate::core
