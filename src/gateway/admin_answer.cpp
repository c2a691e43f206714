#include "admin_answer.hpp"

#include <utility>

namespace bearergate::gateway {

net::HttpAnswer json_answer(unsigned status, JsonText json) {
    net::HttpAnswer answer{.status = status, .body = std::move(json).text() + "\n"};
    answer.fields = {{"X-Content-Type-Options", "nosniff"}};
    return answer;
}

net::HttpAnswer error_answer(unsigned status, std::string_view why) {
    return json_answer(status, {{"error", why}});
}

}  // namespace bearergate::gateway
