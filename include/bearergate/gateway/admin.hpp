#pragma once

#include <bearergate/config/config.hpp>
#include <bearergate/gateway/observation.hpp>
#include <bearergate/gateway/status_page.hpp>
#include <bearergate/net/http_server.hpp>

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace bearergate::gateway {

// The listener for operators and their machines, on the control thread. A page is a function in
// the table of admin.cpp.
class Admin {
public:
    using TakeText = std::move_only_function<void(const std::string&)>;
    struct Sources {
        std::function<Readiness()> readiness{};
        Observe observe{};
        std::function<void(TakeText)> metrics{};  // the text of an observation
        std::function<ExplainGround()> ground{};
    };
    // Binds config.listen, which must be there, unless a socket that listens on it was inherited.
    // Throws std::system_error.
    Admin(boost::asio::io_context& io, const config::Admin& config, Sources sources,
          std::optional<int> inherited = std::nullopt);

    void start();
    void use(const config::Admin& config);  // all of it but where it listens
    void stop();
    std::uint16_t port() const { return server_.port(); }

private:
    void answer(const net::HttpQuestion& question, net::HttpServer::Answer give);

    std::vector<std::string> hosts_;
    Sources sources_;
    StatusPage page_;
    net::HttpServer server_;
};

}  // namespace bearergate::gateway
