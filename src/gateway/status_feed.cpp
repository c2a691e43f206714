#include <bearergate/gateway/status_feed.hpp>
#include <bearergate/gateway/status_history.hpp>
#include <bearergate/gateway/status_json.hpp>
#include <bearergate/net/alarm.hpp>

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

namespace bearergate::gateway {

namespace {

std::shared_ptr<const std::string> event_of(const StatusHistory& history, bool whole) {
    return std::make_shared<const std::string>("data: " + status_json(history, whole) + "\n\n");
}

}  // namespace

struct StatusFeed::State : std::enable_shared_from_this<State> {
    State(boost::asio::io_context& control, Observe its_observe,
          std::chrono::milliseconds its_period)
        : alarm(control, [this] { tick(); }), observe(std::move(its_observe)), period(its_period) {}

    void tick();
    void took(std::shared_ptr<const Observation> seen);
    void drop_lost_readers() {
        std::erase_if(streams, [](const net::EventStream& one) { return !one.has_reader(); });
    }

    net::Alarm alarm;
    Observe observe;
    std::chrono::milliseconds period;
    StatusHistory history{};
    std::vector<net::EventStream> streams{};
    std::uint64_t run = 0;  // which start() it is in; what belongs to another is too late
    bool runs = false;
};

void StatusFeed::State::tick() {
    alarm.set(period);
    try {
        observe([weak = weak_from_this(), number = run](std::shared_ptr<const Observation> seen) {
            const auto self = weak.lock();
            if (self && self->runs && number == self->run) self->took(std::move(seen));
        });
    } catch (const std::exception&) {
        // For want of memory: there is a gap in what the page shows.
    }
}

void StatusFeed::State::took(std::shared_ptr<const Observation> seen) {
    history.add(std::move(seen));
    drop_lost_readers();
    if (streams.empty()) return;
    const auto event = event_of(history, false);
    for (net::EventStream& stream : streams) stream.offer(event);
}

StatusFeed::StatusFeed(boost::asio::io_context& control, Observe observe,
                       std::chrono::milliseconds period)
    : state_(std::make_shared<State>(control, std::move(observe), period)) {}

StatusFeed::~StatusFeed() {
    stop();
}

void StatusFeed::start() {
    if (std::exchange(state_->runs, true)) return;
    ++state_->run;
    state_->tick();
}

void StatusFeed::stop() {
    state_->runs = false;
    state_->alarm.clear();
    state_->streams.clear();
    state_->history.forget();
}

void StatusFeed::join(net::EventStream stream) {
    if (!state_->runs) return;  // which ends it
    if (state_->history.latest()) stream.offer(event_of(state_->history, true));
    state_->streams.push_back(std::move(stream));
}

std::size_t StatusFeed::pages() const {
    return state_->streams.size();
}

}  // namespace bearergate::gateway
