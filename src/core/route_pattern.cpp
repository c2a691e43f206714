// Reads a route's key. People write these by hand, so every fault says what would be right.
#include <bearergate/core/route_pattern.hpp>

#include "ascii.hpp"
#include "ipv6_literal.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace bearergate::core {

namespace {

using Fault = std::optional<PatternFault>;

// The tree of a table is walked to the depth of its longest pattern.
constexpr std::size_t max_segments = 256;
constexpr std::size_t max_label = 63;  // RFC 1035 section 2.3.4
constexpr std::size_t max_host = 253;

std::string quoted(std::string_view text) {
    std::string out = "`";
    out += text;
    out += '`';
    return out;
}

bool is_capture_name(std::string_view name) {
    return !name.empty() && !ascii::is_digit(name.front()) &&
           std::all_of(name.begin(), name.end(),
                       [](char c) { return ascii::is_alphanumeric(c) || c == '_'; });
}

bool in_braces(std::string_view text) {
    return text.size() >= 2 && text.starts_with('{') && text.ends_with('}');
}

// Reads one pattern from left to right; `at` is where the next part begins.
struct Reader {
    std::string_view text;
    const TargetRules& rules;
    std::size_t at = 0;
    RoutePattern pattern{};

    Fault read();
    Fault read_methods(std::string_view part);
    Fault read_method(std::string_view name, std::size_t offset);
    Fault read_host(std::string_view part);
    Fault read_address(std::string_view part);
    Fault read_labels(std::string_view labels, std::size_t offset);
    Fault read_path(std::string_view path);
    Fault read_segment(std::string_view segment, std::size_t offset, bool is_last);
    Fault read_braces(std::string_view inside, std::size_t offset, bool is_last);
    Fault read_literal(std::string_view segment, std::size_t offset);
    Fault claim_name(std::string_view name, std::size_t offset) const;
};

Fault Reader::read() {
    const std::size_t slash = text.find('/');
    const std::size_t space = text.find(' ');
    if (space == 0) return PatternFault{"a pattern cannot begin with a space", 0};
    if (space < slash) {
        if (auto fault = read_methods(text.substr(0, space))) return fault;
        at = space + 1;
        if (text.substr(at).starts_with(' ')) {
            return PatternFault{"write exactly one space between the method and the path", at};
        }
    }
    if (slash == std::string_view::npos) {
        return PatternFault{"a path that starts with / is missing, as in `GET /items`",
                            text.size()};
    }
    if (auto fault = read_host(text.substr(at, slash - at))) return fault;
    at = slash;
    return read_path(text.substr(slash));
}

Fault Reader::read_methods(std::string_view part) {
    for (std::size_t begin = 0; begin <= part.size();) {
        const std::size_t end = std::min(part.find(',', begin), part.size());
        if (auto fault = read_method(part.substr(begin, end - begin), begin)) return fault;
        begin = end + 1;
    }
    return std::nullopt;
}

Fault Reader::read_method(std::string_view name, std::size_t offset) {
    if (name.empty()) {
        return PatternFault{
            "a method is missing; several are written without spaces, as in "
            "`GET,POST /items`",
            offset};
    }
    if (name.contains('.') || name.contains('{') || name.contains('*')) {
        return PatternFault{
            "a host stands directly before the path, as in "
            "`GET api.acme.example/items`",
            offset};
    }
    if (std::any_of(name.begin(), name.end(), ascii::is_lower)) {
        return PatternFault{"methods are written in upper case, as in `GET /items`", offset};
    }
    if (!ascii::is_upper(name.front()) || !std::all_of(name.begin(), name.end(), [](char c) {
            return ascii::is_upper(c) || ascii::is_digit(c) || c == '-' || c == '_';
        })) {
        return PatternFault{quoted(name) + " is not a method; write `GET /items`", offset};
    }
    if (name == "TRACE" || name == "CONNECT") {
        return PatternFault{std::string(name) + " is always refused and cannot have a route",
                            offset};
    }
    if (std::find(pattern.methods.begin(), pattern.methods.end(), name) != pattern.methods.end()) {
        return PatternFault{"the method " + std::string(name) + " is named twice", offset};
    }
    pattern.methods.emplace_back(name);
    return std::nullopt;
}

Fault Reader::read_host(std::string_view part) {
    if (part.empty()) return std::nullopt;
    if (part.ends_with(':') && text.substr(at + part.size()).starts_with("//")) {
        return PatternFault{"leave out the scheme: a pattern begins with a host or with /", at};
    }
    if (is_usual_method(part)) {
        return PatternFault{"write a space between the method and the path: `" + std::string(part) +
                                ' ' + std::string(text.substr(at + part.size())) + '`',
                            at};
    }
    if (part.starts_with('[')) return read_address(part);
    const std::size_t colon = part.find(':');
    if (colon != std::string_view::npos &&
        std::all_of(part.begin() + colon + 1, part.end(), ascii::is_digit)) {
        return PatternFault{"leave out the port: hosts are compared without it", at + colon};
    }
    const std::size_t dot = part.find('.');
    const std::string_view first = part.substr(0, dot);
    const bool is_wildcard = first == "*" || in_braces(first);
    if (!is_wildcard) {
        pattern.host.kind = HostPattern::Kind::exact;
        return read_labels(part, at);
    }
    const std::string_view name = first == "*" ? "" : first.substr(1, first.size() - 2);
    if (first != "*") {
        if (auto fault = claim_name(name, at)) return fault;
    }
    if (dot == std::string_view::npos || dot + 1 == part.size()) {
        return PatternFault{quoted(first) + " stands for one label before a domain, as in `" +
                                std::string(first) + ".acme.example/`; for every host write none",
                            at};
    }
    pattern.host.kind = HostPattern::Kind::wildcard;
    pattern.host.capture = name;
    return read_labels(part.substr(dot + 1), at + dot + 1);
}

Fault Reader::read_address(std::string_view part) {
    const std::size_t close = part.find_first_not_of("0123456789abcdefABCDEF:.", 1);
    if (close == std::string_view::npos || part[close] != ']' || close < 3) {
        return PatternFault{quoted(part) + " is not an IPv6 address in brackets", at};
    }
    if (close + 1 != part.size()) {
        return PatternFault{"leave out the port: hosts are compared without it", at + close + 1};
    }
    LiteralScratch scratch;
    const std::string_view address = canonical_literal(part, scratch);
    if (address.empty()) {
        return PatternFault{quoted(part) + " is not an IPv6 address in brackets", at};
    }
    pattern.host.kind = HostPattern::Kind::exact;
    pattern.host.text = address;
    return std::nullopt;
}

Fault Reader::read_labels(std::string_view labels, std::size_t offset) {
    if (labels.size() > 1 && labels.ends_with('.')) labels.remove_suffix(1);
    if (labels.size() > max_host) {
        return PatternFault{"a host name has at most 253 characters", offset};
    }
    std::size_t label = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const char c = labels[i];
        if (c == '*' || c == '{') {
            return PatternFault{
                "`*` and `{name}` stand only for the whole first label of a host, "
                "as in `{tenant}.acme.example/`",
                offset + i};
        }
        label = c == '.' ? 0 : label + 1;
        const bool ends_nothing =
            c == '.' && (i == 0 || i + 1 == labels.size() || labels[i - 1] == '.');
        const bool is_fit = ascii::is_alphanumeric(c) || c == '-' || c == '_' || c == '.';
        if (ends_nothing || !is_fit || label > max_label) {
            return PatternFault{quoted(labels) +
                                    " is not a host name; others than ASCII ones are "
                                    "written as `xn--...`",
                                offset + i};
        }
    }
    pattern.host.text = ascii::lower(labels);
    return std::nullopt;
}

