#include <bearergate/gateway/worker_keys.hpp>

#include <utility>

namespace bearergate::gateway {

bool WorkerKeys::use(std::shared_ptr<const core::KeyRing> ring, std::uint64_t generation) {
    if (former_.ring && generation == former_.number) {
        former_.ring = std::move(ring);
        return true;
    }
    if (current_.ring && generation < current_.number) return false;
    if (current_.ring && generation > current_.number) {
        former_ = std::move(current_);
        questions_.clear();
    }
    questions_.resize(ring->size());
    current_ = {generation, std::move(ring)};
    return true;
}

const core::KeyRing* WorkerKeys::ring(std::uint64_t generation) const {
    if (current_.ring && generation == current_.number) return current_.ring.get();
    if (former_.ring && generation == former_.number) return former_.ring.get();
    return nullptr;
}

const core::KeySet* WorkerKeys::keys_of(std::uint64_t generation, std::size_t issuer) const {
    const core::KeyRing* const keys = ring(generation);
    return keys && issuer < keys->size() ? (*keys)[issuer].set.get() : nullptr;
}

bool WorkerKeys::is_pending(std::uint64_t generation, std::size_t issuer) const {
    const core::KeyRing* const keys = ring(generation);
    if (!keys) return true;
    return issuer < keys->size() && !(*keys)[issuer].set && (*keys)[issuer].first_fetch_pending;
}

const WorkerKeys::Question* WorkerKeys::question(const KeyQuestion& about) const {
    const bool is_kept_fresh = current_.ring && about.generation == current_.number;
    return is_kept_fresh && about.issuer < questions_.size() ? &questions_[about.issuer] : nullptr;
}

bool WorkerKeys::may_ask(const KeyQuestion& about, net::SteadyTime now) const {
    const Question* const asked = question(about);
    return asked && !asked->open && now >= asked->ask_again;
}

bool WorkerKeys::is_asked(const KeyQuestion& about) const {
    const Question* const asked = question(about);
    return asked && asked->open;
}

void WorkerKeys::asked(const KeyQuestion& about) {
    if (question(about)) questions_[about.issuer].open = true;
}

void WorkerKeys::answered(const KeyQuestion& about, net::SteadyTime ask_again) {
    if (question(about)) questions_[about.issuer] = {.open = false, .ask_again = ask_again};
}

}  // namespace bearergate::gateway
