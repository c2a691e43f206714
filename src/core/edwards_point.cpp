#include "edwards_point.hpp"

#include "openssl.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string>

namespace bearergate::core {

namespace {

using openssl::Bignum;

// x² = (y² - 1) / (d y² - a), all modulo p. Numbers are big-endian hexadecimal.
struct Curve {
    std::size_t size;  // of an encoded point
    int a;
    const char* p;
    const char* d;
    std::span<const char* const> small_orders;  // the y of every point of small order
};

constexpr std::array<const char*, 5> ed25519_small_orders{
    "0",                                                                 // order 4
    "1",                                                                 // the neutral element
    "7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEC",  // order 2
    // Order 8: one the negative of the other.
    "05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826",
    "7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7",
};
constexpr std::array<const char*, 3> ed448_small_orders{
    "0",  // order 4
    "1",  // the neutral element
    "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFE"
    "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFE",  // order 2
};

constexpr Curve ed25519{
    .size = 32,
    .a = -1,
    .p = "7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFED",
    .d = "52036CEE2B6FFE738CC740797779E89800700A4D4141D8AB75EB4DCA135978A3",
    .small_orders = ed25519_small_orders,
};
constexpr Curve ed448{
    .size = 57,
    .a = 1,
    .p = "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFE"
         "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
    .d = "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFE"
         "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF6756",
    .small_orders = ed448_small_orders,
};

Bignum from_hex(const char* digits) {
    BIGNUM* number = nullptr;
    BN_hex2bn(&number, digits);
    return openssl::made(Bignum(number));
}

// Whether some x belongs to this y: (y² - 1)(d y² - a) is a square when its quotient is one.
bool has_x(const Curve& curve, const BIGNUM* y, const BIGNUM* p) {
    const auto context = openssl::made(openssl::BignumContext(BN_CTX_new()));
    const Bignum d = from_hex(curve.d);
    const Bignum y2 = openssl::made(Bignum(BN_new()));
    const Bignum numerator = openssl::made(Bignum(BN_new()));
    const Bignum denominator = openssl::made(Bignum(BN_new()));
    BN_CTX* c = context.get();
    const bool computed =
        BN_mod_sqr(y2.get(), y, p, c) == 1 &&
        BN_mod_sub(numerator.get(), y2.get(), BN_value_one(), p, c) == 1 &&
        BN_mod_mul(denominator.get(), d.get(), y2.get(), p, c) == 1 &&
        (curve.a == 1
             ? BN_mod_sub(denominator.get(), denominator.get(), BN_value_one(), p, c)
             : BN_mod_add(denominator.get(), denominator.get(), BN_value_one(), p, c)) == 1 &&
        BN_mod_mul(numerator.get(), numerator.get(), denominator.get(), p, c) == 1;
    const int symbol = computed ? BN_kronecker(numerator.get(), p, c) : -2;
    if (symbol == -2) openssl::throw_out_of_memory();
    return symbol != -1;
}

}  // namespace

bool is_sound_point(EdwardsCurve which, std::string_view encoded) {
    const Curve& curve = which == EdwardsCurve::ed25519 ? ed25519 : ed448;
    if (encoded.size() != curve.size) return false;
    std::string little_endian(encoded);
    // The top bit is the sign of x; what is left is y.
    little_endian.back() = static_cast<char>(little_endian.back() & 0x7f);
    const Bignum y = openssl::made(Bignum(BN_lebin2bn(
        openssl::bytes(little_endian), static_cast<int>(little_endian.size()), nullptr)));
    const Bignum p = from_hex(curve.p);
    if (BN_cmp(y.get(), p.get()) >= 0) return false;
    const bool small = std::ranges::any_of(curve.small_orders, [&](const char* digits) {
        const Bignum bad = from_hex(digits);
        return BN_cmp(y.get(), bad.get()) == 0;
    });
    return !small && has_x(curve, y.get(), p.get());
}

}  // namespace bearergate::core
