#pragma once

#include <bearergate/net/event_stream.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bearergate::net {

using HttpFields = std::vector<std::pair<std::string, std::string>>;  // in order, spelling kept

// A request to one of our own small services, read whole.
struct HttpQuestion {
    std::string peer{};  // address, or "unix"
    std::string method{};
    std::string target{};
    HttpFields fields{};
    std::string body{};

    std::string_view path() const;                        // of the target, without query
    std::size_t count(std::string_view name) const;       // fields of this name, case folded
    std::string_view value(std::string_view name) const;  // of the first such field, or ""
};
struct HttpAnswer {
    unsigned status = 200;
    std::string content_type = "application/json";
    std::string body{};
    HttpFields fields{};  // besides Content-Type, Content-Length, Cache-Control and Connection
    // Instead of a body: server-sent events for as long as somebody tells and somebody reads.
    std::function<void(EventStream)> tell{};
};

}  // namespace bearergate::net
