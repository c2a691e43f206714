#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bearergate::cli {

// Rows under headings, for people. A cell holds the lines of its text, none when there is nothing
// to say; a note is a line of its own below its row.
struct TextTable {
    struct Note {
        std::string name{};
        std::string text{};
    };
    struct Row {
        std::vector<std::vector<std::string>> cells{};  // one for each heading
        std::vector<Note> notes{};
    };
    std::vector<std::string> headings{};
    std::vector<Row> rows{};
};

// Aligned columns; one that holds nothing in any row is left out. Where that is wider than `width`
// characters (0: any width is good) each row becomes a paragraph of its own.
std::string render(const TextTable& table, std::size_t width);

// The words joined by ", " into lines of at most `width` characters, but for longer words.
std::vector<std::string> in_lines(const std::vector<std::string>& words, std::size_t width);

}  // namespace bearergate::cli
