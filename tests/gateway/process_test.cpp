#include <bearergate/gateway/process.hpp>

#include "support/sanitized.hpp"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <map>
#include <thread>
#include <vector>

namespace bearergate::gateway {
namespace {

TEST(AffordableConnections, LeaveOneDescriptorEachForTheUpstream) {
    const struct {
        std::size_t descriptors;
        std::size_t taken;
        std::size_t expected;
    } cases[] = {{1024, 24, 500}, {1'048'576, 76, 524'250},
                 {100, 97, 1},    {100, 98, 1},
                 {100, 99, 1},    {100, 100, 1},
                 {20, 40, 1},     {0, 0, 1}};
    for (const auto& c : cases) {
        EXPECT_EQ(affordable_connections(c.descriptors, c.taken), c.expected)
            << c.descriptors << " of which " << c.taken;
    }
}

TEST(OpenDescriptors, AreCounted) {
    const std::size_t before = open_descriptors();
    const int more = ::dup(STDERR_FILENO);
    EXPECT_EQ(open_descriptors(), before + 1);
    ::close(more);
    EXPECT_EQ(open_descriptors(), before);
}

TEST(UsableCpus, AreThoseThatAffinityAndEveryControlGroupAllow) {
    const struct {
        const char* name;
        std::size_t schedulable;
        std::map<std::string, std::string> files;
        std::size_t expected;
    } cases[] = {
        {"no control groups", 8, {}, 8},
        {"nothing known at all", 0, {}, 1},
        {"version 2 without limit",
         4,
         {{"/proc/self/cgroup", "0::/\n"}, {"/sys/fs/cgroup/cpu.max", "max 100000\n"}},
         4},
        {"version 2, two CPUs",
         8,
         {{"/proc/self/cgroup", "0::/\n"}, {"/sys/fs/cgroup/cpu.max", "200000 100000\n"}},
         2},
        {"a part of a CPU counts as one",
         8,
         {{"/proc/self/cgroup", "0::/\n"}, {"/sys/fs/cgroup/cpu.max", "150000 100000\n"}},
         2},
        {"a tenth of a CPU is one, not none",
         8,
         {{"/proc/self/cgroup", "0::/\n"}, {"/sys/fs/cgroup/cpu.max", "10000 100000\n"}},
         1},
        {"the least on the way to the root holds",
         16,
         {{"/proc/self/cgroup", "0::/a.slice/b.service\n"},
          {"/sys/fs/cgroup/a.slice/cpu.max", "300000 100000\n"},
          {"/sys/fs/cgroup/a.slice/b.service/cpu.max", "max 100000\n"}},
         3},
        {"the host's path in a container leads nowhere, its root counts",
         16,
         {{"/proc/self/cgroup", "0::/docker/0123\n"},
          {"/sys/fs/cgroup/cpu.max", "400000 100000\n"}},
         4},
        {"a quota above what can be scheduled",
         2,
         {{"/proc/self/cgroup", "0::/\n"}, {"/sys/fs/cgroup/cpu.max", "800000 100000\n"}},
         2},
        {"version 1",
         8,
         {{"/proc/self/cgroup", "5:memory:/x\n4:cpu,cpuacct:/x\n1:cpuset:/x\n"},
          {"/sys/fs/cgroup/cpu/x/cpu.cfs_quota_us", "300000\n"},
          {"/sys/fs/cgroup/cpu/x/cpu.cfs_period_us", "100000\n"}},
         3},
        {"version 1 without limit",
         8,
         {{"/proc/self/cgroup", "4:cpu:/\n"},
          {"/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n"},
          {"/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"}},
         8},
        {"cpuset is not cpu",
         8,
         {{"/proc/self/cgroup", "4:cpuset:/\n"},
          {"/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "100000\n"},
          {"/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"}},
         8},
        {"garbage",
         8,
         {{"/proc/self/cgroup", "x\n0::/\n"}, {"/sys/fs/cgroup/cpu.max", "lots of it\n"}},
         8},
        {"a period of nothing",
         8,
         {{"/proc/self/cgroup", "0::/\n"}, {"/sys/fs/cgroup/cpu.max", "100000 0\n"}},
         8},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        const ReadFile read = [&c](const std::string& path) -> std::optional<std::string> {
            const auto found = c.files.find(path);
            if (found == c.files.end()) return std::nullopt;
            return found->second;
        };
        EXPECT_EQ(usable_cpus(c.schedulable, read), c.expected);
    }
}

TEST(UsableCpus, OfThisMachineAreAtLeastOneAndNoMoreThanItHas) {
    EXPECT_GE(usable_cpus(), 1U);
    EXPECT_LE(usable_cpus(), static_cast<std::size_t>(sysconf(_SC_NPROCESSORS_CONF)));
}

TEST(ProcessFigures, AreThoseOfThisProcess) {
    const ProcessFigures before = process_figures();
    EXPECT_EQ(before.descriptor_limit, descriptor_limit());
    EXPECT_GT(before.resident_bytes, 1'000'000U);
    const int another = ::socket(AF_INET, SOCK_STREAM, 0);
    std::vector<char> memory(64UL << 20, 'x');
    ProcessFigures after = process_figures();
    EXPECT_EQ(after.open_descriptors, before.open_descriptors + 1);
    if (!test::is_sanitized) {
        EXPECT_GE(after.resident_bytes, before.resident_bytes + memory.size() / 2);
    }
    ::close(another);
    while (after.cpu_time <= before.cpu_time) after = process_figures();
    EXPECT_LT(after.cpu_time, std::chrono::hours(1));
}

// In a child, since it changes the process for good: exit codes name what is wrong.
TEST(SettleProcess, SurvivesAVanishedReaderAndRaisesDescriptorsAndRefusesCoreDumps) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        rlimit before{};
        getrlimit(RLIMIT_NOFILE, &before);
        rlimit lowered = before;
        lowered.rlim_cur = 64;
        setrlimit(RLIMIT_NOFILE, &lowered);
        settle_process();
        rlimit now{};
        getrlimit(RLIMIT_NOFILE, &now);
        if (now.rlim_cur != before.rlim_max) _exit(1);
        getrlimit(RLIMIT_CORE, &now);
        if (now.rlim_cur != 1) _exit(2);
        int ends[2];
        if (pipe(ends) != 0) _exit(3);
        close(ends[0]);
        if (write(ends[1], "x", 1) != -1) _exit(4);
        if (umask(0) != (S_IRWXG | S_IRWXO)) _exit(5);
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

// There is no such program; who may start none is not even told that.
bool can_start_programs() {
    char* const nothing[] = {nullptr};
    execve("/nonexistent", nothing, nothing);
    return errno != EPERM;
}

bool can_serve() {
    bool can = false;
    std::thread thread([&can] {
        const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
        can = socket >= 0 && close(socket) == 0;
    });
    thread.join();
    return can;
}

// Likewise.
TEST(EnterSandbox, LeavesNoWayToOtherProgramsAndAllThatServingNeeds) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        const Sandbox sandbox = enter_sandbox();
        if (!sandbox.no_new_privileges || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) _exit(1);
        if (!sandbox.not_dumpable || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0) _exit(2);
        if (!can_serve()) _exit(3);
        if (!sandbox.system_calls_denied) _exit(77);
        if (can_start_programs()) _exit(4);
        if (process_figures().resident_bytes == 0 || process_figures().open_descriptors > 100) {
            _exit(7);
        }
        if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != -1 || errno != EPERM) _exit(5);
        // Threads that begin later are inside, too.
        bool inside = false;
        std::thread thread([&inside] { inside = !can_start_programs(); });
        thread.join();
        if (!inside) _exit(6);
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "SKIPPED: built without libseccomp";
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(EnterSandbox, WhatCouldNotBeGivenUpIsNamed) {
    Sandbox sandbox{.no_new_privileges = true, .not_dumpable = true, .system_calls_denied = true};
    EXPECT_EQ(missing_of(sandbox), "");
    sandbox.not_dumpable = false;
    EXPECT_EQ(missing_of(sandbox), "memory that no other process of the user may read");
    sandbox.system_calls_denied = false;
#ifdef BEARERGATE_SECCOMP
    const std::string filter = "a filter that denies system calls: the kernel refused it; ";
#else
    const std::string filter = "a filter that denies system calls: built without libseccomp; ";
#endif
    EXPECT_EQ(missing_of(sandbox), filter + "memory that no other process of the user may read");
    EXPECT_EQ(missing_of({}), filter +
                                  "no new privileges; memory that no other process of the "
                                  "user may read");
}

}  // namespace
}  // namespace bearergate::gateway
