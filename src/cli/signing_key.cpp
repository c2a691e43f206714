#include <bearergate/cli/signing_key.hpp>
#include <bearergate/core/base64url.hpp>

#include <nlohmann/json.hpp>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

namespace bearergate::cli {

namespace {

using core::Algorithm;
using nlohmann::ordered_json;

template <auto Free>
struct Freed {
    template <class T>
    void operator()(T* resource) const {
        Free(resource);
    }
};
using Bignum = std::unique_ptr<BIGNUM, Freed<BN_clear_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG_free>>;
using KeyHandle = std::shared_ptr<EVP_PKEY>;

[[noreturn]] void fail(const char* what) {
    ERR_clear_error();
    throw std::runtime_error(std::string("OpenSSL cannot ") + what);
}

const unsigned char* bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

// Where a JWK's member is kept in an OpenSSL key (RFC 7518 section 6.3).
struct Number {
    const char* member;
    const char* parameter;
    bool is_private;
};
constexpr std::array<Number, 8> rsa_numbers{{
    {"n", OSSL_PKEY_PARAM_RSA_N, false},
    {"e", OSSL_PKEY_PARAM_RSA_E, false},
    {"d", OSSL_PKEY_PARAM_RSA_D, true},
    {"p", OSSL_PKEY_PARAM_RSA_FACTOR1, true},
    {"q", OSSL_PKEY_PARAM_RSA_FACTOR2, true},
    {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1, true},
    {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2, true},
    {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1, true},
}};
constexpr std::array<Number, 3> ec_numbers{{
    {"x", OSSL_PKEY_PARAM_EC_PUB_X, false},
    {"y", OSSL_PKEY_PARAM_EC_PUB_Y, false},
    {"d", OSSL_PKEY_PARAM_PRIV_KEY, true},
}};

struct Curve {
    Algorithm algorithm;
    const char* name;
    std::size_t size;  // of a coordinate, in bytes
};
constexpr std::array<Curve, 3> curves{{{Algorithm::es256, "P-256", 32},
                                       {Algorithm::es384, "P-384", 48},
                                       {Algorithm::es512, "P-521", 66}}};

const Curve* find_curve(Algorithm algorithm) {
    const auto* curve = std::ranges::find(curves, algorithm, &Curve::algorithm);
    return curve == curves.end() ? nullptr : curve;
}

bool is_pss(Algorithm algorithm) {
    return algorithm == Algorithm::ps256 || algorithm == Algorithm::ps384 ||
           algorithm == Algorithm::ps512;
}

// Null where the algorithm brings its own.
const EVP_MD* digest_of(Algorithm algorithm) {
    switch (algorithm) {
        case Algorithm::rs256:
        case Algorithm::ps256:
        case Algorithm::es256: return EVP_sha256();
        case Algorithm::rs384:
        case Algorithm::ps384:
        case Algorithm::es384: return EVP_sha384();
        case Algorithm::rs512:
        case Algorithm::ps512:
        case Algorithm::es512: return EVP_sha512();
        case Algorithm::eddsa: break;
    }
    return nullptr;
}

KeyHandle owned(EVP_PKEY* key) {
    return KeyHandle(key, EVP_PKEY_free);
}

// `size` 0: as many bytes as the number needs.
std::string number_of(const EVP_PKEY* key, const char* parameter, std::size_t size) {
    BIGNUM* raw = nullptr;
    if (EVP_PKEY_get_bn_param(key, parameter, &raw) != 1) fail("export a key");
    const Bignum number(raw);
    std::string out(size != 0 ? size : static_cast<std::size_t>(BN_num_bytes(raw)), '\0');
    if (BN_bn2binpad(raw, bytes(out), static_cast<int>(out.size())) < 0) fail("export a key");
    return out;
}

std::string edwards_bytes(const EVP_PKEY* key, bool is_private) {
    const auto get = is_private ? EVP_PKEY_get_raw_private_key : EVP_PKEY_get_raw_public_key;
    std::size_t size = 0;
    if (get(key, nullptr, &size) != 1) fail("export a key");
    std::string out(size, '\0');
    if (get(key, bytes(out), &size) != 1) fail("export a key");
    return out;
}

bool is_ed448(const EVP_PKEY* key) {
    return EVP_PKEY_is_a(key, "ED448") == 1;
}

std::optional<std::string> bytes_at(const core::Json& jwk, const char* member) {
    const auto text = jwk.at(member).string();
    return text ? core::decode_base64url(*text) : std::nullopt;
}

// The key whose members `numbers` are all there; an EC key's point goes by its own parameter.
KeyHandle import_numbers(const core::Json& jwk, std::span<const Number> numbers,
                         const Curve* curve) {
    const ParamBuilder builder(OSSL_PARAM_BLD_new());
    std::vector<Bignum> kept;  // the builder only points to them
    std::string point(1, '\x04');
    for (const Number& number : numbers) {
        const auto value = bytes_at(jwk, number.member);
        if (!value) return nullptr;
        if (curve && !number.is_private) {
            if (value->size() != curve->size) return nullptr;
            point += *value;
            continue;
        }
        kept.emplace_back(BN_bin2bn(bytes(*value), static_cast<int>(value->size()), nullptr));
        OSSL_PARAM_BLD_push_BN(builder.get(), number.parameter, kept.back().get());
    }
    if (curve) {
        OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve->name, 0);
        OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                         point.size());
    }
    const Params params(OSSL_PARAM_BLD_to_param(builder.get()));
    const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, curve ? "EC" : "RSA", nullptr));
    EVP_PKEY* raw = nullptr;
    if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &raw, EVP_PKEY_KEYPAIR, params.get()) != 1) {
        return nullptr;
    }
    KeyHandle key = owned(raw);
    // The two halves must belong together, or every signature would be refused.
    const KeyContext check(EVP_PKEY_CTX_new_from_pkey(nullptr, raw, nullptr));
    return check && EVP_PKEY_pairwise_check(check.get()) == 1 ? key : nullptr;
}

