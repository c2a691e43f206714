#include <bearergate/cli/echo_upstream.hpp>

#include <nlohmann/json.hpp>

#include <utility>

namespace bearergate::cli {
namespace {

using Json = nlohmann::ordered_json;

net::HttpAnswer echo(const net::HttpQuestion& question) {
    Json headers = Json::object();
    for (const auto& [name, value] : question.fields) {
        Json& slot = headers[name];
        // A field that came more than once is shown as all of its values.
        if (slot.is_null()) {
            slot = value;
        } else if (slot.is_array()) {
            slot.push_back(value);
        } else {
            slot = Json::array({slot, value});
        }
    }
    const Json body{{"method", question.method},
                    {"target", question.target},
                    {"headers", headers},
                    {"body_bytes", question.body.size()}};
    return {.body = body.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"};
}

}  // namespace

EchoUpstream::EchoUpstream(boost::asio::io_context& io, const net::ListenAddress& address)
    : server_(io, address, {.connections = 1024, .body_bytes = 8 * 1024 * 1024},
              [](const net::HttpQuestion& question, net::HttpServer::Answer give) {
                  give(echo(question));
              }) {}

}  // namespace bearergate::cli
