#include <bearergate/gateway/admin.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/address_v6.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace bearergate::gateway {
namespace {

using Json = nlohmann::ordered_json;
using net::HttpAnswer;
using net::HttpQuestion;

HttpAnswer json(unsigned status, const Json& body) {
    HttpAnswer answer{.status = status, .body = body.dump() + "\n"};
    answer.fields = {{"X-Content-Type-Options", "nosniff"}};
    return answer;
}

HttpAnswer refuse(unsigned status, std::string_view why) {
    return json(status, {{"error", why}});
}

void health(const Admin::Sources&, const HttpQuestion&, net::HttpServer::Answer give) {
    give(json(200, {{"status", "ok"}}));
}

void readiness(const Admin::Sources& sources, const HttpQuestion&, net::HttpServer::Answer give) {
    const Readiness now = sources.readiness();
    if (now.ready()) return give(json(200, {{"status", "ready"}}));
    give(json(503, {{"status", "not ready"},
                    {"draining", now.draining},
                    {"issuers_without_keys", now.issuers_without_keys}}));
}

struct Page {
    std::string_view method;  // GET also answers HEAD
    std::string_view path;
    void (*answer)(const Admin::Sources&, const HttpQuestion&, net::HttpServer::Answer);
};
constexpr std::array pages = {
    Page{"GET", "/healthz", health},
    Page{"GET", "/readyz", readiness},
};

bool answers(const Page& page, std::string_view method) {
    return page.method == method || (page.method == "GET" && method == "HEAD");
}

net::ListenAddress listen_address(const config::Address& address) {
    return {.text = address.text,
            .is_unix = address.is_unix,
            .host = address.host,
            .port = address.port,
            .path = address.path};
}

bool is_ip_literal(std::string_view host) {
    boost::system::error_code error;
    if (host.starts_with('[') && host.ends_with(']')) {
        const std::string inside(host.substr(1, host.size() - 2));
        boost::asio::ip::make_address_v6(inside, error);
    } else {
        boost::asio::ip::make_address_v4(std::string(host), error);
    }
    return !error;
}

bool equal_names(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace

bool is_admitted_host(std::string_view host, const std::vector<std::string>& names) {
    const std::size_t colon = host.rfind(':');
    if (colon != std::string_view::npos && !host.ends_with(']')) {
        const std::string_view port = host.substr(colon + 1);
        if (!std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; })) return false;
        host.remove_suffix(host.size() - colon);
    }
    return is_ip_literal(host) || equal_names(host, "localhost") ||
           std::ranges::any_of(names, [host](const auto& name) { return equal_names(host, name); });
}

Admin::Admin(boost::asio::io_context& io, const config::Admin& config, Sources sources)
    : hosts_(config.hosts),
      sources_(std::move(sources)),
      server_(io, listen_address(*config.listen), net::HttpServer::Limits{},
              [this](const HttpQuestion& question, net::HttpServer::Answer give) {
                  answer(question, std::move(give));
              }) {}

void Admin::use(const config::Admin& config) {
    hosts_ = config.hosts;
}

void Admin::answer(const HttpQuestion& question, net::HttpServer::Answer give) const {
    if (question.count("Host") != 1 || !question.target.starts_with('/')) {
        return give(refuse(400, "bad request"));
    }
    if (!is_admitted_host(question.value("Host"), hosts_)) {
        return give(refuse(403, "this host name is not one of admin.hosts"));
    }
    std::string allow;
    for (const Page& page : pages) {
        if (page.path != question.path()) continue;
        if (answers(page, question.method)) return page.answer(sources_, question, std::move(give));
        allow += fmt::format("{}{}", allow.empty() ? "" : ", ", page.method);
        if (page.method == "GET") allow += ", HEAD";
    }
    if (allow.empty()) return give(refuse(404, "no such page"));
    HttpAnswer answer = refuse(405, "method not allowed");
    answer.fields.emplace_back("Allow", allow);
    give(std::move(answer));
}

}  // namespace bearergate::gateway