Fault Reader::read_path(std::string_view path) {
    if (const std::size_t bad = path.find_first_of("?#"); bad != std::string_view::npos) {
        return PatternFault{
            "a pattern ends with its path: queries and fragments take no part in "
            "matching",
            at + bad};
    }
    for (std::size_t begin = 1; begin < path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const bool is_last = end == path.size();
        if (auto fault = read_segment(path.substr(begin, end - begin), at + begin, is_last)) {
            return fault;
        }
        if (pattern.segments.size() > max_segments) {
            return PatternFault{"a path has at most 256 segments", at + begin};
        }
        begin = end + 1;
    }
    pattern.trailing_slash = path.size() > 1 && path.ends_with('/');
    return std::nullopt;
}

Fault Reader::read_segment(std::string_view segment, std::size_t offset, bool is_last) {
    if (segment == "**") {
        if (!is_last) return PatternFault{"`**` stands only at the end of a path", offset};
        pattern.segments.push_back({Segment::Kind::any_rest, ""});
        return std::nullopt;
    }
    if (in_braces(segment)) {
        return read_braces(segment.substr(1, segment.size() - 2), offset, is_last);
    }
    return read_literal(segment, offset);
}

Fault Reader::read_braces(std::string_view inside, std::size_t offset, bool is_last) {
    constexpr std::string_view dots = "...";
    const bool is_rest = inside.ends_with(dots);
    const std::string_view name = is_rest ? inside.substr(0, inside.size() - dots.size()) : inside;
    if (auto fault = claim_name(name, offset)) return fault;
    if (is_rest && !is_last) {
        return PatternFault{"`{" + std::string(name) +
                                "...}` stands only at the end of a path; "
                                "for one segment write `{" +
                                std::string(name) + "}`",
                            offset};
    }
    pattern.segments.push_back(
        {is_rest ? Segment::Kind::rest_capture : Segment::Kind::capture, std::string(name)});
    return std::nullopt;
}

