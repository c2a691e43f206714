#include <bearergate/gateway/outbox.hpp>

#include <cassert>
#include <span>

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
            return Flushed::part;
        }
    }
    return Flushed::all;
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
