#pragma once

#include <bearergate/gateway/observation.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace bearergate::gateway {

inline constexpr std::string_view exposition_type = "text/plain; version=0.0.4; charset=utf-8";

// An observation in the text format of Prometheus. docs/metrics.md says what each metric means. No
// label has its value from a request: the configuration bounds how many series there are.
std::string exposition(const Observation& of);

// Writes each observation out once, however many wait for it.
class Exposition {
public:
    const std::string& text(const std::shared_ptr<const Observation>& of);

private:
    std::weak_ptr<const Observation> of_{};
    std::string text_{};
};

}  // namespace bearergate::gateway
