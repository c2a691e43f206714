#include "docs/page.hpp"

#include "support/files.hpp"

#include <algorithm>
#include <sstream>
#include <stdexcept>

namespace bearergate::test {

namespace fs = std::filesystem;

namespace {

// Lower case, spaces as hyphens, of the rest only letters, digits, hyphens and `_`.
std::string anchor_of(const std::string& heading) {
    std::string anchor;
    for (const char c : heading) {
        if (c == ' ') {
            anchor += '-';
        } else if (c >= 'A' && c <= 'Z') {
            anchor += static_cast<char>(c - 'A' + 'a');
        } else if (c == '-' || c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')) {
            anchor += c;
        }
    }
    return anchor;
}

void read_spans(Page& page, std::size_t number, const std::string& line) {
    for (std::size_t begin = 0; (begin = line.find('`', begin)) != line.npos;) {
        const std::size_t end = line.find('`', begin + 1);
        if (end == line.npos) return;
        page.spans.push_back({.line = number, .text = line.substr(begin + 1, end - begin - 1)});
        begin = end + 1;
    }
}

void read_links(Page& page, std::size_t number, const std::string& line) {
    for (std::size_t begin = 0; (begin = line.find("](", begin)) != line.npos;) {
        begin += 2;
        const std::size_t end = line.find(')', begin);
        if (end == line.npos) return;
        page.links.push_back({.line = number, .target = line.substr(begin, end - begin)});
    }
}

void read_line(Page& page, std::size_t number, const std::string& line) {
    read_spans(page, number, line);
    read_links(page, number, line);
    const std::size_t begin = line.find_first_not_of('#');
    if (begin != 0 && begin != std::string::npos && line[begin] == ' ') {
        page.anchors.insert(anchor_of(line.substr(begin + 1)));
    }
}

}  // namespace

Page read_page(const fs::path& path) {
    Page page{.path = path, .name = fs::relative(path, BEARERGATE_SOURCE_DIR).generic_string()};
    std::istringstream lines(read_file(path));
    std::size_t number = 0;
    bool in_block = false;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        const bool is_fence = line.starts_with("```");
        if (in_block && is_fence) {
            in_block = false;
        } else if (in_block) {
            page.blocks.back().text += line + "\n";
        } else if (is_fence) {
            in_block = true;
            const std::string info = line.substr(3);
            const std::size_t space = std::min(info.find(' '), info.size());
            page.blocks.push_back({.line = number,
                                   .language = info.substr(0, space),
                                   .mark = info.substr(std::min(space + 1, info.size()))});
        } else {
            read_line(page, number, line);
        }
    }
    if (in_block) throw std::runtime_error(page.name + ": a block has no end");
    return page;
}

std::vector<Page> pages() {
    const fs::path root = BEARERGATE_SOURCE_DIR;
    std::vector<fs::path> paths{root / "README.md", root / "CHANGELOG.md", root / "SECURITY.md"};
    for (const auto& entry : fs::directory_iterator(root / "docs")) {
        if (entry.path().extension() == ".md") paths.push_back(entry.path());
    }
    std::ranges::sort(paths);
    std::vector<Page> all;
    all.reserve(paths.size());
    for (const fs::path& path : paths) all.push_back(read_page(path));
    return all;
}

std::string place(const Page& page, std::size_t line) {
    return page.name + ":" + std::to_string(line);
}

}  // namespace bearergate::test
