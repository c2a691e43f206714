#include <bearergate/core/query.hpp>
#include <bearergate/core/target.hpp>

#include "ascii.hpp"

#include <algorithm>

namespace bearergate::core {

namespace {

// U+017F and U+212A in UTF-8: the only characters outside ASCII whose case folding is one ASCII
// letter, `s` and `k`.
constexpr std::string_view long_s = "\xC5\xBF";
constexpr std::string_view kelvin = "\xE2\x84\xAA";

}  // namespace

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
    std::string folded;
    folded.reserve(rest.size());
    while (!rest.empty()) {
        std::size_t length = 1;
        if (rest.starts_with(long_s)) {
            folded.push_back('s');
            length = long_s.size();
        } else if (rest.starts_with(kelvin)) {
            folded.push_back('k');
            length = kelvin.size();
        } else {
            folded.push_back(ascii::is_alphanumeric(rest.front()) ? ascii::lower(rest.front())
                                                                  : '_');
        }
        rest.remove_prefix(length);
    }
    return folded;
}

bool may_mean(std::string_view folded, std::string_view wanted) {
    return folded == wanted || (folded.size() > wanted.size() && folded.starts_with(wanted) &&
                                folded[wanted.size()] == '_');
}

}  // namespace bearergate::core
