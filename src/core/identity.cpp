#include <bearergate/core/identity.hpp>

#include <algorithm>

namespace bearergate::core {

namespace {

constexpr char fold(char c) {
    if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-';
}

// Items that cannot be confused when a space separates them: whatever is not visible, and the
// escape itself, is percent-encoded.
std::string joined(const std::vector<std::string>& items) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string line;
    for (const std::string& item : items) {
        if (item.empty()) continue;
        if (!line.empty()) line.push_back(' ');
        for (const char c : item) {
            const auto byte = static_cast<unsigned char>(c);
            if (byte >= 0x21 && byte <= 0x7e && c != '%') {
                line.push_back(c);
                continue;
            }
            line.push_back('%');
            line.push_back(digits[byte >> 4U]);
            line.push_back(digits[byte & 15U]);
        }
    }
    return line;
}

Result<std::string, Reason> claim_value(const Json& claim) {
    switch (claim.type()) {
        case Json::Type::string:
            if (!fits_in_header(*claim.string())) return std::unexpected(Reason::claim_invalid);
            return std::string(*claim.string());
        case Json::Type::number:
        case Json::Type::boolean: return claim.dump();
        case Json::Type::invalid:
        case Json::Type::null:
        case Json::Type::array:
        case Json::Type::object: break;
    }
    return std::string();
}

Result<std::string, Reason> value_of(const IdentityHeader& header, const Claims& claims) {
    using Source = IdentityHeader::Source;
    switch (header.source) {
        case Source::subject: return claims.subject;
        case Source::client: return claims.client.value_or("");
        case Source::organization: return claims.organization.value_or("");
        case Source::scope: return joined(claims.scopes);
        case Source::audience: return joined(claims.audience);
        case Source::issuer: return claims.issuer;
        case Source::claim: return claim_value(header.claim.in(claims.all));
    }
    return std::string();
}

}  // namespace

std::vector<IdentityHeader> default_identity_headers() {
    using Source = IdentityHeader::Source;
    return {{.name = "X-Auth-Subject", .source = Source::subject},
            {.name = "X-Auth-Client-Id", .source = Source::client},
            {.name = "X-Auth-Organization-Id", .source = Source::organization},
            {.name = "X-Auth-Scopes", .source = Source::scope},
            {.name = "X-Auth-Audience", .source = Source::audience},
            {.name = "X-Auth-Issuer", .source = Source::issuer}};
}

IdentityValues::IdentityValues(std::initializer_list<std::string_view> values) {
    for (const std::string_view value : values) add(value);
}

void IdentityValues::add(std::string_view value) {
    text_.append(value);
    ends_.push_back(static_cast<std::uint32_t>(text_.size()));
}

std::string_view IdentityValues::operator[](std::size_t index) const {
    const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
    return std::string_view(text_).substr(begin, ends_[index] - begin);
}

std::size_t IdentityValues::bytes() const {
    return text_.capacity() + ends_.capacity() * sizeof ends_[0];
}

bool fits_in_header(std::string_view value) {
    constexpr std::size_t max_size = 1024;
    return value.size() <= max_size && !value.starts_with(' ') && !value.ends_with(' ') &&
           std::ranges::all_of(value, [](char c) { return c >= 0x20 && c <= 0x7e; });
}

Result<IdentityValues, Reason> identity_values(const std::vector<IdentityHeader>& headers,
                                               const Claims& claims) {
    IdentityValues identity;
    for (const IdentityHeader& header : headers) {
        auto value = value_of(header, claims);
        if (!value) return std::unexpected(value.error());
        identity.add(*value);
    }
    return identity;
}

bool folds_to(std::string_view name, std::string_view folded) {
    return std::ranges::equal(name, folded, {}, fold);
}

std::string folded(std::string_view name) {
    std::string text(name);
    std::ranges::transform(text, text.begin(), fold);
    return text;
}

}  // namespace bearergate::core
