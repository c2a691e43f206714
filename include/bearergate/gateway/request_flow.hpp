#pragma once

#include <bearergate/core/refusal.hpp>
#include <bearergate/gateway/client.hpp>
#include <bearergate/gateway/outbox.hpp>
#include <bearergate/http/framing.hpp>
#include <bearergate/net/stream.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace bearergate::gateway {

// A request on its way from the client to the upstream: its head, then its body piece by piece,
// framed anew, never more of it in memory than the client's inbox holds.
class RequestFlow {
public:
    // A new request, whose head has been consumed.
    void begin(const http::BodyLength& length);
    // Takes in the body bytes that are there already, before there is an upstream to send them to.
    // False: they are badly framed.
    bool look(Inbox& inbox);
    void limit(std::optional<std::uint64_t> bytes) { limit_ = bytes; }
    bool is_over_limit() const { return limit_ && body_.received() > *limit_; }

    // Begins to send on a connection; once more, as long as no byte of body was sent, on another.
    void start(std::string_view head);
    // Goes on until it has to wait for somebody. True: something moved.
    bool advance(Client& client, net::Stream& upstream);
    void wake() { outbox_.wake(); }
    bool is_taken(const net::Stream& upstream) { return outbox_.is_taken(upstream); }

    // Some byte of the body has come from the client; its last byte has.
    bool has_begun() const { return begun_; }
    bool is_read() const { return body_.state() == http::BodyReader::State::complete; }
    // All of it, as the client sent it: not when the rest was held back for a fault.
    bool is_sent() const { return is_read() && started_ && outbox_.empty() && !stuck(); }
    bool waits_for_client() const { return !is_read() && outbox_.empty() && !stuck(); }
    bool waits_for_upstream() const { return !outbox_.empty() && !stuck(); }
    bool nothing_written() const { return outbox_.written() == 0; }
    // What is wrong with the request's body: bad_request or body_too_large.
    std::optional<core::Reason> fault() const { return fault_; }
    std::uint64_t received() const { return body_.received(); }

    // Reads and throws away what is there of the body. False: it is badly framed.
    bool discard(Inbox& inbox);

private:
    void take(Inbox& inbox);
    void queue_piece();
    void forget_piece(Inbox& inbox);
    bool stuck() const { return fault_ || upstream_gone_; }

    http::BodyReader body_{};
    bool chunked_ = false;
    std::optional<std::uint64_t> limit_{};
    Outbox outbox_{};
    http::ChunkFrame frame_{};
    std::string_view piece_{};  // body in the inbox, on its way
    std::size_t held_ = 0;      // bytes of the inbox that piece_ came from, framing included
    bool begun_ = false;
    bool started_ = false;
    bool upstream_gone_ = false;
    std::optional<core::Reason> fault_{};
};

}  // namespace bearergate::gateway
