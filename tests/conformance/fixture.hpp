#pragma once

#include "answers.hpp"
#include "strict_reading.hpp"
#include "support/gateway.hpp"
#include "support/test_issuer.hpp"
#include "witness.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bearergate::test {

// The gateway that the attack vectors assume: /public/** for everybody, /api/** for scope `read`,
// /api/admin/** for scope `admin`, /orgs/{org}/** for the organization's own, nothing else; tokens
// of two issuers for `api://gateway`. Behind it a witness.
class Fixture {
public:
    static constexpr const char* issuer_a = "https://issuer.example";
    static constexpr const char* issuer_b = "https://issuer-b.example";
    static constexpr double now = Issuer::issued_at + 60;

    struct Options {
        std::string timeouts =
            "header: 60s, idle: 60s";               // of the server; who waits for one says less
        std::map<std::string, std::string> keys{};  // instead of this fixture's own
        double now = Fixture::now;
    };
    Fixture();
    explicit Fixture(const Options& options);

    Gateway& gateway() { return gateway_; }
    Witness& witness() { return witness_; }
    const Issuer& issuer() const { return issuer_; }
    // A good token of scope `read`, with these claims besides or instead.
    std::string token(std::string_view claims = "{}") const;
    // GET with a token, on a connection of its own: "ok", or the reason of the refusal.
    std::string outcome(const std::string& path, const std::string& token);
    void set_now(double seconds);

    // {T} and {TADMIN} become tokens of scope `read` and of both scopes.
    std::string filled(std::string_view bytes) const;
    // Sends the pieces, lets the gateway read each by itself, ends our side, and hears all.
    Answers converse(const std::vector<std::string>& pieces);
    Answers converse(const std::string& bytes) { return converse(std::vector{bytes}); }
    // Waits until the gateway has had its turn with what was sent to it.
    void let_it_read();

    // The configuration, with what differs between one test's gateway and another's.
    struct Terms {
        std::string upstream{};
        std::string server{};     // members of `server`
        std::string keys_of_a{};  // where from, if not from the test's own hand
        std::string keys_of_b{};
    };
    static std::string configuration(const Terms& terms);

private:
    Witness witness_{};
    Issuer issuer_{issuer_a};
    std::string read_token_;
    std::string admin_token_;
    Gateway gateway_;
};

// The canary of every smuggling case.
inline constexpr std::string_view canary = "GET /public/canary HTTP/1.1\r\nHost: gw.test\r\n\r\n";

// Offsets at which a text is cut in two: every one, but only some spread over long ones.
std::vector<std::size_t> cuts_of(std::string_view bytes);

}  // namespace bearergate::test
