#include <bearergate/gateway/trace_parent.hpp>

#include <gtest/gtest.h>

#include <string>

namespace bearergate::gateway {
namespace {

const std::string trace = "0af7651916cd43dd8448eb211c80319c";
const std::string span = "b7ad6b7169203331";

TEST(TraceParent, NamesTheTraceAndTheCallersSpan) {
    for (const std::string flags : {"00", "01", "ff"}) {
        SCOPED_TRACE(flags);
        const std::string text = "00-" + trace + "-" + span + "-" + flags;
        const auto parent = parse_trace_parent(text);
        ASSERT_TRUE(parent);
        EXPECT_EQ(parent->trace_id, trace);
        EXPECT_EQ(parent->span_id, span);
    }
}

TEST(TraceParent, OfALaterVersionIsReadAsFarAsThisOneGoes) {
    for (const std::string end : {"", "-", "-more", "-00-00"}) {
        SCOPED_TRACE(end);
        const std::string text = "cc-" + trace + "-" + span + "-01" + end;
        const auto parent = parse_trace_parent(text);
        ASSERT_TRUE(parent);
        EXPECT_EQ(parent->trace_id, trace);
        EXPECT_EQ(parent->span_id, span);
    }
}

TEST(TraceParent, ThatIsNotValidIsNone) {
    const std::string good = "00-" + trace + "-" + span + "-01";
    const auto with = [&good](std::size_t at, char c) {
        std::string text = good;
        text[at] = c;
        return text;
    };
    const std::string cases[] = {
        "",
        "00",
        good.substr(1),
        good.substr(0, good.size() - 1),
        " " + good,
        good + " ",
        good + "-",
        good + "-00",
        good + "0",
        "cc" + good.substr(2) + "0",
        "cc" + good.substr(2) + ".00",
        "ff" + good.substr(2),
        "FF" + good.substr(2),
        "0x" + good.substr(2),
        with(2, '_'),
        with(35, '0'),
        with(52, '.'),
        with(3, 'A'),
        with(34, 'g'),
        with(10, '"'),
        with(36, 'F'),
        with(51, '\0'),
        with(53, 'x'),
        with(54, 'X'),
        "00-" + std::string(32, '0') + "-" + span + "-01",
        "00-" + trace + "-" + std::string(16, '0') + "-01",
        std::string(55, '-'),
    };
    for (const std::string& text : cases) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(parse_trace_parent(text));
    }
}

}  // namespace
}  // namespace bearergate::gateway
