#include <bearergate/gateway/verifier_set.hpp>

#include <algorithm>
#include <new>
#include <utility>

namespace bearergate::gateway {

bool VerifierSet::verify(const core::PublicKey& key, core::Algorithm algorithm,
                         std::string_view signed_text, std::string_view signature) {
    try {
        return prepared_for(key, algorithm).verify(signed_text, signature);
    } catch (const std::bad_alloc&) {
        clear();  // nobody knows what state it was left in
        throw;
    }
}

core::Verifier& VerifierSet::prepared_for(const core::PublicKey& key, core::Algorithm algorithm) {
    const auto found = std::ranges::find_if(prepared_, [&](const Prepared& prepared) {
        return prepared.algorithm == algorithm && prepared.key == key.thumbprint;
    });
    if (found != prepared_.end()) return found->verifier;

    Prepared prepared{
        .key = key.thumbprint, .algorithm = algorithm, .verifier = core::Verifier(key, algorithm)};
    if (prepared_.size() < most) {
        prepared_.push_back(std::move(prepared));
        return prepared_.back().verifier;
    }
    next_ = (next_ + 1) % most;
    prepared_[next_] = std::move(prepared);
    return prepared_[next_].verifier;
}

}  // namespace bearergate::gateway
