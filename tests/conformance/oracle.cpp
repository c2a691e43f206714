#include "oracle.hpp"

#include <bearergate/core/refusal.hpp>
#include <bearergate/core/target.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <set>

namespace bearergate::test {

namespace {

using nlohmann::json;

// The target as it goes upstream. The path rules have tests of their own; this is about which
// request it is.
std::string forwarded_target(std::string_view raw) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (raw.size() < scheme.size() || raw.front() == '/') continue;
        std::string start(raw.substr(0, scheme.size()));
        std::ranges::transform(start, start.begin(),
                               [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        if (start != scheme) continue;
        const auto slash = raw.find('/', scheme.size());
        raw = slash == raw.npos ? "/" : raw.substr(slash);
        break;
    }
    std::string scratch;
    const auto target = core::Target::parse(raw, {}, scratch);
    if (!target) return "";
    std::string text(target->path());
    if (target->has_query()) text.append("?").append(target->query());
    return text;
}

std::string folded(std::string_view name) {
    std::string text;
    for (const char c : name) {
        const auto byte = static_cast<unsigned char>(c);
        text.push_back(std::isalnum(byte) != 0 ? static_cast<char>(std::tolower(byte)) : '-');
    }
    return text;
}

void expect_forwarded(const Reply& reply, const Message& message, const Witness& witness) {
    const auto seen = witness.seen(reply.header("X-Request-Id"));
    ASSERT_TRUE(seen) << "an answer that the upstream did not give";
    EXPECT_EQ(seen->method, message.method);
    EXPECT_EQ(seen->target, forwarded_target(message.target));
    EXPECT_EQ(seen->body, message.body);
    if (message.method != "HEAD") {
        EXPECT_EQ(reply.body, Witness::answer_to(seen->method, seen->target, seen->body));
    }
    expect_clean(*seen);
}

}  // namespace

void expect_honest(std::string_view bytes, const Answers& answers, const Witness& witness) {
    const Reading reading = read_strictly(bytes);
    EXPECT_EQ(answers.rest, "") << "bytes that are no response";
    const std::size_t most = reading.whole.size() + (reading.end == Reading::End::clean ? 0 : 1);
    EXPECT_LE(answers.replies.size(), most) << "more answers than requests";
    for (std::size_t i = 0; i < answers.replies.size(); ++i) {
        const Reply& reply = answers.replies[i];
        if (reply.status == 200) {
            ASSERT_LT(i, reading.whole.size()) << "an answer to what is no whole request";
            expect_forwarded(reply, reading.whole[i], witness);
        } else {
            EXPECT_FALSE(witness.seen(reply.header("X-Request-Id")))
                << "refused with " << reply.status << " and forwarded all the same";
        }
    }
    EXPECT_TRUE(witness.is_content()) << witness.complaints();
}

std::string expect_refusal(const Reply& reply, std::string_view request) {
    const json body = json::parse(reply.body, nullptr, false);
    const std::string reason = body.is_object() ? body.value("reason", "") : "";
    EXPECT_NE(reason, "") << "no problem document: " << reply.body;
    EXPECT_EQ(body.value("status", 0), reply.status);
    EXPECT_EQ(body.value("request_id", ""), reply.header("X-Request-Id"));
    EXPECT_EQ(reply.header("Content-Type"), "application/problem+json");
    EXPECT_EQ(reply.header("Cache-Control"), "no-store");
    EXPECT_EQ(reply.header("X-Content-Type-Options"), "nosniff");

    const std::string error = body.value("error", "");
    const std::string challenge = reply.header("WWW-Authenticate");
    const bool challenged = reply.status == 401 || !error.empty();
    EXPECT_EQ(reply.count("WWW-Authenticate"), challenged ? 1U : 0U);
    if (challenged) EXPECT_TRUE(challenge.starts_with("Bearer realm=\"bearergate\"")) << challenge;
    EXPECT_EQ(challenge.find("error=\"") != challenge.npos, !error.empty());
    if (!error.empty()) {
        EXPECT_NE(challenge.find("error=\"" + error + "\""), challenge.npos) << challenge;
    }
    // A signature's last characters are nowhere else.
    const auto dot = request.rfind('.');
    if (dot != request.npos && request.size() - dot > 40) {
        EXPECT_EQ(reply.body.find(request.substr(dot + 1, 30)), std::string::npos);
    }
    return reason;
}

void expect_clean(const SeenRequest& request) {
    static const std::set<std::string> ours{"x-auth-sub", "x-auth-org", "x-auth-scopes"};
    static const std::set<std::string> never{"connection",
                                             "keep-alive",
                                             "te",
                                             "trailer",
                                             "upgrade",
                                             "expect",
                                             "http2-settings",
                                             "proxy",
                                             "x-real-ip",
                                             "x-host",
                                             "x-original-url",
                                             "x-original-uri",
                                             "x-rewrite-url",
                                             "x-http-method-override",
                                             "x-http-method",
                                             "x-method-override",
                                             "x-middleware-subrequest"};
    for (const auto& [name, value] : request.headers) {
        const std::string plain = folded(name);
        EXPECT_EQ(name.find('_'), name.npos) << name;
        EXPECT_FALSE(never.contains(plain)) << name;
        EXPECT_FALSE(plain.starts_with("proxy-") || plain.starts_with("x-envoy-")) << name;
        if (plain.starts_with("x-auth-")) EXPECT_TRUE(ours.contains(plain)) << name;
    }
    for (const std::string& name : ours) EXPECT_LE(request.count(name), 1U) << name;
    EXPECT_NE(request.header("X-Auth-Sub"), "root");
    EXPECT_EQ(request.count("Host"), 1U);
    EXPECT_EQ(request.header("X-Forwarded-For"), "127.0.0.1");
    EXPECT_EQ(request.header("X-Forwarded-Proto"), "http");
    for (const char* name : {"X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "Via"}) {
        EXPECT_EQ(request.count(name), 1U) << name;
    }
    const auto count = std::ranges::count_if(request.headers, [](const auto& field) {
        return folded(field.first).starts_with("x-forwarded-");
    });
    EXPECT_LE(count, 3) << "X-Forwarded-* that are not ours";
}

}  // namespace bearergate::test
