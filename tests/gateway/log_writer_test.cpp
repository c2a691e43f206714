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
#include <new>
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

TEST(LogWriter, ALineThatTheSinkThrowsAtIsCountedAndTheOthersAreNot) {
    std::vector<std::string> lines;
    int calls = 0;
    AccessRing ring(1 << 16);
    LogWriter log({.format = config::LogFormat::logfmt}, [&](const std::string& line) {
        if (++calls == 3) throw std::bad_alloc();
        lines.push_back(line);
    });
    log.add(ring);
    for (int i = 0; i < 20; ++i) ring.push({.path = "/x"});
    log.start();
    log.stop();
    EXPECT_EQ(calls, 21);  // with the one that tells of it
    EXPECT_EQ(std::ranges::count_if(lines, [](const auto& line) { return line.contains("/x"); }),
              19);
    EXPECT_EQ(log.dropped(), 1u);
    ASSERT_FALSE(lines.empty());
    EXPECT_NE(lines.back().find("log lines were dropped"), std::string::npos);
}

TEST(LogWriter, ASinkThatBlocksForGoodDoesNotKeepUsFromStopping) {
    Sink sink;
    sink.block();
    auto ring = std::make_unique<AccessRing>(1 << 16);
    auto log = std::make_unique<LogWriter>(config::Logging{}, sink.taker());
    log->start();
    log->add(*ring);
    ring->push({.path = "/one"});
    ASSERT_TRUE(sink.wait_until_entered());
    ring->push({.path = "/two"});
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

// Standard output is a file that takes so many bytes and no more, until it is let grow.
class LimitedStdout {
public:
    explicit LimitedStdout(rlim_t bytes) {
        std::cout.flush();
        EXPECT_GE(file_, 0);
        ::dup2(file_, STDOUT_FILENO);
        EXPECT_EQ(::getrlimit(RLIMIT_FSIZE, &limit_), 0);
        const rlimit small{.rlim_cur = bytes, .rlim_max = limit_.rlim_max};
        EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    }
    LimitedStdout(const LimitedStdout&) = delete;
    LimitedStdout& operator=(const LimitedStdout&) = delete;
    ~LimitedStdout() {
        let_grow();
        ::dup2(before_, STDOUT_FILENO);
        ::close(before_);
        ::close(file_);
        ::unlink(name_);
        std::signal(SIGXFSZ, xfsz_);
    }
    void let_grow() { ::setrlimit(RLIMIT_FSIZE, &limit_); }
    std::string text() const {
        std::string text(1 << 20, '\0');
        const ssize_t size = ::pread(file_, text.data(), text.size(), 0);
        text.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
        return text;
    }

private:
    char name_[32] = "/tmp/bearergate_log_XXXXXX";
    int before_ = ::dup(STDOUT_FILENO);
    int file_ = ::mkostemp(name_, O_CLOEXEC);
    sighandler_t xfsz_ = std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit_{};
};

TEST(LogWriter, KeepsTheNextLineApartFromOneThatWasCutShort) {
    LimitedStdout out(100);
    LogWriter log({.format = config::LogFormat::logfmt});
    log.start();
    log.event(LogLevel::info, std::string(200, 'a'));
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (log.dropped() < 1 && std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(10ms);
    out.let_grow();
    log.event(LogLevel::info, "whole");
    log.stop();
    const std::string text = out.text();
    EXPECT_EQ(text[100], '\n') << text;
    EXPECT_NE(text.find("message=whole\n"), std::string::npos) << text;
    EXPECT_NE(text.find("lines=1\n"), std::string::npos) << text;
}

TEST(LogWriter, CountsWhatOfManyLinesCannotBeWritten) {
    constexpr std::size_t lines = 500;
    LimitedStdout out(50'000);  // more than is written at once, and less than there is
    AccessRing ring(1 << 20);
    for (std::size_t i = 0; i < lines; ++i) ring.push({.path = "/a/rather/long/path"});
    LogWriter log({.format = config::LogFormat::logfmt});
    log.add(ring);
    log.start();
    log.stop();
    const std::string text = out.text();
    EXPECT_EQ(text.size(), 50'000u);
    const auto written = static_cast<std::size_t>(std::ranges::count(text, '\n'));
    EXPECT_GT(written, 100u);
    EXPECT_EQ(written + log.dropped(), lines);
}

}  // namespace

}  // namespace bearergate::gateway
