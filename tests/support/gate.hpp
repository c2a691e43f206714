#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

namespace bearergate::test {

// Keeps one thread waiting until another lets it pass; nobody waits longer than 10 s. Copies are
// the same gate. A test may end, and its gate with it, while the other thread is still in one of
// these.
class Gate {
public:
    void open() {
        const auto state = state_;
        const std::lock_guard lock(state->mutex);
        state->is_open = true;
        state->changed.notify_all();
    }
    bool wait() {
        const auto state = state_;
        std::unique_lock lock(state->mutex);
        return state->changed.wait_for(lock, std::chrono::seconds(10),
                                       [&state] { return state->is_open; });
    }

private:
    struct State {
        std::mutex mutex{};
        std::condition_variable changed{};
        bool is_open = false;
    };
    std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace bearergate::test
