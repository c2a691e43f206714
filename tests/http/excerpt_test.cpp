// Tokens and cookies are shown to the grammar without their middles; nobody may see a difference.
#include "reading.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace bearergate::http {
namespace {

using test::read_request;
using test::request_with;

TEST(Excerpt, LongValuesAreWholeWhereverTheyEnd) {
    // Below 512 bytes a head is shown whole, and so is a line below 96.
    const std::string first = "X-A: " + std::string(500, 'a') + "\r\n";
    for (const char* const name : {"Authorization", "COOKIE", "X-Other"}) {
        for (const std::size_t size :
             {63U, 64U, 65U, 66U, 67U, 68U, 69U, 70U, 71U, 72U, 73U, 100U, 300U, 5000U}) {
            for (const std::string around : {"", " ", "\t  "}) {
                const std::string value = "first " + std::string(size, 'v') + " last";
                const std::string field = name + (":" + around) + value + around + "\r\n";
                const std::string bytes = request_with(first + field + field + "X-B: 2\r\n");
                RequestHead head;
                const auto reading = read_request(bytes, head);
                ASSERT_TRUE(reading.accepted()) << field;
                EXPECT_EQ(head.count(name), 2U);
                EXPECT_EQ(head.value(name), value);
                EXPECT_EQ(head.value("X-A"), std::string(500, 'a'));
                EXPECT_EQ(head.value("X-B"), "2") << field;
                for (const auto& [its_name, its_value] : head.fields) {
                    EXPECT_GE(its_name.data(), bytes.data()) << "a view into the head";
                    EXPECT_LE(its_value.data() + its_value.size(), bytes.data() + bytes.size());
                }
            }
        }
    }
}

TEST(Excerpt, LongValuesMayHoldWhiteSpaceAnywhereAndNoControls) {
    const std::string plain(400, 'v');
    for (std::size_t at = 1; at + 1 < plain.size(); ++at) {
        std::string value = plain;
        value[at] = at % 2 == 0 ? ' ' : '\t';
        const std::string bytes = request_with("Authorization:  " + value + "  \r\nX-B: 2\r\n");
        RequestHead head;
        const auto reading = read_request(bytes, head);
        ASSERT_TRUE(reading.accepted()) << at;
        EXPECT_EQ(head.authorization, std::vector<std::string_view>{value});
        EXPECT_EQ(head.value("X-B"), "2");

        for (const char bad : {'\0', '\n', '\r', '\x7f', '\x1f'}) {
            value[at] = bad;
            const std::string wrong = request_with("Authorization: " + value + "\r\n");
            RequestParser parser;
            EXPECT_TRUE(parser.parse(wrong, head)) << "without a scan before, at " << at;
        }
    }
}

}  // namespace
}  // namespace bearergate::http
