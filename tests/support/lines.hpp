#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

namespace bearergate::test {

// Lines that a log thread writes and a test waits for, 10 s at most.
class Lines {
public:
    void add(const std::string& line) {
        const std::lock_guard lock(mutex_);
        lines_.push_back(line);
        changed_.notify_all();
    }
    // The last line so far that holds all of these, or "".
    std::string wait_for(const std::vector<std::string>& parts) {
        std::unique_lock lock(mutex_);
        std::string found;
        changed_.wait_for(lock, patience, [&] {
            for (const std::string& line : lines_) {
                if (std::ranges::all_of(parts, [&](const std::string& part) {
                        return line.find(part) != std::string::npos;
                    })) {
                    found = line;
                }
            }
            return !found.empty();
        });
        return found;
    }
    bool wait_for_count(const std::string& part, std::size_t times) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, patience, [&] { return count(part) >= times; });
    }
    std::size_t times(const std::string& part) {
        const std::lock_guard lock(mutex_);
        return count(part);
    }
    // All of them so far.
    std::string text() {
        const std::lock_guard lock(mutex_);
        std::string text;
        for (const std::string& line : lines_) text += line + "\n";
        return text;
    }
    void clear() {
        const std::lock_guard lock(mutex_);
        lines_.clear();
    }
    bool has(const std::string& part) { return times(part) > 0; }

private:
    std::size_t count(const std::string& part) const {
        return static_cast<std::size_t>(std::ranges::count_if(
            lines_, [&](const std::string& line) { return line.find(part) != std::string::npos; }));
    }

    static constexpr std::chrono::seconds patience{10};
    std::mutex mutex_{};
    std::condition_variable changed_{};
    std::vector<std::string> lines_{};
};

}  // namespace bearergate::test
