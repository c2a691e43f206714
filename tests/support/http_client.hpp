#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bearergate::test {

using Headers = std::vector<std::pair<std::string, std::string>>;
std::string header_of(const Headers& headers, std::string_view name);  // of the first, or ""
std::size_t count_of(const Headers& headers, std::string_view name);

struct Reply {
    int status = 0;  // 0: the connection broke before a whole answer
    Headers headers{};
    std::string body{};  // without chunked framing

    std::string header(std::string_view name) const { return header_of(headers, name); }
    std::size_t count(std::string_view name) const { return count_of(headers, name); }
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

// A connection that a test holds on to. Waits at most 10 s for anything.
class Connection {
public:
    // `receive_buffer`: of the kernel, 0 for its own choice; small for a client that reads slowly.
    explicit Connection(std::uint16_t port, int receive_buffer = 0);
    explicit Connection(const std::string& unix_socket);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    bool is_open() const { return socket_ >= 0; }
    bool send(std::string_view bytes);
    // Reads until `end` has come; what came so far when the peer closed or the time is over.
    std::string read_until(std::string_view end);
    std::string read_all();
    // Exactly one response, framed strictly; what follows stays for the next call. Status 0 when
    // the connection ended before its end or the framing is wrong.
    Reply read_reply(std::string_view method = "GET");
    // One response's or interim response's head, final CRLFCRLF included.
    std::string read_head() { return read_until("\r\n\r\n"); }
    std::string read_bytes(std::size_t count);

    void finish();  // half-close: nothing more will be sent
    void reset();   // away at once, with RST
    enum class End { none, closed, reset };
    // How the peer's side ended, as far as reading has come to see it.
    End end() const { return end_; }

private:
    void open(int family, const void* address, std::size_t size, int receive_buffer);
    bool read_some();
    bool read_body(Reply& reply);

    int socket_ = -1;
    End end_ = End::none;
    std::string received_{};
};

Reply parse_reply(std::string_view bytes, bool without_body);

}  // namespace bearergate::test
