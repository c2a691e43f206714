#include <bearergate/config/urls.hpp>
#include <bearergate/gateway/status_page.hpp>

#include "admin_answer.hpp"
#include "page_files.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace bearergate::gateway {

namespace {

using config::AdminPage;
using net::HttpAnswer;
using net::HttpQuestion;

// Nothing but our own files, and no text ever becomes markup.
constexpr std::string_view content_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";

struct File {
    std::string_view path;
    std::string_view content_type;
    std::string_view text;
};
constexpr std::string_view javascript = "text/javascript; charset=utf-8";
constexpr std::array files = {
    File{"/", "text/html; charset=utf-8", page_files::index_html},
    File{"/style.css", "text/css; charset=utf-8", page_files::style_css},
    File{"/page.js", javascript, page_files::page_js},
    File{"/chart.js", javascript, page_files::chart_js},
    File{"/dom.js", javascript, page_files::dom_js},
    File{"/explain.js", javascript, page_files::explain_js},
    File{"/lists.js", javascript, page_files::lists_js},
    File{"/notices.js", javascript, page_files::notices_js},
    File{"/words.js", javascript, page_files::words_js},
    File{"/icon.svg", "image/svg+xml", page_files::icon_svg},
};

// On this machine. What a proxy passed on came from elsewhere, wherever the proxy is.
bool is_local(const HttpQuestion& question) {
    constexpr std::array marks{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP",
                               "Via"};
    if (std::ranges::any_of(marks, [&](const char* name) { return question.count(name) > 0; })) {
        return false;
    }
    return question.peer == "unix" || config::is_loopback(question.peer);
}

}  // namespace

StatusPage::StatusPage(boost::asio::io_context& control, AdminPage who, Observe observe,
                       std::function<ExplainGround()> ground)
    : who_(who), feed_(control, std::move(observe)), form_(std::move(ground)) {}

void StatusPage::start() {
    runs_ = true;
    if (who_ != AdminPage::off) feed_.start();
}

void StatusPage::stop() {
    runs_ = false;
    feed_.stop();
}

void StatusPage::use(AdminPage who) {
    if (std::exchange(who_, who) == who) return;
    feed_.stop();
    if (runs_) start();
}

std::optional<HttpAnswer> StatusPage::refusal(const HttpQuestion& question) const {
    switch (who_) {
        case AdminPage::off: return error_answer(404, "the status page is off");
        case AdminPage::on: return std::nullopt;
        case AdminPage::loopback: break;
    }
    if (is_local(question)) return std::nullopt;
    return error_answer(403, "the status page is for this machine only; admin.page says for whom");
}

bool StatusPage::has_file(std::string_view path) {
    return std::ranges::find(files, path, &File::path) != files.end();
}

HttpAnswer StatusPage::file(std::string_view path) {
    const auto* const found = std::ranges::find(files, path, &File::path);
    HttpAnswer answer{.content_type = std::string(found->content_type),
                      .body = std::string(found->text)};
    answer.fields = {{"Content-Security-Policy", std::string(content_policy)},
                     {"X-Content-Type-Options", "nosniff"},
                     {"X-Frame-Options", "DENY"},
                     {"Referrer-Policy", "no-referrer"},
                     {"Cross-Origin-Resource-Policy", "same-origin"}};
    return answer;
}

// Other people's pages could not read them, but keep ours from getting any.
HttpAnswer StatusPage::events(const HttpQuestion& question) {
    if (!is_same_origin(question, false))
        return error_answer(403, "this is for the status page itself");
    HttpAnswer answer{};
    answer.fields = {{"X-Content-Type-Options", "nosniff"}};
    answer.tell = [this](net::EventStream stream) { feed_.join(std::move(stream)); };
    return answer;
}

}  // namespace bearergate::gateway
