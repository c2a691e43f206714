#pragma once

#include "support/process.hpp"
#include "support/temporary_folder.hpp"

#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace bearergate::test {

// `bearergate run` as a process of its own, and what it costs by the kernel's word.
class RunningGateway {
public:
    struct Options {
        std::vector<std::string>
            before{};  // of the command line: `sh -c 'ulimit ...; exec "$0" ...'`
        std::vector<std::string> environment{};
        std::vector<int> listeners{};
    };
    // `binary`: BEARERGATE_BINARY. Its configuration listens on 127.0.0.1:0, as does its admin.
    RunningGateway(const std::string& binary, const std::string& yaml, Options options)
        : log_(folder_.file("log")) {
        std::vector<std::string> command = std::move(options.before);
        for (const std::string& word :
             {binary, std::string("run"), std::string("-c"), folder_.write("gateway.yaml", yaml)}) {
            command.push_back(word);
        }
        process_ = std::make_unique<Process>(
            command, Process::Options{.environment = std::move(options.environment),
                                      .output_file = log_,
                                      .listeners = std::move(options.listeners)});
        port_ = wait_for_port("\"listening\"");
        admin_port_ = wait_for_port("\"admin listening\"");
    }
    RunningGateway(const std::string& binary, const std::string& yaml)
        : RunningGateway(binary, yaml, Options{}) {}

    std::uint16_t port() const { return port_; }
    std::uint16_t admin_port() const { return admin_port_; }
    Process& process() { return *process_; }
    void replace(const std::string& yaml) const { folder_.write("gateway.yaml", yaml); }
    std::string log() const {
        std::ifstream file(log_);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    std::size_t resident_bytes() const {
        std::ifstream statm(proc("statm"));
        std::size_t all = 0;
        std::size_t resident = 0;
        statm >> all >> resident;
        return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    }
    // The process has made itself unreadable to everybody but root.
    bool shows_descriptors() const {
        std::error_code refused;
        return std::filesystem::directory_iterator(proc("fd"), refused) !=
               std::filesystem::directory_iterator();
    }
    // Throws where it does not.
    std::size_t descriptors() const {
        const std::filesystem::directory_iterator all(proc("fd"));
        return static_cast<std::size_t>(std::distance(begin(all), end(all)));
    }
    // User and system time.
    std::chrono::milliseconds cpu_time() const {
        std::ifstream stat(proc("stat"));
        std::string text{std::istreambuf_iterator<char>(stat), {}};
        text.erase(0, text.rfind(')') + 2);  // fields from the third on; times are 14 and 15
        std::size_t at = 0;
        for (int field = 3; field < 14; ++field) at = text.find(' ', at) + 1;
        long user = 0;
        long system = 0;
        const char* const last = text.data() + text.size();
        const char* const next = std::from_chars(text.data() + at, last, user).ptr;
        std::from_chars(next + 1, last, system);
        return std::chrono::milliseconds((user + system) * 1000 / ::sysconf(_SC_CLK_TCK));
    }

private:
    std::string proc(const char* what) const {
        return "/proc/" + std::to_string(process_->pid()) + "/" + what;
    }
    std::uint16_t wait_for_port(std::string_view event) const {
        constexpr std::string_view before = "127.0.0.1:";
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (std::chrono::steady_clock::now() < end) {
            const std::string text = log();
            const auto line = text.find(event);
            const auto line_end = line == text.npos ? text.npos : text.find('\n', line);
            if (line_end != text.npos) {
                const auto address = text.find(before, line) + before.size();
                std::uint16_t port = 0;
                std::from_chars(text.data() + address, text.data() + line_end, port);
                return port;
            }
            ::usleep(5'000);
        }
        throw std::runtime_error("the gateway did not start: " + process_->errors());
    }

    TemporaryFolder folder_{};
    std::string log_;
    std::unique_ptr<Process> process_{};
    std::uint16_t port_ = 0;
    std::uint16_t admin_port_ = 0;
};

}  // namespace bearergate::test
