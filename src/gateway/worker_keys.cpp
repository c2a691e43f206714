#include <bearergate/gateway/worker_keys.hpp>

#include <utility>

namespace bearergate::gateway {

bool WorkerKeys::use(std::shared_ptr<const core::KeyRing> ring, std::uint64_t generation) {
    const bool is_former = former_.ring && generation == former_.number;
    const bool is_current = current_.ring && generation == current_.number;
    if (!is_former && current_.ring && generation < current_.number) return false;
    if (is_former || is_current) {
        (is_former ? former_ : current_).ring = std::move(ring);
    } else {
        std::vector<Question> none_open(ring->size());
        if (current_.ring) former_ = std::move(current_);
        current_ = {generation, std::move(ring), std::move(none_open)};
    }
    ++revision_;
    return true;
}

const WorkerKeys::Generation* WorkerKeys::find(std::uint64_t generation) const {
    if (current_.ring && generation == current_.number) return &current_;
    if (former_.ring && generation == former_.number) return &former_;
    return nullptr;
}

const core::KeyRing* WorkerKeys::ring(std::uint64_t generation) const {
    const Generation* const its = find(generation);
    return its ? its->ring.get() : nullptr;
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
    const Generation* const its = find(about.generation);
    return its && about.issuer < its->questions.size() ? &its->questions[about.issuer] : nullptr;
}

WorkerKeys::Question* WorkerKeys::question(const KeyQuestion& about) {
    return const_cast<Question*>(std::as_const(*this).question(about));
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
    if (Question* const its = question(about)) its->open = true;
}

void WorkerKeys::answered(const KeyQuestion& about, net::SteadyTime ask_again) {
    if (Question* const its = question(about)) *its = {.open = false, .ask_again = ask_again};
}

}  // namespace bearergate::gateway
