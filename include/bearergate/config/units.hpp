#pragma once

#include <bearergate/core/result.hpp>

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace bearergate::config {

// The fault of each is a phrase that says what would be right and never repeats the text, which
// may have come out of the environment.
using Fault = std::string;

// "0", "10000": decimal digits without sign, leading zeros, underscores or exponent.
core::Result<std::uint64_t, Fault> parse_whole_number(std::string_view text);
// "500ms", "30s", "10m", "24h".
core::Result<std::chrono::milliseconds, Fault> parse_duration(std::string_view text);
// "512B", "16KiB", "10MiB", "1GiB", in bytes.
core::Result<std::uint64_t, Fault> parse_size(std::string_view text);

// As it would be written: "10m", "1500ms"; "16KiB", "1000B".
std::string duration_text(std::chrono::milliseconds duration);
std::string size_text(std::uint64_t bytes);

// What a scalar without quotes is to YAML and to JSON. `lookalike`: some YAML reader takes it for
// a number, a boolean or null (010, 0x1F, yes, ~), so its writer must say which is meant.
enum class PlainKind : std::uint8_t { text, number, boolean, lookalike };
PlainKind plain_kind(std::string_view text);

// The candidate that `word` was probably meant to be; "" when none is near.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace bearergate::config
