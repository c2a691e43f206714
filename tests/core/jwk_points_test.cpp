// Which points of elliptic curves are public keys.
#include <bearergate/core/base64url.hpp>
#include <bearergate/core/jwk.hpp>

#include "core/jwk_members.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace bearergate::core;
using namespace bearergate::core::jwks;

TEST(ImportPoint, RefusesPointsOfTheWrongLengthOrOffTheCurve) {
    for (const Algorithm algorithm : {Algorithm::es256, Algorithm::es384, Algorithm::es512}) {
        const Members jwk = public_jwk(algorithm);
        const std::string x = decode_base64url(jwk["x"].get<std::string>()).value();
        const std::string y = decode_base64url(jwk["y"].get<std::string>()).value();
        const std::size_t size = x.size();
        std::string off = y;
        off.back() = static_cast<char>(off.back() ^ 1);
        const std::vector<std::pair<std::string, std::string>> cases{
            {x, off},
            {y, x},
            {std::string(1, '\0') + x, y},
            {x.substr(1), y},
            {x, y.substr(0, size - 1)},
            {x, y + '\0'},
            {std::string(size, '\0'), std::string(size, '\0')},
            {std::string(size, '\xff'), std::string(size, '\xff')},
            {std::string(1, '\0'), std::string(1, '\0')},
        };
        for (const auto& [bad_x, bad_y] : cases) {
            EXPECT_EQ(outcome(with(
                          jwk, {{"x", encode_base64url(bad_x)}, {"y", encode_base64url(bad_y)}})),
                      "point_invalid");
        }
        // Under another curve's name.
        EXPECT_EQ(outcome(with(jwk, {{"crv", algorithm == Algorithm::es256 ? "P-384" : "P-256"},
                                     {"alg", nullptr}})),
                  "point_invalid");
    }
}

std::string little_endian(std::string hex, std::size_t size) {
    std::string bytes(size, '\0');
    if (hex.size() % 2 != 0) hex.insert(hex.begin(), '0');
    for (std::size_t i = 0; i * 2 < hex.size(); ++i) {
        bytes[hex.size() / 2 - 1 - i] =
            static_cast<char>(std::stoi(hex.substr(i * 2, 2), nullptr, 16));
    }
    return bytes;
}

std::string edwards_outcome(const char* curve, std::string point, bool sign) {
    if (sign) point.back() = static_cast<char>(point.back() | 0x80);
    return outcome({{"kty", "OKP"}, {"crv", curve}, {"x", encode_base64url(point)}});
}

// Under each of these keys a signature exists that nobody made and that OpenSSL takes.
TEST(ImportPoint, RefusesEdwardsPointsOfSmallOrder) {
    const std::string f(55, 'F');
    for (const bool sign : {false, true}) {
        for (const std::string& y :
             {std::string("0"), std::string("1"),
              std::string("7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEC"),
              std::string("05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826"),
              std::string("7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7")}) {
            EXPECT_EQ(edwards_outcome("Ed25519", little_endian(y, 32), sign), "point_invalid") << y;
        }
        for (const std::string& y : {std::string("0"), std::string("1"), f + "E" + f + "E"}) {
            EXPECT_EQ(edwards_outcome("Ed448", little_endian(y, 57), sign), "point_invalid") << y;
        }
    }
}

TEST(ImportPoint, RefusesEdwardsPointsThatAreNotCanonical) {
    // p to p + 18 = 2^255 - 1: numbers that are others modulo p.
    for (int i = 0; i < 19; ++i) {
        std::string y =
            little_endian("7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFED", 32);
        y[0] = static_cast<char>(y[0] + i);
        EXPECT_EQ(edwards_outcome("Ed25519", y, false), "point_invalid") << i;
        EXPECT_EQ(edwards_outcome("Ed25519", y, true), "point_invalid") << i;
    }
    const std::string p = std::string(55, 'F') + "E" + std::string(56, 'F');
    EXPECT_EQ(edwards_outcome("Ed448", little_endian(p, 57), false), "point_invalid");
    EXPECT_EQ(edwards_outcome("Ed448", little_endian(std::string(112, 'F'), 57), true),
              "point_invalid");
    // Bits beyond the number and the sign.
    EXPECT_EQ(edwards_outcome("Ed448", little_endian("3", 56) + '\x01', false), "point_invalid");
    EXPECT_EQ(edwards_outcome("Ed448", little_endian("3", 56) + '\x40', true), "point_invalid");
}

TEST(ImportPoint, RefusesEdwardsPointsThatNoXBelongsTo) {
    for (const bool sign : {false, true}) {
        for (const char* y : {"2", "7", "8", "B", "C", "D", "11"}) {
            EXPECT_EQ(edwards_outcome("Ed25519", little_endian(y, 32), sign), "point_invalid") << y;
        }
        for (const char* y : {"3", "4", "5", "6", "9", "A"}) {
            EXPECT_EQ(edwards_outcome("Ed25519", little_endian(y, 32), sign), "ok") << y;
        }
        for (const char* y : {"2", "6", "A", "B", "E", "F"}) {
            EXPECT_EQ(edwards_outcome("Ed448", little_endian(y, 57), sign), "point_invalid") << y;
        }
        for (const char* y : {"3", "4", "5", "7", "8", "9"}) {
            EXPECT_EQ(edwards_outcome("Ed448", little_endian(y, 57), sign), "ok") << y;
        }
    }
    for (const std::size_t size : {0U, 31U, 33U, 56U, 57U}) {
        EXPECT_NE(edwards_outcome("Ed25519", std::string(size + 1, '\3').substr(1), false), "ok");
    }
}

}  // namespace
