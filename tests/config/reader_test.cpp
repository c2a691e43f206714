// Typed readings of one value, as every block of the file uses them.
#include <bearergate/config/reader.hpp>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace bearergate::config {
namespace {

using namespace std::chrono_literals;

// One file, read by what a test says, and what was wrong with it.
std::vector<std::string> errors_of(std::string_view text, const std::function<void(Block&)>& read) {
    Diagnostics diagnostics(text);
    const auto root = parse_document(text, diagnostics);
    Reading reading{.diagnostics = diagnostics, .folder = "/etc/gate"};
    Block block(root ? &*root : nullptr, "", reading);
    read(block);
    std::vector<std::string> errors;
    for (const Diagnostic& one : diagnostics.errors()) {
        errors.push_back(fmt::format("{}:{}: {}", one.line, one.column, one.message));
    }
    return errors;
}
void expect_error(std::string_view text, std::string_view error,
                  const std::function<void(Block&)>& read) {
    SCOPED_TRACE(text);
    const auto errors = errors_of(text, read);
    ASSERT_EQ(errors.size(), 1U);
    EXPECT_TRUE(errors[0].starts_with(error)) << errors[0];
}

TEST(Reader, UnknownKeysAreNamedWithTheNearestOne) {
    const auto read = [](Block& block) {
        bool flag = false;
        block.flag("enabled", flag);
        block.find("listen");
        block.finish();
    };
    EXPECT_TRUE(errors_of("enabled: true\nlisten: x\n", read).empty());
    expect_error("enabld: true\n", "1:1: unknown key 'enabld'; did you mean 'enabled'?", read);
    expect_error("Listen: x\n", "1:1: unknown key 'Listen'; did you mean 'listen'?", read);
    expect_error("other: x\n", "1:1: unknown key 'other'; known here: enabled, listen", read);
    EXPECT_EQ(errors_of("a: 1\nb: 2\nc: 3\n", read).size(), 3U);
}

TEST(Reader, AKeyIsMissedOnlyWhereNoOtherWasMeantToBeIt) {
    const auto lacks = [](std::string_view text) {
        bool lacking = false;
        errors_of(text, [&](Block& block) {
            block.find("issuer");
            block.find("issuers");
            lacking = block.lacks("issuer");
        });
        return lacking;
    };
    EXPECT_TRUE(lacks("other: 1\n"));
    EXPECT_TRUE(lacks("issuers: 1\n"));  // a key of its own
    EXPECT_FALSE(lacks("issuer: 1\n"));
    EXPECT_FALSE(lacks("issuer:\n"));
    EXPECT_FALSE(lacks("isuer: 1\n"));
    EXPECT_FALSE(lacks("- not a map\n"));
}

TEST(Reader, Flags) {
    bool flag = false;
    const auto read = [&](Block& block) { block.flag("k", flag); };
    EXPECT_TRUE(errors_of("k: true\n", read).empty());
    EXPECT_TRUE(flag);
    EXPECT_TRUE(errors_of("k: false\n", read).empty());
    EXPECT_FALSE(flag);
    for (const char* text : {"yes", "no", "on", "True", "FALSE", "1", "0", "x"}) {
        expect_error(fmt::format("k: {}\n", text),
                     fmt::format("1:4: 'k' must be true or false; it is '{}'", text), read);
    }
    expect_error("k: \"true\"\n", "1:4: 'k' must be true or false: write it without quotes", read);
    expect_error("k: [true]\n", "1:4: 'k' must be true or false, not a list", read);
    expect_error("k:\n", "1:1: 'k' has no value", read);
    expect_error("k: ~\n", "1:1: 'k' has no value", read);
    EXPECT_FALSE(flag);
}

TEST(Reader, Numbers) {
    std::size_t number = 0;
    const auto read = [&](Block& block) { block.number("k", number, 5, 10); };
    for (const char* text : {"5", "7", "10"}) {
        EXPECT_TRUE(errors_of(fmt::format("k: {}\n", text), read).empty());
        EXPECT_EQ(number, static_cast<std::size_t>(std::stoi(text)));
    }
    for (const char* text :
         {"4", "11", "0", "-5", "+5", "5.0", "5e0", "0x5", "five", "~x", "18446744073709551616"}) {
        expect_error(fmt::format("k: {}\n", text), "1:4: 'k' must be a whole number from 5 to 10",
                     read);
    }
    expect_error("k: 010\n",
                 "1:4: 'k' must be a whole number from 5 to 10; it is '010' (looks octal", read);
    expect_error("k: \"7\"\n",
                 "1:4: 'k' must be a whole number from 5 to 10: write it without quotes", read);
    expect_error("k: { x: 1 }\n", "1:4: 'k' must be a whole number from 5 to 10, not a map", read);
    EXPECT_EQ(number, 10U);
}

TEST(Reader, Durations) {
    std::chrono::milliseconds time{0};
    const auto read = [&](Block& block) { block.duration("k", time, 1s, 1h); };
    for (const char* text : {"1s", "1000ms", "60m", "1h"}) {
        SCOPED_TRACE(text);
        EXPECT_TRUE(errors_of(fmt::format("k: {}\n", text), read).empty());
    }
    EXPECT_EQ(time, 1h);
    EXPECT_TRUE(errors_of("k: \"2s\"\n", read).empty());
    EXPECT_EQ(time, 2s);
    for (const char* text : {"999ms", "0s", "61m", "3600001ms", "24h"}) {
        expect_error(fmt::format("k: {}\n", text), "1:4: 'k' must be a duration from 1s to 1h",
                     read);
    }
    expect_error("k: 30\n", "1:4: 'k' is '30'; it must be a whole number with a unit", read);
    expect_error("k: 030s\n", "1:4: 'k' is '030s'; it looks octal", read);
    expect_error("k: [1s]\n", "1:4: 'k' must be a duration from 1s to 1h, not a list", read);
}

TEST(Reader, WholeSeconds) {
    std::chrono::seconds time{0};
    const auto read = [&](Block& block) { block.seconds("k", time, 0s, 1h); };
    EXPECT_TRUE(errors_of("k: 2000ms\n", read).empty());
    EXPECT_EQ(time, 2s);
    expect_error("k: 1500ms\n", "1:4: 'k' must be whole seconds", read);
}

TEST(Reader, Sizes) {
    std::size_t size = 0;
    const auto read = [&](Block& block) { block.size("k", size, 1024, 1024 * 1024); };
    for (const char* text : {"1KiB", "1024B", "1MiB", "1024KiB"}) {
        SCOPED_TRACE(text);
        EXPECT_TRUE(errors_of(fmt::format("k: {}\n", text), read).empty());
    }
    EXPECT_EQ(size, 1024U * 1024U);
    for (const char* text : {"1023B", "0B", "1048577B", "2MiB", "1GiB"}) {
        expect_error(fmt::format("k: {}\n", text), "1:4: 'k' must be a size from 1KiB to 1MiB",
                     read);
    }
    expect_error("k: 2048\n", "1:4: 'k' is '2048'; it must be a whole number with a unit", read);
    expect_error("k: { a: b }\n", "1:4: 'k' must be a size from 1KiB to 1MiB, not a map", read);
}

TEST(Reader, Texts) {
    std::string text;
    const auto read = [&](Block& block) { block.text("k", text); };
    for (const char* good : {"k: a b\n", "k: \"a b\"\n", "k: 'a b'\n"}) {
        SCOPED_TRACE(good);
        EXPECT_TRUE(errors_of(good, read).empty());
        EXPECT_EQ(text, "a b");
    }
    EXPECT_TRUE(errors_of("k: \"010\"\n", read).empty());
    EXPECT_EQ(text, "010");
    for (const char* bare : {"010", "1", "1.5", "true", "no", "0x1F", ".inf"}) {
        expect_error(fmt::format("k: {}\n", bare),
                     fmt::format("1:4: 'k' must be text, and YAML readers take '{}' for something "
                                 "else; put it in quotes",
                                 bare),
                     read);
    }
    expect_error("k: \"\"\n", "1:4: 'k' is empty", read);
    expect_error("k: \" a\"\n", "1:4: 'k' may not begin or end with a space", read);
    expect_error("k: \"a \"\n", "1:4: 'k' may not begin or end with a space", read);
    expect_error("k: \"a\\nb\"\n", "1:4: 'k' may not contain line breaks", read);
    expect_error("k: \"a\\x7F\"\n", "1:4: 'k' may not contain line breaks", read);
    expect_error("k: |\n  a\n", "1:4: 'k' may not contain line breaks", read);
    expect_error("k: [a]\n", "1:4: 'k' must be text, not a list", read);
    expect_error("k: { a: 1 }\n", "1:4: 'k' must be text, not a map", read);
    expect_error("k: {orgId}\n",
                 "1:4: YAML reads '{orgId}' without quotes as a map; put it in "
                 "quotes: \"{orgId}\"",
                 read);
    expect_error("k: [::]:8080\n", "1:4: YAML reads", read);
}

TEST(Reader, Words) {
    enum class Colour : std::uint8_t { red, green };
    Colour colour = Colour::red;
    bool was_read = false;
    const auto read = [&](Block& block) {
        was_read = block.word(
            "k", colour, {Word<Colour>{"red", Colour::red}, Word<Colour>{"green", Colour::green}});
    };
    EXPECT_TRUE(errors_of("k: green\n", read).empty());
    EXPECT_EQ(colour, Colour::green);
    EXPECT_TRUE(was_read);
    expect_error("k: gren\n", "1:4: 'k' cannot be 'gren'; did you mean 'green'?", read);
    EXPECT_FALSE(was_read);
    expect_error("k: Green\n", "1:4: 'k' cannot be 'Green'; did you mean 'green'?", read);
    expect_error("k: x\n", "1:4: 'k' must be one of: red, green; it is 'x'", read);
    expect_error("k: [red]\n", "1:4: 'k' must be one of: red, green, not a list", read);
    EXPECT_EQ(colour, Colour::green);
}

TEST(Reader, Lists) {
    std::optional<std::vector<Item>> items;
    Alone alone = Alone::refused;
    std::vector<std::string> values;
    const auto read = [&](Block& block) {
        items = read_list(*block.find("k"), "'k'", alone, block.reading());
        values = items ? values_of(*items) : std::vector<std::string>{};
    };
    using Texts = std::vector<std::string>;
    EXPECT_TRUE(errors_of("k: [a, \"b c\"]\n", read).empty());
    EXPECT_EQ(values, (Texts{"a", "b c"}));
    EXPECT_TRUE(errors_of("k: []\n", read).empty());
    EXPECT_TRUE(items);
    EXPECT_TRUE(values.empty());
    expect_error("k: a\n", "1:4: 'k' must be a list", read);
    expect_error("k: { a: 1 }\n", "1:4: 'k' must be a list", read);
    expect_error("k: [a, [b]]\n", "1:8: an item of 'k' must be text, not a list", read);
    expect_error("k: [a, 010]\n", "1:8: an item of 'k' must be text", read);
    expect_error("k:\n  - a\n  -\n", "2:3: an item of 'k' has no value", read);
    EXPECT_EQ(errors_of("k: [1, 2, x]\n", read).size(), 2U);
    EXPECT_EQ(values, Texts{"x"}) << "which may be wrong in its own way";
    EXPECT_EQ(errors_of("k: [1, 2]\n", read).size(), 2U);
    EXPECT_FALSE(items);
    alone = Alone::accepted;
    EXPECT_TRUE(errors_of("k: a\n", read).empty());
    EXPECT_EQ(values, Texts{"a"});
    expect_error("k: { a: 1 }\n", "1:4: 'k' must be", read);
}

TEST(Reader, BlocksThatAreNoMaps) {
    const auto read = [](Block& block) {
        Block inner = block.block("k");
        bool flag = false;
        inner.flag("f", flag);
        inner.finish();
    };
    EXPECT_TRUE(errors_of("k: { f: true }\n", read).empty());
    EXPECT_TRUE(errors_of("x: 1\n", read).empty());
    expect_error("k: 1\n", "1:4: 'k' must be a map, not a single value", read);
    expect_error("k: [a]\n", "1:4: 'k' must be a map, not a list", read);
    expect_error("k:\n", "1:1: 'k' has no value", read);
    expect_error("k: { g: 1 }\n", "1:6: unknown key 'g'", read);
    expect_error("- a\n", "1:1: a configuration must be a map, not a list", read);
}

TEST(Reader, FilesStartAtTheFolderAndAreTakenDown) {
    const std::string_view text = "a: x/y.pem\nb: /z.pem\n";
    Diagnostics diagnostics(text);
    const auto root = parse_document(text, diagnostics);
    Reading reading{.diagnostics = diagnostics, .folder = "/etc/gate"};
    Block block(&*root, "", reading);
    std::string a;
    std::string b;
    std::string c = "as it was";
    block.file("a", NamedFile::Use::certificate, a);
    block.file("b", NamedFile::Use::key_set, b);
    block.file("c", NamedFile::Use::token, c);
    EXPECT_EQ(a, "/etc/gate/x/y.pem");
    EXPECT_EQ(b, "/z.pem");
    EXPECT_EQ(c, "as it was");
    ASSERT_EQ(reading.files.size(), 2U);
    EXPECT_EQ(reading.files[0].path, a);
    EXPECT_EQ(reading.files[0].use, NamedFile::Use::certificate);
    EXPECT_EQ(reading.files[0].place.line, 1);
    EXPECT_EQ(reading.files[0].place.column, 4);
    EXPECT_EQ(reading.files[0].place.source_line, "a: x/y.pem");
    EXPECT_EQ(reading.files[1].use, NamedFile::Use::key_set);
}

TEST(Reader, FoldersAndNames) {
    EXPECT_EQ(in_folder("", "a"), "a");
    EXPECT_EQ(in_folder("/f", "a"), "/f/a");
    EXPECT_EQ(in_folder("/f/", "a"), "/f/a");
    EXPECT_EQ(in_folder("/", "a"), "/a");
    EXPECT_EQ(in_folder("/f", "/a"), "/a");
    EXPECT_EQ(lower_case("aBc-\u00dcZ"), "abc-\u00dcz");
}

}  // namespace
}  // namespace bearergate::config
