#include <bearergate/gateway/log_writer.hpp>

#include <fmt/format.h>
#include <poll.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace bearergate::gateway {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// How long records may lie in their rings. A ring must hold what comes meanwhile.
constexpr milliseconds busy_pause{5};
constexpr milliseconds idle_pause{50};
constexpr std::size_t most_events = 1024;  // that wait for the sink
constexpr std::size_t batch_bytes = 32 * 1024;
constexpr std::chrono::seconds drop_report_interval{1};

// spdlog's own sink for stdout does not say when a write fails.
class StdoutSink : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
public:
    // How many lines of what came last could not be written whole.
    std::size_t lost() const { return lost_; }

private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t formatted;
        formatter_->format(message, formatted);
        const std::string_view lines(formatted.data(), formatted.size());
        lost_ = static_cast<std::size_t>(std::ranges::count(lines, '\n'));
        // The line after half a line is to be one of its own.
        if (is_within_a_line_) end_line();
        write(lines);
    }
    void end_line() {
        const std::size_t lines = lost_;
        write("\n");
        lost_ = lines;
    }
    void write(std::string_view rest) {
        while (!rest.empty()) {
            const ssize_t n = ::write(STDOUT_FILENO, rest.data(), rest.size());
            if (n > 0) {
                const std::string_view written = rest.substr(0, static_cast<std::size_t>(n));
                lost_ -= static_cast<std::size_t>(std::ranges::count(written, '\n'));
                is_within_a_line_ = written.back() != '\n';
                rest.remove_prefix(written.size());
            } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
                // Somebody who shares the terminal or pipe has made it so.
                pollfd until{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
                ::poll(&until, 1, -1);
            } else if (n == 0 || errno != EINTR) {
                spdlog::throw_spdlog_ex("stdout", errno);
            }
        }
    }
    void flush_() override {}

    std::size_t lost_ = 0;
    bool is_within_a_line_ = false;
};

// Lines on their way to the sink: one by one, or to stdout as many as make a good write.
class Sink {
public:
    explicit Sink(std::function<void(const std::string&)> take) : take_(std::move(take)) {
        if (take_) return;
        const auto sink = std::make_shared<StdoutSink>();
        stdout_ = std::make_unique<spdlog::logger>("bearergate", sink);
        stdout_->set_pattern("%v");
        // A closed pipe or a full disk must not end the process.
        stdout_->set_error_handler([this, sink](const std::string&) { lost_ += sink->lost(); });
    }
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;

    void line(const std::string& text) {
        if (take_) return take_(text);
        if (!batch_.empty()) batch_ += '\n';
        batch_ += text;
        if (batch_.size() >= batch_bytes) flush();
    }
    void flush() {
        if (batch_.empty()) return;
        stdout_->log(spdlog::level::info, spdlog::string_view_t(batch_.data(), batch_.size()));
        batch_.clear();
    }
    // How many lines could not be written since this was asked last.
    std::size_t take_lost() { return std::exchange(lost_, 0); }

private:
    std::function<void(const std::string&)> take_;
    std::unique_ptr<spdlog::logger> stdout_{};
    std::string batch_{};
    std::size_t lost_ = 0;
};

}  // namespace

struct LogWriter::State {
    State(const config::Logging& with, std::function<void(const std::string&)> to)
        : sink(std::move(to)), settings(with) {}

    void run();
    bool write_all(bool is_last);
    bool is_stopping();
    config::Logging current_settings();
    bool write_events();   // true when there were some
    bool write_records();  // likewise
    std::size_t ring_count();
    bool next_record(std::size_t ring, std::string& line);  // none: false; not wanted: ""
    void report_drops(bool at_end);
    void add_dropped(std::size_t lines);
    std::uint64_t count_dropped();

    Sink sink;  // of the log thread
    std::uint64_t told_dropped = 0;
    steady_clock::time_point last_report{};

    std::mutex mutex;  // for all below
    std::condition_variable changed;
    config::Logging settings;
    std::deque<std::string> events{};
    std::uint64_t dropped_lines = 0;  // on their way from here, or events that found no place
    std::vector<AccessRing*> rings{};
    std::uint64_t dropped_of_former_rings = 0;
    bool started = false;
    bool stopping = false;
    bool finished = false;
    std::thread thread{};
};

void LogWriter::State::run() {
    for (;;) {
        // Asked before looking: whatever was pushed before stop() is then seen by this round.
        const bool is_last = is_stopping();
        const bool busy = write_all(is_last);
        std::unique_lock lock(mutex);
        if (is_last && !busy) {
            finished = true;
            changed.notify_all();
            return;
        }
        // Records wake nobody: a worker must not pay a system call per line.
        const auto must_go_on = [this] { return stopping || !events.empty(); };
        changed.wait_for(lock, busy ? busy_pause : idle_pause, must_go_on);
    }
}

// True when there was something. A line that there is no memory for is dropped, like one that the
// sink was too slow for.
bool LogWriter::State::write_all(bool is_last) {
    bool wrote_events = false;
    bool wrote_records = false;
    try {
        wrote_events = write_events();
        wrote_records = write_records();
        sink.flush();
        add_dropped(sink.take_lost());
        report_drops(is_last);
    } catch (const std::exception&) {
        add_dropped(1);
    }
    return wrote_events || wrote_records;
}

