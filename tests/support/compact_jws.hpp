#pragma once

#include <bearergate/core/base64url.hpp>
#include <bearergate/core/key_set.hpp>
#include <bearergate/core/token.hpp>
#include <bearergate/core/verifier.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace bearergate::test {

// Whether a compact JWS of any payload is good under one of `keys`, by the same steps as for a
// token. A token's payload must be JSON; that of most vectors is not, so the header is looked at
// beside an empty one.
inline bool jws_is_good(std::string_view compact, const core::KeySet& keys) {
    if (std::ranges::count(compact, '.') != 2) return false;
    const std::size_t first = compact.find('.');
    const std::size_t last = compact.rfind('.');
    const auto payload = compact.substr(first + 1, last - first - 1);
    if (!core::decode_base64url(payload)) return false;
    const std::string stand_in =
        std::string(compact.substr(0, first)) + ".e30" + std::string(compact.substr(last));
    const auto token = core::UnverifiedToken::parse(stand_in);
    if (!token) return false;
    const auto facts = core::check_header(*token, {.algorithms = core::AlgorithmSet::all()});
    if (!facts) return false;
    const core::PublicKey* key = keys.find(facts->key_id, facts->algorithm);
    if (!key) return false;
    core::Verifier verifier(*key, facts->algorithm);
    return verifier.verify(compact.substr(0, last), token->signature());
}

}  // namespace bearergate::test
