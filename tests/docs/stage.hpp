#pragma once

#include "docs/page.hpp"
#include "support/process.hpp"
#include "support/recording_upstream.hpp"
#include "support/temporary_folder.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace bearergate::test {

// A command as a page shows it, and what it is to print.
struct Command {
    std::size_t line = 0;  // of its block
    std::string text{};
    bool must_succeed = true;
    std::vector<std::string> expected{};  // lines; "…" stands for any, and within one for anything
};
struct Ran {
    int code = -1;
    std::string output{};
};

// The commands of a page's blocks, in order.
std::vector<Command> commands_of(const Page& page);

// Whether lines are what a page says that they are. Leading spaces count, final ones do not.
bool matches(const std::vector<std::string>& expected, const std::vector<std::string>& actual);
std::vector<std::string> lines_of(const std::string& text);

// The world that a page's commands are typed in: a folder with the files that the page shows, an
// issuer that gives whatever token it is asked for, a backend, and ports that nobody else has in
// place of those that the page names.
class Stage {
public:
    explicit Stage(const Page& page);

    // All of them in one shell. What serves until it is ended is left running behind those that
    // follow, as in a terminal of its own.
    std::vector<Ran> run(const std::vector<Command>& commands);
    // Names and ports of the page as they are here.
    std::string here(std::string text) const;

private:
    std::string served(const std::string& command) const;
    std::string script(const std::vector<Command>& commands) const;

    TemporaryFolder folder_{};
    RecordingUpstream backend_{
        RecordingUpstream::answer("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n")};
    std::unique_ptr<Process> issuer_{};
    std::vector<std::pair<std::string, std::string>> names_{};
    std::uint16_t admin_port_ = 0;
};

}  // namespace bearergate::test
