#include "admin_answer.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace bearergate::gateway {

net::HttpAnswer json_answer(unsigned status, std::string json) {
    net::HttpAnswer answer{.status = status, .body = std::move(json) + "\n"};
    answer.fields = {{"X-Content-Type-Options", "nosniff"}};
    return answer;
}

net::HttpAnswer error_answer(unsigned status, std::string_view why) {
    return json_answer(status, nlohmann::json{{"error", why}}.dump());
}

}  // namespace bearergate::gateway