void LogWriter::State::add_dropped(std::size_t lines) {
    const std::scoped_lock lock(mutex);
    dropped_lines += lines;
}

bool LogWriter::State::is_stopping() {
    const std::scoped_lock lock(mutex);
    return stopping;
}

config::Logging LogWriter::State::current_settings() {
    const std::scoped_lock lock(mutex);
    return settings;
}

bool LogWriter::State::write_events() {
    {
        const std::scoped_lock lock(mutex);
        if (events.empty()) return false;
    }
    std::deque<std::string> lines;
    {
        const std::scoped_lock lock(mutex);
        lines.swap(events);
    }
    for (const std::string& line : lines) sink.line(line);
    return true;
}

// Takes turns between the rings, and ends now and then to let events through.
bool LogWriter::State::write_records() {
    constexpr int most_rounds = 256;
    std::string line;
    for (int round = 0; round < most_rounds; ++round) {
        bool any = false;
        for (std::size_t ring = 0; ring < ring_count(); ++ring) {
            line.clear();
            if (!next_record(ring, line)) continue;
            any = true;
            if (!line.empty()) sink.line(line);
        }
        if (!any) return round > 0;
    }
    return true;
}

std::size_t LogWriter::State::ring_count() {
    const std::scoped_lock lock(mutex);
    return rings.size();
}

// The lock keeps stop() from giving the rings back in the middle; no worker ever takes it.
bool LogWriter::State::next_record(std::size_t ring, std::string& line) {
    struct Into {
        const config::Logging& settings;
        std::string& line;
    } into{settings, line};
    const std::scoped_lock lock(mutex);
    if (ring >= rings.size()) return false;
    return rings[ring]->pop(
        [](const AccessRecord& record, void* context) {
            const auto& [with, out] = *static_cast<Into*>(context);
            if (wants(with.access, record)) format_access(out, with.format, record);
        },
        &into);
}

std::uint64_t LogWriter::State::count_dropped() {
    const std::scoped_lock lock(mutex);
    std::uint64_t count = dropped_lines + dropped_of_former_rings;
    for (const AccessRing* ring : rings) count += ring->dropped();
    return count;
}

void LogWriter::State::report_drops(bool at_end) {
    const std::uint64_t count = count_dropped();
    const auto now = steady_clock::now();
    if (count == told_dropped || (!at_end && now - last_report < drop_report_interval)) return;
    const std::string lines = fmt::format("{}", count - told_dropped);
    const LogField fields[] = {{"lines", lines}};
    std::string line;
    format_event(line, current_settings().format, std::chrono::system_clock::now(),
                 config::LogLevel::warning, "log lines were dropped", fields);
    last_report = now;
    sink.line(line);
    sink.flush();
    if (sink.take_lost() == 0) told_dropped = count;
}

LogWriter::LogWriter(const config::Logging& settings,
                     std::function<void(const std::string& line)> sink)
    : state_(std::make_shared<State>(settings, std::move(sink))) {}

LogWriter::~LogWriter() {
    stop();
}

void LogWriter::start() {
    const std::scoped_lock lock(state_->mutex);
    if (std::exchange(state_->started, true)) return;
    // The thread has its share of the state: a blocked sink may outlive the writer.
    state_->thread = std::thread([state = state_] { state->run(); });
}

void LogWriter::use(const config::Logging& settings) {
    const std::scoped_lock lock(state_->mutex);
    state_->settings = settings;
}

void LogWriter::add(AccessRing& ring) {
    const std::scoped_lock lock(state_->mutex);
    state_->rings.push_back(&ring);
}

void LogWriter::event(config::LogLevel level, std::string_view message,
                      std::initializer_list<LogField> fields) {
    try {
        const config::Logging settings = state_->current_settings();
        if (level < settings.level) return;
        std::string line;
        format_event(line, settings.format, std::chrono::system_clock::now(), level, message,
                     fields);
        const std::scoped_lock lock(state_->mutex);
        if (!state_->stopping && state_->events.size() < most_events) {
            state_->events.push_back(std::move(line));
            state_->changed.notify_all();
            return;
        }
    } catch (const std::exception&) {
        // For want of memory.
    }
    state_->add_dropped(1);
}

void LogWriter::stop(milliseconds patience) {
    std::unique_lock lock(state_->mutex);
    state_->stopping = true;
    state_->changed.notify_all();
    if (state_->thread.joinable()) {
        std::thread thread = std::move(state_->thread);
        if (state_->changed.wait_for(lock, patience, [this] { return state_->finished; })) {
            lock.unlock();
            thread.join();
            lock.lock();
        } else {
            thread.detach();
        }
    }
    for (const AccessRing* ring : state_->rings) {
        state_->dropped_of_former_rings += ring->dropped();
    }
    state_->rings.clear();
}

std::uint64_t LogWriter::dropped() const {
    return state_->count_dropped();
}

}  // namespace bearergate::gateway
