#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace bearergate::core {

// What a text takes in memory, on the heap too: an estimate, on the high side.
inline std::size_t bytes_of(const std::string& text) {
    constexpr std::size_t fits_inside = 15;
    constexpr std::size_t beside_it = 17;  // its end and the allocator's own
    return sizeof(std::string) + (text.capacity() > fits_inside ? text.capacity() + beside_it : 0);
}

// A list of texts that does not change. Copies share it: the tokens of an application have the same
// audience, and scopes out of a few sets.
class TextList {
public:
    using Texts = std::vector<std::string>;
    using value_type = std::string;
    using const_iterator = const std::string*;
    using iterator = const_iterator;

    TextList() = default;
    TextList(std::initializer_list<std::string> texts) : TextList(Texts(texts)) {}
    TextList(Texts texts) {
        if (texts.empty()) return;
        texts.shrink_to_fit();
        shared_ = std::make_shared<const Texts>(std::move(texts));
    }

    const_iterator begin() const { return shared_ ? shared_->data() : nullptr; }
    const_iterator end() const { return begin() + size(); }
    std::size_t size() const { return shared_ ? shared_->size() : 0; }
    bool empty() const { return shared_ == nullptr; }
    bool operator==(const TextList& other) const {
        return shared_ == other.shared_ || (shared_ && other.shared_ && *shared_ == *other.shared_);
    }
    std::size_t bytes() const;  // that it holds beside itself, as if it were the only copy

private:
    std::shared_ptr<const Texts> shared_{};
};

inline std::size_t TextList::bytes() const {
    if (empty()) return 0;
    constexpr std::size_t beside_texts = 96;  // the vector, the count of copies, their allocations
    std::size_t bytes = beside_texts;
    for (const std::string& text : *shared_) bytes += bytes_of(text);
    return bytes;
}

}  // namespace bearergate::core
