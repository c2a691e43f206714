#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// Text of a file on its way to a terminal.
namespace bearergate::config {

// The bytes of the UTF-8 character at `at` (RFC 3629), 0 when there is no well-formed one.
std::size_t utf8_length(std::string_view text, std::size_t at);
// How many characters a text has: what a column of it is wide.
std::size_t characters(std::string_view text);
// The byte at which the character of this number (from 0) begins; the end when there are fewer.
std::size_t byte_of(std::string_view text, std::size_t character);

// Nothing but whole characters: no C0, DEL or C1 (U+0080 ... U+009F) controls, one line.
std::string printable(std::string_view text);
// A piece of the file inside a message: printable, in single quotes, shortened when it is long.
std::string shown(std::string_view text);

}  // namespace bearergate::config
