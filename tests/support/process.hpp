#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace bearergate::test {

// A program started for real, with its output in our hands. Killed with the test if it still runs.
class Process {
public:
    struct Options {
        std::vector<std::string> environment{};  // "NAME=value", besides what we have ourselves
        std::string output_file{};               // stdout goes there instead of to us
        std::vector<int> listeners{};            // passed as a service manager does: LISTEN_FDS
    };
    Process(const std::vector<std::string>& command, const Options& options);
    explicit Process(const std::vector<std::string>& command) : Process(command, Options{}) {}
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    ~Process();

    // Reads standard output until it holds `text`; false when it ended or the time is over.
    bool wait_for_output(const std::string& text,
                         std::chrono::seconds patience = std::chrono::seconds(20));
    void stop_reading();  // closes our end of its standard output
    void signal(int number) const;
    // The exit code, or -1 when it had to be killed (after `patience`), or 128 + a signal's number.
    int wait(std::chrono::seconds patience = std::chrono::seconds(30));

    const std::string& output() const { return output_; }
    const std::string& errors() const { return errors_; }
    pid_t pid() const { return pid_; }

private:
    bool pump(std::chrono::milliseconds patience);

    pid_t pid_ = -1;
    int output_pipe_ = -1;
    int error_pipe_ = -1;
    std::string output_{};
    std::string errors_{};
};

// Runs to the end.
struct Outcome {
    int code = -1;
    std::string output{};
    std::string errors{};
};
Outcome run(const std::vector<std::string>& command, const Process::Options& options);
inline Outcome run(const std::vector<std::string>& command) {
    return run(command, Process::Options{});
}

}  // namespace bearergate::test
