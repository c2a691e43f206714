#include "answers.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <optional>

namespace bearergate::test {

namespace {

std::optional<std::string> take_chunks(std::string_view& bytes) {
    std::string body;
    for (;;) {
        const auto line = bytes.find("\r\n");
        std::size_t size = 0;
        if (line == bytes.npos) return std::nullopt;
        const auto parsed = std::from_chars(bytes.data(), bytes.data() + line, size, 16);
        if (parsed.ptr != bytes.data() + line || line == 0) return std::nullopt;
        bytes.remove_prefix(line + 2);
        if (bytes.size() < size + 2 || bytes.substr(size, 2) != "\r\n") return std::nullopt;
        body.append(bytes.substr(0, size));
        bytes.remove_prefix(size + 2);
        if (size == 0) return body;
    }
}

std::optional<std::string> take_body(std::string_view& bytes, const Reply& reply) {
    const auto lengths = reply.count("Content-Length");
    const auto codings = reply.count("Transfer-Encoding");
    if (lengths + codings > 1) return std::nullopt;
    if (codings == 1) return take_chunks(bytes);
    std::size_t size = bytes.size();  // to the end of the connection
    if (lengths == 1) {
        const std::string text = reply.header("Content-Length");
        const auto parsed = std::from_chars(text.data(), text.data() + text.size(), size);
        if (text.empty() || parsed.ptr != text.data() + text.size()) return std::nullopt;
    }
    if (bytes.size() < size) return std::nullopt;
    const std::string body(bytes.substr(0, size));
    bytes.remove_prefix(size);
    return body;
}

}  // namespace

std::vector<int> Answers::statuses() const {
    std::vector<int> all;
    for (const Reply& reply : replies) all.push_back(reply.status);
    return all;
}

Answers read_answers(std::string_view bytes, const std::vector<std::string>& methods) {
    Answers answers;
    while (!bytes.empty()) {
        const auto end = bytes.find("\r\n\r\n");
        Reply reply = end == bytes.npos ? Reply{} : parse_reply(bytes.substr(0, end + 4), true);
        if (reply.status == 0) break;
        std::string_view after = bytes.substr(end + 4);
        if (reply.status / 100 == 1) {
            ++answers.interim;
            bytes = after;
            continue;
        }
        const auto index = answers.replies.size();
        const bool is_head = index < methods.size() && methods[index] == "HEAD";
        if (!is_head && reply.status != 204 && reply.status != 304) {
            auto body = take_body(after, reply);
            if (!body) break;
            reply.body = *std::move(body);
        }
        bytes = after;
        answers.replies.push_back(std::move(reply));
    }
    answers.rest = bytes;
    return answers;
}

std::string outcome_of(const Reply& reply) {
    if (reply.status == 200) return "ok";
    const auto body = nlohmann::json::parse(reply.body, nullptr, false);
    return body.is_object() ? body.value("reason", std::to_string(reply.status))
                            : std::to_string(reply.status);
}

}  // namespace bearergate::test
