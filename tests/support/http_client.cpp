#include "support/http_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

namespace bearergate::test {
namespace {

bool same_name(std::string_view a, std::string_view b) {
    return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string dechunked(std::string_view body) {
    std::string out;
    while (!body.empty()) {
        std::size_t size = 0;
        const std::size_t line = body.find("\r\n");
        if (line == std::string_view::npos) return {};
        std::from_chars(body.data(), body.data() + line, size, 16);
        if (size == 0 || body.size() < line + 2 + size + 2) return out;
        out.append(body.substr(line + 2, size));
        body.remove_prefix(line + 2 + size + 2);
    }
    return out;
}

}  // namespace

std::string header_of(const Headers& headers, std::string_view name) {
    const auto found = std::ranges::find_if(
        headers, [name](const auto& field) { return same_name(field.first, name); });
    return found == headers.end() ? "" : found->second;
}

std::size_t count_of(const Headers& headers, std::string_view name) {
    return static_cast<std::size_t>(std::ranges::count_if(
        headers, [name](const auto& field) { return same_name(field.first, name); }));
}

Reply parse_reply(std::string_view bytes, bool without_body) {
    const std::size_t head_end = bytes.find("\r\n\r\n");
    if (!bytes.starts_with("HTTP/1.") || head_end == std::string_view::npos) return {};
    Reply reply;
    std::from_chars(bytes.data() + 9, bytes.data() + 12, reply.status);
    std::string_view head = bytes.substr(0, head_end);
    head.remove_prefix(std::min(head.size(), head.find("\r\n")));
    while (head.size() > 2) {
        head.remove_prefix(2);
        const std::string_view line = head.substr(0, head.find("\r\n"));
        head.remove_prefix(line.size());
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos) return {};
        std::string_view value = line.substr(colon + 1);
        while (value.starts_with(' ')) value.remove_prefix(1);
        reply.headers.emplace_back(line.substr(0, colon), value);
    }
    if (without_body) return reply;
    const std::string_view rest = bytes.substr(head_end + 4);
    reply.body = same_name(reply.header("Transfer-Encoding"), "chunked") ? dechunked(rest)
                                                                         : std::string(rest);
    const std::string length = reply.header("Content-Length");
    // A body that ends before its announced length is no answer.
    if (!length.empty() && length != std::to_string(reply.body.size())) reply.status = 0;
    return reply;
}

Connection::Connection(std::uint16_t port, int receive_buffer) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    open(AF_INET, &address, sizeof(address), receive_buffer);
}

Connection::Connection(const std::string& unix_socket) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    unix_socket.copy(address.sun_path, sizeof(address.sun_path) - 1);
    open(AF_UNIX, &address, sizeof(address), 0);
}

void Connection::open(int family, const void* address, std::size_t size, int receive_buffer) {
    socket_ = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer > 0) {
        setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
    }
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    if (connect(socket_, static_cast<const sockaddr*>(address), static_cast<socklen_t>(size)) !=
        0) {
        close(socket_);
        socket_ = -1;
    }
}

Connection::~Connection() {
    if (socket_ >= 0) close(socket_);
}

bool Connection::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool Connection::read_some() {
    std::array<char, 16384> bytes{};
    const ssize_t count = recv(socket_, bytes.data(), bytes.size(), 0);
    if (count > 0) received_.append(bytes.data(), static_cast<std::size_t>(count));
    if (count == 0) end_ = End::closed;
    if (count < 0 && errno == ECONNRESET) end_ = End::reset;
    return count > 0;
}

std::string Connection::read_until(std::string_view end) {
    while (received_.find(end) == std::string::npos) {
        if (!read_some()) return std::exchange(received_, {});
    }
    const std::size_t size = received_.find(end) + end.size();
    std::string taken = received_.substr(0, size);
    received_.erase(0, size);
    return taken;
}

std::string Connection::read_all() {
    while (read_some()) {
    }
    return std::exchange(received_, {});
}

std::string Connection::read_bytes(std::size_t count) {
    while (received_.size() < count && read_some()) {
    }
    std::string taken = received_.substr(0, count);
    received_.erase(0, count);
    return taken;
}

Reply Connection::read_reply(std::string_view method) {
    const std::string head = read_head();
    Reply reply = parse_reply(head, true);
    const bool without_body =
        method == "HEAD" || reply.status / 100 == 1 || reply.status == 204 || reply.status == 304;
    if (reply.status != 0 && !without_body && !read_body(reply)) reply.status = 0;
    return reply;
}

bool Connection::read_body(Reply& reply) {
    const std::string length = reply.header("Content-Length");
    const bool chunked = same_name(reply.header("Transfer-Encoding"), "chunked");
    if (chunked && !length.empty()) return false;
    if (!chunked && length.empty()) {
        reply.body = read_all();
        return end_ == End::closed;
    }
    if (!chunked) {
        reply.body = read_bytes(std::stoul(length));
        return reply.body.size() == std::stoul(length);
    }
    for (;;) {
        const std::string line = read_until("\r\n");
        std::size_t size = 0;
        const auto parsed = std::from_chars(line.data(), line.data() + line.size(), size, 16);
        if (!line.ends_with("\r\n") || parsed.ptr != line.data() + line.size() - 2) return false;
        const std::string data = read_bytes(size + 2);
        if (data.size() != size + 2 || !data.ends_with("\r\n")) return false;
        if (size == 0) return true;
        reply.body.append(data, 0, size);
    }
}

void Connection::finish() {
    shutdown(socket_, SHUT_WR);
}

void Connection::reset() {
    const linger now{.l_onoff = 1, .l_linger = 0};
    setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    close(std::exchange(socket_, -1));
}

std::string talk(std::uint16_t port, std::string_view bytes) {
    Connection connection(port);
    if (!connection.is_open() || !connection.send(bytes)) return {};
    return connection.read_all();
}

Reply ask(std::uint16_t port, const Ask& request) {
    std::string bytes = request.method + " " + request.target + " HTTP/1.1\r\n";
    const bool has_host = std::ranges::any_of(
        request.headers, [](const auto& field) { return same_name(field.first, "Host"); });
    if (!has_host) bytes += "Host: localhost\r\n";
    for (const auto& [name, value] : request.headers) bytes += name + ": " + value + "\r\n";
    if (!request.body.empty()) {
        bytes += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
    }
    bytes += "Connection: close\r\n\r\n" + request.body;
    return parse_reply(talk(port, bytes), request.method == "HEAD");
}

}  // namespace bearergate::test
