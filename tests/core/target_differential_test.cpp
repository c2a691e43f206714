// Other programs read paths in other ways. For random targets: whatever a careless server behind us
// could make of what is forwarded, it is not a place that needs more than what was matched.
#include <bearergate/core/target.hpp>

#include <gtest/gtest.h>

#include <cctype>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace bearergate::core {
namespace {

std::string without_dot_segments(const std::string& path) {
    std::vector<std::string> kept;
    std::size_t begin = 0;
    while (begin <= path.size()) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const std::string segment = path.substr(begin, end - begin);
        if (segment == "..") {
            if (!kept.empty()) kept.pop_back();
        } else if (!segment.empty() && segment != ".") {  // and slashes merged
            kept.push_back(segment);
        }
        begin = end + 1;
    }
    std::string text;
    for (const std::string& segment : kept) text += "/" + segment;
    return text.empty() ? "/" : text;
}

std::string backslashes_turned(std::string path) {
    for (char& c : path) c = c == '\\' ? '/' : c;
    return path;
}
std::string cut_at_nul(const std::string& path) {
    return path.substr(0, path.find('\0'));
}

// Each segment cut at `;`, and its trailing dots and spaces gone, as on Windows.
std::string segments_cut(const std::string& path) {
    std::string text;
    std::size_t begin = 0;
    while (begin <= path.size()) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        std::string segment = path.substr(begin, end - begin);
        segment = segment.substr(0, segment.find(';'));
        while (segment != ".." && segment != "." &&
               (segment.ends_with('.') || segment.ends_with(' '))) {
            segment.pop_back();
        }
        text += segment + (end < path.size() ? "/" : "");
        begin = end + 1;
    }
    return text;
}

// What single servers do, and what they do one after the other.
std::vector<std::string> readings(const std::string& path) {
    const std::string once = percent_decoded(path);
    const std::string twice = percent_decoded(once);
    std::vector<std::string> all;
    for (const std::string& decoded : {path, once, twice}) {
        for (const std::string& text :
             {decoded, backslashes_turned(decoded), cut_at_nul(decoded), segments_cut(decoded),
              segments_cut(backslashes_turned(cut_at_nul(decoded)))}) {
            all.push_back(without_dot_segments(text));
        }
    }
    return all;
}

bool is_under_admin(std::string_view path) {
    return path == "/api/admin" || path.starts_with("/api/admin/");
}

TEST(TargetDifferential, NoReadingOfWhatIsForwardedClimbsIntoWhatWasNotMatched) {
    const std::vector<std::string> pieces = {
        "/",      "/api", "/admin", "api", "admin", "/public", "..",     ".",         "/..",
        "/../",   "/./",  "%2e",    "%2E", "%2f",   "%2F",     "%5c",    "\\",        "%00",
        ";",      ";a=b", "%3b",    "%20", "%25",   "%252e",   "%252f",  "%61",       "%c0%ae",
        "%u002e", "//",   "%09",    "#",   "?",     "...",     "%2e%2e", "%e2%80%ae", "x",
    };
    std::minstd_rand random(20261125);
    const auto below = [&](std::size_t count) {
        return std::uniform_int_distribution<std::size_t>(0, count - 1)(random);
    };
    std::size_t accepted = 0;
    std::size_t into_admin = 0;
    std::string scratch;
    for (int i = 0; i < 200'000; ++i) {
        std::string raw = below(2) == 0 ? "/public" : "/api";
        for (std::size_t count = below(7); count > 0; --count) raw += pieces[below(pieces.size())];
        const auto target = Target::parse(raw, {}, scratch);
        if (!target) continue;
        ++accepted;
        const std::string path(target->path());
        if (is_under_admin(path)) {
            ++into_admin;
            continue;
        }
        for (const std::string& reading : readings(path)) {
            ASSERT_FALSE(is_under_admin(reading)) << raw << " is forwarded as " << path;
        }
    }
    EXPECT_GE(accepted, 10'000U);
    EXPECT_GE(into_admin, 100U);
}

}  // namespace
}  // namespace bearergate::core
