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
#include <optional>
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

// Takes lines that have their ends. spdlog's own sink for stdout does not say when a write fails.
class StdoutSink : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
public:
    // How many lines could not be written whole since this was asked last.
    std::size_t take_lost() { return std::exchange(lost_, 0); }

private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        std::string_view rest(message.payload.data(), message.payload.size());
        // The line after half a line is to be one of its own. A closed pipe or a full disk must
        // not end the process.
        if (!is_within_a_line_ || write("\n").empty()) rest = write(rest);
        lost_ += static_cast<std::size_t>(std::ranges::count(rest, '\n'));
    }
    void flush_() override {}

    // Gives what could not be written.
    std::string_view write(std::string_view rest) {
        while (!rest.empty()) {
            const ssize_t n = ::write(STDOUT_FILENO, rest.data(), rest.size());
            if (n > 0) {
                const auto written = static_cast<std::size_t>(n);
                is_within_a_line_ = rest[written - 1] != '\n';
                rest.remove_prefix(written);
            } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
                // Somebody who shares the terminal or pipe has made it so.
                pollfd until{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
                ::poll(&until, 1, -1);
            } else if (n == 0 || errno != EINTR) {
                break;
            }
        }
        return rest;
    }

    std::size_t lost_ = 0;
    bool is_within_a_line_ = false;
};

// Lines on their way to the sink: to stdout as many as make a good write.
class Sink {
public:
    explicit Sink(std::function<void(const std::string&)> take) : take_(std::move(take)) {}

    // `append` makes the line, where those before it are.
    template <typename Append>
    void line(const Append& append) {
        const std::size_t before = batch_.size();
        try {
            append(batch_);
            batch_ += '\n';
        } catch (...) {
            batch_.resize(before);
            throw;
        }
    }
    bool has_a_good_write() const { return batch_.size() >= batch_bytes; }
    void flush() {
        if (batch_.empty()) return;
        if (take_) return hand_out();
        stdout_.log(spdlog::level::info, spdlog::string_view_t(batch_.data(), batch_.size()));
        batch_.clear();
    }
    // How many lines could not be written since this was asked last.
    std::size_t take_lost() { return to_stdout_->take_lost() + std::exchange(not_taken_, 0); }

private:
    void hand_out() {
        const std::string lines = std::exchange(batch_, {});
        for (std::size_t begin = 0; begin < lines.size();) {
            const std::size_t end = lines.find('\n', begin);
            try {
                take_(lines.substr(begin, end - begin));
            } catch (const std::exception&) {
                ++not_taken_;
            }
            begin = end + 1;
        }
    }

    const std::function<void(const std::string&)> take_;
    const std::shared_ptr<StdoutSink> to_stdout_ = std::make_shared<StdoutSink>();
    spdlog::logger stdout_{"bearergate", to_stdout_};
    std::string batch_{};
    std::size_t not_taken_ = 0;
};

}  // namespace

struct LogWriter::State {
    State(const config::Logging& with, std::function<void(const std::string&)> to)
        : sink(std::move(to)), settings(with) {}

    void run();
    bool write_all(bool is_last);
    bool is_stopping();
    config::Logging current_settings();
    bool write_events();                                        // true when there were some
    bool write_records();                                       // likewise
    std::optional<std::size_t> take_records(std::size_t ring);  // nullopt: there is no such ring
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
    bool wrote = false;
    try {
        wrote = write_events();
        wrote = write_records() || wrote;
    } catch (const std::exception&) {
        add_dropped(1);
        wrote = true;
    }
    sink.flush();
    add_dropped(sink.take_lost());
    try {
        report_drops(is_last);
    } catch (const std::exception&) {
        // They are still to be told of.
    }
    return wrote;
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
    for (const std::string& text : lines) {
        sink.line([&text](std::string& out) { out += text; });
        if (sink.has_a_good_write()) sink.flush();
    }
    return true;
}

// Takes turns between the rings, and ends now and then to let events through.
bool LogWriter::State::write_records() {
    constexpr int most_rounds = 32;
    for (int round = 0; round < most_rounds; ++round) {
        bool any = false;
        std::size_t ring = 0;
        while (const auto count = take_records(ring++)) {
            any = any || *count > 0;
            if (sink.has_a_good_write()) sink.flush();
        }
        if (!any) return round > 0;
    }
    return true;
}

// The lock keeps stop() from giving the rings back in the middle. Who tells of an event waits for
// it: hence no more than a few records at once, and no write.
std::optional<std::size_t> LogWriter::State::take_records(std::size_t ring) {
    constexpr std::size_t most_at_once = 8;
    const std::scoped_lock lock(mutex);
    if (ring >= rings.size()) return std::nullopt;
    return rings[ring]->pop(
        most_at_once,
        [](const AccessRecord& record, void* context) {
            State& self = *static_cast<State*>(context);
            const config::Logging& with = self.settings;
            if (!wants(with.access, record)) return;
            self.sink.line([&](std::string& out) { format_access(out, with.format, record); });
        },
        this);
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
    const config::LogFormat format = current_settings().format;
    sink.line([&](std::string& out) {
        format_event(out, format, std::chrono::system_clock::now(), config::LogLevel::warning,
                     "log lines were dropped", fields);
    });
    last_report = now;
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
