// What becomes of a connection after 101: bytes both ways.
#include <bearergate/gateway/tunnel.hpp>

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <stdexcept>
#include <utility>

namespace bearergate::gateway {

namespace {

using Condition = net::Stream::Condition;

// The upstream's side, as Client is the client's.
struct Peer {
    net::UpstreamConnection& connection;
    std::span<char> unread;  // in the connection's buffer
    Outbox outbox{};
    bool ended = false;
    bool gone = false;
    bool deaf = false;  // it takes no more, but may have said something before

    void take_in() {
        const auto received = connection.stream.received();
        if (!received) return;
        unread = connection.buffer.bytes().first(received->bytes);
        ended |= received->condition == Condition::ended;
        gone |= received->condition == Condition::failed;
    }
    void stand() {
        net::Stream& stream = connection.stream;
        if (ended || gone || stream.is_receiving() || stream.has_received()) return;
        connection.buffer.release();
        stream.start_receive(net::Landing(connection.buffer));
    }
};

class Tunnel {
public:
    Tunnel(Client& client, net::UpstreamConnection& upstream, std::span<char> left_over)
        : client_(client), upstream_{.connection = upstream, .unread = left_over} {}

    // Goes on until both directions wait. True: something moved.
    bool advance() {
        upstream_.take_in();
        const auto before = end.from_client + end.from_upstream;
        to_upstream();
        to_client();
        return end.from_client + end.from_upstream != before;
    }
    void wake_upstream() { upstream_.outbox.wake(); }
    // Somebody reads, if slowly.
    bool is_taken() {
        const bool by_client = client_.outbox.is_taken(client_.stream);
        return upstream_.outbox.is_taken(upstream_.connection.stream) || by_client;
    }
    bool is_over() const {
        const bool upstream_takes_no_more = client_end_told_ || upstream_.deaf;
        return client_.gone() || upstream_.gone || (upstream_takes_no_more && upstream_end_told_);
    }

    TunnelEnd end{};

private:
    void to_upstream() {
        net::Stream& stream = upstream_.connection.stream;
        while (!upstream_.deaf) {
            if (upstream_.outbox.empty()) {
                upstream_.outbox.add(client_.inbox.text());
                held_ = client_.inbox.text().size();
            }
            const auto flushed = upstream_.outbox.flush(stream);
            if (flushed == Outbox::Flushed::part) {
                client_.stand();
                return;
            }
            upstream_.deaf = flushed == Outbox::Flushed::peer_gone;
            if (upstream_.deaf) break;
            client_.inbox.consume(held_);
            end.from_client += std::exchange(held_, 0);
            if (client_.inbox.empty()) break;
        }
        if (upstream_.deaf) {
            held_ = 0;
            client_.inbox.consume(client_.inbox.unread().size());
        }
        client_.stand_compacted();
        if (client_.ended() && !client_end_told_) {
            client_end_told_ = true;
            stream.shutdown_send();
        }
    }
    void to_client() {
        if (client_.outbox.empty()) {
            const std::string_view bytes(upstream_.unread.data(), upstream_.unread.size());
            client_.outbox.add(bytes);
            end.from_upstream += bytes.size();
            upstream_.unread = {};
        }
        const auto flushed = client_.outbox.flush(client_.stream);
        if (flushed == Outbox::Flushed::peer_gone) client_.give_up();
        if (flushed != Outbox::Flushed::all) return;
        upstream_.stand();
        if (upstream_.ended && !upstream_end_told_) {
            upstream_end_told_ = true;
            client_.stream.shutdown_send();
        }
    }

    Client& client_;
    Peer upstream_;
    std::size_t held_ = 0;  // bytes of the inbox that are on their way
    bool client_end_told_ = false;
    bool upstream_end_told_ = false;
};

}  // namespace

net::Task<TunnelEnd> run_tunnel(Client& client, net::UpstreamConnection& upstream,
                                std::span<char> left_over, TunnelTerms terms) {
    constexpr event::Bits events =
        event::client_writable | event::upstream_received | event::upstream_writable;
    Tunnel tunnel(client, upstream, left_over);
    auto moved_at = client.now();
    for (;;) {
        if (tunnel.advance()) moved_at = client.now();
        if (tunnel.is_over()) break;
        const auto idle_until = moved_at + terms.idle;
        client.arm(std::min(idle_until, terms.until.value_or(idle_until)));
        const auto up = co_await client.wait(events);
        if ((up & event::upstream_writable) != 0) tunnel.wake_upstream();
        if ((up & event::deadline) == 0) continue;
        const auto now = client.now();
        if (terms.until && now >= *terms.until) {
            tunnel.end.note = "token_expired";
            break;
        }
        if (now < idle_until) continue;
        if (tunnel.is_taken()) {
            moved_at = now;
        } else {
            tunnel.end.note = "tunnel_idle";
            break;
        }
    }
    co_return tunnel.end;
}

void write_websocket_accept(std::string& out, std::string_view key) {
    static constexpr std::string_view guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    out.assign(key).append(guid);
    if (EVP_Digest(out.data(), out.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1) {
        throw std::runtime_error("no SHA-1 for a WebSocket handshake");
    }
    out.resize(4 * ((size + 2) / 3) + 1);  // EVP_EncodeBlock ends with a NUL
    out.resize(static_cast<std::size_t>(EVP_EncodeBlock(
        reinterpret_cast<unsigned char*>(out.data()), digest.data(), static_cast<int>(size))));
}

}  // namespace bearergate::gateway
