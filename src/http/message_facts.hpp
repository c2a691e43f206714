#pragma once

#include <bearergate/http/head.hpp>

#include "field_names.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace bearergate::http {

// What the fields that frame a message and rule its connection say together, collected field by
// field; the same for requests and responses.
class MessageFacts {
public:
    // A message nominates few fields. Without a bound, the nominations times the fields of one
    // head would be work that a client gets for free.
    static constexpr std::size_t max_nominations = 32;

    // False when the field makes the message ambiguous (RFC 9112 sections 6.1 to 6.3).
    // `nominated` collects what Connection names besides its own options.
    bool take(Name name, std::string_view value, std::vector<std::string_view>& nominated);

    // False for chunked beside a length, and for chunked in HTTP/1.0, which does not know it.
    bool agree(int minor_version) const;
    bool keeps_alive(int minor_version) const;
    // As the fields frame it; none when neither is there.
    BodyLength length() const;
    bool has_body() const { return chunked_ || length_.value_or(0) > 0; }

    bool connection_upgrades() const { return upgrade_; }
    bool names_websocket() const { return names_websocket_; }
    // Exactly one Upgrade field, and nothing else in it.
    bool only_websocket() const { return names_websocket_ && protocols_ == 1; }

private:
    bool take_length(std::string_view value);
    bool take_connection(std::string_view value, std::vector<std::string_view>& nominated);
    void take_upgrade(std::string_view value);

    std::optional<std::uint64_t> length_{};
    bool chunked_ = false;
    bool close_ = false;
    bool keep_alive_ = false;
    bool upgrade_ = false;
    bool names_websocket_ = false;
    unsigned protocols_ = 0;  // in all Upgrade fields
};

}  // namespace bearergate::http
