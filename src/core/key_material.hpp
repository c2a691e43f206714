#pragma once

#include <bearergate/core/jwk.hpp>

#include <string_view>

// Numbers and points into OpenSSL keys, with every check that OpenSSL leaves out.
namespace bearergate::core {

using KeyHandle = std::shared_ptr<evp_pkey_st>;

// Both big-endian. rsa_size, rsa_number, rsa_weak.
Result<KeyHandle, KeyFault> rsa_public_key(std::string_view modulus, std::string_view exponent);

// Coordinates exactly as long as the curve's field (RFC 7518 section 6.2.1.2). point_invalid.
Result<KeyHandle, KeyFault> ec_public_key(KeyType curve, std::string_view x, std::string_view y);

// RFC 8037 section 2. point_invalid.
Result<KeyHandle, KeyFault> edwards_public_key(KeyType curve, std::string_view point);

}  // namespace bearergate::core
