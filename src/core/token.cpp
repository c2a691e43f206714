#include <bearergate/core/base64url.hpp>
#include <bearergate/core/token.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace bearergate::core {

namespace {

constexpr int max_depth = 16;

constexpr bool is_alphanumeric(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

constexpr char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, {}, lower, lower);
}

// RFC 9110 section 5.6.2.
bool is_token(std::string_view text) {
    constexpr std::string_view others = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::ranges::all_of(text, [&](char c) {
        return is_alphanumeric(c) || others.find(c) != std::string_view::npos;
    });
}

// RFC 9110 section 11.2: what a bearer token may consist of, whatever it means. To its end whatever
// it finds, so that compilers make it vector instructions (0.5 µs less for 700 bytes).
bool is_token68(std::string_view text) {
    text = text.substr(0, text.find_last_not_of('=') + 1);
    bool fits = true;
    for (const char c : text) {
        const auto byte = static_cast<std::uint8_t>(c);
        const bool letter = static_cast<std::uint8_t>((byte | 0x20U) - 'a') < 26;
        const bool digit = static_cast<std::uint8_t>(byte - '0') < 10;
        const bool other =
            (c == '-') | (c == '.') | (c == '_') | (c == '~') | (c == '+') | (c == '/');
        fits &= letter | digit | other;
    }
    return fits && !text.empty();
}

// Of every request's token: to its end whatever it finds, so that compilers make it a few vector
// instructions (0.3 µs less for 700 bytes).
bool is_visible(std::string_view text) {
    std::uint8_t odd = 0;
    for (const char c : text) {
        const auto above_space = static_cast<std::uint8_t>(static_cast<std::uint8_t>(c) - 0x21);
        odd = static_cast<std::uint8_t>(odd | (above_space > 0x7e - 0x21));
    }
    return odd == 0;
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blank = " \t";
    const std::size_t begin = std::min(text.find_first_not_of(blank), text.size());
    return text.substr(begin, text.find_last_not_of(blank) + 1 - begin);
}

std::optional<Json> read_object(std::string_view text) {
    auto json = Json::parse(text, max_depth);
    if (!json || !json->is_object()) return std::nullopt;
    return std::move(*json);
}

// What a text is that has not the three parts of a compact JWS.
Reason other_than_jws(std::string_view text) {
    if (!is_token68(text)) return Reason::token_malformed;
    switch (std::ranges::count(text, '.')) {
        case 0: return Reason::token_opaque;
        case 4: return Reason::token_encrypted;
        default: return Reason::token_malformed;
    }
}

bool is_there(const Json& object, std::string_view name) {
    return object.at(name).type() != Json::Type::invalid;
}

// RFC 7515 section 4.1.9: a media type whose "application/" may be left out.
bool is_type(std::string_view typ, std::string_view wanted) {
    constexpr std::string_view prefix = "application/";
    const auto bare = [&](std::string_view type) {
        return equal_ignoring_case(type.substr(0, prefix.size()), prefix)
                   ? type.substr(prefix.size())
                   : type;
    };
    return equal_ignoring_case(bare(typ), bare(wanted));
}

}  // namespace

Result<std::string_view, Reason> bearer_token(std::span<const std::string_view> authorization) {
    if (authorization.empty()) return std::unexpected(Reason::token_missing);
    // Which of two would the upstream believe?
    if (authorization.size() > 1) return std::unexpected(Reason::credentials_ambiguous);
    const std::string_view value = trimmed(authorization.front());
    const std::size_t space = value.find(' ');
    if (space == std::string_view::npos) return std::unexpected(Reason::credentials_malformed);
    const std::string_view scheme = value.substr(0, space);
    const std::string_view token = value.substr(value.find_first_not_of(' ', space));
    if (!is_token(scheme) || !is_visible(token)) {
        return std::unexpected(Reason::credentials_malformed);
    }
    if (!equal_ignoring_case(scheme, "Bearer")) return std::unexpected(Reason::scheme_unsupported);
    return token;
}

Result<UnverifiedToken, Reason> UnverifiedToken::parse(std::string_view compact) {
    constexpr auto none = std::string_view::npos;
    const std::size_t first = compact.find('.');
    const std::size_t last = first == none ? none : compact.find('.', first + 1);
    if (last == none || compact.find('.', last + 1) != none) {
        return std::unexpected(other_than_jws(compact));
    }
    // What is foreign to base64url is refused here, before anything is parsed for it.
    const auto header_text = decode_base64url(compact.substr(0, first));
    const auto payload_text = decode_base64url(compact.substr(first + 1, last - first - 1));
    auto signature = decode_base64url(compact.substr(last + 1));
    if (!header_text || !payload_text || !signature) {
        return std::unexpected(Reason::token_malformed);
    }
    auto header = read_object(*header_text);
    auto payload = read_object(*payload_text);
    if (!header || !payload) return std::unexpected(Reason::token_malformed);

    UnverifiedToken token;
    token.signed_text_ = compact.substr(0, last);
    token.signature_ = std::move(*signature);
    token.header_ = std::move(*header);
    token.payload_ = std::move(*payload);
    return token;
}

Result<HeaderFacts, Reason> check_header(const UnverifiedToken& token, const HeaderRules& rules) {
    const Json& header = token.header();
    const auto algorithm = parse_algorithm(header.at("alg").string().value_or(""));
    if (!algorithm || !rules.algorithms.contains(*algorithm)) {
        return std::unexpected(Reason::alg_not_allowed);
    }
    // We understand no extension, and RFC 7515 section 4.1.11 allows no empty list of them. With
    // b64 (RFC 7797) other than true the signature would cover something else than the text.
    if (is_there(header, "crit") ||
        (is_there(header, "b64") && header.at("b64").boolean() != true)) {
        return std::unexpected(Reason::crit_unsupported);
    }
    const auto type = header.at("typ").string();
    if ((!type && (rules.token_type || is_there(header, "typ"))) ||
        (rules.token_type && !is_type(*type, *rules.token_type))) {
        return std::unexpected(Reason::typ_not_allowed);
    }
    // Nothing defines `zip` for a JWS, but some libraries inflate the payload when they see it and
    // would read other claims than those that were checked here.
    if (is_there(header, "zip")) return std::unexpected(Reason::token_malformed);
    const auto key_id = header.at("kid").string();
    if (!key_id && is_there(header, "kid")) return std::unexpected(Reason::token_malformed);
    return HeaderFacts{.algorithm = *algorithm, .key_id = key_id};
}

}  // namespace bearergate::core
