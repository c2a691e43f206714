#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

namespace bearergate::gateway {

// What a gateway wants of its process, once, before anything else: a vanished peer is an error
// and not a signal, as many descriptors as the system allows, no core dumps (they would hold keys
// and tokens), and no file of ours open to others.
void settle_process();

// What the process has given up for good.
struct Sandbox {
    bool no_new_privileges = false;    // set-user-id programs give it none
    bool not_dumpable = false;         // no other process of the user may read its memory
    bool system_calls_denied = false;  // starting programs among them; false in a build without
                                       // libseccomp, or where the kernel has no filters
};
// Once, after settle_process() and before there is anything to protect; never undone.
Sandbox enter_sandbox();
// What could not be given up, and why where that is known; "" when nothing is missing.
std::string missing_of(const Sandbox& sandbox);

// Reads a small file of the kernel's; nothing where there is none.
using ReadFile = std::function<std::optional<std::string>(const std::string& path)>;

// How many CPUs a process may use: those it may run on, or fewer where a control group's quota
// (version 2 or 1, its own or one above) allows less. A part of a CPU counts as one.
std::size_t usable_cpus(std::size_t schedulable, const ReadFile& read);
std::size_t usable_cpus();

// How many clients a process may have at a time when it may have so many descriptors and needs so
// many for other things: each client may need one more, towards an upstream. One at least.
std::size_t affordable_connections(std::size_t descriptors, std::size_t taken);
std::size_t descriptor_limit();
std::size_t open_descriptors();

// What the process costs. A figure that the kernel does not give is 0.
struct ProcessFigures {
    std::size_t open_descriptors = 0;
    std::size_t descriptor_limit = 0;
    std::size_t resident_bytes = 0;
    std::chrono::microseconds cpu_time{};  // of all threads, user and system
};
ProcessFigures process_figures();

}  // namespace bearergate::gateway
