// Upstream to client: interim heads, a response's head and its body.
#include <bearergate/gateway/response_flow.hpp>

#include <cstring>
#include <new>
#include <utility>

namespace bearergate::gateway {

using http::BodyLength;
using http::BodyReader;
using Condition = net::Stream::Condition;

void ResponseFlow::start(const http::HeadLimits& limits) {
    state_ = State::head;
    scan_ = http::HeadScan(http::HeadScan::Kind::response, limits);
    body_ = BodyReader();
    reply_body_ = BodyLength::Kind::none;
    head_.status = 0;
    begin_ = end_ = 0;
    closed_.reset();
    interim_ = 0;
    answered_ = begun_ = keep_alive_ = false;
}

bool ResponseFlow::advance(Client& client, net::UpstreamConnection& upstream, const Terms& terms,
                           bool keep_alive) {
    bool moved = false;
    for (;;) {
        if (!client.outbox.empty()) {
            const auto before = client.outbox.written();
            const auto flushed = client.outbox.flush(client.stream);
            moved |= client.outbox.written() != before;
            if (flushed == Outbox::Flushed::peer_gone) client.give_up();
            if (flushed != Outbox::Flushed::all) return moved;
        }
        if (is_over()) return moved;
        if (process(client, upstream, terms, keep_alive)) continue;
        if (closed_) {
            at_close(client);
        } else if (!receive(upstream)) {
            return moved;
        }
        moved = true;
    }
}

bool ResponseFlow::may_reuse() const {
    return state_ == State::complete && head_.keep_alive && begin_ == end_ && !closed_;
}

std::span<char> ResponseFlow::left_over(net::UpstreamConnection& upstream) const {
    return upstream.buffer.bytes().subspan(begin_, end_ - begin_);
}

// True when something came, or the end did. Else a receive stands.
bool ResponseFlow::receive(net::UpstreamConnection& upstream) {
    if (const auto received = upstream.stream.received()) {
        end_ += received->bytes;
        if (received->bytes > 0) answered_ = true;
        // The upstream has done its work and answered: it is not to blame, nor to be asked again.
        if (received->condition == Condition::failed && upstream.stream.has_error()) {
            throw std::bad_alloc();
        }
        if (received->condition != Condition::open) closed_ = received->condition;
        return true;
    }
    if (upstream.stream.is_receiving()) return false;
    // What is left is the beginning of a head; what came before it has been sent.
    if (begin_ == end_) {
        upstream.buffer.release();
    } else if (begin_ > 0) {
        char* const bytes = upstream.buffer.bytes().data();
        std::memmove(bytes, bytes + begin_, end_ - begin_);
    }
    end_ -= std::exchange(begin_, 0);
    if (end_ == upstream.buffer.size()) {  // a head that fills the buffer and is not whole
        state_ = State::broken;
        return true;
    }
    upstream.stream.start_receive(net::Landing(upstream.buffer, end_));
    return upstream.stream.has_received();
}

// Makes something of the bytes that are there. False: more are needed.
bool ResponseFlow::process(Client& client, net::UpstreamConnection& upstream, const Terms& terms,
                           bool keep_alive) {
    if (begin_ == end_) return false;
    if (state_ == State::head && !read_head(client, upstream, terms, keep_alive)) return false;
    if (state_ == State::body) read_body(client, upstream);
    return true;
}

bool ResponseFlow::read_head(Client& client, net::UpstreamConnection& upstream, const Terms& terms,
                             bool keep_alive) {
    const std::string_view bytes(upstream.buffer.bytes().data() + begin_, end_ - begin_);
    const auto length = scan_.feed(bytes);
    if (!length) {
        state_ = State::broken;
        return true;
    }
    if (!*length) return false;
    if (!parser_.parse(bytes.substr(0, **length), terms.method, head_)) {
        state_ = State::broken;
        return true;
    }
    begin_ += **length;
    if (head_.status >= 200) {
        begin_reply(client, terms, keep_alive);
    } else {
        read_interim(client, terms);
        scan_.reset();
    }
    return true;
}

void ResponseFlow::read_interim(Client& client, const Terms& terms) {
    if (++interim_ > max_interim) {
        state_ = State::broken;
    } else if (head_.status == 101) {
        const bool right =
            !terms.websocket_accept.empty() && head_.websocket_accept == terms.websocket_accept;
        if (!right) {
            state_ = State::broken;
            return;
        }
        begin_reply(client, terms, false);
        state_ = State::upgraded;
    } else if (head_.status != 100 && terms.facts.client_minor_version > 0) {
        text_.clear();
        http::ReplyFacts facts = terms.facts;
        facts.body = {};
        http::write_response_head(text_, head_, facts);
        client.outbox.add(text_);
    }
}

void ResponseFlow::begin_reply(Client& client, const Terms& terms, bool keep_alive) {
    http::ReplyFacts facts = terms.facts;
    facts.body = reply_body(head_.body, facts.client_minor_version);
    facts.is_upgrade = head_.status == 101;
    reply_body_ = facts.body.kind;
    keep_alive_ = facts.keep_alive = keep_alive && !ends_by_close();
    text_.clear();
    http::write_response_head(text_, head_, facts);
    client.outbox.add(text_);
    body_ = BodyReader(head_.body);
    begun_ = true;
    state_ = body_.state() == BodyReader::State::complete ? State::complete : State::body;
}

void ResponseFlow::read_body(Client& client, net::UpstreamConnection& upstream) {
    char* const bytes = upstream.buffer.bytes().data() + begin_;
    const auto step = body_.take(bytes, end_ - begin_);
    begin_ += step.consumed;
    if (step.state == BodyReader::State::malformed) {
        state_ = State::truncated;
        return;
    }
    const std::string_view piece(bytes, step.data);
    const bool chunked = reply_body_ == BodyLength::Kind::chunked;
    if (chunked && !piece.empty()) {
        frame_ = http::chunk_header(piece.size());
        client.outbox.add(frame_.view());
    }
    client.outbox.add(piece);
    if (chunked && !piece.empty()) client.outbox.add(http::chunk_end);
    if (step.state == BodyReader::State::complete) {
        if (chunked) client.outbox.add(http::last_chunk);
        state_ = State::complete;
    }
}

void ResponseFlow::at_close(Client& client) {
    if (state_ == State::head) {
        state_ = answered_ ? State::broken : State::silent;
    } else if (closed_ == Condition::ended && body_.at_close()) {
        if (reply_body_ == BodyLength::Kind::chunked) client.outbox.add(http::last_chunk);
        state_ = State::complete;
    } else {
        state_ = State::truncated;
    }
}

}  // namespace bearergate::gateway
