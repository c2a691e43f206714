// What `bearergate test` has to say: for people, and for machines.
#include <bearergate/cli/policy_test.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace bearergate::cli {
namespace {

// What a route asks for itself: whether it is open at all, and checks 14 to 17.
bool is_of_route(int check) {
    return check == 5 || check >= 14;
}

struct Paint {
    std::string_view good{};
    std::string_view bad{};
    std::string_view faint{};
    std::string_view end{};
};
Paint paint(bool colours) {
    if (!colours) return {};
    return {.good = "\x1b[32m", .bad = "\x1b[31m", .faint = "\x1b[2m", .end = "\x1b[0m"};
}

// A name that somebody gave, in any language: what is no text is escaped.
std::string named(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = config::utf8_length(text, i);
        const std::string_view character = text.substr(i, std::max<std::size_t>(length, 1));
        const auto lead = static_cast<unsigned char>(character.front());
        // U+0080 to U+009F steer terminals as the ASCII controls do, and XML has no place for
        // U+FFFE and U+FFFF.
        const bool is_control = lead < 0x20 || lead == 0x7f ||
                                (lead == 0xc2 && length == 2 && character < "\xc2\xa0") ||
                                character == "\xef\xbf\xbe" || character == "\xef\xbf\xbf";
        if (length == 0 || is_control) {
            for (const char c : character)
                out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        } else {
            out += character;
        }
        i += character.size();
    }
    return out;
}

// Views into `text`, which must live longer.
std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

bool explains(const ExplainedCheck& check, const TriedCase& tried) {
    const auto& wanted = tried.test.expect.reason;
    const bool is_wanted = wanted && core::refusal(*wanted).check == check.number &&
                           check.outcome != ExplainedCheck::Outcome::not_reached;
    if (check.outcome == ExplainedCheck::Outcome::failed || is_wanted) return true;
    // Allowed, and a refusal was expected without a reason.
    return tried.explanation.is_allowed() && !tried.test.expect.allowed && !wanted &&
           is_of_route(check.number) && check.outcome == ExplainedCheck::Outcome::passed;
}

// What a failure says below its name.
std::string reasons_of(const config::Loaded& loaded, const TriedCase& tried, bool colours) {
    std::string text = fmt::format("request   {} {}{}\n", shown(tried.test.method),
                                   shown(tried.test.host), shown(tried.test.target));
    for (const Mismatch& mismatch : tried.mismatches) {
        text += fmt::format("expected  {}\nactual    {}\n", mismatch.expected, mismatch.actual);
    }
    if (!tried.explanation.route.empty()) {
        text += fmt::format("route     {} ({}:{})\n", shown(tried.explanation.route),
                            shown(loaded.config.file), tried.explanation.line);
    }
    for (const ExplainedCheck& check : tried.explanation.checks) {
        if (explains(check, tried)) text += render(check, colours);
    }
    const auto* const asks = std::get_if<core::NeedKeys>(&tried.explanation.decision);
    if (asks != nullptr) {
        text += fmt::format(
            "No key of the issuer {} is at hand: `--keys FILE` gives one, and a token\n"
            "written as claims needs none.\n",
            shown(loaded.policy.issuers[asks->issuer].name));
    }
    return text;
}

std::string line_of(const config::Loaded& loaded, const TriedCase& tried, bool colours) {
    const Paint in = paint(colours);
    if (tried.passed())
        return fmt::format("  {}ok{}    {}\n", in.good, in.end, named(tried.test.name));
    std::string text =
        fmt::format("  {}FAIL{}  {} {}({}:{}){}\n", in.bad, in.end, named(tried.test.name),
                    in.faint, shown(tried.file), tried.test.line, in.end);
    const std::string reasons = reasons_of(loaded, tried, colours);
    for (const std::string_view line : lines_of(reasons)) text += fmt::format("        {}\n", line);
    return text;
}

std::string coverage(const config::Loaded& loaded, std::span<const TriedCase> tried) {
    const auto untested = untested_routes(loaded, tried);
    if (untested.empty()) return "";
    std::string text = "Routes that no case covers:\n";
    for (const core::Route* const route : untested) {
        text += fmt::format("  {}:{}  {}\n", shown(loaded.config.file), route->line,
                            shown(route->text));
    }
    return text + "\n";
}

std::string xml(std::string_view text) {
    std::string out;
    for (const char c : named(text)) {
        switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            default: out += c;
        }
    }
    return out;
}

std::size_t failures(std::span<const TriedCase> tried) {
    return static_cast<std::size_t>(
        std::ranges::count_if(tried, [](const TriedCase& one) { return !one.passed(); }));
}

std::string testcase_xml(const config::Loaded& loaded, const TriedCase& tried) {
    std::string text =
        fmt::format("    <testcase classname=\"{0}\" name=\"{1}\" file=\"{0}\" line=\"{2}\"",
                    xml(tried.file), xml(tried.test.name), tried.test.line);
    if (tried.passed()) return text + "/>\n";
    std::string message;
    for (const Mismatch& mismatch : tried.mismatches) {
        message += fmt::format("{}expected {}, got {}", message.empty() ? "" : "; ",
                               mismatch.expected, mismatch.actual);
    }
    std::string body;
    const std::string reasons = reasons_of(loaded, tried, false);
    for (const std::string_view line : lines_of(reasons)) {
        body += xml(line) + "\n";
    }
    return text + fmt::format(">\n      <failure message=\"{}\">{}</failure>\n    </testcase>\n",
                              xml(message), body);
}

// The cases of one file stand together, as they were tried.
std::span<const TriedCase> first_file(std::span<const TriedCase> tried) {
    const auto end = std::ranges::find_if(
        tried, [&](const TriedCase& one) { return one.file != tried.front().file; });
    return tried.first(static_cast<std::size_t>(end - tried.begin()));
}

}  // namespace

std::string render(const config::Loaded& loaded, std::span<const TriedCase> tried, bool colours) {
    const Paint in = paint(colours);
    std::string text;
    for (auto rest = tried; !rest.empty();) {
        const auto file = first_file(rest);
        text += shown(file.front().file) + "\n";
        for (const TriedCase& one : file) text += line_of(loaded, one, colours);
        text += "\n";
        rest = rest.subspan(file.size());
    }
    text += coverage(loaded, tried);
    const std::size_t failed = failures(tried);
    return text + fmt::format("{}{} {}: {} passed, {} failed.{}\n", failed > 0 ? in.bad : in.good,
                              tried.size(), tried.size() == 1 ? "case" : "cases",
                              tried.size() - failed, failed, in.end);
}

std::string junit_xml(const config::Loaded& loaded, std::span<const TriedCase> tried) {
    std::string text = fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuites name=\"bearergate test\" tests=\"{}\" failures=\"{}\" errors=\"0\">\n",
        tried.size(), failures(tried));
    for (auto rest = tried; !rest.empty();) {
        const auto file = first_file(rest);
        text += fmt::format(
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"0\">\n",
            xml(file.front().file), file.size(), failures(file));
        for (const TriedCase& one : file) text += testcase_xml(loaded, one);
        text += "  </testsuite>\n";
        rest = rest.subspan(file.size());
    }
    return text + "</testsuites>\n";
}

}  // namespace bearergate::cli
