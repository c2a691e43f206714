#include <bearergate/gateway/log_writer.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace bearergate::gateway {

namespace {

using namespace std::chrono_literals;
using config::LogLevel;

// Keeps lines, and can be made to block like a pipe that nobody reads.
class Sink {
public:
    std::function<void(const std::string&)> taker() {
        return [this](const std::string& line) {
            std::unique_lock lock(mutex_);
            ++entered_;
            changed_.notify_all();
            changed_.wait(lock, [this] { return !blocked_; });
            lines_.push_back(line);
            changed_.notify_all();
        };
    }
    void block() {
        const std::scoped_lock lock(mutex_);
        blocked_ = true;
    }
    void release() {
        const std::scoped_lock lock(mutex_);
        blocked_ = false;
        changed_.notify_all();
    }
    bool wait_until_entered(int times = 1) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, 20s, [&] { return entered_ >= times; });
    }
    bool wait_for_line(std::string_view word) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, 20s, [&] { return count_locked(word) > 0; });
    }
    int count(std::string_view word) {
        const std::scoped_lock lock(mutex_);
        return count_locked(word);
    }
    std::vector<std::string> lines() {
        const std::scoped_lock lock(mutex_);
        return lines_;
    }

private:
    int count_locked(std::string_view word) const {
        int count = 0;
        for (const std::string& line : lines_) count += line.find(word) != std::string::npos;
        return count;
    }

    std::mutex mutex_{};
    std::condition_variable changed_{};
    bool blocked_ = false;
    int entered_ = 0;
    std::vector<std::string> lines_{};
};

TEST(LogWriter, WritesRecordsOfAllRingsAndEvents) {
    Sink sink;
    AccessRing one(1 << 16);
    AccessRing two(1 << 16);
    LogWriter log({}, sink.taker());
    log.event(LogLevel::info, "starting", {{"version", "1"}});
    log.start();
    log.add(one);
    one.push({.path = "/one"});
    log.add(two);
    two.push({.path = "/two"});
    EXPECT_TRUE(sink.wait_for_line("/one"));
    EXPECT_TRUE(sink.wait_for_line("/two"));
    EXPECT_TRUE(sink.wait_for_line("starting"));
    for (const std::string& line : sink.lines()) {
        EXPECT_TRUE(nlohmann::json::parse(line).contains("time"));
        EXPECT_EQ(line.find('\n'), std::string::npos);
    }
    EXPECT_EQ(log.dropped(), 0u);
}

TEST(LogWriter, StopWritesAllThatWasThere) {
    for (int round = 0; round < 20; ++round) {
        Sink sink;
        AccessRing ring(1 << 20);
        LogWriter log({.format = config::LogFormat::logfmt}, sink.taker());
        log.start();
        log.add(ring);
        for (int i = 0; i < 1000; ++i) ring.push({.path = "/x"});
        log.event(LogLevel::warning, "stopping");
        log.stop();
        EXPECT_EQ(sink.count("path=/x"), 1000);
        EXPECT_EQ(sink.count("message=stopping"), 1);
        ring.push({.path = "/late"});
        log.event(LogLevel::error, "too late");
        log.stop();
        EXPECT_EQ(sink.count("late"), 0);
    }
}

TEST(LogWriter, CanBeToldToWriteOtherwise) {
    Sink sink;
    AccessRing ring(1 << 16);
    LogWriter log({.level = LogLevel::warning, .access = config::AccessLog::off}, sink.taker());
    log.start();
    log.add(ring);
    ring.push({.path = "/before"});
    log.event(LogLevel::info, "quiet");
    log.event(LogLevel::warning, "first");
    ASSERT_TRUE(sink.wait_for_line("first"));
    log.use({.level = LogLevel::info, .format = config::LogFormat::logfmt});
    ring.push({.path = "/after"});
    log.event(LogLevel::info, "loud");
    EXPECT_TRUE(sink.wait_for_line("message=loud"));
    EXPECT_TRUE(sink.wait_for_line("path=/after"));
    EXPECT_EQ(sink.count("quiet"), 0);
}

TEST(LogWriter, WritesOnlyWhatIsWanted) {
    Sink sink;
    AccessRing ring(1 << 16);
    LogWriter log({.level = LogLevel::warning, .access = config::AccessLog::denied}, sink.taker());
    log.start();
    log.add(ring);
    for (int i = 0; i < 50; ++i) {
        ring.push({.path = "/fine", .status = 200});
        ring.push({.path = "/no", .status = 403, .reason = core::Reason::scope_missing});
    }
    log.event(LogLevel::info, "chatter");
    log.event(LogLevel::error, "trouble");
    log.stop();
    EXPECT_EQ(sink.count("/fine"), 0);
    EXPECT_EQ(sink.count("/no"), 50);
    EXPECT_EQ(sink.count("chatter"), 0);
    EXPECT_EQ(sink.count("trouble"), 1);
}

