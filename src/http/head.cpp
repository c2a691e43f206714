#include <bearergate/http/head.hpp>

#include "characters.hpp"

#include <algorithm>

namespace bearergate::http {

namespace {

auto named(std::string_view name) {
    return [name](const Field& field) { return same_but_case(field.name, name); };
}

std::size_t count_in(const std::vector<Field>& fields, std::string_view name) {
    return static_cast<std::size_t>(std::count_if(fields.begin(), fields.end(), named(name)));
}

std::optional<std::string_view> value_in(const std::vector<Field>& fields, std::string_view name) {
    const auto found = std::find_if(fields.begin(), fields.end(), named(name));
    if (found == fields.end()) return std::nullopt;
    return found->value;
}

}  // namespace

std::size_t RequestHead::count(std::string_view name) const {
    return count_in(fields, name);
}
std::optional<std::string_view> RequestHead::value(std::string_view name) const {
    return value_in(fields, name);
}

std::size_t ResponseHead::count(std::string_view name) const {
    return count_in(fields, name);
}
std::optional<std::string_view> ResponseHead::value(std::string_view name) const {
    return value_in(fields, name);
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
    return same_but_case(a, b);
}

}  // namespace bearergate::http
