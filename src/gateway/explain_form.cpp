#include <bearergate/gateway/explain.hpp>
#include <bearergate/gateway/explain_form.hpp>
#include <bearergate/http/head.hpp>

#include "admin_answer.hpp"
#include "json_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace bearergate::gateway {

namespace {

using net::HttpAnswer;
using net::HttpQuestion;

constexpr int deepest_body = 4;
constexpr std::size_t most_headers = 100;

bool is_json(const HttpQuestion& question) {
    if (question.count("Content-Type") != 1) return false;
    std::string_view type = question.value("Content-Type");
    type = type.substr(0, type.find(';'));
    while (type.ends_with(' ')) type.remove_suffix(1);
    return http::equals_ignoring_case(type, "application/json");
}

struct Asked {
    std::string_view method{};
    std::string_view url{};
    std::vector<std::string> fields{};
    std::optional<std::string_view> token{};
};
// Views into `body`. None where anything is there that the form does not have.
std::optional<Asked> read(const core::Json& body) {
    if (!body.is_object()) return std::nullopt;
    Asked asked;
    for (const std::string& name : body.names()) {
        const core::Json member = body.at(name);
        const auto text = member.string();
        if (name == "method" && text) {
            asked.method = *text;
        } else if (name == "url" && text) {
            asked.url = *text;
        } else if (name == "token" && text) {
            if (!text->empty()) asked.token = *text;
        } else if (name == "headers" && member.type() == core::Json::Type::array &&
                   member.size() <= most_headers) {
            for (std::size_t i = 0; i < member.size(); ++i) {
                const auto field = member.at(i).string();
                if (!field) return std::nullopt;
                asked.fields.emplace_back(*field);
            }
        } else {
            return std::nullopt;
        }
    }
    if (asked.method.empty() || asked.url.empty()) return std::nullopt;
    return asked;
}

std::string_view name_of(ExplainedCheck::Outcome outcome) {
    switch (outcome) {
        case ExplainedCheck::Outcome::passed: return "passed";
        case ExplainedCheck::Outcome::failed: return "failed";
        case ExplainedCheck::Outcome::not_needed: return "not needed";
        case ExplainedCheck::Outcome::not_checked: return "not checked";
        case ExplainedCheck::Outcome::not_reached: return "not reached";
    }
    return "";
}

JsonText explanation_json(const Explanation& explanation, const std::string& file) {
    JsonText checks = JsonText::array();
    for (const ExplainedCheck& check : explanation.checks) {
        checks.push_back({{"number", check.number},
                          {"title", check.title},
                          {"outcome", name_of(check.outcome)},
                          {"compared", check.compared}});
    }
    JsonText route;
    if (!explanation.route.empty()) {
        route = {{"pattern", explanation.route}, {"file", file}, {"line", explanation.line}};
    }
    return {{"verdict", verdict(explanation)},
            {"passes", explanation.is_good() || explanation.is_preflight},
            {"is_forwarded", explanation.is_forwarded},
            {"route", std::move(route)},
            {"checks", std::move(checks)},
            {"answer", explanation.answer}};
}

}  // namespace

bool Pace::allows(net::SteadyTime now) {
    if (known_ == at_most && now - last_[next_] < std::chrono::seconds(1)) return false;
    last_[next_] = now;
    next_ = (next_ + 1) % at_most;
    known_ = std::min(known_ + 1, at_most);
    return true;
}

bool is_same_origin(const HttpQuestion& question, bool needs_proof) {
    const std::size_t sites = question.count("Sec-Fetch-Site");
    const std::size_t origins = question.count("Origin");
    if (sites > 1 || origins > 1) return false;
    if (sites == 1 && question.value("Sec-Fetch-Site") != "same-origin") return false;
    if (origins == 1) {
        // Whether TLS was taken off on the way here, we do not know.
        const std::string host(question.value("Host"));
        const std::string_view origin = question.value("Origin");
        if (origin != "http://" + host && origin != "https://" + host) return false;
    }
    return !needs_proof || sites + origins > 0;
}

ExplainForm::ExplainForm(std::function<ExplainGround()> ground) : ground_(std::move(ground)) {}

HttpAnswer ExplainForm::answer(const HttpQuestion& question) {
    if (!is_same_origin(question, true)) {
        return error_answer(403, "this is for the status page's own form");
    }
    if (!is_json(question)) return error_answer(415, "the body must be application/json");
    if (question.body.size() > longest_body) return error_answer(413, "the request is too large");
    const ExplainGround ground = ground_();
    if (!pace_.allows(ground.steady_now)) {
        HttpAnswer answer = error_answer(429, "five explanations a second are enough");
        answer.fields.emplace_back("Retry-After", "1");
        return answer;
    }
    const auto body = core::Json::parse(question.body, deepest_body);
    const auto asked = body ? read(*body) : std::nullopt;
    if (!asked) return error_answer(400, "a method, a URL, headers and a token, as JSON");
    const auto head = request_head(asked->method, asked->url, asked->fields, asked->token);
    if (!head) return error_answer(422, head.error());
    const Snapshot& snapshot = *ground.snapshot;
    const Explanation explanation =
        explain(snapshot.config, snapshot.policy, *head, ground.keys.get(), ground.now);
    return json_answer(200, explanation_json(explanation, snapshot.config.file));
}

}  // namespace bearergate::gateway
