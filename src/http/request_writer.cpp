// The upstream's request head: what is left of the client's fields, then ours.
#include <bearergate/http/forward.hpp>

#include "append.hpp"
#include "characters.hpp"
#include "field_names.hpp"

#include <algorithm>

namespace bearergate::http {

namespace {

// What a trusted proxy said in one forwarding field, to which our part is appended.
struct Told {
    std::string_view name{};
    std::string_view value{};
    unsigned fields = 0;

    void add(std::string_view what) {
        if (!what.empty() && ++fields == 1) value = what;
    }
};

// The path behind a route's strip_prefix. The route has matched, so the path begins with as many
// segments that mean the same, perhaps in another spelling.
std::string_view stripped(std::string_view path, std::string_view prefix) {
    std::size_t at = 0;
    for (auto left = std::ranges::count(prefix, '/'); left > 0; --left) {
        at = std::min(path.find('/', at + 1), path.size());
    }
    return at == path.size() ? "/" : path.substr(at);
}

}  // namespace

class RequestWriter {
public:
    RequestWriter(std::string& out, const RequestHead& head, const Hygiene& hygiene,
                  const ForwardFacts& facts)
        // Enough for all of it, but for an unusual amount of identity.
        : out_(out, head.size + 1024), head_(head), hygiene_(hygiene), facts_(facts) {
        if (facts.client_address != "unix") address_ = facts.client_address;
    }

    void write(const core::Target& target) {
        write_start(target);
        for (const Field& field : head_.fields) take(field, facts_of(field.name));
        if (head_.body.kind == BodyLength::Kind::chunked)
            append_field(out_, "Transfer-Encoding", "chunked");
        if (head_.upgrades_to_websocket)
            out_.append("Connection: Upgrade\r\nUpgrade: websocket\r\n");
        write_identity();
        write_forwarding();
        out_.append("Via: 1.1 bearergate\r\n\r\n");
    }

private:
    void write_start(const core::Target& target) {
        out_.append(head_.method).append(" ");
        out_.append(stripped(target.path(), facts_.strip_prefix));
        if (target.has_query()) out_.append("?").append(target.query());
        out_.append(" HTTP/1.1\r\n");
        append_field(out_, "Host", facts_.host.empty() ? head_.host_field : facts_.host);
    }

    void take(const Field& field, const NameFacts& known) {
        if (hygiene_.drops(field.name, known)) return;
        switch (known.name) {
            case Name::host:
            case Name::x_request_id: return;
            case Name::authorization:
                if (!facts_.keep_authorization) return;
                break;
            case Name::content_length:
                out_.append(field.name).append(": ");
                append_number(out_, head_.body.bytes);
                out_.append("\r\n");
                return;
            default: break;
        }
        if (known.has(trait::forwarding)) {
            if (facts_.client_is_trusted_proxy) take_told(field, known.name);
            return;
        }
        if (is_nominated(field.name, known)) return;
        append_field(out_, field.name, field.value);
    }

    void take_told(const Field& field, Name name) {
        switch (name) {
            case Name::x_forwarded_for: for_.add(field.value); return;
            case Name::x_forwarded_proto: proto_.add(field.value); return;
            case Name::x_forwarded_host: host_.add(field.value); return;
            case Name::forwarded: forwarded_.add(field.value); return;
            default: append_field(out_, field.name, field.value);
        }
    }

    bool is_nominated(std::string_view name, const NameFacts& known) const {
        const auto& names = head_.connection_names;
        const auto is_same = [&](std::string_view other) { return same_but_case(name, other); };
        return !names.empty() && std::any_of(names.begin(), names.end(), is_same) &&
               !hygiene_.is_protected(name, known);
    }

    void write_identity() {
        if (facts_.identity == nullptr) return;
        const core::IdentityLines& identity = *facts_.identity;
        if (!facts_.organization) {
            out_.append(identity.own()).append(identity.common());
            return;
        }
        const std::string_view organization = *facts_.organization;
        const std::size_t count = std::min(facts_.identity_headers.size(), identity.size());
        for (std::size_t i = 0; i < count; ++i) {
            const core::IdentityHeader& header = facts_.identity_headers[i];
            if (header.source != core::IdentityHeader::Source::organization) {
                out_.append(identity.line(i));
            } else if (!organization.empty() && core::is_field_value(organization)) {
                append_field(out_, header.name, organization);
            }
        }
    }

    void write_forwarding() {
        write_list(for_, address_);
        write_list(proto_, facts_.scheme);
        write_list(host_, head_.host_field);
        begin_list(forwarded_);
        write_forwarded_element();
        out_.append("\r\n");
        if (is_token(facts_.request_id)) append_field(out_, "X-Request-Id", facts_.request_id);
    }

    void write_list(const Told& told, std::string_view ours) {
        if (told.fields == 0 && ours.empty()) return;
        begin_list(told);
        if (ours.empty()) out_.take_back(separator.size());
        out_.append(ours).append("\r\n");
    }

    // The field's name and everything told before, up to where ours goes.
    void begin_list(const Told& told) {
        out_.append(told.name).append(": ");
        if (told.fields == 1) {
            out_.append(told.value).append(separator);
        } else if (told.fields > 1) {
            for (const Field& field : head_.fields) {
                if (!field.value.empty() && same_but_case(field.name, told.name))
                    out_.append(field.value).append(separator);
            }
        }
    }

    // RFC 7239 section 4. An address of IPv6 and a host with a port hold colons: quoted.
    void write_forwarded_element() {
        out_.append("for=");
        if (address_.empty()) {
            out_.append("unknown");
        } else if (address_.find(':') != std::string_view::npos) {
            out_.append("\"[").append(address_).append("]\"");
        } else {
            out_.append(address_);
        }
        if (is_token(head_.host_field)) {
            out_.append(";host=").append(head_.host_field);
        } else if (!head_.host_field.empty()) {
            out_.append(";host=\"").append(head_.host_field).append("\"");
        }
        if (!facts_.scheme.empty()) out_.append(";proto=").append(facts_.scheme);
    }

    static constexpr std::string_view separator = ", ";

    HeadText out_;
    const RequestHead& head_;
    const Hygiene& hygiene_;
    const ForwardFacts& facts_;
    std::string_view address_{};  // "" where the peer has none
    Told for_{.name = "X-Forwarded-For"};
    Told proto_{.name = "X-Forwarded-Proto"};
    Told host_{.name = "X-Forwarded-Host"};
    Told forwarded_{.name = "Forwarded"};
};

void write_request_head(std::string& out, const RequestHead& head, const core::Target& target,
                        const Hygiene& hygiene, const ForwardFacts& facts) {
    RequestWriter(out, head, hygiene, facts).write(target);
}

}  // namespace bearergate::http
