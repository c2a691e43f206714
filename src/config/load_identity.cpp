// `identity:`, `cors:`, `paths:` and `logging:`.
#include <bearergate/config/urls.hpp>
#include <bearergate/core/identity.hpp>

#include "blocks.hpp"
#include "header_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace bearergate::config {
namespace {

using namespace std::chrono_literals;
using core::IdentityHeader;

constexpr std::size_t most_headers = 32;

IdentityHeader::Source source_of(std::string_view claim) {
    using Source = IdentityHeader::Source;
    constexpr std::array<std::pair<std::string_view, Source>, 6> known{
        {{"sub", Source::subject},
         {"client_id", Source::client},
         {"organization", Source::organization},
         {"scope", Source::scope},
         {"aud", Source::audience},
         {"iss", Source::issuer}}};
    for (const auto& [name, source] : known) {
        if (claim == name) return source;
    }
    return Source::claim;
}

void read_header(const Node& child, Draft& draft) {
    if (!is_token(child.key) || child.key.size() > 128) {
        draft.error(child.key_place, fmt::format("{} cannot be a header name", shown(child.key)));
        return;
    }
    const std::string folded = core::folded(child.key);
    if (has_meaning_of_its_own(folded)) {
        draft.error(child.key_place, fmt::format("{} cannot be an identity header: it has a "
                                                 "meaning of its own in HTTP; use a name like "
                                                 "X-Auth-Subject",
                                                 shown(child.key)));
    }
    for (const IdentityHeader& other : draft.policy.identity) {
        if (core::folded(other.name) != folded) continue;
        draft.error(child.key_place, fmt::format("{} and {} are one header to many servers: "
                                                 "remove one of them",
                                                 shown(child.key), shown(other.name)));
    }
    const auto claim = read_text(child, shown(child.key), draft.reading);
    if (!claim) return;
    auto name = claim_name(*claim, child.place, draft);
    if (!name) return;
    draft.policy.identity.push_back(
        {.name = child.key, .source = source_of(*claim), .claim = std::move(*name)});
}

// As in a route's key.
bool is_method(std::string_view text) {
    const auto fits = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    };
    return text.front() >= 'A' && text.front() <= 'Z' &&
           std::all_of(text.begin(), text.end(), fits) && text != "TRACE" && text != "CONNECT";
}

void read_methods(Block& block, Cors& cors, Draft& draft) {
    const Node* node = block.find("methods");
    if (node == nullptr) return;
    const auto items = read_list(*node, "'methods'", Alone::refused, draft.reading);
    for (const Item& item : items.value_or(std::vector<Item>{})) {
        if (!is_method(item.value)) {
            draft.error(item.node->place, fmt::format("{} cannot be a method here: name each one, "
                                                      "in capitals",
                                                      shown(item.node->text)));
        }
    }
    if (items) cors.methods = values_of(*items);
}

void read_cors_headers(Block& block, Cors& cors, Draft& draft) {
    const Node* node = block.find("headers");
    if (node == nullptr) return;
    const auto items = read_list(*node, "'headers'", Alone::refused, draft.reading);
    for (const Item& item : items.value_or(std::vector<Item>{})) {
        if (!is_token(item.value) || item.value == "*") {
            draft.error(item.node->place, fmt::format("{} cannot be a header name here: name each "
                                                      "one",
                                                      shown(item.node->text)));
        }
    }
    if (items) cors.headers = values_of(*items);
}

void read_origins(Block& block, Cors& cors, Draft& draft) {
    const Node* node = block.find("origins");
    if (node == nullptr) {
        if (block.lacks("origins")) draft.error(block.place(), "'cors' needs 'origins'");
        return;
    }
    const auto items = read_list(*node, "'origins'", Alone::refused, draft.reading);
    if (!items) return;
    if (items->empty()) draft.error(node->place, "'origins' is empty: write cors: off instead");
    for (const Item& item : *items) {
        if (item.value == "*") {
            if (items->size() > 1) {
                draft.error(item.node->place, "\"*\" is every origin: it stands alone");
            }
            if (cors.credentials) {
                draft.error(item.node->place,
                            "\"*\" with 'credentials: true' would let every web "
                            "page act for its visitors: name the origins");
            }
        } else if (!is_origin(item.value)) {
            draft.error(item.node->place,
                        fmt::format("{} is no origin as browsers send it: scheme, host in lower "
                                    "case and port unless it is the scheme's, nothing else, like "
                                    "https://app.example",
                                    shown(item.node->text)));
        }
    }
    cors.origins = values_of(*items);
}

}  // namespace

void load_identity(Block& root, Draft& draft) {
    Block identity = root.block("identity");
    identity.flag("forward_token", draft.config.forward_token);
    const Node* headers = identity.find("headers");
    if (headers == nullptr) {
        draft.policy.identity = core::default_identity_headers();
    } else if (expect_map(*headers, "'headers'", draft.reading)) {
        for (const Node& child : headers->children) read_header(child, draft);
        if (headers->children.size() > most_headers) {
            draft.error(headers->place, fmt::format("more than {} identity headers", most_headers));
        }
    }
    identity.finish();
}

void load_cors(Block& root, Draft& draft) {
    if (root.is("cors", "off")) return;
    Block block = root.block("cors");
    if (!block.is_there()) return;
    Cors cors{.methods = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"},
              .headers = {"Authorization", "Content-Type"}};
    block.flag("credentials", cors.credentials);
    read_origins(block, cors, draft);
    read_methods(block, cors, draft);
    read_cors_headers(block, cors, draft);
    block.seconds("max_age", cors.max_age, 0s, 24h);
    block.finish();
    draft.config.cors = std::move(cors);
}

void load_paths(Block& root, Draft& draft) {
    Block paths = root.block("paths");
    paths.flag("case_sensitive", draft.config.matching.case_sensitive);
    paths.word("trailing_slash", draft.config.matching.trailing_slash_distinct,
               {Word<bool>{"same", false}, Word<bool>{"distinct", true}});
    paths.word("semicolon", draft.policy.target.semicolon_is_opaque,
               {Word<bool>{"refuse", false}, Word<bool>{"opaque", true}});
    paths.finish();
}

void load_logging(Block& root, Draft& draft) {
    Block block = root.block("logging");
    Logging& logging = draft.config.logging;
    block.word(
        "level", logging.level,
        {Word<LogLevel>{"debug", LogLevel::debug}, Word<LogLevel>{"info", LogLevel::info},
         Word<LogLevel>{"warning", LogLevel::warning}, Word<LogLevel>{"error", LogLevel::error}});
    block.word(
        "format", logging.format,
        {Word<LogFormat>{"json", LogFormat::json}, Word<LogFormat>{"logfmt", LogFormat::logfmt}});
    block.word(
        "access", logging.access,
        {Word<AccessLog>{"all", AccessLog::all}, Word<AccessLog>{"denied", AccessLog::denied},
         Word<AccessLog>{"off", AccessLog::off}});
    block.finish();
}

}  // namespace bearergate::config
