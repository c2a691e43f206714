// What the process may ask of the kernel from here on. A list of what is denied, not of what is
// allowed: a gateway's own calls come from five libraries and change with each of them, while what
// an intruder would want next is well known.
#include <bearergate/gateway/process.hpp>

#include <sys/prctl.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

#ifdef BEARERGATE_SECCOMP
#include <seccomp.h>

#include <cerrno>
#endif

namespace bearergate::gateway {

#ifdef BEARERGATE_SECCOMP

namespace {

// Programs, other processes, the file system's shape, the kernel itself, and the interfaces of it
// whose faults are the usual way up. A call that this kernel does not know is passed over.
constexpr std::array denied{
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(kcmp),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(open_tree),
    SCMP_SYS(move_mount),
    SCMP_SYS(fsopen),
    SCMP_SYS(fsconfig),
    SCMP_SYS(fsmount),
    SCMP_SYS(fspick),
    SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),
    SCMP_SYS(unshare),
    SCMP_SYS(setns),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(reboot),
    SCMP_SYS(swapon),
    SCMP_SYS(swapoff),
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(keyctl),
    SCMP_SYS(acct),
    SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime),
    SCMP_SYS(adjtimex),
};

constexpr std::string_view why_no_filter = "the kernel refused it";

bool deny_system_calls() {
    const std::unique_ptr<void, void (*)(void*)> filter(seccomp_init(SCMP_ACT_ALLOW),
                                                        seccomp_release);
    if (!filter) return false;
    for (const int call : denied) {
        if (seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EPERM), call, 0) != 0) return false;
    }
    // For threads that libraries may have started already, too.
    return seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1) == 0 &&
           seccomp_load(filter.get()) == 0;
}

}  // namespace

#else

namespace {

constexpr std::string_view why_no_filter = "built without libseccomp";

bool deny_system_calls() {
    return false;
}

}  // namespace

#endif

Sandbox enter_sandbox() {
    Sandbox sandbox;
    sandbox.no_new_privileges = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
    // Nobody of the same user may attach to it and read keys and tokens out of it.
    sandbox.not_dumpable = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
    sandbox.system_calls_denied = deny_system_calls();
    return sandbox;
}

std::string missing_of(const Sandbox& sandbox) {
    std::string all;
    const auto add = [&all](std::string_view what) {
        if (!all.empty()) all += "; ";
        all += what;
    };
    if (!sandbox.system_calls_denied) {
        add("a filter that denies system calls: ");
        all += why_no_filter;
    }
    if (!sandbox.no_new_privileges) add("no new privileges");
    if (!sandbox.not_dumpable) add("memory that no other process of the user may read");
    return all;
}

}  // namespace bearergate::gateway
