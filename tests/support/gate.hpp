#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace bearergate::test {

// Keeps one thread waiting until another lets it pass; nobody waits longer than 10 s.
class Gate {
public:
    void open() {
        const std::lock_guard lock(mutex_);
        is_open_ = true;
        changed_.notify_all();
    }
    bool wait() {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(10), [this] { return is_open_; });
    }

private:
    std::mutex mutex_{};
    std::condition_variable changed_{};
    bool is_open_ = false;
};

}  // namespace bearergate::test
