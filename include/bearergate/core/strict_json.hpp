#pragma once

#include <bearergate/core/result.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bearergate::core {

enum class JsonFault : std::uint8_t { syntax, duplicate_name, too_deep, encoding };

// An immutable JSON value (RFC 8259) out of untrusted text, cheap to copy: copies share it.
// Numbers keep apart what nlohmann's readers confuse (a number beyond 2^63 never becomes negative).
// Lookups that find nothing give an invalid Json, on which every question answers no.
class Json {
public:
    enum class Type : std::uint8_t { invalid, null, boolean, number, string, array, object };

    Json() = default;
    // Refuses NUL bytes, a byte order mark, invalid UTF-8, text after the value, duplicate names
    // at any level, and nesting deeper than `max_depth` ("{}" is one deep).
    static Result<Json, JsonFault> parse(std::string_view text, int max_depth);

    Type type() const;
    bool is_object() const { return type() == Type::object; }
    std::optional<bool> boolean() const;
    std::optional<double> number() const;            // finite
    std::optional<std::string_view> string() const;  // lives as long as any copy of the document
    std::size_t size() const;                        // of an array or object
    Json at(std::size_t index) const;                // array element
    Json at(std::string_view name) const;            // object member, by its exact name
    Json pointer(std::string_view rfc6901) const;    // "" is the value itself
    std::vector<std::string> names() const;          // of an object, in order of appearance
    std::string dump() const;                        // compact JSON text
    // What the whole document, which copies share, holds in memory: an estimate, on the high side.
    std::size_t bytes() const;

    // Equal by JSON type and value: 1 and 1.0 are equal, 1 and "1" are not, members in any order.
    // An invalid one equals nothing.
    friend bool operator==(const Json& a, const Json& b);

private:
    struct Document;
    Json view(const void* node) const;  // of the same document; null: the invalid one

    std::shared_ptr<const Document> document_{};  // keeps the tree alive
    const void* node_ = nullptr;                  // the value inside it
};

}  // namespace bearergate::core
