#include <bearergate/gateway/observer.hpp>
#include <bearergate/net/operation_room.hpp>

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

namespace bearergate::gateway {

namespace {

void add(Authenticator::Figures& to, const Authenticator::Figures& from) {
    to.hits += from.hits;
    to.misses += from.misses;
    to.evictions += from.evictions;
    to.entries += from.entries;
    to.waiting += from.waiting;
}

// Of one worker, counted by the routes of `snapshot`. It may be a reload behind.
void add(Observation& all, const Worker::Figures& worker) {
    Counters counters = worker.counters;
    if (worker.snapshot != all.snapshot) {
        counters.turn_to(all.snapshot->policy, worker.snapshot->policy);
    }
    all.counters += counters;
    add(all.tokens, worker.tokens);
    all.idle_upstream_connections += worker.idle_upstream_connections;
}

}  // namespace

struct Observer::State : std::enable_shared_from_this<State> {
    struct Desk {  // one worker's
        Ask ask{};
        bool is_asked = false;
        std::optional<Worker::Figures> last{};
    };

    // An open question. A worker that forgets it, for want of memory, must not count as silent
    // for ever.
    struct Question {
        Question(std::weak_ptr<State> by, boost::asio::io_context& its_loop, std::size_t its_desk)
            : asker(std::move(by)), loop(its_loop), desk(its_desk) {}
        Question(const Question&) = delete;
        Question& operator=(const Question&) = delete;
        ~Question() {
            if (is_answered) return;
            boost::asio::post(
                loop, boost::asio::bind_allocator(room->allocator(),
                                                  [room = room, asker = asker, desk = desk] {
                                                      const auto self = asker.lock();
                                                      if (self) self->answered(desk, std::nullopt);
                                                  }));
        }
        void answer(Worker::Figures figures) {
            boost::asio::post(loop,
                              [asker = asker, desk = desk, figures = std::move(figures)]() mutable {
                                  const auto self = asker.lock();
                                  if (self) self->answered(desk, std::move(figures));
                              });
            is_answered = true;
        }
        const std::shared_ptr<net::OperationRoom> room = std::make_shared<net::OperationRoom>();
        std::weak_ptr<State> asker;
        boost::asio::io_context& loop;
        std::size_t desk;
        bool is_answered = false;
    };

    State(boost::asio::io_context& io, AddRest add_what_else, std::chrono::milliseconds how_long)
        : loop(io), timer(io), add_rest(std::move(add_what_else)), patience(how_long) {}

    void begin();
    void ask(std::size_t desk);
    void answered(std::size_t desk, std::optional<Worker::Figures> figures);
    void end();
    std::size_t open_questions() const {
        return static_cast<std::size_t>(std::ranges::count(desks, true, &Desk::is_asked));
    }

    boost::asio::io_context& loop;
    boost::asio::steady_timer timer;
    AddRest add_rest;
    std::chrono::milliseconds patience;
    std::vector<Desk> desks{};
    std::vector<TakeObservation> waiting{};
    std::uint64_t round = 0;
};

void Observer::State::begin() {
    for (std::size_t i = 0; i < desks.size(); ++i) {
        if (!desks[i].is_asked) ask(i);
    }
    timer.expires_after(patience);
    // What is cancelled may be on its way already.
    timer.async_wait([weak = weak_from_this(), number = ++round](const auto& error) {
        const auto self = weak.lock();
        if (!error && self && number == self->round) self->end();
    });
}

void Observer::State::ask(std::size_t desk) {
    const auto question = std::make_shared<Question>(weak_from_this(), loop, desk);
    desks[desk].is_asked = true;
    desks[desk].ask([question](Worker::Figures figures) { question->answer(std::move(figures)); });
}

void Observer::State::answered(std::size_t desk, std::optional<Worker::Figures> figures) {
    desks[desk].is_asked = false;
    if (figures) desks[desk].last = std::move(figures);
    if (open_questions() == 0) end();
}

void Observer::State::end() {
    if (waiting.empty()) return;  // the last answer came too late
    timer.cancel();
    ++round;
    auto takers = std::exchange(waiting, {});
    const auto observation = std::make_shared<Observation>();
    add_rest(*observation);
    observation->workers = desks.size();
    observation->silent_workers = open_questions();
    observation->counters.routes.resize(observation->snapshot->policy.routes.size());
    for (const Desk& desk : desks) {
        if (desk.last) add(*observation, *desk.last);
        observation->refusals.push_back(desk.last ? desk.last->refusals : nullptr);
    }
    for (TakeObservation& take : takers) {
        try {
            take(observation);
        } catch (const std::exception&) {
            // For want of memory: that one's loss.
        }
    }
}

Observer::Observer(boost::asio::io_context& control, std::vector<Ask> workers, AddRest add_rest,
                   std::chrono::milliseconds patience)
    : state_(std::make_shared<State>(control, std::move(add_rest), patience)) {
    for (Ask& ask : workers) state_->desks.push_back({.ask = std::move(ask)});
}

Observer::~Observer() = default;

void Observer::observe(TakeObservation take) {
    State& state = *state_;
    state.waiting.push_back(std::move(take));
    if (state.waiting.size() > 1) return;
    try {
        state.begin();
    } catch (const std::exception&) {
        state.waiting.clear();
        throw;
    }
}

}  // namespace bearergate::gateway
