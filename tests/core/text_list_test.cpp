// Lists that their copies share.
#include <bearergate/core/text_list.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace {

using bearergate::core::TextList;

TEST(TextList, HoldsItsTextsInOrder) {
    const TextList list{"b", "a"};
    EXPECT_EQ((std::vector<std::string>{list.begin(), list.end()}),
              (std::vector<std::string>{"b", "a"}));
    EXPECT_EQ(list.size(), 2U);
    EXPECT_FALSE(list.empty());
}

TEST(TextList, IsEmptyHoweverItIsMade) {
    for (const TextList& list : {TextList(), TextList{}, TextList(std::vector<std::string>())}) {
        EXPECT_TRUE(list.empty());
        EXPECT_EQ(list.size(), 0U);
        EXPECT_EQ(list.begin(), list.end());
        EXPECT_EQ(list, TextList());
    }
}

TEST(TextList, IsEqualByItsTexts) {
    EXPECT_EQ((TextList{"a", "b"}), (TextList{"a", "b"}));
    EXPECT_NE((TextList{"a", "b"}), (TextList{"b", "a"}));
    EXPECT_NE((TextList{"a"}), (TextList{"a", ""}));
    EXPECT_NE(TextList{""}, TextList());
    EXPECT_NE(TextList(), TextList{""});
}

TEST(TextList, HoldsNoMoreThanItsTexts) {
    std::vector<std::string> texts;
    texts.reserve(1000);
    texts.emplace_back("a");
    const TextList list(std::move(texts));
    EXPECT_LT(list.bytes(), 200U);
    EXPECT_GE(TextList(std::vector<std::string>(1000, "a")).bytes(), 1000 * sizeof(std::string));
    EXPECT_GE(TextList{std::string(1000, 'a')}.bytes(), 1000U);
    EXPECT_EQ(TextList().bytes(), 0U);
}

TEST(TextList, IsSharedByItsCopies) {
    const TextList list{"a"};
    const TextList copy = list;  // NOLINT(performance-unnecessary-copy-initialization): meant
    EXPECT_EQ(copy.begin(), list.begin());
}

}  // namespace
