#pragma once

#include "support/running_gateway.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <thread>

namespace bearergate::test {

// A gateway whose allocations fail when its test says so; for executables that are given
// STARVING_BINARY.
class Starving : public testing::Test {
protected:
    using Clock = std::chrono::steady_clock;

    // What the program itself says of a failure: it may have ended.
    void TearDown() override {
        if (!HasFailure()) return;
        gateway_->process().signal(SIGTERM);
        const int code = gateway_->process().wait(std::chrono::seconds(5));
        const std::string log = gateway_->log();
        ADD_FAILURE() << "it ended with " << code << " and said "
                      << log.substr(log.size() - std::min<std::size_t>(log.size(), 4000))
                      << gateway_->process().errors();
    }
    // As if each n-th allocation failed; 0 for none.
    void starve(int every) const { gateway_->process().signal(SIGRTMIN + every); }
    static bool comes(int status, const auto& what) {
        const auto end = Clock::now() + std::chrono::seconds(15);
        while (what() != status) {
            if (Clock::now() > end) return false;
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        return true;
    }
    // The claims of a token that is good for ten minutes from now, to go on behind these.
    static std::string issued_now() {
        const auto now = std::chrono::duration_cast<std::chrono::seconds>(
                             std::chrono::system_clock::now().time_since_epoch())
                             .count();
        return R"("iat":)" + std::to_string(now) + R"(,"exp":)" + std::to_string(now + 600);
    }

    std::unique_ptr<RunningGateway> gateway_{};
};

}  // namespace bearergate::test
