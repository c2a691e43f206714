#pragma once

#include <bearergate/core/verifier.hpp>

#include <cstddef>
#include <string_view>
#include <vector>

namespace bearergate::gateway {

// The verifiers that one thread has prepared, by key material and algorithm. Bounded: with more
// keys in use than it holds, they are prepared again.
class VerifierSet {
public:
    bool verify(const core::PublicKey& key, core::Algorithm algorithm, std::string_view signed_text,
                std::string_view signature);
    void clear() { prepared_.clear(); }
    std::size_t size() const { return prepared_.size(); }

    static constexpr std::size_t most = 64;

private:
    struct Prepared {
        core::Thumbprint key{};
        core::Algorithm algorithm{};
        core::Verifier verifier;
    };
    core::Verifier& prepared_for(const core::PublicKey& key, core::Algorithm algorithm);

    std::vector<Prepared> prepared_{};
    std::size_t next_ = 0;  // to be replaced
};

}  // namespace bearergate::gateway
