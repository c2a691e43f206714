#pragma once

#include <bearergate/core/claims.hpp>
#include <bearergate/core/text_list.hpp>

#include <cstddef>
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

// A token's field lines for Policy::identity, by position, as they are sent. Made once per token.
// The organization's line holds the claim's; permit() says when the audience's replaces it.
//
// In two texts, since every request of a token sends all of them: what is the token's own (subject
// and configured claims), and what others of the same application have in common with it. In
// strings of their own the values are six places in memory to wait for (0.3 µs with a thousand
// tokens in use); of the common text one copy may do for all.
class IdentityLines {
public:
    IdentityLines() = default;
    // Values by position, as many as headers or less. No line for "", nor for what could become
    // another line: is_field_value() is asked here, so that no mistake where values come from
    // matters.
    IdentityLines(const std::vector<IdentityHeader>& headers,
                  const std::vector<std::string_view>& values);

    std::size_t size() const { return places_.size(); }
    // All lines: these, then those.
    std::string_view own() const { return own_; }
    std::string_view common() const;
    std::string_view line(std::size_t index) const;        // with its CRLF; "" where there is none
    std::string_view operator[](std::size_t index) const;  // the value; less than size()
    std::size_t bytes() const;                             // that it holds beside itself

    // The common text as a list of one, and an equal one in its place: another is not taken.
    const TextList& common_text() const { return common_; }
    void share_common(const TextList& equal) {
        if (equal == common_) common_ = equal;
    }
    bool operator==(const IdentityLines&) const = default;

private:
    struct Place {
        bool is_common = false;
        std::uint32_t begin = 0;  // of the line in its text
        std::uint32_t value = 0;
        std::uint32_t end = 0;  // of the value
        bool operator==(const Place&) const = default;
    };
    std::string_view text_of(const Place& place) const { return place.is_common ? common() : own_; }

    std::vector<Place> places_{};
    std::string own_{};
    TextList common_{};
};
// claim_invalid for a configured claim that cannot be a header value (docs/how-it-decides.md).
Result<IdentityLines, Reason> identity_lines(const std::vector<IdentityHeader>& headers,
                                             const Claims& claims);

// What may stand in a field value that we make: printable ASCII without a space at either end.
bool is_field_value(std::string_view value);

// Whether a claim can travel as it is: at most 1 KiB of 0x20 to 0x7E without outer spaces.
bool fits_in_header(std::string_view value);

// "X_Auth-Subject" and "x-auth-subject" fold to the same name: lower case, every
// non-alphanumeric read as '-'. Backends that read CGI-style variables cannot tell them apart.
bool folds_to(std::string_view name, std::string_view folded);
std::string folded(std::string_view name);

}  // namespace bearergate::core
