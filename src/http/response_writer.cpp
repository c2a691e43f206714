// The client's response head: what is left of the upstream's fields, then ours.
#include <bearergate/http/forward.hpp>

#include "append.hpp"
#include "characters.hpp"
#include "field_names.hpp"

#include <algorithm>

namespace bearergate::http {

namespace {

class ResponseWriter {
public:
    ResponseWriter(std::string& out, const ResponseHead& head, const ReplyFacts& facts)
        : out_(out, head.size + facts.cors.size() + 256),
          head_(head),
          facts_(facts),
          kind_(kind_of(facts)) {}

    void write() {
        out_.append("HTTP/1.1 ");
        append_number(out_, head_.status);
        out_.append(" ").append(head_.reason).append("\r\n");
        for (const Field& field : head_.fields) take(field, facts_of(field.name));
        if (is_final()) write_framing();
        if (facts_.is_upgrade) out_.append("Connection: Upgrade\r\nUpgrade: websocket\r\n");
        if (is_final() || facts_.is_upgrade) {
            if (is_token(facts_.request_id)) append_field(out_, "X-Request-Id", facts_.request_id);
            out_.append(facts_.cors);
        }
        out_.append("\r\n");
    }

private:
    static BodyLength::Kind kind_of(const ReplyFacts& facts) {
        return reply_body(facts.body, facts.client_minor_version).kind;
    }

    bool is_final() const { return head_.status >= 200; }

    void take(const Field& field, const NameFacts& known) {
        if (known.has(trait::hop_by_hop) || known.name == Name::x_request_id) return;
        if (facts_.cors_configured && known.has(trait::cors)) return;
        if (known.name == Name::content_length) {
            if (kind_ == BodyLength::Kind::sized || states_length()) write_length(field);
            return;
        }
        if (!is_nominated(field.name, known)) append_field(out_, field.name, field.value);
    }

    // Without a body, how long the one would be that HEAD or a condition left out; a 204 has none
    // (RFC 9110 section 8.6).
    bool states_length() const {
        return kind_ == BodyLength::Kind::none && is_final() && head_.status != 204;
    }

    void write_length(const Field& field) {
        append_field(out_, field.name, field.value);
        wrote_length_ = true;
    }

    bool is_nominated(std::string_view name, const NameFacts& known) const {
        const auto& names = head_.connection_names;
        const auto is_same = [&](std::string_view other) { return same_but_case(name, other); };
        return !names.empty() && !known.has(trait::kept_response) &&
               std::any_of(names.begin(), names.end(), is_same);
    }

    void write_framing() {
        if (kind_ == BodyLength::Kind::sized && !wrote_length_) {
            out_.append("Content-Length: ");
            append_number(out_, facts_.body.bytes);
            out_.append("\r\n");
        } else if (kind_ == BodyLength::Kind::chunked) {
            out_.append("Transfer-Encoding: chunked\r\n");
        }
        append_persistence(out_, facts_.client_minor_version,
                           facts_.keep_alive && kind_ != BodyLength::Kind::until_close);
    }

    HeadText out_;
    const ResponseHead& head_;
    const ReplyFacts& facts_;
    BodyLength::Kind kind_;
    bool wrote_length_ = false;
};

}  // namespace

BodyLength reply_body(const BodyLength& upstream, int client_minor_version) {
    using Kind = BodyLength::Kind;
    if (upstream.kind == Kind::none || upstream.kind == Kind::sized) return upstream;
    // A client that knows chunks sees by them where a body was cut off.
    return {.kind = client_minor_version == 0 ? Kind::until_close : Kind::chunked};
}

void write_response_head(std::string& out, const ResponseHead& head, const ReplyFacts& facts) {
    ResponseWriter(out, head, facts).write();
}

}  // namespace bearergate::http
