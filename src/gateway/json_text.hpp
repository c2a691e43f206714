#pragma once

#include <concepts>
#include <initializer_list>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>

namespace bearergate::gateway {

// A JSON value as its finished text. The admin listener answers with these and not with a tree of
// nlohmann's, whose destructor allocates: where memory has run out, that would end the process.
class JsonText {
public:
    struct Member;

    JsonText() : text_("null") {}
    JsonText(std::same_as<bool> auto value) : text_(value ? "true" : "false") {}
    JsonText(std::integral auto value)
        requires(!std::same_as<decltype(value), bool>)
        : text_(std::to_string(value)) {}
    JsonText(double value);  // null unless finite
    // Bytes that are no UTF-8 are left out, such as the end of what was cut within a character.
    JsonText(std::string_view value);
    JsonText(const std::string& value) : JsonText(std::string_view(value)) {}
    JsonText(const char* value) : JsonText(std::string_view(value)) {}
    // An array of what is in it.
    template <std::ranges::input_range Range>
        requires(!std::convertible_to<const Range&, std::string_view>)
    JsonText(const Range& values) : JsonText(array()) {
        for (const auto& value : values) push_back(value);
    }
    // An object. Its names are ours: different ones, and nothing in them needs an escape.
    JsonText(std::initializer_list<Member> members);

    static JsonText array() { return {Finished(), "[]"}; }
    static JsonText object() { return {Finished(), "{}"}; }

    void push_back(const JsonText& value);                   // to an array
    void add(std::string_view name, const JsonText& value);  // to an object
    void add(const JsonText& members);                       // those of an object to an object

    std::string text() && { return std::move(text_); }

private:
    struct Finished {};
    JsonText(Finished, std::string text) : text_(std::move(text)) {}
    void reopen();

    std::string text_;
};

struct JsonText::Member {
    std::string_view name;
    JsonText value;
};

inline JsonText::JsonText(std::initializer_list<Member> members) : JsonText(object()) {
    for (const Member& member : members) add(member.name, member.value);
}

}  // namespace bearergate::gateway
