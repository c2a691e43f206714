#include <bearergate/cli/arguments.hpp>
#include <bearergate/cli/load_file.hpp>
#include <bearergate/config/text.hpp>
#include <bearergate/config/urls.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

namespace bearergate::cli {
namespace {

std::optional<core::WallTime> time_from(std::string_view text) {
    double seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error == std::errc() && end == text.data() + text.size()) {
        if (!(seconds >= 0 && seconds <= 253'402'300'799)) return std::nullopt;
        return core::WallTime(std::chrono::duration<double>(seconds));
    }
    constexpr std::string_view form = "9999-99-99T99:99:99Z";
    const auto fits = [](char c, char wanted) {
        return wanted == '9' ? c >= '0' && c <= '9' : c == wanted;
    };
    if (!std::ranges::equal(text, form, fits)) return std::nullopt;
    const auto number = [text](std::size_t at, std::size_t length) {
        int value = 0;
        std::from_chars(text.data() + at, text.data() + at + length, value);
        return value;
    };
    const std::chrono::year_month_day date{std::chrono::year(number(0, 4)),
                                           std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                           std::chrono::day(static_cast<unsigned>(number(8, 2)))};
    const int hour = number(11, 2);
    const int minute = number(14, 2);
    const int second = number(17, 2);
    if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
    return core::WallTime(std::chrono::sys_days(date) + std::chrono::hours(hour) +
                          std::chrono::minutes(minute) + std::chrono::seconds(second));
}

}  // namespace

Usable<core::WallTime> moment_from(const std::string& text) {
    if (text.empty()) return core::WallTime(std::chrono::system_clock::now());
    const auto time = time_from(text);
    if (!time) {
        return std::unexpected(
            "--at takes a time like 2026-11-22T11:40:00Z, or seconds since 1970");
    }
    return *time;
}

Usable<config::Address> address_from(std::string_view text) {
    constexpr std::string_view name = "localhost:";
    std::string written(text);
    if (text.starts_with(name)) written.replace(0, name.size(), "127.0.0.1:");
    auto address = config::parse_address(written);
    if (!address) return std::unexpected(address.error());
    if (address->is_unix) {
        const auto path = config::socket_in_folder("", address->path);
        if (!path) return std::unexpected(path.error());
    }
    return *std::move(address);
}

Usable<config::Address> listener_from(std::string_view text) {
    auto address = address_from(text);
    if (address && !address->is_unix) return address;
    return std::unexpected(
        "must be IP:PORT, [IPV6]:PORT or localhost:PORT; 0.0.0.0:PORT is every IPv4 address");
}

std::string typed(std::string_view text) {
    // Longer than names of files and options, shorter than any token.
    constexpr std::size_t longest = 24;
    constexpr std::size_t kept = 8;
    const auto ends_word = [](char c) { return std::string_view(" /=:,\n").contains(c); };
    std::string out;
    while (!text.empty()) {
        const auto end = std::ranges::find_if(text, ends_word);
        const std::string_view word(text.begin(), end);
        const std::size_t length = config::characters(word);
        if (length > longest) {
            out += word.substr(0, config::byte_of(word, kept));
            out += fmt::format("... ({} characters)", length);
        } else {
            out += word;
        }
        text.remove_prefix(word.size());
        if (text.empty()) break;
        out += text.front();
        text.remove_prefix(1);
    }
    return out;
}

std::string typed_file(const std::string& path) {
    std::error_code error;
    return std::filesystem::exists(path, error) ? path : typed(path);
}

Usable<std::string> read_token_file(const std::string& path) {
    constexpr std::size_t longest = 1024 * 1024;
    auto text = read_file(path, longest);
    if (!text) return std::unexpected(typed_file(path) + ": " + text.error());
    const std::size_t end = text->find_last_not_of(" \t\r\n");
    text->resize(end == std::string::npos ? 0 : end + 1);
    return text;
}

Usable<core::KeyRing> read_key_file(const std::string& path, std::size_t issuers) {
    const auto text = read_file(path, core::max_key_set_bytes);
    if (!text) return std::unexpected(typed_file(path) + ": " + text.error());
    auto document = core::parse_key_set(*text);
    if (!document) {
        return std::unexpected(
            fmt::format("{}: {}", path, std::string(core::describe(document.error()))));
    }
    const auto set = std::make_shared<const core::KeySet>(std::move(document->set));
    return core::KeyRing(issuers, core::IssuerKeys{.set = set});
}

}  // namespace bearergate::cli