Fault Reader::claim_name(std::string_view name, std::size_t offset) const {
    if (!is_capture_name(name)) {
        return PatternFault{
            "a name in braces is made of letters, digits and `_` and does not "
            "begin with a digit, as in `{orgId}` or `{path...}`",
            offset};
    }
    const auto names = pattern.capture_names();
    if (std::find(names.begin(), names.end(), name) != names.end()) {
        return PatternFault{"the name " + quoted(name) + " is used twice in this pattern", offset};
    }
    return std::nullopt;
}

std::string percent_encoded(std::string_view segment) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (const char c : segment) {
        if (ascii::is_visible(c)) {
            out.push_back(c);
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += {'%', digits[byte / 16], digits[byte % 16]};
    }
    return out;
}

// The segment as a request would bring it, or "" when every request with it is refused.
std::string normal_segment(std::string_view segment, const TargetRules& rules) {
    std::string scratch;
    const std::string raw = "/" + std::string(segment);
    const auto target = Target::parse(raw, rules, scratch);
    return target ? std::string(target->path().substr(1)) : "";
}

Fault Reader::read_literal(std::string_view segment, std::size_t offset) {
    if (segment.empty()) {
        return PatternFault{"an empty segment: requests with `//` are refused", offset};
    }
    if (segment.find_first_of("{}") != std::string_view::npos) {
        return PatternFault{"a name in braces stands for a whole segment, as in `/orgs/{orgId}`",
                            offset};
    }
    if (segment.contains('*')) {
        return PatternFault{
            "`*` is no wildcard here: write `{name}` for one segment, or end the "
            "path with `/**` for all that is below",
            offset};
    }
    if (segment.starts_with(':')) {
        return PatternFault{
            "a captured segment is written in braces: `{" + std::string(segment.substr(1)) + "}`",
            offset};
    }
    const std::string normal = normal_segment(segment, rules);
    if (normal == segment) {
        pattern.segments.push_back({Segment::Kind::literal, std::string(segment)});
        return std::nullopt;
    }
    if (!normal.empty()) {
        return PatternFault{"requests are compared in normal form: write " + quoted(normal),
                            offset};
    }
    if (segment.contains(';')) {
        return PatternFault{"`;` in a path is refused unless `paths.semicolon` is `opaque`",
                            offset};
    }
    const std::string encoded = percent_encoded(segment);
    if (encoded != segment && normal_segment(encoded, rules) == encoded) {
        return PatternFault{"requests are compared in normal form: write " + quoted(encoded),
                            offset};
    }
    return PatternFault{"no request can have the segment " + quoted(segment) +
                            ": it can be read in two ways and is refused",
                        offset};
}

}  // namespace

bool is_usual_method(std::string_view method) {
    return std::find(usual_methods.begin(), usual_methods.end(), method) != usual_methods.end();
}

bool RoutePattern::answers(std::string_view method) const {
    if (methods.empty()) return is_usual_method(method);
    const auto names = [this](std::string_view name) {
        return std::find(methods.begin(), methods.end(), name) != methods.end();
    };
    return names(method) || (method == "HEAD" && names("GET"));
}

std::vector<std::string> RoutePattern::capture_names() const {
    std::vector<std::string> names;
    if (!host.capture.empty()) names.push_back(host.capture);
    for (const Segment& segment : segments) {
        if (segment.kind == Segment::Kind::capture || segment.kind == Segment::Kind::rest_capture)
            names.push_back(segment.text);
    }
    return names;
}

Result<RoutePattern, PatternFault> parse_route_pattern(std::string_view text,
                                                       const TargetRules& rules) {
    Reader reader{.text = text, .rules = rules};
    if (auto fault = reader.read()) return std::unexpected(*std::move(fault));
    return std::move(reader.pattern);
}

}  // namespace bearergate::core
