#include "support/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>

namespace bearergate::test {
namespace {

using Clock = std::chrono::steady_clock;

std::chrono::milliseconds left_until(Clock::time_point end) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    return std::max(left, std::chrono::milliseconds(0));
}

// True while more may come.
bool drain_pipe(int& pipe, std::string& into) {
    std::array<char, 4096> bytes{};
    const ssize_t count = read(pipe, bytes.data(), bytes.size());
    if (count > 0) {
        into.append(bytes.data(), static_cast<std::size_t>(count));
        return true;
    }
    if (count < 0 && errno == EINTR) return true;
    close(pipe);
    pipe = -1;
    return false;
}

// From 3 on, by way of numbers that none of them has.
void pass_listeners(const std::vector<int>& listeners) {
    constexpr int out_of_the_way = 512;
    std::vector<int> moved;
    moved.reserve(listeners.size());
    for (const int listener : listeners) {
        moved.push_back(fcntl(listener, F_DUPFD_CLOEXEC, out_of_the_way));
    }
    int next = STDERR_FILENO + 1;
    for (const int listener : moved) dup2(listener, next++);
    setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
    setenv("LISTEN_FDS", std::to_string(listeners.size()).c_str(), 1);
}

[[noreturn]] void become(const std::vector<std::string>& command, const Process::Options& options,
                         int output, int error) {
    if (!options.output_file.empty()) {
        output = open(options.output_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    }
    dup2(output, STDOUT_FILENO);
    dup2(error, STDERR_FILENO);
    for (const std::string& variable : options.environment) {
        const std::size_t equals = variable.find('=');
        setenv(variable.substr(0, equals).c_str(), variable.substr(equals + 1).c_str(), 1);
    }
    if (!options.listeners.empty()) pass_listeners(options.listeners);
    std::vector<char*> arguments;
    arguments.reserve(command.size() + 1);
    for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    execvp(arguments[0], arguments.data());
    _exit(127);
}

}  // namespace

Process::Process(const std::vector<std::string>& command, const Options& options) {
    std::array<int, 2> output{};
    std::array<int, 2> error{};
    if (pipe2(output.data(), O_CLOEXEC) != 0 || pipe2(error.data(), O_CLOEXEC) != 0) {
        throw std::runtime_error("no pipe");
    }
    pid_ = fork();
    if (pid_ < 0) throw std::runtime_error("no process");
    if (pid_ == 0) become(command, options, output[1], error[1]);
    close(output[1]);
    close(error[1]);
    output_pipe_ = output[0];
    error_pipe_ = error[0];
}

Process::~Process() {
    if (pid_ > 0) {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
    if (output_pipe_ >= 0) close(output_pipe_);
    if (error_pipe_ >= 0) close(error_pipe_);
}

bool Process::pump(std::chrono::milliseconds patience) {
    std::array<pollfd, 2> watched{pollfd{output_pipe_, POLLIN, 0}, pollfd{error_pipe_, POLLIN, 0}};
    if (poll(watched.data(), watched.size(), static_cast<int>(patience.count())) <= 0) return false;
    if (output_pipe_ >= 0 && watched[0].revents != 0) drain_pipe(output_pipe_, output_);
    if (error_pipe_ >= 0 && watched[1].revents != 0) drain_pipe(error_pipe_, errors_);
    return true;
}

bool Process::wait_for_output(const std::string& text, std::chrono::seconds patience) {
    const auto end = Clock::now() + patience;
    while (output_.find(text) == std::string::npos) {
        if (output_pipe_ < 0 || Clock::now() >= end) return false;
        pump(left_until(end));
    }
    return true;
}

void Process::stop_reading() {
    if (output_pipe_ >= 0) close(output_pipe_);
    output_pipe_ = -1;
}

void Process::signal(int number) const {
    if (pid_ > 0) kill(pid_, number);
}

int Process::wait(std::chrono::seconds patience) {
    const auto end = Clock::now() + patience;
    while ((output_pipe_ >= 0 || error_pipe_ >= 0) && Clock::now() < end) pump(left_until(end));
    const bool late = output_pipe_ >= 0 || error_pipe_ >= 0;
    if (late) kill(pid_, SIGKILL);
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    if (late) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Outcome run(const std::vector<std::string>& command, const Process::Options& options) {
    Process process(command, options);
    const int code = process.wait();
    return {.code = code, .output = process.output(), .errors = process.errors()};
}

}  // namespace bearergate::test
