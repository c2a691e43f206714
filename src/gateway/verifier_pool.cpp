#include <bearergate/gateway/verifier_pool.hpp>
#include <bearergate/gateway/verifier_set.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <cassert>
#include <condition_variable>
#include <exception>
#include <iterator>
#include <thread>
#include <utility>
#include <vector>

namespace bearergate::gateway {

namespace {

using Job = VerifierPool::Job;
using Jobs = VerifierPool::Jobs;

// Jobs of one thread that are done and not given back yet. A worker that is rung for wakes up, and
// where there is no other CPU it takes that of the thread which rang: told one by one, verdicts
// cost five further switches between threads, 4 % of an ES384 verification.
class Finished {
public:
    void add(Jobs& job) { jobs_.splice(jobs_.end(), job); }
    bool empty() const { return jobs_.empty(); }
    // While others wait behind them: as many as a quarter of those. What that adds to anybody's
    // wait is little beside a queue, and at most what eight verifications take.
    bool are_enough(std::size_t waiting_per_thread) const {
        constexpr std::size_t most = 8;
        return jobs_.size() >= std::min(waiting_per_thread / 4, most);
    }
    void give_back();

private:
    Jobs jobs_{};
};

void Finished::give_back() {
    while (!jobs_.empty()) {
        const auto tray = jobs_.front().tray;
        Jobs same;
        for (auto place = jobs_.begin(); place != jobs_.end();) {
            const auto here = place++;
            if (here->tray != tray) continue;
            here->tray = nullptr;  // a tray is not to keep itself
            same.splice(same.end(), jobs_, here);
        }
        tray->put(std::move(same));
    }
}

// Whoever has something else to do comes first: a thread that verifies for as long as there is a
// queue would have requests with known tokens wait until its turn is over. So it is nicer than they
// are, and offers its turn after each job. Their p99 beside a full queue, all on one CPU: 1.6 ms,
// and 0.6 ms with the offers. (Beside a worker that is never idle, 64 tokens at a time wait 0.6 s
// for it, with two steps more 0.9 s, with three longer than the queue may stand.) Of this thread
// alone, on Linux.
void let_others_go_first() {
    constexpr int niceness = 10;
    setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + niceness);
}

void verify(VerifierSet& verifiers, Job& job) {
    try {
        job.valid = verifiers.verify(job.key, job.algorithm, job.signed_text, job.signature);
    } catch (const std::exception&) {
        // Out of memory: no verdict.
    }
}

}  // namespace

// ---- The pool

struct VerifierPool::State {
    void run();
    void stop();

    std::size_t most_queued = 0;
    std::chrono::milliseconds patience{};
    std::size_t thread_count = 0;  // also while they are being made
    std::mutex mutex;
    std::condition_variable changed;
    Jobs queue{};
    bool stopping = false;
    std::vector<std::thread> threads{};
};

void VerifierPool::State::run() {
    let_others_go_first();
    VerifierSet verifiers;
    Finished finished;
    for (;;) {
        std::unique_lock lock(mutex);
        if (!finished.empty() && finished.are_enough(queue.size() / thread_count)) {
            lock.unlock();
            finished.give_back();
            lock.lock();
        }
        changed.wait(lock, [this] { return stopping || !queue.empty(); });
        if (stopping) return;
        Jobs job;
        job.splice(job.begin(), queue, queue.begin());
        lock.unlock();
        verify(verifiers, job.front());
        finished.add(job);
        std::this_thread::yield();
    }
}

void VerifierPool::State::stop() {
    Jobs dropped;
    {
        const std::scoped_lock lock(mutex);
        stopping = true;
        dropped.swap(queue);
    }
    dropped.clear();
    changed.notify_all();
    for (std::thread& thread : threads) thread.join();
}

VerifierPool::VerifierPool(std::size_t threads, std::size_t queue,
                           std::chrono::milliseconds patience)
    : state_(std::make_unique<State>()) {
    state_->most_queued = queue;
    state_->patience = patience;
    state_->thread_count = threads;
    try {
        for (std::size_t i = 0; i < threads; ++i) {
            state_->threads.emplace_back([state = state_.get()] { state->run(); });
        }
    } catch (const std::exception&) {
        // Those that there are must not outlive what they run in.
        state_->stop();
        throw;
    }
}

VerifierPool::~VerifierPool() {
    state_->stop();
}

bool VerifierPool::submit(Job job) {
    assert(job.tray);
    const auto now = std::chrono::steady_clock::now();
    Jobs one;
    one.push_back(std::move(job));
    one.front().queued = now;
    {
        const std::scoped_lock lock(state_->mutex);
        const Jobs& queue = state_->queue;
        if (queue.size() >= state_->most_queued) return false;
        if (!queue.empty() && now - queue.front().queued > state_->patience) return false;
        state_->queue.splice(state_->queue.end(), one);
    }
    state_->changed.notify_one();
    return true;
}

std::size_t VerifierPool::queued() const {
    const std::scoped_lock lock(state_->mutex);
    return state_->queue.size();
}

// ---- The tray

void VerifierPool::Tray::put(Jobs done) {
    {
        const std::scoped_lock lock(mutex_);
        done_.splice(done_.end(), done);
    }
    // Not under the mutex of take(): who is rung for would come and meet it.
    ring();
}

VerifierPool::Jobs VerifierPool::Tray::take(std::size_t most) {
    Jobs some;
    bool are_all = false;
    {
        const std::scoped_lock lock(mutex_);
        are_all = done_.size() <= most;
        const auto end =
            are_all ? done_.end() : std::next(done_.begin(), static_cast<std::ptrdiff_t>(most));
        some.splice(some.end(), done_, done_.begin(), end);
    }
    if (!are_all) ring();
    return some;
}

void VerifierPool::Tray::ring() {
    const std::scoped_lock lock(bell_mutex_);
    if (ring_) ring_();
}

void VerifierPool::Tray::close() {
    const std::scoped_lock lock(bell_mutex_);
    ring_ = nullptr;
}

}  // namespace bearergate::gateway
