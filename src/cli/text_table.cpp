#include <bearergate/cli/text_table.hpp>
#include <bearergate/config/text.hpp>

#include <algorithm>
#include <utility>

namespace bearergate::cli {
namespace {

using config::characters;

constexpr std::string_view gap = "  ";
constexpr std::string_view nothing = "-";

std::string padded(std::string_view text, std::size_t width) {
    std::string out(text);
    out.append(width - std::min(width, characters(text)), ' ');
    return out;
}

std::string without_spaces_at_end(std::string line) {
    line.resize(line.find_last_not_of(' ') + 1);
    return line;
}

// By column, its widest line; 0 for a column that holds nothing.
std::vector<std::size_t> widths_of(const TextTable& table) {
    std::vector<std::size_t> widths(table.headings.size());
    for (std::size_t column = 0; column < widths.size(); ++column) {
        std::size_t& widest = widths[column];
        for (const TextTable::Row& row : table.rows) {
            for (const std::string& line : row.cells[column]) {
                widest = std::max(widest, characters(line));
            }
        }
        if (widest > 0) widest = std::max(widest, characters(table.headings[column]));
    }
    return widths;
}

void add_notes(const TextTable::Row& row, std::size_t name_width, std::string& out) {
    for (const TextTable::Note& note : row.notes) {
        out += "    " + padded(note.name, name_width) + std::string(gap) + note.text + '\n';
    }
}

std::size_t widest_name(const std::vector<TextTable::Note>& notes) {
    std::size_t widest = 0;
    for (const TextTable::Note& note : notes) widest = std::max(widest, characters(note.name));
    return widest;
}

std::string as_columns(const TextTable& table) {
    const std::vector<std::size_t> widths = widths_of(table);
    const auto line_of = [&](const auto& text_in) {
        std::string line;
        for (std::size_t column = 0; column < widths.size(); ++column) {
            if (widths[column] == 0) continue;
            if (!line.empty()) line += gap;
            line += padded(text_in(column), widths[column]);
        }
        return without_spaces_at_end(std::move(line)) + '\n';
    };
    std::string out =
        line_of([&](std::size_t column) -> std::string_view { return table.headings[column]; });
    for (const TextTable::Row& row : table.rows) {
        std::size_t height = 1;
        for (const auto& cell : row.cells) height = std::max(height, cell.size());
        for (std::size_t i = 0; i < height; ++i) {
            out += line_of([&](std::size_t column) -> std::string_view {
                const auto& cell = row.cells[column];
                if (cell.empty()) return i == 0 ? nothing : "";
                return i < cell.size() ? std::string_view(cell[i]) : "";
            });
        }
        add_notes(row, widest_name(row.notes), out);
    }
    return out;
}

std::string lower_case(std::string text) {
    std::ranges::transform(text, text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return text;
}

// The first cell as a title, the others below it by their headings.
std::string as_paragraphs(const TextTable& table) {
    std::string out;
    for (const TextTable::Row& row : table.rows) {
        TextTable::Row below;
        for (std::size_t column = 1; column < row.cells.size(); ++column) {
            std::string name = lower_case(table.headings[column]);
            for (const std::string& line : row.cells[column]) {
                below.notes.push_back({.name = std::exchange(name, ""), .text = line});
            }
        }
        below.notes.insert(below.notes.end(), row.notes.begin(), row.notes.end());
        if (!out.empty()) out += '\n';
        for (const std::string& line : row.cells.front()) out += line + '\n';
        add_notes(below, widest_name(below.notes), out);
    }
    return out;
}

std::size_t width_of(std::string_view text) {
    std::size_t widest = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size() - 1);
        widest = std::max(widest, characters(text.substr(0, end)));
        text.remove_prefix(end + 1);
    }
    return widest;
}

}  // namespace

std::string render(const TextTable& table, std::size_t width) {
    std::string columns = as_columns(table);
    return width == 0 || width_of(columns) <= width ? columns : as_paragraphs(table);
}

std::vector<std::string> in_lines(const std::vector<std::string>& words, std::size_t width) {
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string word = words[i] + (i + 1 < words.size() ? "," : "");
        if (lines.empty() || characters(lines.back()) + 1 + characters(word) > width) {
            lines.push_back(word);
        } else {
            lines.back() += ' ' + word;
        }
    }
    return lines;
}

}  // namespace bearergate::cli
