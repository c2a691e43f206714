#pragma once

#include "support/http_client.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bearergate::test {

// A request as an upstream got it.
struct SeenRequest {
    std::size_t connection = 0;  // counted from 0, in the order of their coming
    std::string method{};
    std::string target{};
    Headers headers{};
    std::string body{};

    std::string header(std::string_view name) const { return header_of(headers, name); }
    std::size_t count(std::string_view name) const { return count_of(headers, name); }
};

// One connection to the upstream, for the script that plays it. Everything blocks, for 10 s at
// most; the connection is closed when the script returns.
class UpstreamPeer {
public:
    virtual ~UpstreamPeer() = default;
    // The next whole request, read by the strictest reading of RFC 9112. Nothing when the gateway
    // ended the connection, or sent what is no request (then it stands in faults()).
    virtual std::optional<SeenRequest> read_request() = 0;
    virtual std::optional<SeenRequest> read_head() = 0;     // the same without its body
    virtual std::string read_bytes(std::size_t count) = 0;  // fewer at the end
    virtual bool send(std::string_view bytes) = 0;
    // What comes from now on is read, but no longer noted down: for bodies larger than a test wants
    // to keep.
    virtual void stop_noting() = 0;
    virtual void finish() = 0;  // half-close
    virtual void reset() = 0;   // away at once, with RST
    // Reads on until the gateway ends the connection, and says how.
    virtual Connection::End wait_for_end() = 0;
    virtual std::size_t index() const = 0;
};

// An upstream that notes down every byte, on threads of its own, and plays a script on each
// connection.
class RecordingUpstream {
public:
    using Script = std::function<void(UpstreamPeer&)>;

    RecordingUpstream();  // answers every request with 200 and "ok"
    explicit RecordingUpstream(Script script);
    RecordingUpstream(Script script, const std::string& unix_socket);
    // Answers every request with these bytes.
    static Script answer(std::string response);
    ~RecordingUpstream();
    RecordingUpstream(const RecordingUpstream&) = delete;
    RecordingUpstream& operator=(const RecordingUpstream&) = delete;

    std::uint16_t port() const;
    std::string url() const;   // "http://127.0.0.1:PORT" or "unix:/path"
    void play(Script script);  // on the connections to come
    std::size_t connections() const;
    std::size_t bytes() const;  // received, on all connections
    std::string raw(std::size_t connection) const;
    std::vector<SeenRequest> requests() const;  // whole ones, in the order of their coming
    std::vector<std::string> faults() const;    // what was received and is no request
    bool wait_for_requests(std::size_t count) const;
    bool wait_for_connections(std::size_t count) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace bearergate::test
