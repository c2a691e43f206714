#pragma once

#include <bearergate/net/http_question.hpp>

#include "json_text.hpp"

#include <string_view>

namespace bearergate::gateway {

// What the admin listener answers with, where that is not a page.
net::HttpAnswer json_answer(unsigned status, JsonText json);
net::HttpAnswer error_answer(unsigned status, std::string_view why);  // {"error": why}

}  // namespace bearergate::gateway
