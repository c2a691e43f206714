#pragma once

#include "support/http_client.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace bearergate::test {

// A page that listens to /events.
class EventReader {
public:
    explicit EventReader(std::uint16_t port, const std::string& fields = "") : connection_(port) {
        connection_.send("GET /events HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n");
        head_ = connection_.read_head();
    }
    const std::string& head() const { return head_; }
    // The next event; null when there is none any more.
    nlohmann::json next() {
        constexpr std::string_view begin = "data: ";
        for (;;) {
            const std::string chunk = connection_.read_until("\n\n\r\n");
            if (!chunk.ends_with("\n\n\r\n")) return nullptr;
            const auto data = chunk.find(begin);
            if (data == chunk.npos) continue;  // a heart-beat
            return nlohmann::json::parse(
                chunk.substr(data + begin.size(), chunk.size() - data - begin.size() - 4));
        }
    }
    // All that is left, until the gateway ends it; that it does so is the caller's to see to.
    std::string rest() { return connection_.read_all(); }
    // Whether it ended within so many events that were on their way.
    bool ends() {
        for (int i = 0; i < 10; ++i) {
            if (next().is_null()) return true;
        }
        return false;
    }

private:
    Connection connection_;
    std::string head_{};
};

}  // namespace bearergate::test
