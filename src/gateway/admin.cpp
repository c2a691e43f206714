#include <bearergate/gateway/admin.hpp>
#include <bearergate/gateway/exposition.hpp>
#include <bearergate/gateway/listening.hpp>
#include <bearergate/net/admitted_host.hpp>

#include "admin_answer.hpp"

#include <fmt/core.h>

#include <array>
#include <utility>

namespace bearergate::gateway {
namespace {

using net::HttpAnswer;
using net::HttpQuestion;

// What there is to answer from.
struct Desk {
    const Admin::Sources& sources;
    StatusPage& page;
};
using Give = net::HttpServer::Answer;

void health(Desk, const HttpQuestion&, Give give) {
    give(json_answer(200, {{"status", "ok"}}));
}

void readiness(Desk desk, const HttpQuestion&, Give give) {
    const Readiness now = desk.sources.readiness();
    if (now.ready()) return give(json_answer(200, {{"status", "ready"}}));
    give(json_answer(503, {{"status", "not ready"},
                           {"draining", now.draining},
                           {"issuers_without_keys", now.issuers_without_keys}}));
}

void metrics(Desk desk, const HttpQuestion&, Give give) {
    desk.sources.metrics([give = std::move(give)](const std::string& text) mutable {
        give({.content_type = std::string(exposition_type),
              .body = text,
              .fields = {{"X-Content-Type-Options", "nosniff"}}});
    });
}

void status_file(Desk, const HttpQuestion& question, Give give) {
    give(StatusPage::file(question.path()));
}
void status_events(Desk desk, const HttpQuestion& question, Give give) {
    give(desk.page.events(question));
}
void status_explain(Desk desk, const HttpQuestion& question, Give give) {
    give(desk.page.explain(question));
}

constexpr std::string_view status_files;  // any that the status page has

struct Page {
    std::string_view method;  // GET also answers HEAD
    std::string_view path;
    void (*answer)(Desk, const HttpQuestion&, Give);
    bool of_status_page = false;  // for those only who may have it
};
constexpr std::array pages = {
    Page{"GET", "/healthz", health},
    Page{"GET", "/readyz", readiness},
    Page{"GET", "/metrics", metrics},
    Page{"GET", status_files, status_file, true},
    Page{"GET", "/events", status_events, true},
    Page{"POST", "/explain", status_explain, true},
};

bool is_at(const Page& page, std::string_view path) {
    return page.path == status_files ? StatusPage::has_file(path) : page.path == path;
}

bool answers(const Page& page, std::string_view method) {
    return page.method == method || (page.method == "GET" && method == "HEAD");
}

}  // namespace

Admin::Admin(boost::asio::io_context& io, const config::Admin& config, Sources sources,
             std::optional<int> inherited)
    : hosts_(config.hosts),
      sources_(std::move(sources)),
      page_(io, config.page, sources_.observe, sources_.ground),
      server_(io, inherited ? *inherited : net::bind_listener(listen_address(*config.listen), true),
              net::HttpServer::Limits{},
              [this](const HttpQuestion& question, net::HttpServer::Answer give) {
                  answer(question, std::move(give));
              }) {}

void Admin::start() {
    page_.start();
    server_.start();
}

void Admin::use(const config::Admin& config) {
    hosts_ = config.hosts;
    page_.use(config.page);
}

void Admin::stop() {
    page_.stop();
    server_.stop();
}

void Admin::answer(const HttpQuestion& question, net::HttpServer::Answer give) {
    if (question.count("Host") != 1 || !question.target.starts_with('/')) {
        return give(error_answer(400, "bad request"));
    }
    if (!net::is_admitted_host(question.value("Host"), hosts_)) {
        return give(error_answer(403, "this host name is not one of admin.hosts"));
    }
    std::string allow;
    for (const Page& page : pages) {
        if (!is_at(page, question.path())) continue;
        auto refusal = page.of_status_page ? page_.refusal(question) : std::nullopt;
        if (refusal) return give(std::move(*refusal));
        if (answers(page, question.method)) {
            return page.answer({sources_, page_}, question, std::move(give));
        }
        allow += fmt::format("{}{}", allow.empty() ? "" : ", ", page.method);
        if (page.method == "GET") allow += ", HEAD";
    }
    if (allow.empty()) return give(error_answer(404, "no such page"));
    HttpAnswer answer = error_answer(405, "method not allowed");
    answer.fields.emplace_back("Allow", allow);
    give(std::move(answer));
}

}  // namespace bearergate::gateway
