#include <bearergate/gateway/outbox.hpp>

#include <cassert>
#include <span>
#include <utility>

namespace bearergate::gateway {

void Outbox::add(std::string_view piece) {
    if (piece.empty()) return;
    assert(count_ < capacity);
    pieces_[count_++] = piece;
}

void Outbox::clear() {
    first_ = count_ = 0;
    written_ = 0;
    waits_ = false;
}

Outbox::Flushed Outbox::flush(net::Stream& stream) {
    if (waits_) return Flushed::part;
    while (!empty()) {
        const auto sent = stream.send(std::span(pieces_).subspan(first_, count_ - first_));
        advance(sent.bytes);
        if (sent.failed) return Flushed::peer_gone;
        if (sent.bytes == 0) {
            stream.start_wait_writable();
            waits_ = true;
            queued_ = stream.queued();
            return Flushed::part;
        }
    }
    return Flushed::all;
}

bool Outbox::is_taken(const net::Stream& stream) {
    if (!waits_) return false;
    const std::size_t before = std::exchange(queued_, stream.queued());
    return queued_ < before;
}

void Outbox::advance(std::size_t bytes) {
    written_ += bytes;
    while (bytes > 0) {
        std::string_view& piece = pieces_[first_];
        if (bytes < piece.size()) {
            piece.remove_prefix(bytes);
            return;
        }
        bytes -= piece.size();
        ++first_;
    }
    if (empty()) first_ = count_ = 0;
}

}  // namespace bearergate::gateway
