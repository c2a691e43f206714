#pragma once

#include "fixture.hpp"

#include <string>
#include <string_view>

// What must hold of every conversation, whatever was sent: each failure is a gtest failure of its
// own, under the trace of the caller.
namespace bearergate::test {

// The answers are whole and no more than the requests of the one strict reading of `bytes`; every
// 200 is the upstream's answer to exactly the request of its turn, which came there framed by the
// gateway and cleaned; nothing that was refused came there whole.
void expect_honest(std::string_view bytes, const Answers& answers, const Witness& witness);

// One of our own answers: its problem document, its fields, its challenge, and that it repeats
// nothing of the request. Gives back the reason.
std::string expect_refusal(const Reply& reply, std::string_view request);

// No identity, forwarding, hop-by-hop or aliased field of a client's; one Host; ours there.
void expect_clean(const SeenRequest& request);

}  // namespace bearergate::test