TEST(LogWriter, ABlockedSinkDropsAndCountsAndTellsWhenItRecovers) {
    Sink sink;
    sink.block();
    AccessRing ring(16 * 1024);
    LogWriter log({}, sink.taker());
    log.start();
    log.add(ring);
    ring.push({.path = "/first"});
    ASSERT_TRUE(sink.wait_until_entered());
    for (int i = 0; i < 1000; ++i) ring.push({.path = "/flood"});  // none of this waits
    for (int i = 0; i < 3000; ++i) log.event(LogLevel::info, "event");
    EXPECT_GT(ring.dropped(), 900u);
    EXPECT_EQ(log.dropped(), ring.dropped() + 3000 - 1024);
    sink.release();
    ASSERT_TRUE(sink.wait_for_line("log lines were dropped"));
    log.stop();
    EXPECT_EQ(sink.count("/flood") + static_cast<int>(ring.dropped()), 1000);
    EXPECT_EQ(sink.count("\"event\""), 1024);
    int told = 0;
    for (const std::string& line : sink.lines()) {
        const auto json = nlohmann::json::parse(line);
        if (json["message"] == "log lines were dropped") {
            told += std::stoi(json["lines"].get<std::string>());
            EXPECT_EQ(json["level"], "warning");
        }
    }
    EXPECT_EQ(static_cast<std::uint64_t>(told), log.dropped());
}

TEST(LogWriter, ASinkThatBlocksForGoodDoesNotKeepUsFromStopping) {
    Sink sink;
    sink.block();
    auto ring = std::make_unique<AccessRing>(1 << 16);
    auto log = std::make_unique<LogWriter>(config::Logging{}, sink.taker());
    log->start();
    log->add(*ring);
    ring->push({.path = "/one"});
    ring->push({.path = "/two"});
    ASSERT_TRUE(sink.wait_until_entered());
    log->stop(10ms);
    log.reset();
    ring.reset();  // the log thread must not touch it when it comes back
    sink.release();
    ASSERT_TRUE(sink.wait_for_line("/one"));
    EXPECT_EQ(sink.count("/two"), 0);
}

TEST(LogWriter, GoesToStandardOutputByDefault) {
    testing::internal::CaptureStdout();
    {
        AccessRing ring(1 << 16);
        LogWriter log({.format = config::LogFormat::logfmt});
        log.start();
        log.add(ring);
        ring.push({.path = "/{}%s"});
        ring.push({.path = "/two"});
        log.event(LogLevel::info, "{} %v", {{"a", "b"}});
        log.stop();
    }
    const std::string out = testing::internal::GetCapturedStdout();
    EXPECT_NE(out.find("path=/{}%s "), std::string::npos);
    EXPECT_NE(out.find("message=\"{} %v\" a=b\n"), std::string::npos);
    EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 3);
    EXPECT_TRUE(out.ends_with('\n'));
}

TEST(LogWriter, CountsLinesThatCannotBeWrittenAndTellsWhenTheyCan) {
    std::cout.flush();
    const int before = ::dup(STDOUT_FILENO);
    const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    ASSERT_GE(full, 0);
    ::dup2(full, STDOUT_FILENO);
    ::close(full);
    LogWriter log({.format = config::LogFormat::logfmt});
    log.start();
    for (const char* line : {"one", "two", "three"}) log.event(LogLevel::info, line);
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (log.dropped() < 3 && std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(10ms);
    EXPECT_EQ(log.dropped(), 3U);
    ::dup2(before, STDOUT_FILENO);
    ::close(before);

    testing::internal::CaptureStdout();
    log.event(LogLevel::info, "four");
    log.stop();
    const std::string out = testing::internal::GetCapturedStdout();
    EXPECT_NE(out.find("message=four"), std::string::npos);
    EXPECT_NE(out.find("message=\"log lines were dropped\" lines=3\n"), std::string::npos) << out;
    EXPECT_EQ(log.dropped(), 3U) << "what tells of them is not one of them";
}

TEST(LogWriter, KeepsTheNextLineApartFromOneThatWasCutShort) {
    std::cout.flush();
    const int before = ::dup(STDOUT_FILENO);
    char name[] = "/tmp/bearergate_log_XXXXXX";
    const int file = ::mkostemp(name, O_CLOEXEC);
    ASSERT_GE(file, 0);
    ::dup2(file, STDOUT_FILENO);
    const auto xfsz = std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &limit), 0);
    const rlimit small{.rlim_cur = 100, .rlim_max = limit.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    LogWriter log({.format = config::LogFormat::logfmt});
    log.start();
    log.event(LogLevel::info, std::string(200, 'a'));
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (log.dropped() < 1 && std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(10ms);
    ::setrlimit(RLIMIT_FSIZE, &limit);
    log.event(LogLevel::info, "whole");
    log.stop();
    ::dup2(before, STDOUT_FILENO);
    ::close(before);
    std::signal(SIGXFSZ, xfsz);

    std::string text(4096, '\0');
    text.resize(
        static_cast<std::size_t>(std::max<ssize_t>(::pread(file, text.data(), 4096, 0), 0)));
    ::close(file);
    ::unlink(name);
    EXPECT_EQ(text[100], '\n') << text;
    EXPECT_NE(text.find("message=whole\n"), std::string::npos) << text;
    EXPECT_NE(text.find("lines=1\n"), std::string::npos) << text;
}

}  // namespace

}  // namespace bearergate::gateway
