// `bearergate ready`, the real binary, against admin listeners of all moods.

#include <bearergate/gateway/admin.hpp>

#include "support/loop.hpp"
#include "support/process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace bearergate::test {
namespace {

using testing::HasSubstr;

class ReadyCommand : public testing::Test {
protected:
    ~ReadyCommand() override { loop_.stop(); }
    void SetUp() override {
        config::Admin config;
        config.listen = {.text = "127.0.0.1:0", .host = "127.0.0.1"};
        admin_ = std::make_unique<gateway::Admin>(
            loop_.io(), config, gateway::Admin::Sources{.readiness = [this] { return now_; }});
        admin_->start();
        loop_.start();
    }
    static Outcome ask(const std::string& address) {
        return run({BEARERGATE_BINARY, "ready", "--admin", address});
    }

    gateway::Readiness now_{};
    Loop loop_{};
    std::unique_ptr<gateway::Admin> admin_{};
};

TEST_F(ReadyCommand, IsZeroForAReadyGatewayAndOneForAnother) {
    const std::string address = "127.0.0.1:" + std::to_string(admin_->port());
    EXPECT_EQ(ask(address).code, 0);
    EXPECT_EQ(ask("localhost:" + std::to_string(admin_->port())).code, 0);
    loop_.on([this] { now_.issuers_without_keys = {"logto"}; });
    const Outcome outcome = ask(address);
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.errors, HasSubstr("logto"));
}

TEST_F(ReadyCommand, IsOneWhenNobodyAnswers) {
    const std::string address = "127.0.0.1:" + std::to_string(admin_->port());
    loop_.on([this] { admin_->stop(); });
    EXPECT_EQ(ask(address).code, 1);
    EXPECT_EQ(ask("unix:/no/such/socket").code, 1);
}

TEST_F(ReadyCommand, IsTwoForSomethingThatIsNoAddress) {
    const std::string too_long = "unix:/" + std::string(107, 'x');
    for (const std::string address :
         {"localhost", "127.0.0.1", "127.0.0.1:99999", "unix:", "x:y:z", too_long.c_str()}) {
        SCOPED_TRACE(address);
        const Outcome outcome = ask(address);
        EXPECT_EQ(outcome.code, 2);
        EXPECT_EQ(outcome.output, "");
    }
}

}  // namespace
}  // namespace bearergate::test
