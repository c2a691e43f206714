#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace bearergate::http {

// A head without the middles of long tokens and cookies, and the way back. Beast takes six
// instructions for each of their bytes, looks for nothing in them, and can say of their ends all
// that it would say of the whole: what is left out is judged here, 64 bytes a step (0.3 µs a
// request).
//
// A middle is left out only between two bytes that are no white space, and only when every byte of
// it may stand in a value. So the excerpt is a head just when the whole is, with the same fields,
// whose values begin and end at the same bytes.
class Excerpt {
public:
    explicit Excerpt(std::string_view head);
    Excerpt(const Excerpt&) = delete;
    Excerpt& operator=(const Excerpt&) = delete;

    std::string_view text() const { return text_; }  // the head itself where nothing is left out
    bool holds(std::string_view part) const;         // a view into the text
    // The part of the head that such a view stands for, middles included.
    std::string_view in_head(std::string_view part) const;

private:
    struct Cut {
        std::size_t at = 0;  // in the text
        std::size_t bytes = 0;
    };
    void leave_out_middles();
    const char* in_head(const char* place) const;

    std::string_view head_;
    std::string_view text_;
    std::size_t count_ = 0;
    std::array<Cut, 8> cuts_;
    std::array<char, 4096> buffer_;
};

}  // namespace bearergate::http
