#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// How heads are written: appended to a buffer that is kept from message to message.
namespace bearergate::http {

// The end of a text while some ninety short pieces are added to it, which is what a proxied request
// takes: std::string calls into its library for each (700 instructions more a request). No piece
// may be of the text itself.
class HeadText {
public:
    HeadText(std::string& text, std::size_t expected) : text_(text) {
        stretch(text.size(), expected);
    }
    HeadText(const HeadText&) = delete;
    HeadText& operator=(const HeadText&) = delete;
    ~HeadText() { text_.resize(size()); }

    HeadText& append(std::string_view piece) {
        if (piece.size() > static_cast<std::size_t>(end_ - at_)) {
            stretch(size(), piece.size() + text_.size());
        }
        at_ += piece.copy(at_, piece.size());
        return *this;
    }
    void take_back(std::size_t bytes) { at_ -= std::min(bytes, size()); }

private:
    std::size_t size() const { return static_cast<std::size_t>(at_ - text_.data()); }
    void stretch(std::size_t size, std::size_t more) {
        text_.resize_and_overwrite(size + more, [](char*, std::size_t all) { return all; });
        at_ = text_.data() + size;
        end_ = text_.data() + text_.size();
    }

    std::string& text_;
    char* at_ = nullptr;
    char* end_ = nullptr;
};

template <class Text>
void append_field(Text& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

template <class Text>
void append_number(Text& out, std::uint64_t number) {
    char digits[20];
    const char* const end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    out.append(std::string_view(digits, static_cast<std::size_t>(end - digits)));
}

// The Connection field of our answer, where the client's version does not say the same by itself.
template <class Text>
void append_persistence(Text& out, int client_minor_version, bool keep_alive) {
    if (!keep_alive) {
        out.append("Connection: close\r\n");
    } else if (client_minor_version == 0) {
        out.append("Connection: keep-alive\r\n");
    }
}

}  // namespace bearergate::http
