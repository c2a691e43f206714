#pragma once

#include <bearergate/config/document.hpp>
#include <bearergate/config/named_file.hpp>
#include <bearergate/config/units.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bearergate::config {

// The keys that each block of a file was asked for, by the block's path: "server.limits",
// "routes.*". What was never asked for is unknown, so the two cannot differ.
using AskedKeys = std::map<std::string, std::set<std::string>>;

// What the readers of one file share.
struct Reading {
    Diagnostics& diagnostics;
    std::string folder{};        // goes before relative file names
    AskedKeys* asked = nullptr;  // a record for those who want one
    std::vector<NamedFile> files{};
};

template <class E>
struct Word {
    std::string_view name;
    E value;
};

// Typed readings of one value. Each reports what is wrong, naming `what`, and then gives nothing;
// a broken value is passed over in silence, for it was reported.
std::optional<std::string> read_text(const Node& node, std::string_view what, Reading& reading);
std::optional<std::size_t> read_word(const Node& node, std::string_view what,
                                     std::span<const std::string_view> words, Reading& reading);
// A list of texts, without those items that are none; nothing if there is no other. `alone`: a
// single text may stand for a list of one.
struct Item {
    std::string value{};
    const Node* node = nullptr;
};
enum class Alone : bool { refused, accepted };
std::optional<std::vector<Item>> read_list(const Node& node, std::string_view what, Alone alone,
                                           Reading& reading);
std::vector<std::string> values_of(const std::vector<Item>& items);
bool expect_map(const Node& node, std::string_view what, Reading& reading);

// One map of the file whose keys are known in advance. Each reading leaves `out` as it is when the
// key is absent or its value wrong.
class Block {
public:
    using milliseconds = std::chrono::milliseconds;

    // `node` null: the block is not in the file, and every key of it absent.
    Block(const Node* node, std::string path, Reading& reading);

    const Node* find(std::string_view key);  // null also when it has no usable value
    bool is_there() const { return node_ != nullptr; }
    bool has(std::string_view key) const;  // written, whatever its value
    // In the file, but without this key; and no other stands there that was probably meant to be
    // it, for that is an error already.
    bool lacks(std::string_view key) const;
    Place place() const;                          // of the block
    Place place(std::string_view key) const;      // of the key's value, else of the block
    Place key_place(std::string_view key) const;  // of the key, else of the block

    void flag(std::string_view key, bool& out);
    void number(std::string_view key, std::size_t& out, std::uint64_t least, std::uint64_t most);
    void duration(std::string_view key, milliseconds& out, milliseconds least, milliseconds most);
    void seconds(std::string_view key, std::chrono::seconds& out, std::chrono::seconds least,
                 std::chrono::seconds most);
    std::optional<std::uint64_t> size(std::string_view key, std::uint64_t least,
                                      std::uint64_t most);
    void size(std::string_view key, std::size_t& out, std::uint64_t least, std::uint64_t most);
    void text(std::string_view key, std::string& out);
    // A file's name, the folder put before it; takes down what the file is for.
    void file(std::string_view key, NamedFile::Use use, std::string& out);
    template <class E, std::size_t N>
    bool word(std::string_view key, E& out, const Word<E> (&words)[N]) {  // whether it was read
        std::string_view names[N];
        for (std::size_t i = 0; i < N; ++i) names[i] = words[i].name;
        const Node* node = find(key);
        if (node == nullptr) return false;
        const auto index = read_word(*node, shown(key), names, reading_);
        if (index) out = words[*index].value;
        return index.has_value();
    }
    bool is(std::string_view key, std::string_view word);  // its value is this word: `none`, `auto`
    Block block(std::string_view key);
    void refuse(std::string_view key, std::string_view why);  // known, and never right here
    void finish();  // reports the keys that nobody asked for

    Reading& reading() { return reading_; }

private:
    const Node* node_;
    std::string path_;
    Reading& reading_;
    std::set<std::string, std::less<>> asked_{};
};

std::string in_folder(const std::string& folder, const std::string& name);
std::string lower_case(std::string_view text);  // ASCII

}  // namespace bearergate::config
