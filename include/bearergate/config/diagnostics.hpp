#pragma once

#include <bearergate/config/text.hpp>

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bearergate::config {

// A place in the text. Lines and bytes of a line count from 1; line 0 is the file as a whole.
struct Place {
    int line = 0;
    int byte = 0;
    friend auto operator<=>(const Place&, const Place&) = default;
};

// Something to say about a place in the file, ready for a terminal: no control characters.
struct Diagnostic {
    int line = 0;               // from 1; 0: about the whole file
    int column = 0;             // in characters, from 1
    std::string message{};      // what is wrong, and what would be right
    std::string source_line{};  // as written; of a long line, the part around the place
    int caret = 0;              // the place's character in source_line, from 1
};
// Keeps `all` in the order of the file, and of telling within one place.
void insert(std::vector<Diagnostic>& all, Diagnostic said);
// "FILE:LINE:COLUMN: SEVERITY: MESSAGE", the line and a caret under it.
std::string render(const Diagnostic& diagnostic, std::string_view file, std::string_view severity);

// Collects what is wrong with one text, so that a reader of it never has to stop at the first.
class Diagnostics {
public:
    // More than this many of a kind are counted, not kept: a hostile file cannot fill the memory.
    static constexpr std::size_t capacity = 200;

    explicit Diagnostics(std::string_view text);  // the text must outlive the collection

    void error(Place place, std::string_view message);
    void warn(Place place, std::string_view message);
    // What is said about a place, without keeping it.
    Diagnostic describe(Place place, std::string_view message) const;
    bool has_errors() const { return !errors_.empty(); }
    std::size_t error_count() const { return errors_.size() + errors_left_out_; }
    bool has_error_on(int line) const;
    std::string_view line(int number) const;  // without its end; "" when there is no such line

    std::vector<Diagnostic> errors() const;  // in the order of the file
    std::vector<Diagnostic> warnings() const;

private:
    std::string_view text_;
    std::vector<std::size_t> line_starts_{};
    std::vector<Diagnostic> errors_{};
    std::vector<Diagnostic> warnings_{};
    std::size_t errors_left_out_ = 0;
    std::size_t warnings_left_out_ = 0;
};

}  // namespace bearergate::config
