#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bearergate::test {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Reply {
    int status = 0;  // 0: the connection broke before a whole answer
    Headers headers{};
    std::string body{};  // without chunked framing

    std::string header(std::string_view name) const;  // of the first such field, or ""
    std::size_t count(std::string_view name) const;
};

struct Ask {
    std::string method = "GET";
    std::string target = "/";
    Headers headers{};  // `Host: localhost` is added unless there is one, and Connection: close
    std::string body{};
};

// One request on a connection of its own to 127.0.0.1, and its answer. Blocks for at most 10 s.
Reply ask(std::uint16_t port, const Ask& request);

// Raw bytes both ways, to the end of the connection.
std::string talk(std::uint16_t port, std::string_view bytes);

// A connection that a test holds on to.
class Connection {
public:
    explicit Connection(std::uint16_t port);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    bool is_open() const { return socket_ >= 0; }
    bool send(std::string_view bytes);
    // Reads until `end` has come; what came so far when the peer closed or the time is over.
    std::string read_until(std::string_view end);
    std::string read_all();

private:
    bool read_some();

    int socket_ = -1;
    std::string received_{};
};

Reply parse_reply(std::string_view bytes, bool without_body);

}  // namespace bearergate::test
