#pragma once

#include <bearergate/core/jwk.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace bearergate::gateway {

// Threads that verify expensive signatures, so that no event loop waits for P-384. The queue is
// bounded: beyond it, requests are refused as `overloaded` instead of piling up.
class VerifierPool {
public:
    // Throws std::system_error when the system has no more threads.
    VerifierPool(std::size_t threads, std::size_t queue);
    ~VerifierPool();  // finishes what runs, drops what is queued

    struct Job {
        core::PublicKey key{};
        core::Algorithm algorithm{};
        std::string signed_text{};
        std::string signature{};
        std::move_only_function<void(bool valid)> done{};  // called on a pool thread
    };
    bool submit(Job job);  // false: the queue is full
    std::size_t queued() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace bearergate::gateway
