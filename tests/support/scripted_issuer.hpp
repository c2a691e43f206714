#pragma once

#include "support/recording_upstream.hpp"
#include "support/test_issuer.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bearergate::test {

// An issuer on a loopback port that serves its discovery document and key set, and does so as
// badly as a test wants. It knows the ETag of its key set. Threads of its own; safe to be told
// new things from the test's.
class ScriptedIssuer {
public:
    // How one request is answered: after its head was read, with the connection in hand.
    using Manner = std::function<void(UpstreamPeer&)>;
    // `fields`: whole header lines, each with its CRLF.
    static Manner answer(int status, std::string body, std::string fields = "");
    static Manner raw(std::string bytes);  // as they are, then the end of the connection
    static Manner hang();                  // no answer, until the other side gives up
    static Manner endless(std::string head, std::string part);  // the part again and again

    explicit ScriptedIssuer(core::Algorithm algorithm = core::Algorithm::es256);
    ~ScriptedIssuer();

    std::uint16_t port() const;
    std::string origin() const;  // "http://127.0.0.1:PORT"
    std::string issuer() const;  // the origin and "/oidc"
    std::string discovery_url() const;
    std::string keys_url() const;

    // Good tokens by the key of now; see test::Issuer.
    std::string token(std::string_view claims = "{}") const;
    std::string key_id() const;
    std::string jwks() const;  // as it is served
    // A fresh key signs from now on; the one before stays in the set or goes.
    void rotate(bool keep_the_old = true);

    // From now on, until told otherwise. An empty Manner is the good one again.
    void play_discovery(Manner manner);
    void play_keys(Manner manner);
    void use_cache_control(std::string value);  // on the key set

    std::size_t discovery_fetches() const;  // whole requests that came
    std::size_t key_fetches() const;
    bool wait_for_key_fetches(std::size_t count) const;  // at most 10 s
    std::vector<SeenRequest> requests() const;
    std::string raw_requests() const;  // every byte that came

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace bearergate::test
