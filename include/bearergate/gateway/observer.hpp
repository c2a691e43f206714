#pragma once

#include <bearergate/gateway/observation.hpp>
#include <bearergate/gateway/worker.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

namespace bearergate::gateway {

// Asks all workers what they have counted and puts it together, on the control thread. Whoever
// asks while it is at it gets the same answer, and a worker has one question at most before it, so
// that no number of scrapes is a load. A worker that does not answer in time delays nobody
// further: it is represented by what it said last, and no count ever falls for that.
class Observer {
public:
    // Has a worker call `answer`, on its own thread.
    using Answer = std::function<void(Worker::Figures)>;
    using Ask = std::function<void(Answer answer)>;
    // Notes down everything that is not the workers' to say.
    using AddRest = std::function<void(Observation&)>;

    Observer(boost::asio::io_context& control, std::vector<Ask> workers, AddRest add_rest,
             std::chrono::milliseconds patience = std::chrono::seconds(2));
    ~Observer();  // who still waits gets no answer

    void observe(TakeObservation take);

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace bearergate::gateway
