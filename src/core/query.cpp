#include <bearergate/core/case_folding.hpp>
#include <bearergate/core/query.hpp>
#include <bearergate/core/target.hpp>

#include "ascii.hpp"

#include <algorithm>

namespace bearergate::core {

bool QueryReader::next(Parameter& parameter) {
    while (!rest_.empty()) {
        const std::size_t end = std::min(rest_.find_first_of(separators_), rest_.size());
        const std::string_view text = rest_.substr(0, end);
        rest_.remove_prefix(std::min(end + 1, rest_.size()));
        if (text.empty()) continue;
        const std::size_t equals = std::min(text.find('='), text.size());
        parameter.name = text.substr(0, equals);
        parameter.value = text.substr(std::min(equals + 1, text.size()));
        return true;
    }
    return false;
}

std::string form_decoded(std::string_view text) {
    std::string spaced(text);
    std::replace(spaced.begin(), spaced.end(), '+', ' ');
    return percent_decoded(spaced);
}

std::string folded_parameter(std::string_view decoded_name) {
    std::string_view rest = decoded_name.substr(0, decoded_name.find('\0'));
    rest.remove_prefix(std::min(rest.find_first_not_of(" []"), rest.size()));
    std::string folded = case_folded(rest);
    std::ranges::replace_if(folded, [](char c) { return !ascii::is_alphanumeric(c); }, '_');
    return folded;
}

bool may_mean(std::string_view folded, std::string_view wanted) {
    return folded == wanted || (folded.size() > wanted.size() && folded.starts_with(wanted) &&
                                folded[wanted.size()] == '_');
}

}  // namespace bearergate::core
