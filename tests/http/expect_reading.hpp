#pragma once

#include "http/reading.hpp"

#include <gtest/gtest.h>

#include <string_view>

// What comes of the bytes of one request's head.
namespace bearergate::http::test {

inline void expect_refused(std::string_view bytes, core::Reason reason) {
    SCOPED_TRACE(shown(bytes));
    RequestHead head;
    const auto reading = read_request(bytes, head);
    ASSERT_TRUE(reading.refusal);
    EXPECT_EQ(core::name_of(*reading.refusal), core::name_of(reason));
}

inline void expect_accepted(std::string_view bytes, RequestHead& head) {
    const auto reading = read_request(bytes, head);
    EXPECT_TRUE(reading.accepted()) << shown(bytes);
    EXPECT_EQ(head.size, reading.size);
}

}  // namespace bearergate::http::test
