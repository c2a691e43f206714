#pragma once

#include <bearergate/core/authorize.hpp>
#include <bearergate/net/deadline.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace bearergate::gateway {

// A token of this issuer names a key that is lacking, or there are none at all. Issuers are counted
// per configuration: under another generation the same number may be somebody else's.
struct KeyQuestion {
    std::size_t issuer = 0;
    std::uint64_t generation = 0;
};

// The keys as one worker knows them, and what it has asked about them. Pure: time is passed in.
// Two generations are kept, so that a request which began before a reload still meets its own.
class WorkerKeys {
public:
    // False when it came too late to be of use.
    bool use(std::shared_ptr<const core::KeyRing> ring, std::uint64_t generation);

    // Another number whenever other keys are in use: what held under this one still holds.
    std::uint64_t revision() const { return revision_; }

    // Null while this generation's ring has not come.
    const core::KeyRing* ring(std::uint64_t generation) const;
    // Null while the issuer has no usable keys.
    const core::KeySet* keys_of(std::uint64_t generation, std::size_t issuer) const;
    // The first answer about this issuer is still to come, without anybody's asking.
    bool is_pending(std::uint64_t generation, std::size_t issuer) const;

    // A question is worth it: none is under way, and the time has come.
    bool may_ask(const KeyQuestion& about, net::SteadyTime now) const;
    bool is_asked(const KeyQuestion& about) const;
    void asked(const KeyQuestion& about);
    void answered(const KeyQuestion& about, net::SteadyTime ask_again);

private:
    struct Question {
        bool open = false;
        net::SteadyTime ask_again{};
    };
    struct Generation {
        std::uint64_t number = 0;
        std::shared_ptr<const core::KeyRing> ring{};
        std::vector<Question> questions{};  // by issuer
    };
    const Generation* find(std::uint64_t generation) const;
    const Question* question(const KeyQuestion& about) const;
    Question* question(const KeyQuestion& about);

    Generation current_{};
    Generation former_{};
    std::uint64_t revision_ = 0;
};

}  // namespace bearergate::gateway
