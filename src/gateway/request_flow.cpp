// Client to upstream: a request's head and body.
#include <bearergate/gateway/request_flow.hpp>

#include <utility>

namespace bearergate::gateway {

using http::BodyReader;

void RequestFlow::begin(const http::BodyLength& length) {
    *this = RequestFlow();
    body_ = BodyReader(length);
    chunked_ = length.kind == http::BodyLength::Kind::chunked;
}

bool RequestFlow::look(Inbox& inbox) {
    take(inbox);
    return body_.state() != BodyReader::State::malformed;
}

void RequestFlow::start(std::string_view head) {
    outbox_.clear();
    upstream_gone_ = false;
    started_ = true;
    outbox_.add(head);
    queue_piece();
}

bool RequestFlow::advance(Client& client, net::Stream& upstream) {
    bool moved = false;
    while (!stuck()) {
        if (!outbox_.empty()) {
            const auto before = outbox_.written();
            const auto flushed = outbox_.flush(upstream);
            moved |= outbox_.written() != before;
            if (flushed == Outbox::Flushed::peer_gone) {
                // It may have answered before it went: the response's side looks for that.
                upstream_gone_ = true;
                break;
            }
            if (flushed == Outbox::Flushed::part) break;
        }
        forget_piece(client.inbox);
        if (is_read()) break;
        if (client.inbox.empty()) {
            if (client.ended()) fault_ = core::Reason::bad_request;  // cut off in its body
            client.stand_compacted();
            return moved;
        }
        take(client.inbox);
        moved = true;
        if (body_.state() == BodyReader::State::malformed) fault_ = core::Reason::bad_request;
        if (is_over_limit()) fault_ = core::Reason::body_too_large;
        if (!stuck()) queue_piece();
    }
    client.stand();  // a reset is to be noticed, and what comes next may come
    return moved;
}

bool RequestFlow::discard(Inbox& inbox) {
    forget_piece(inbox);
    while (!inbox.empty() && body_.state() == BodyReader::State::more) {
        take(inbox);
        forget_piece(inbox);
    }
    return body_.state() != BodyReader::State::malformed;
}

void RequestFlow::take(Inbox& inbox) {
    const auto bytes = inbox.unread();
    const auto step = body_.take(bytes.data(), bytes.size());
    piece_ = {bytes.data(), step.data};
    held_ = step.consumed;
    begun_ |= held_ > 0;
}

void RequestFlow::queue_piece() {
    if (chunked_ && !piece_.empty()) {
        frame_ = http::chunk_header(piece_.size());
        outbox_.add(frame_.view());
    }
    outbox_.add(piece_);
    if (!chunked_) return;
    if (!piece_.empty()) outbox_.add(http::chunk_end);
    if (is_read()) outbox_.add(http::last_chunk);
}

void RequestFlow::forget_piece(Inbox& inbox) {
    piece_ = {};
    inbox.consume(std::exchange(held_, 0));
}

}  // namespace bearergate::gateway
