#include "json_text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>

namespace bearergate::gateway {

JsonText::JsonText(double value)
    : text_(std::isfinite(value) ? fmt::format("{}", value) : "null") {}

// A string alone is no tree: its destructor allocates nothing.
JsonText::JsonText(std::string_view value)
    : text_(nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::ignore)) {}

void JsonText::push_back(const JsonText& value) {
    reopen();
    text_ += value.text_;
    text_ += ']';
}

void JsonText::add(std::string_view name, const JsonText& value) {
    reopen();
    text_ += '"';
    text_ += name;
    text_ += "\":";
    text_ += value.text_;
    text_ += '}';
}

void JsonText::add(const JsonText& members) {
    if (members.text_ == "{}") return;
    reopen();
    text_.append(members.text_, 1);
}

// Takes the end away, so that one more can follow.
void JsonText::reopen() {
    text_.pop_back();
    if (text_.size() > 1) text_ += ',';
}

}  // namespace bearergate::gateway
