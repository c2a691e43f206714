#pragma once

#include <cstddef>
#include <filesystem>
#include <ostream>
#include <set>
#include <string>
#include <vector>

namespace bearergate::test {

// A fenced block of a Markdown page. What follows the language on its first line is its mark, which
// says what becomes of it (docs/README.md).
struct Block {
    std::size_t line = 0;  // of the fence, from 1
    std::string language{};
    std::string mark{};
    std::string text{};
};

// What stands between backticks outside of blocks.
struct CodeSpan {
    std::size_t line = 0;
    std::string text{};
};

struct Link {
    std::size_t line = 0;
    std::string target{};
};

struct Page {
    std::filesystem::path path{};
    std::string name{};  // "docs/operating.md"
    std::vector<Block> blocks{};
    std::vector<CodeSpan> spans{};
    std::vector<Link> links{};
    // Of its headings, as they are made where such pages are shown.
    std::set<std::string> anchors{};
};

// What a test that is about one page shows of it.
inline std::ostream& operator<<(std::ostream& out, const Page& page) {
    return out << page.name;
}

// Throws std::runtime_error for a block without end.
Page read_page(const std::filesystem::path& path);
// Those that are for people: README.md, CHANGELOG.md, SECURITY.md and docs.
std::vector<Page> pages();
std::string place(const Page& page, std::size_t line);

// Reports what one page after the other has to say, each under its name.
struct NameOfPage {
    template <class Info>
    std::string operator()(const Info& info) const {
        std::string name;
        for (const char c : info.param.name) {
            const bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            name += is_word ? c : '_';
        }
        return name;
    }
};

}  // namespace bearergate::test
