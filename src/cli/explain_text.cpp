// An explanation for a terminal.
#include <bearergate/cli/explain_text.hpp>

#include <fmt/format.h>

#include <string_view>

namespace bearergate::cli {
namespace {

constexpr std::string_view green = "\x1b[32m";
constexpr std::string_view red = "\x1b[31m";
constexpr std::string_view faint = "\x1b[2m";
constexpr std::string_view plain = "\x1b[0m";

struct Mark {
    std::string_view sign;
    std::string_view colour;
    std::string_view remark;
};
Mark mark_of(ExplainedCheck::Outcome outcome) {
    switch (outcome) {
        case ExplainedCheck::Outcome::passed: return {"\u2713", green, ""};
        case ExplainedCheck::Outcome::failed: return {"\u2717", red, ""};
        case ExplainedCheck::Outcome::not_needed: return {"-", faint, " (not needed here)"};
        case ExplainedCheck::Outcome::not_checked: return {"?", red, " (not checked)"};
        case ExplainedCheck::Outcome::not_reached: return {"-", faint, " (not reached)"};
    }
    return {};
}

}  // namespace

std::string render(const ExplainedCheck& check, bool colours) {
    const Mark mark = mark_of(check.outcome);
    std::string text = fmt::format("{}{} {:2}  {}{}{}\n", colours ? mark.colour : "", mark.sign,
                                   check.number, check.title, mark.remark, colours ? plain : "");
    for (const std::string& line : check.compared) text += fmt::format("        {}\n", line);
    return text;
}

std::string render(const Explanation& explanation, std::string_view file, bool colours) {
    const auto in = [&](std::string_view colour) { return colours ? colour : std::string_view(); };
    std::string text;
    for (const ExplainedCheck& check : explanation.checks) text += render(check, colours);
    text += '\n';
    if (!explanation.route.empty()) {
        text += fmt::format("Route: {} ({}:{})\n", shown(explanation.route), shown(file),
                            explanation.line);
    }
    text += fmt::format(
        "{}{}{}\n{}\n", in(explanation.is_good() ? green : red), verdict(explanation), in(plain),
        explanation.is_forwarded ? "The upstream would get:" : "The client would get:");
    for (const std::string& line : explanation.answer) text += fmt::format("    {}\n", line);
    return text;
}

}  // namespace bearergate::cli
