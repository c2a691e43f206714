#pragma once

#include <bearergate/core/authorize.hpp>
#include <bearergate/gateway/snapshot.hpp>
#include <bearergate/net/deadline.hpp>
#include <bearergate/net/http_question.hpp>

#include <array>
#include <cstddef>
#include <functional>
#include <memory>

namespace bearergate::gateway {

// So many a second at most, whenever they come.
class Pace {
public:
    static constexpr std::size_t at_most = 5;
    bool allows(net::SteadyTime now);  // and counts this one, if so

private:
    std::array<net::SteadyTime, at_most> last_{};  // the oldest at next_
    std::size_t next_ = 0;
    std::size_t known_ = 0;
};

// What a request is explained against: the configuration and the keys of this moment.
struct ExplainGround {
    std::shared_ptr<const Snapshot> snapshot{};
    std::shared_ptr<const core::KeyRing> keys{};
    core::WallTime now{};
    net::SteadyTime steady_now{};
};

// Answers POST /explain, for a page of our own and nobody else's. The token is in the body, is
// looked at, and is gone with it; no key is ever fetched.
class ExplainForm {
public:
    static constexpr std::size_t longest_body = 32UL * 1024;

    explicit ExplainForm(std::function<ExplainGround()> ground);
    net::HttpAnswer answer(const net::HttpQuestion& question);

private:
    std::function<ExplainGround()> ground_;
    Pace pace_{};
};

// Whether a browser says that one of our own pages asks. `needs_proof`: silence is not enough.
bool is_same_origin(const net::HttpQuestion& question, bool needs_proof);

}  // namespace bearergate::gateway
