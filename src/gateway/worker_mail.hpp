#pragma once

#include <bearergate/gateway/worker.hpp>
#include <bearergate/gateway/worker_keys.hpp>

#include <array>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace bearergate::gateway {

// What a worker has been told and has not done yet. The newest of each kind counts, and stays here
// until it is done: nothing that a worker should know is lost for want of memory.
struct WorkerMail {
    using Addresses = std::shared_ptr<const std::vector<net::UpstreamAddresses>>;
    struct Keys {
        std::shared_ptr<const core::KeyRing> ring{};  // null: none
        std::uint64_t generation = 0;
    };
    struct Answer {
        KeyQuestion question{};
        net::SteadyTime ask_again{};
    };

    void put(Keys newer) {
        Keys& former = keys[0];
        Keys& current = keys[1];
        if (current.ring && newer.generation < current.generation) {
            former = std::move(newer);
            return;
        }
        if (current.ring && newer.generation > current.generation) former = std::move(current);
        current = std::move(newer);
    }
    void put(std::shared_ptr<const Snapshot> newer) {
        snapshot = std::move(newer);
        addresses = nullptr;  // those were of the upstreams before
    }

    // Adds what has come since, and leaves nothing of it there.
    void take(WorkerMail& since) {
        // What ends a worker comes whatever fails.
        if (since.drained) drained = std::exchange(since.drained, nullptr);
        stop |= std::exchange(since.stop, false);
        // And this before the rest, because it may.
        if (answers.empty()) {
            answers.swap(since.answers);
        } else {
            answers.insert(answers.end(), since.answers.begin(), since.answers.end());
            since.answers.clear();
        }
        for (Keys& its : since.keys) {
            if (its.ring) put(std::exchange(its, {}));
        }
        if (since.snapshot) put(std::exchange(since.snapshot, nullptr));
        if (since.addresses) addresses = std::exchange(since.addresses, nullptr);
        make_room |= std::exchange(since.make_room, false);
    }

    std::array<Keys, 2> keys{};  // of two generations, the current one last
    std::vector<Answer> answers{};
    std::shared_ptr<const Snapshot> snapshot{};
    Addresses addresses{};  // of the snapshot's upstreams, if there is one, else of those in use
    std::function<void()> drained{};  // to drain, and whom to tell
    bool make_room = false;
    bool stop = false;
};

}  // namespace bearergate::gateway
