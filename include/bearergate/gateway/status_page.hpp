#pragma once

#include <bearergate/config/config.hpp>
#include <bearergate/gateway/explain_form.hpp>
#include <bearergate/gateway/status_feed.hpp>

#include <boost/asio/io_context.hpp>

#include <functional>
#include <optional>
#include <string_view>

namespace bearergate::gateway {

// The page for people, at / of the admin listener: its files, its events and its explain form, and
// who may have them. docs/status-page.md.
class StatusPage {
public:
    StatusPage(boost::asio::io_context& control, config::AdminPage who, Observe observe,
               std::function<ExplainGround()> ground);

    void start();
    void stop();
    void use(config::AdminPage who);  // open pages are told to come back

    // Why this one may not have any of it; none when it may.
    std::optional<net::HttpAnswer> refusal(const net::HttpQuestion& question) const;
    // The answers to those who may.
    static bool has_file(std::string_view path);
    static net::HttpAnswer file(std::string_view path);  // one that it has
    net::HttpAnswer events(const net::HttpQuestion& question);
    net::HttpAnswer explain(const net::HttpQuestion& question) { return form_.answer(question); }

private:
    config::AdminPage who_;
    bool runs_ = false;
    StatusFeed feed_;
    ExplainForm form_;
};

}  // namespace bearergate::gateway
