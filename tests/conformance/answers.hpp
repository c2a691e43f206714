#pragma once

#include "support/http_client.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bearergate::test {

// Everything that came back on one connection, to its end.
struct Answers {
    std::vector<Reply> replies{};  // final ones
    std::size_t interim = 0;
    std::string rest{};  // bytes that are no whole response

    std::vector<int> statuses() const;
};

// `methods`: of the requests that were sent, in order, since an answer to HEAD has no body.
Answers read_answers(std::string_view bytes, const std::vector<std::string>& methods);

// "ok" for a 200, else the reason that a refusal of ours gives, or its status if it gives none.
std::string outcome_of(const Reply& reply);

}  // namespace bearergate::test
