#include <bearergate/gateway/process.hpp>

#include <dirent.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <fstream>
#include <limits>
#include <memory>
#include <sstream>
#include <string_view>

namespace bearergate::gateway {
namespace {

std::optional<std::string> read_file(const std::string& path) {
    std::ifstream file(path);
    if (!file) return std::nullopt;
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// The control group of this process in the hierarchy that manages CPU time, from the text of
// /proc/self/cgroup: lines of HIERARCHY:CONTROLLERS:PATH, where version 2 names no controllers.
std::optional<std::string> group_path(const std::string& text, bool version_2) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        const std::size_t first = line.find(':');
        const std::size_t second = line.find(':', first + 1);
        if (first == std::string::npos || second == std::string::npos) continue;
        const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
        if (version_2 ? controllers == ",," : controllers.find(",cpu,") != std::string::npos) {
            return line.substr(second + 1);
        }
    }
    return std::nullopt;
}

// Quota over period, of the one file of version 2 ("max 100000") or the two of version 1.
std::optional<double> quota(const std::string& folder, bool version_2, const ReadFile& read) {
    std::optional<std::string> text;
    if (version_2) {
        text = read(folder + "/cpu.max");
    } else {
        const auto amount = read(folder + "/cpu.cfs_quota_us");
        const auto period = read(folder + "/cpu.cfs_period_us");
        if (amount && period) text = *amount + " " + *period;
    }
    if (!text) return std::nullopt;
    std::istringstream numbers(*text);
    double amount = 0;
    double period = 0;
    if (!(numbers >> amount >> period) || amount <= 0 || period <= 0) return std::nullopt;
    return amount / period;
}

// The least quota from a group up to the root of what this process can see. In a container the
// group's path may be the host's and lead nowhere here: then the root's own files count.
double least_quota(const std::string& mount, std::string path, bool version_2, double limit,
                   const ReadFile& read) {
    while (true) {
        limit = std::min(limit, quota(mount + path, version_2, read).value_or(limit));
        if (path.empty()) return limit;
        path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
    }
}

}  // namespace

void settle_process() {
    std::signal(SIGPIPE, SIG_IGN);
    rlimit descriptors{};
    if (getrlimit(RLIMIT_NOFILE, &descriptors) == 0) {
        descriptors.rlim_cur = descriptors.rlim_max;
        setrlimit(RLIMIT_NOFILE, &descriptors);
    }
    // One byte, not none: a limit of 0 does not keep the kernel from piping a dump to a collector;
    // this one is too small for a file and refuses the pipe.
    const rlimit core{.rlim_cur = 1, .rlim_max = 1};
    setrlimit(RLIMIT_CORE, &core);
    umask(S_IRWXG | S_IRWXO);
}

std::size_t usable_cpus(std::size_t schedulable, const ReadFile& read) {
    auto limit = static_cast<double>(std::max<std::size_t>(schedulable, 1));
    const std::string groups = read("/proc/self/cgroup").value_or("");
    if (const auto path = group_path(groups, true)) {
        limit = least_quota("/sys/fs/cgroup", *path, true, limit, read);
    }
    if (const auto path = group_path(groups, false)) {
        for (const char* mount : {"/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct"}) {
            limit = least_quota(mount, *path, false, limit, read);
        }
    }
    return static_cast<std::size_t>(std::ceil(limit));
}

std::size_t usable_cpus() {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    const bool known = sched_getaffinity(0, sizeof(allowed), &allowed) == 0;
    return usable_cpus(known ? static_cast<std::size_t>(CPU_COUNT(&allowed)) : 1, read_file);
}

std::size_t affordable_connections(std::size_t descriptors, std::size_t taken) {
    return descriptors > taken + 1 ? (descriptors - taken) / 2 : 1;
}

std::size_t descriptor_limit() {
    rlimit descriptors{};
    if (getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return FD_SETSIZE;
    return std::min<rlim_t>(descriptors.rlim_cur, std::numeric_limits<std::size_t>::max());
}

std::size_t open_descriptors() {
    // Not <filesystem>, which ends the process where there is no memory, even asked without throw.
    const std::unique_ptr<DIR, decltype([](DIR* open) { closedir(open); })> folder(
        opendir("/proc/self/fd"));
    if (folder == nullptr) return FD_SETSIZE / 8;  // without /proc: more than there are
    std::size_t count = 0;
    while (const dirent* each = readdir(folder.get())) count += each->d_name[0] == '.' ? 0 : 1;
    return count;
}

ProcessFigures process_figures() {
    ProcessFigures figures{.open_descriptors = open_descriptors(),
                           .descriptor_limit = descriptor_limit()};
    // In pages: all that is mapped, then what is resident.
    std::istringstream memory(read_file("/proc/self/statm").value_or(""));
    std::size_t mapped = 0;
    std::size_t resident = 0;
    if (memory >> mapped >> resident) {
        figures.resident_bytes = resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    }
    rusage usage{};
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        for (const timeval& time : {usage.ru_utime, usage.ru_stime}) {
            figures.cpu_time +=
                std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
        }
    }
    return figures;
}

}  // namespace bearergate::gateway
