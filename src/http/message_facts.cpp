#include "message_facts.hpp"

#include "characters.hpp"

#include <algorithm>
#include <charconv>

namespace bearergate::http {

namespace {

// Calls `take` with each element of a comma-separated list until it says false. Empty elements
// are passed over (RFC 9110 section 5.6.1.2).
template <class Take>
bool each_element(std::string_view list, Take take) {
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        const std::string_view element = trimmed(list.substr(0, comma));
        if (!element.empty() && !take(element)) return false;
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return true;
}

}  // namespace

bool MessageFacts::take(Name name, std::string_view value,
                        std::vector<std::string_view>& nominated) {
    switch (name) {
        case Name::content_length: return take_length(value);
        case Name::transfer_encoding:
            if (chunked_ || !same_but_case(value, "chunked")) return false;
            chunked_ = true;
            return true;
        case Name::connection: return take_connection(value, nominated);
        case Name::upgrade: take_upgrade(value); return true;
        default: return true;
    }
}

bool MessageFacts::take_length(std::string_view value) {
    if (length_ || value.empty() || !std::all_of(value.begin(), value.end(), is_digit))
        return false;
    std::uint64_t bytes = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), bytes);
    if (error != std::errc{}) return false;
    length_ = bytes;
    return true;
}

bool MessageFacts::take_connection(std::string_view value,
                                   std::vector<std::string_view>& nominated) {
    return each_element(value, [&](std::string_view option) {
        if (!is_token(option)) return false;
        if (same_but_case(option, "keep-alive")) {
            keep_alive_ = true;
        } else if (same_but_case(option, "close")) {
            close_ = true;
        } else if (same_but_case(option, "upgrade")) {
            upgrade_ = true;
        } else {
            if (nominated.size() == max_nominations) return false;
            nominated.push_back(option);
        }
        return true;
    });
}

void MessageFacts::take_upgrade(std::string_view value) {
    each_element(value, [&](std::string_view protocol) {
        ++protocols_;
        names_websocket_ = names_websocket_ || same_but_case(protocol, "websocket");
        return true;
    });
}

bool MessageFacts::agree(int minor_version) const {
    return !chunked_ || (!length_ && minor_version > 0);
}

bool MessageFacts::keeps_alive(int minor_version) const {
    return !close_ && (minor_version > 0 || keep_alive_);
}

BodyLength MessageFacts::length() const {
    if (chunked_) return {.kind = BodyLength::Kind::chunked};
    if (length_) return {.kind = BodyLength::Kind::sized, .bytes = *length_};
    return {};
}

}  // namespace bearergate::http