KeyHandle import_edwards(const core::Json& jwk) {
    const auto seed = bytes_at(jwk, "d");
    const auto point = bytes_at(jwk, "x");
    const auto curve = jwk.at("crv").string();
    if (!seed || !point || (curve != "Ed25519" && curve != "Ed448")) return nullptr;
    EVP_PKEY* raw = EVP_PKEY_new_raw_private_key_ex(nullptr, curve == "Ed448" ? "ED448" : "ED25519",
                                                    nullptr, bytes(*seed), seed->size());
    if (!raw) return nullptr;
    KeyHandle key = owned(raw);
    return edwards_bytes(raw, false) == *point ? key : nullptr;
}

// The algorithm a key is for: what its JWK says, or without that `usual`; nothing when the key's
// type cannot do it.
std::optional<Algorithm> algorithm_for(const core::Json& jwk, Algorithm usual,
                                       core::AlgorithmSet possible) {
    const core::Json member = jwk.at("alg");
    if (member.type() == core::Json::Type::invalid) return usual;
    const auto algorithm = core::parse_algorithm(member.string().value_or(""));
    return algorithm && possible.contains(*algorithm) ? algorithm : std::nullopt;
}

struct Imported {
    KeyHandle key{};
    std::optional<Algorithm> algorithm{};
};

Imported import_material(const core::Json& jwk) {
    const auto type = jwk.at("kty").string();
    const auto name = jwk.at("crv").string();
    if (type == "RSA") {
        return {import_numbers(jwk, rsa_numbers, nullptr),
                algorithm_for(jwk, Algorithm::rs256,
                              {Algorithm::rs256, Algorithm::rs384, Algorithm::rs512,
                               Algorithm::ps256, Algorithm::ps384, Algorithm::ps512})};
    }
    if (type == "EC") {
        const auto* curve =
            std::ranges::find_if(curves, [&](const Curve& c) { return c.name == name; });
        if (curve == curves.end()) return {};
        return {import_numbers(jwk, ec_numbers, curve),
                algorithm_for(jwk, curve->algorithm, {curve->algorithm})};
    }
    if (type != "OKP") return {};
    return {import_edwards(jwk), algorithm_for(jwk, Algorithm::eddsa, {Algorithm::eddsa})};
}

// JWS carries r and s side by side, each as long as the curve's field; OpenSSL makes DER.
std::string side_by_side(std::string_view der, std::size_t size) {
    const unsigned char* in = bytes(der);
    const EcdsaSignature pair(d2i_ECDSA_SIG(nullptr, &in, static_cast<long>(der.size())));
    std::string out(2 * size, '\0');
    if (!pair ||
        BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), bytes(out), static_cast<int>(size)) < 0 ||
        BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), bytes(out) + size, static_cast<int>(size)) < 0) {
        fail("sign");
    }
    return out;
}

}  // namespace

SigningKey SigningKey::generate(Algorithm algorithm, unsigned rsa_bits) {
    SigningKey key;
    key.algorithm_ = algorithm;
    if (const Curve* curve = find_curve(algorithm)) {
        key.key_ = owned(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve->name));
    } else if (algorithm == Algorithm::eddsa) {
        key.key_ = owned(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    } else {
        key.key_ =
            owned(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(rsa_bits)));
    }
    if (!key.key_ || !key.settle()) fail("make a key");
    return key;
}

