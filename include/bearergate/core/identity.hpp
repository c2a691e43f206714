#pragma once

#include <bearergate/core/claims.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
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
//
// One text, since every request of a token reads all of them: in strings of their own they are six
// places in memory to wait for (0.3 µs with a thousand tokens in use).
class IdentityValues {
public:
    IdentityValues() = default;
    IdentityValues(std::initializer_list<std::string_view> values);

    void add(std::string_view value);
    std::size_t size() const { return ends_.size(); }
    std::string_view operator[](std::size_t index) const;  // less than size()
    std::size_t bytes() const;                             // that it holds beside itself
    bool operator==(const IdentityValues&) const = default;

private:
    std::string text_{};
    std::vector<std::uint32_t> ends_{};  // of each value in the text
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
