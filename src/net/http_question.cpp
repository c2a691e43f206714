#include <bearergate/net/http_question.hpp>

#include <boost/beast/core/string.hpp>

#include <algorithm>

namespace bearergate::net {

namespace {

bool equal_names(std::string_view a, std::string_view b) {
    return boost::beast::iequals(a, b);
}

}  // namespace

std::string_view HttpQuestion::path() const {
    return std::string_view(target).substr(0, target.find('?'));
}

std::size_t HttpQuestion::count(std::string_view name) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        fields, [name](const auto& field) { return equal_names(field.first, name); }));
}

std::string_view HttpQuestion::value(std::string_view name) const {
    const auto found = std::ranges::find_if(
        fields, [name](const auto& field) { return equal_names(field.first, name); });
    return found == fields.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace bearergate::net
