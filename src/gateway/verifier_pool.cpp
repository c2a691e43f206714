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

VerifierPool::VerifierPool(std::size_t threads, std::size_t queue)
    : state_(std::make_unique<State>()) {
    state_->most_queued = queue;
    for (std::size_t i = 0; i < threads; ++i) {
        state_->threads.emplace_back([state = state_.get()] { state->run(); });
    }
}

VerifierPool::~VerifierPool() {
    std::unique_ptr<std::deque<Job>> dropped;
    {
        const std::scoped_lock lock(state_->mutex);
        state_->stopping = true;
        dropped = std::move(state_->queue);
    }
    dropped.reset();
    state_->changed.notify_all();
    for (std::thread& thread : state_->threads) thread.join();
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
