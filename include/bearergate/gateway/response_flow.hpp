#pragma once

#include <bearergate/gateway/client.hpp>
#include <bearergate/http/forward.hpp>
#include <bearergate/http/framing.hpp>
#include <bearergate/http/head.hpp>
#include <bearergate/http/head_scan.hpp>
#include <bearergate/net/upstream_pool.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace bearergate::gateway {

// A response on its way from the upstream to the client: interim heads, the head, then the body
// piece by piece as it arrives, framed anew. Held to the same rules as requests are.
class ResponseFlow {
public:
    // What the response depends on besides the upstream's word.
    struct Terms {
        std::string_view method{};
        http::ReplyFacts facts{};             // `keep_alive`, `is_upgrade` and `body` are set here
        std::string_view websocket_accept{};  // "" where no upgrade was asked for
        http::HeadLimits limits{};
    };
    enum class State : std::uint8_t {
        head,       // the final head is not there yet
        body,       // it went to the client; its body goes on
        complete,   // all of it has been read; sent too, once the client's outbox is empty
        upgraded,   // 101 as it was asked for: what follows is not HTTP
        silent,     // the connection ended before a byte of a response
        broken,     // no answer that we could pass on; the client has got nothing of it
        truncated,  // it ended in the middle of the body
    };

    // On a fresh or a pooled connection, which may be the second one for a request.
    void start(const http::HeadLimits& limits);
    // Goes on until it has to wait for somebody. True: something moved. `keep_alive`: whether the
    // client's connection could carry another request, should the head be written now.
    bool advance(Client& client, net::UpstreamConnection& upstream, const Terms& terms,
                 bool keep_alive);

    State state() const { return state_; }
    bool is_over() const { return state_ > State::body; }
    // The final head has gone to the client, or is about to: nothing else can be answered.
    bool has_begun() const { return begun_; }
    unsigned status() const { return head_.status; }
    // As told to the client.
    bool keep_alive() const { return keep_alive_; }
    bool ends_by_close() const { return reply_body_ == http::BodyLength::Kind::until_close; }
    bool may_reuse() const;
    std::optional<unsigned> keep_alive_timeout() const { return head_.keep_alive_timeout; }
    std::uint64_t received() const { return body_.received(); }
    // After `upgraded`: what the upstream sent behind its head.
    std::span<char> left_over(net::UpstreamConnection& upstream) const;

private:
    bool receive(net::UpstreamConnection& upstream);
    bool process(Client& client, net::UpstreamConnection& upstream, const Terms& terms,
                 bool keep_alive);
    bool read_head(Client& client, net::UpstreamConnection& upstream, const Terms& terms,
                   bool keep_alive);
    void read_interim(Client& client, const Terms& terms);
    void begin_reply(Client& client, const Terms& terms, bool keep_alive);
    void read_body(Client& client, net::UpstreamConnection& upstream);
    void at_close(Client& client);

    static constexpr int max_interim = 10;

    State state_ = State::head;
    http::HeadScan scan_{http::HeadScan::Kind::response, {}};
    http::ResponseParser parser_{};
    http::ResponseHead head_{};
    http::BodyReader body_{};
    http::BodyLength::Kind reply_body_ = http::BodyLength::Kind::none;
    http::ChunkFrame frame_{};
    std::string text_{};  // the head that is being sent
    // What was received and not consumed, in the connection's buffer.
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::optional<net::Stream::Condition> closed_{};
    int interim_ = 0;
    bool answered_ = false;  // a byte of a response came
    bool begun_ = false;
    bool keep_alive_ = false;
};

}  // namespace bearergate::gateway
