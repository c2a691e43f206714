#pragma once

#include <bearergate/core/claims.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bearergate::core {

// One header that tells the upstream who is asking.
struct IdentityHeader {
    enum class Source : std::uint8_t {
        subject,
        client,
        organization,
        scope,
        audience,
        issuer,
        claim
    };
    std::string name{};  // as it is sent
    Source source = Source::subject;
    ClaimName claim{};  // for Source::claim
};
std::vector<IdentityHeader> default_identity_headers();

// A token's values for Policy::identity, by position; "" sends no header. Made once per token. The
// organization's slot holds the claim's; permit() says when the audience's replaces it.
struct IdentityValues {
    std::vector<std::string> values{};
};
// claim_invalid for a configured claim that cannot be a header value (docs/how-it-decides.md).
Result<IdentityValues, Reason> identity_values(const std::vector<IdentityHeader>& headers,
                                               const Claims& claims);

// Whether a claim can travel as it is: at most 1 KiB of 0x20 to 0x7E without outer spaces.
bool fits_in_header(std::string_view value);

// "X_Auth-Subject" and "x-auth-subject" fold to the same name: lower case, every
// non-alphanumeric read as '-'. Backends that read CGI-style variables cannot tell them apart.
bool folds_to(std::string_view name, std::string_view folded);
std::string folded(std::string_view name);

}  // namespace bearergate::core
