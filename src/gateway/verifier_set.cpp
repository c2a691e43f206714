#include <bearergate/gateway/verifier_set.hpp>

#include <algorithm>
#include <utility>

namespace bearergate::gateway {

bool VerifierSet::verify(const core::PublicKey& key, core::Algorithm algorithm,
                         std::string_view signed_text, std::string_view signature) {
    const auto found = std::ranges::find_if(prepared_, [&](const Prepared& prepared) {
        return prepared.algorithm == algorithm && prepared.key == key.thumbprint;
    });
    if (found != prepared_.end()) return found->verifier.verify(signed_text, signature);

    Prepared prepared{
        .key = key.thumbprint, .algorithm = algorithm, .verifier = core::Verifier(key, algorithm)};
    if (prepared_.size() < most) {
        prepared_.push_back(std::move(prepared));
        return prepared_.back().verifier.verify(signed_text, signature);
    }
    next_ = (next_ + 1) % most;
    prepared_[next_] = std::move(prepared);
    return prepared_[next_].verifier.verify(signed_text, signature);
}

}  // namespace bearergate::gateway
