#include <bearergate/core/identity.hpp>

#include <algorithm>

namespace bearergate::core {

namespace {

constexpr std::string_view line_end = "\r\n";

constexpr char fold(char c) {
    if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-';
}

// Whether it stands for itself in a list: most do, and go there whole.
bool is_plain(std::string_view item) {
    return is_field_value(item) && !item.contains(' ') && !item.contains('%');
}

// Items that cannot be confused when a space separates them: whatever is not visible, and the
// escape itself, is percent-encoded.
std::string joined(const TextList& items) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string line;
    for (const std::string& item : items) {
        if (item.empty()) continue;
        if (!line.empty()) line.push_back(' ');
        if (is_plain(item)) {
            line.append(item);
            continue;
        }
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

// By whom it was granted, to which application, for what: what a user's other tokens, and others'
// tokens, may say as well.
bool is_shared(IdentityHeader::Source source) {
    using Source = IdentityHeader::Source;
    return source != Source::subject && source != Source::claim;
}

// A value is a view into the claims, or into `made` where it had to be made.
Result<std::string_view, Reason> claim_value(const Json& claim, std::string& made) {
    switch (claim.type()) {
        case Json::Type::string:
            if (!fits_in_header(*claim.string())) return std::unexpected(Reason::claim_invalid);
            return *claim.string();
        case Json::Type::number:
        case Json::Type::boolean: return made = claim.dump();
        case Json::Type::invalid:
        case Json::Type::null:
        case Json::Type::array:
        case Json::Type::object: break;
    }
    return std::string_view();
}

Result<std::string_view, Reason> value_of(const IdentityHeader& header, const Claims& claims,
                                          std::string& made) {
    using Source = IdentityHeader::Source;
    switch (header.source) {
        case Source::subject: return claims.subject;
        case Source::client: return claims.client ? std::string_view(*claims.client) : "";
        case Source::organization:
            return claims.organization ? std::string_view(*claims.organization) : "";
        case Source::scope: return made = joined(claims.scopes);
        case Source::audience: return made = joined(claims.audience);
        case Source::issuer: return claims.issuer;
        case Source::claim: return claim_value(header.claim.in(claims.all), made);
    }
    return std::string_view();
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

IdentityLines::IdentityLines(const std::vector<IdentityHeader>& headers,
                             const std::vector<std::string_view>& values) {
    std::string common;
    places_.reserve(headers.size());
    for (std::size_t i = 0; i < std::min(headers.size(), values.size()); ++i) {
        const bool is_common = is_shared(headers[i].source);
        std::string& text = is_common ? common : own_;
        const auto here = [&] { return static_cast<std::uint32_t>(text.size()); };
        Place place{.is_common = is_common, .begin = here(), .value = here(), .end = here()};
        if (!values[i].empty() && is_field_value(values[i])) {
            text.append(headers[i].name).append(": ");
            place.value = here();
            text.append(values[i]);
            place.end = here();
            text.append(line_end);
        }
        places_.push_back(place);
    }
    if (!common.empty()) common_ = {std::move(common)};
}

std::string_view IdentityLines::common() const {
    return common_.empty() ? std::string_view() : *common_.begin();
}

std::string_view IdentityLines::line(std::size_t index) const {
    const Place& place = places_[index];
    if (place.begin == place.end) return {};
    return text_of(place).substr(place.begin, place.end + line_end.size() - place.begin);
}

std::string_view IdentityLines::operator[](std::size_t index) const {
    const Place& place = places_[index];
    return text_of(place).substr(place.value, place.end - place.value);
}

std::size_t IdentityLines::bytes() const {
    return own_.capacity() + common_.bytes() + places_.capacity() * sizeof places_[0];
}

bool is_field_value(std::string_view value) {
    std::uint8_t odd = 0;  // without a branch a byte, the compiler takes many at once
    for (const char c : value) {
        const auto above_space = static_cast<std::uint8_t>(static_cast<std::uint8_t>(c) - 0x20);
        odd = static_cast<std::uint8_t>(odd | (above_space > 0x7e - 0x20));
    }
    return odd == 0 && !value.starts_with(' ') && !value.ends_with(' ');
}

bool fits_in_header(std::string_view value) {
    constexpr std::size_t max_size = 1024;
    return value.size() <= max_size && is_field_value(value);
}

Result<IdentityLines, Reason> identity_lines(const std::vector<IdentityHeader>& headers,
                                             const Claims& claims) {
    std::vector<std::string> made(headers.size());
    std::vector<std::string_view> values(headers.size());
    for (std::size_t i = 0; i < headers.size(); ++i) {
        const auto value = value_of(headers[i], claims, made[i]);
        if (!value) return std::unexpected(value.error());
        values[i] = *value;
    }
    return IdentityLines(headers, values);
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
