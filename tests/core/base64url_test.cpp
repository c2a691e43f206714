// One text for one sequence of bytes, and no other.
#include <bearergate/core/base64url.hpp>

#include <gtest/gtest.h>

#include <string>

namespace {

using bearergate::core::decode_base64url;
using bearergate::core::encode_base64url;

TEST(Base64url, IsWhatRfc4648Says) {
    const struct {
        const char* bytes;
        const char* text;
    } cases[]{
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff", "-_8"}};
    for (const auto& c : cases) {
        SCOPED_TRACE(c.text);
        EXPECT_EQ(encode_base64url(c.bytes), c.text);
        EXPECT_EQ(decode_base64url(c.text), c.bytes);
    }
}

TEST(Base64url, EveryByteComesBackAtEveryPlace) {
    // Also without a rest, and longer than what a string holds without an allocation: where an end
    // was overrun, sanitizers see it.
    for (const std::size_t size : {5U, 9U, 16U, 18U, 22U, 24U}) {
        for (std::size_t place = 0; place < size; ++place) {
            for (int byte = 0; byte < 256; ++byte) {
                std::string bytes(size, 'x');
                bytes[place] = static_cast<char>(byte);
                ASSERT_EQ(decode_base64url(encode_base64url(bytes)), bytes);
            }
        }
    }
}

// Over all texts of two bytes, and of three whose first is fixed: whatever is accepted is what the
// decoded bytes are encoded as. Foreign characters and stray bits are what this excludes.
TEST(Base64url, AcceptsNoSecondSpelling) {
    int accepted = 0;
    for (const std::string prefix : {"", "x"}) {
        for (int first = 0; first < 256; ++first) {
            for (int second = 0; second < 256; ++second) {
                const std::string text =
                    prefix + static_cast<char>(first) + static_cast<char>(second);
                const auto bytes = decode_base64url(text);
                if (!bytes) continue;
                ++accepted;
                ASSERT_EQ(encode_base64url(*bytes), text);
            }
        }
    }
    EXPECT_EQ(accepted, 64 * 4 + 64 * 16);
}

TEST(Base64url, TakesNoForeignCharacterAtAnyPlace) {
    for (const std::size_t size : {2U, 3U, 4U, 6U, 7U, 8U, 11U, 12U, 20U, 23U}) {
        for (std::size_t place = 0; place < size; ++place) {
            int accepted = 0;
            for (int byte = 0; byte < 256; ++byte) {
                std::string text(size, 'A');
                text[place] = static_cast<char>(byte);
                const auto bytes = decode_base64url(text);
                if (!bytes) continue;
                ++accepted;
                ASSERT_EQ(encode_base64url(*bytes), text);
            }
            const bool is_last = place == size - 1;
            const int of_the_last = size % 4 == 2 ? 4 : size % 4 == 3 ? 16 : 64;
            EXPECT_EQ(accepted, is_last ? of_the_last : 64) << size << ", " << place;
        }
    }
}

TEST(Base64url, RefusesOtherAlphabetsPaddingAndImpossibleLengths) {
    for (const std::string& text :
         {std::string("Zg=="), std::string("Zg="), std::string("Zm8="), std::string("="),
          std::string("+/8"), std::string("-/8"), std::string("Zm 9v"), std::string("Zm9v\n"),
          std::string("Zm9v "), std::string("Z"), std::string("Zm9vY"), std::string("Zm9%76"),
          std::string("Zm9\0", 4), std::string("Zm\xc3\xa9"), std::string("Zh"),
          std::string("Zm9")}) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(decode_base64url(text).has_value());
    }
}

}  // namespace
