// The target normaliser: one normal form, and no server behind us can read another path out of it.
#include <bearergate/core/target.hpp>

#include "fuzz.hpp"

#include <string>
#include <vector>

namespace bearergate::fuzz {

namespace {

using core::Target;

bool lies_in(std::string_view view, std::string_view whole) {
    return view.empty() || (view.data() >= whole.data() &&
                            view.data() + view.size() <= whole.data() + whole.size());
}

bool is_unreserved(unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

// What stands in place of the lax servers behind us: decodes whatever looks like an escape, reads
// a backslash as a slash, merges slashes, drops what follows a semicolon in a segment if told so,
// and only then resolves dot segments.
std::string lax_path(std::string_view path, bool drops_parameters) {
    std::string decoded = core::percent_decoded(path);
    std::vector<std::string> segments;
    std::string segment;
    const auto end_segment = [&] {
        if (drops_parameters) segment.resize(std::min(segment.find(';'), segment.size()));
        if (segment == "..") {
            if (!segments.empty()) segments.pop_back();
        } else if (!segment.empty() && segment != ".") {
            segments.push_back(segment);
        }
        segment.clear();
    };
    for (const char c : decoded) {
        if (c == '/' || c == '\\') {
            end_segment();
        } else {
            segment += c;
        }
    }
    end_segment();
    std::string resolved;
    for (const auto& each : segments) resolved += "/" + each;
    return resolved.empty() ? "/" : resolved;
}

std::string without_trailing_slash(std::string path) {
    if (path.size() > 1 && path.ends_with('/')) path.pop_back();
    return path;
}

void require_normal_escapes(std::string_view path) {
    for (std::size_t at = path.find('%'); at != path.npos; at = path.find('%', at + 1)) {
        constexpr std::string_view digits = "0123456789ABCDEF";
        require(
            path.size() - at >= 3 && digits.contains(path[at + 1]) && digits.contains(path[at + 2]),
            "an escape is % and two upper-case hex digits");
        const auto byte =
            static_cast<unsigned char>(digits.find(path[at + 1]) * 16 + digits.find(path[at + 2]));
        require(!is_unreserved(byte), "an unreserved character is not escaped");
        require(byte >= 0x20 && byte != 0x7F && byte != '/' && byte != '\\',
                "no control character and no separator is escaped");
    }
}

void require_normal(std::string_view path, bool semicolon_is_opaque) {
    require(path.starts_with('/'), "a path starts with a slash");
    for (const char c : path) require(c > 0x20 && c < 0x7F, "a path is visible ASCII");
    require(path.find_first_of("#\\?") == path.npos, "no #, \\ or ? in a path");
    require(!path.contains("//"), "no empty segment");
    const std::string framed = std::string(path) + "/";
    require(!framed.contains("/./") && !framed.contains("/../"), "no dot segment");
    require_normal_escapes(path);
    if (!semicolon_is_opaque) {
        require(!path.contains(';') && !path.contains("%3B"), "no semicolon, escaped or not");
    }
    const std::string decoded = core::percent_decoded(path);
    for (const bool drops : {false, true}) {
        if (drops && semicolon_is_opaque) continue;  // asked for by the configuration
        require(lax_path(path, drops) == without_trailing_slash(decoded),
                "a lax server reads the path that was matched");
        require(lax_path(decoded, drops) == without_trailing_slash(core::percent_decoded(decoded)),
                "decoding twice brings out no other path");
    }
}

void try_target(std::string_view raw, bool semicolon_is_opaque) {
    const core::TargetRules rules{.semicolon_is_opaque = semicolon_is_opaque};
    std::string scratch;
    const auto target = Target::parse(raw, rules, scratch);
    if (!target) {
        require(target.error() == core::Reason::bad_target, "a refusal is bad_target");
        return;
    }
    const auto path = target->path();
    require(lies_in(path, raw) || lies_in(path, scratch), "the path views what outlives it");
    require(path.size() <= raw.size(), "never longer than it came");
    require_normal(path, semicolon_is_opaque);

    const std::size_t question = raw.find('?');
    require(target->has_query() == (question != raw.npos), "a query is there if a ? is");
    if (target->has_query()) {
        require(target->query() == raw.substr(question + 1), "the query is as it came");
    }

    std::string whole(path);
    if (target->has_query()) whole.append("?").append(target->query());
    std::string scratch_again;
    const auto again = Target::parse(whole, rules, scratch_again);
    require(again && again->path() == path && again->query() == target->query(),
            "the normal form is its own normal form");
    require(lies_in(again->path(), whole), "and nothing of it is copied");

    if (semicolon_is_opaque) return;
    std::string lenient_scratch;
    const auto lenient = Target::parse(raw, {.semicolon_is_opaque = true}, lenient_scratch);
    require(lenient && lenient->path() == path, "a semicolon's rule matters only to semicolons");
}

}  // namespace

void try_input(std::string_view input) {
    try_target(input, false);
    try_target(input, true);
}

}  // namespace bearergate::fuzz