SigningKey SigningKey::generate_ed448() {
    SigningKey key;
    key.algorithm_ = Algorithm::eddsa;
    key.key_ = owned(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED448"));
    if (!key.key_ || !key.settle()) fail("make a key");
    return key;
}

core::Result<SigningKey, std::string> SigningKey::from_jwk(std::string_view text) {
    constexpr int max_depth = 8;
    const auto jwk = core::Json::parse(text, max_depth);
    if (!jwk || !jwk->is_object()) return std::unexpected("is not a JSON object");
    const Imported imported = import_material(*jwk);
    ERR_clear_error();
    if (!imported.key) {
        return std::unexpected("is not a complete and consistent private RSA, EC or OKP key");
    }
    if (!imported.algorithm) {
        return std::unexpected("has an `alg` that this key cannot sign with");
    }
    SigningKey key;
    key.key_ = imported.key;
    key.algorithm_ = *imported.algorithm;
    key.id_ = jwk->at("kid").string().value_or("");
    if (const auto settled = key.settle(); !settled) {
        return std::unexpected(std::string(core::describe(settled.error())));
    }
    return key;
}

core::Result<void, core::KeyFault> SigningKey::settle() {
    const auto jwk = core::Json::parse(material(false), 1);
    if (!jwk) return std::unexpected(core::KeyFault::member_invalid);
    const auto imported = core::import_key(*jwk);
    if (!imported) return std::unexpected(imported.error());
    if (id_.empty()) {
        const auto& print = imported->thumbprint;
        id_ = core::encode_base64url({reinterpret_cast<const char*>(print.data()), print.size()});
    }
    return {};
}

std::string SigningKey::material(bool with_private) const {
    ordered_json jwk;
    const auto add = [&](const char* member, std::string_view value) {
        jwk[member] = core::encode_base64url(value);
    };
    if (const Curve* curve = find_curve(algorithm_)) {
        jwk["kty"] = "EC";
        jwk["crv"] = curve->name;
        for (const Number& number : ec_numbers) {
            if (number.is_private && !with_private) continue;
            add(number.member, number_of(key_.get(), number.parameter, curve->size));
        }
    } else if (algorithm_ == Algorithm::eddsa) {
        jwk["kty"] = "OKP";
        jwk["crv"] = is_ed448(key_.get()) ? "Ed448" : "Ed25519";
        add("x", edwards_bytes(key_.get(), false));
        if (with_private) add("d", edwards_bytes(key_.get(), true));
    } else {
        jwk["kty"] = "RSA";
        for (const Number& number : rsa_numbers) {
            if (number.is_private && !with_private) continue;
            add(number.member, number_of(key_.get(), number.parameter, 0));
        }
    }
    jwk["alg"] = core::name_of(algorithm_);
    jwk["use"] = "sig";
    if (!id_.empty()) jwk["kid"] = id_;
    return jwk.dump();
}

std::string SigningKey::public_jwk() const {
    return material(false);
}

std::string SigningKey::private_jwk() const {
    return material(true);
}

std::string SigningKey::public_jwks() const {
    return R"({"keys":[)" + material(false) + "]}";
}

std::string SigningKey::header(std::string_view type) const {
    return ordered_json{{"alg", core::name_of(algorithm_)}, {"typ", type}, {"kid", id_}}.dump();
}

std::string SigningKey::sign(std::string_view header, std::string_view payload) const {
    const std::string text = core::encode_base64url(header) + "." + core::encode_base64url(payload);
    return text + "." + core::encode_base64url(signature(text));
}

std::string SigningKey::signature(std::string_view signed_text) const {
    const DigestContext context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* options = nullptr;  // the digest context's own
    if (!context || EVP_DigestSignInit(context.get(), &options, digest_of(algorithm_), nullptr,
                                       key_.get()) != 1) {
        fail("sign");
    }
    if (is_pss(algorithm_) &&
        (EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) != 1 ||
         EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) != 1)) {
        fail("sign");
    }
    std::size_t size = 0;
    const unsigned char* text = bytes(signed_text);
    if (EVP_DigestSign(context.get(), nullptr, &size, text, signed_text.size()) != 1) fail("sign");
    std::string out(size, '\0');
    if (EVP_DigestSign(context.get(), bytes(out), &size, text, signed_text.size()) != 1) {
        fail("sign");
    }
    out.resize(size);
    const Curve* curve = find_curve(algorithm_);
    return curve ? side_by_side(out, curve->size) : out;
}

}  // namespace bearergate::cli
