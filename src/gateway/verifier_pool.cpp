#include <bearergate/gateway/verifier_pool.hpp>
#include <bearergate/gateway/verifier_set.hpp>

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace bearergate::gateway {

struct VerifierPool::State {
    void run();
    void stop();

    std::size_t most_queued = 0;
    std::mutex mutex;
    std::condition_variable changed;
    std::unique_ptr<std::deque<Job>> queue =
        std::make_unique<std::deque<Job>>();  // null at the end
    bool stopping = false;
    std::vector<std::thread> threads{};
};

void VerifierPool::State::run() {
    VerifierSet verifiers;
    for (;;) {
        std::unique_lock lock(mutex);
        changed.wait(lock, [this] { return stopping || !queue->empty(); });
        if (stopping) return;
        Job job = std::move(queue->front());
        queue->pop_front();
        lock.unlock();
        try {
            const bool valid =
                verifiers.verify(job.key, job.algorithm, job.signed_text, job.signature);
            job.done(valid);
        } catch (const std::exception&) {
            // Out of memory: no verdict. Whoever waits is refused when its patience is over.
        }
    }
}

void VerifierPool::State::stop() {
    std::unique_ptr<std::deque<Job>> dropped;
    {
        const std::scoped_lock lock(mutex);
        stopping = true;
        dropped = std::move(queue);
    }
    dropped.reset();
    changed.notify_all();
    for (std::thread& thread : threads) thread.join();
}

VerifierPool::VerifierPool(std::size_t threads, std::size_t queue)
    : state_(std::make_unique<State>()) {
    state_->most_queued = queue;
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
    {
        const std::scoped_lock lock(state_->mutex);
        if (state_->queue->size() >= state_->most_queued) return false;
        state_->queue->push_back(std::move(job));
    }
    state_->changed.notify_one();
    return true;
}

std::size_t VerifierPool::queued() const {
    const std::scoped_lock lock(state_->mutex);
    return state_->queue->size();
}

}  // namespace bearergate::gateway
