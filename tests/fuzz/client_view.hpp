#pragma once

#include <bearergate/core/target.hpp>

#include "fuzz.hpp"
#include "naive_http.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The oracle of the whole-connection target: which requests a client has made by the strict
// reading, which of them may go upstream, and as what.
namespace bearergate::fuzz {

// A token of the test's issuer, and what it is good for.
struct KnownToken {
    char letter = 0;  // stands for it in the input: "$R"
    std::string text{};
    std::string subject{};  // of a valid one
    std::vector<std::string> scopes{};
    std::string organization{};
};

// What a request that reached the upstream may say of who asks.
struct Permission {
    bool granted = false;
    std::string subject{};  // "" for nobody
};

class ClientView {
public:
    ClientView(std::string_view bytes, const std::vector<KnownToken>& tokens) : tokens_(tokens) {
        while (!bytes.empty()) {
            auto request = naive::read_head(bytes);
            if (!request || !naive::is_request_head(*request)) return;
            naive::read_body(bytes, *request);
            const std::size_t size = request->size;
            requests_.push_back(*std::move(request));
            if (size == 0) return;
            bytes.remove_prefix(size);
        }
    }

    std::size_t size() const { return requests_.size(); }
    const naive::Message& at(std::size_t index) const { return requests_[index]; }

    // A head has come upstream: it must be that of a request which the client may make, later than
    // the last that came, or once more that one, if it may be repeated.
    void came(const naive::Message& sent) {
        std::size_t i = last_ ? *last_ : 0;
        if (last_ && !may_be_repeated(requests_[i])) ++i;
        while (i < requests_.size() && !may_become(requests_[i], sent)) ++i;
        require(i < requests_.size(), "what comes upstream is a request that the client may make");
        last_ = i;
        const bool has_identity = !sent.values("x-auth-subject").empty();
        for (const naive::Field& field : sent.fields) {
            require(!field.name.starts_with("x-auth-") || has_identity, "nobody has no identity");
            require(!field.name.contains('_'), "and no name reads as another");
        }
    }
    void came_whole(const naive::Message& sent) const {
        const naive::Message& made = requests_[last_.value()];
        require(made.size != 0, "what the client has not ended does not end");
        require(made.body == sent.body, "with the client's body");
    }

private:
    static bool may_be_repeated(const naive::Message& request) {
        constexpr std::array<std::string_view, 5> methods{"GET", "HEAD", "OPTIONS", "PUT",
                                                          "DELETE"};
        return std::find(methods.begin(), methods.end(), request.start[0]) != methods.end() &&
               request.body.empty();
    }

    // Permitted, and with just the identity that was proved.
    bool may_become(const naive::Message& made, const naive::Message& sent) const {
        if (!is_same(made, sent)) return false;
        const Permission permission = permission_for(made, sent.start[1]);
        std::vector<std::string> subjects;
        if (!permission.subject.empty()) subjects.push_back(permission.subject);
        return permission.granted && sent.values("x-auth-subject") == subjects;
    }

    // The target may have been in absolute-form, and not in its normal form.
    static bool is_same(const naive::Message& made, const naive::Message& sent) {
        std::string_view raw = made.start[1];
        if (const std::size_t scheme = raw.find("://"); !raw.starts_with('/') && scheme != raw.npos)
            raw.remove_prefix(std::min(raw.find_first_of("/?", scheme + 3), raw.size()));
        const std::string rooted = raw.starts_with('/') ? std::string(raw) : "/" + std::string(raw);
        std::string scratch;
        const auto target = core::Target::parse(rooted, {}, scratch);
        if (!target || made.start[0] != sent.start[0]) return false;
        std::string whole(target->path());
        if (target->has_query()) whole.append("?").append(target->query());
        return whole == sent.start[1];
    }

    static bool is_under(std::string_view path, std::string_view prefix) {
        return path.starts_with(prefix) &&
               (path.size() == prefix.size() || path[prefix.size()] == '/');
    }

    const KnownToken* token_of(const naive::Message& request) const {
        const auto fields = request.values("authorization");
        if (fields.size() != 1 || !naive::lower(fields.front()).starts_with("bearer "))
            return nullptr;
        // Spaces may stand between scheme and token, nothing else (RFC 9110 section 11.4).
        const std::string text = fields.front().substr(fields.front().find_first_not_of(' ', 6));
        const auto same = std::find_if(tokens_.begin(), tokens_.end(),
                                       [&](const KnownToken& token) { return token.text == text; });
        return same == tokens_.end() || same->subject.empty() ? nullptr : &*same;
    }

    // The configuration's routes, once more by hand.
    Permission permission_for(const naive::Message& request, std::string_view sent) const {
        const std::string_view path = sent.substr(0, sent.find('?'));
        const std::string& method = request.start[0];
        const KnownToken* token = token_of(request);
        const auto by_scope = [&](std::string_view scope) -> Permission {
            const bool granted = token && token->organization.empty() &&
                                 std::count(token->scopes.begin(), token->scopes.end(), scope) > 0;
            return granted ? Permission{true, token->subject} : Permission{};
        };
        if (is_under(path, "/public")) return {.granted = method == "GET" || method == "HEAD"};
        if (is_under(path, "/api/admin")) return by_scope("admin");
        if (is_under(path, "/api")) return by_scope("read");
        if (is_under(path, "/shadow")) {
            return {.granted = true, .subject = by_scope("read").subject};
        }
        if (is_under(path, "/orgs") && token && !token->organization.empty()) {
            std::string_view rest = path.substr(std::min<std::size_t>(path.size(), 6));
            const auto organization = core::percent_decoded(rest.substr(0, rest.find('/')));
            if (organization == token->organization) return {true, token->subject};
        }
        return {};
    }

    const std::vector<KnownToken>& tokens_;
    std::vector<naive::Message> requests_{};
    std::optional<std::size_t> last_{};
};

}  // namespace bearergate::fuzz
