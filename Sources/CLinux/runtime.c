#define _GNU_SOURCE
#include "clinux_runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

pid_t clinux_fork(uint64_t namespaces, int cgroup) {
    struct clone_args arguments = {
        .flags = CLONE_CLEAR_SIGHAND | namespaces,
        // A sibling tells its parent its end as we do ours.
        .exit_signal = namespaces & CLONE_PARENT ? 0 : SIGCHLD,
    };
    if (cgroup >= 0) {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = (uint64_t)cgroup;
    }
    return (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
}

void clinux_reset_signals(void) {
    static const uint64_t action[4];  // SIG_DFL, no flags, no restorer, no mask
    for (int number = 1; number <= 64; number++) syscall(SYS_rt_sigaction, number, action, NULL, sizeof(uint64_t));
    uint64_t none = 0;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof none);
}

static int set_mount(int mount, int recursive, struct mount_attr attributes) {
    return (int)syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attributes,
                        sizeof attributes);
}

int clinux_change_mount(int mount, int recursive, uint64_t set, uint64_t clear, uint64_t propagation) {
    return set_mount(mount, recursive, (struct mount_attr){.attr_set = set, .attr_clr = clear, .propagation = propagation});
}

int clinux_set_capability_sets(uint64_t effective, uint64_t permitted, uint64_t inheritable) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    for (int half = 0; half < 2; half++) {
        data[half] = (struct __user_cap_data_struct){
            .effective = (uint32_t)(effective >> 32 * half),
            .permitted = (uint32_t)(permitted >> 32 * half),
            .inheritable = (uint32_t)(inheritable >> 32 * half),
        };
    }
    return (int)syscall(SYS_capset, &header, data);
}

int clinux_bound_capabilities(uint64_t kept) {
    for (int capability = 0; capability < 64; capability++) {
        if (kept >> capability & 1) continue;
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) return errno == EINVAL ? 0 : -1;  // past the last one
    }
    return 0;
}

int clinux_loopback_up(void) {
    // Any socket of the network namespace's will do, and this kind is made and closed the fastest.
    int handle = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (handle < 0) return -1;
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    int result = ioctl(handle, SIOCSIFFLAGS, &request);
    int error = errno;
    close(handle);
    errno = error;
    return result;
}

int clinux_load_filter(const void *instructions, unsigned count, unsigned flags) {
    struct sock_fprog program = {.len = (unsigned short)count, .filter = (struct sock_filter *)instructions};
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

int clinux_take_terminal(int peer) {
    if (ioctl(peer, TIOCSCTTY, 0) != 0) return -1;
    for (int number = 0; number <= 2; number++) {
        if (dup2(peer, number) < 0) return -1;
    }
    return 0;
}

int clinux_unlock_terminal(int master) {
    int unlocked = 0;
    return ioctl(master, TIOCSPTLCK, &unlocked);
}

int clinux_set_window(int terminal, unsigned rows, unsigned columns) {
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    return ioctl(terminal, TIOCSWINSZ, &size);
}

int clinux_copy_window(int from, int to) {
    struct winsize size;
    return ioctl(from, TIOCGWINSZ, &size) != 0 ? -1 : ioctl(to, TIOCSWINSZ, &size);
}

int clinux_load_device_program(const struct bpf_insn *instructions, unsigned count) {
    static const char license[] = "GPL";
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    attributes.insns = (uint64_t)(uintptr_t)instructions;
    attributes.insn_cnt = count;
    attributes.license = (uint64_t)(uintptr_t)license;
    int program = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes);
    if (program >= 0) fcntl(program, F_SETFD, FD_CLOEXEC);
    return program;
}

int clinux_attach_device_program(int program, int cgroup) {
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.target_fd = (unsigned)cgroup;
    attributes.attach_bpf_fd = (unsigned)program;
    attributes.attach_type = BPF_CGROUP_DEVICE;
    attributes.attach_flags = BPF_F_ALLOW_MULTI;
    return (int)syscall(SYS_bpf, BPF_PROG_ATTACH, &attributes, sizeof attributes);
}

long clinux_type_of(int descriptor) {
    struct statfs status;
    return fstatfs(descriptor, &status) == 0 ? (long)status.f_type : -1;
}

// A copy in memory that nobody can change, for who may not mount.
static int sealed_copy(int file) {
    struct stat status;
    int copy = memfd_create("lab-oci", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (copy < 0 || fstat(file, &status) != 0) return -1;
    for (off_t left = status.st_size; left > 0;) {
        ssize_t moved = sendfile(copy, file, NULL, (size_t)left);
        if (moved <= 0) return -1;
        left -= moved;
    }
    int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
    return fcntl(copy, F_ADD_SEALS, seals) == 0 ? copy : -1;
}

int clinux_protect_own_file(char *const *argv) {
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    struct statvfs status;
    if (file < 0 || fstatvfs(file, &status) != 0) return -1;
    int seals = fcntl(file, F_GET_SEALS);
    if (status.f_flag & ST_RDONLY || (seals >= 0 && seals & F_SEAL_WRITE)) return close(file);
    int mine = (int)syscall(SYS_open_tree, file, "", 1 /* OPEN_TREE_CLONE */ | O_CLOEXEC | AT_EMPTY_PATH);
    if (mine >= 0 && clinux_change_mount(mine, 0, 1 /* MOUNT_ATTR_RDONLY */, 0, 0) != 0) {
        close(mine);
        mine = -1;
    }
    if (mine < 0) mine = sealed_copy(file);
    close(file);
    if (mine < 0) return -1;
    syscall(SYS_execveat, mine, "", argv, environ, AT_EMPTY_PATH);
    return -1;
}

#ifdef __x86_64__
// The entry point of a program that starts over (see Package.swift): before libc begins, which asks a virtual processor for its
// caches each time. Nothing may be called here but the kernel. Who can't be protected goes on, and main tells him so.
static long raw(long number, long a, long b, long c, long d, long e) {
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8) : "rcx", "r11", "memory");
    return result;
}

static int is_word(const char *text, const char *word) {
    while (*word && *text == *word) text++, word++;
    return *text == *word;
}

#define MOST_VARIABLES 1000

__attribute__((used, no_stack_protector)) void clinux_before_start(long *stack) {
    int argc = (int)stack[0], starts = 0;
    char **argv = (char **)(stack + 1), **variables = argv + argc + 1;
    for (int index = 1; index < argc; index++)
        starts |= is_word(argv[index], "create") | is_word(argv[index], "run") | is_word(argv[index], "exec");
    if (!starts) return;
    int file = (int)raw(SYS_open, (long)"/proc/self/exe", O_RDONLY | O_CLOEXEC, 0, 0, 0);
    if (file < 0) return;
    struct statfs status;
    long seals = raw(SYS_fcntl, file, F_GET_SEALS, 0, 0, 0);
    int is_safe = raw(SYS_fstatfs, file, (long)&status, 0, 0, 0) == 0 &&
                 (status.f_flags & ST_RDONLY || (seals >= 0 && seals & F_SEAL_WRITE));
    int mine = is_safe ? -1 : (int)raw(SYS_open_tree, file, (long)"", 1 /* OPEN_TREE_CLONE */ | O_CLOEXEC | AT_EMPTY_PATH, 0, 0);
    raw(SYS_close, file, 0, 0, 0, 0);
    if (mine < 0) return;
    struct mount_attr attributes;
    attributes.attr_set = 1;  // MOUNT_ATTR_RDONLY
    attributes.attr_clr = attributes.propagation = attributes.userns_fd = 0;
    // The second start need not look for what would draw a picture of a crash.
    char *all[MOST_VARIABLES + 2];
    int count = 0;
    while (variables[count] && count < MOST_VARIABLES) {
        all[count] = variables[count];
        count++;
    }
    if (!variables[count]) {
        all[count] = "SWIFT_BACKTRACE=enable=no,swift-backtrace=/";
        all[count + 1] = NULL;
        variables = all;
    }
    if (raw(SYS_mount_setattr, mine, (long)"", AT_EMPTY_PATH, (long)&attributes, sizeof attributes) == 0)
        raw(SYS_execveat, mine, (long)"", (long)argv, (long)variables, AT_EMPTY_PATH);
    raw(SYS_close, mine, 0, 0, 0, 0);
}

__asm__(".text\n.globl clinux_entry\nclinux_entry:\n"
        "xor %ebp, %ebp\n"
        "mov %rsp, %rdi\n"
        "mov %rdx, %rbx\n"
        "mov %rsp, %r12\n"
        "and $-16, %rsp\n"
        "call clinux_before_start\n"
        "mov %r12, %rsp\n"
        "mov %rbx, %rdx\n"
        "jmp _start\n");
#endif

int clinux_set_scheduling(const struct clinux_scheduling *wanted) {
    // struct sched_attr of linux/sched/types.h, which glibc's sched.h may define too.
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
    } attributes = {sizeof attributes,     wanted->policy,  wanted->flags,    wanted->nice,
                    wanted->priority, wanted->runtime, wanted->deadline, wanted->period};
    return (int)syscall(SYS_sched_setattr, 0, &attributes, 0);
}

int clinux_map_mount(int mount, int recursive, int users) {
    return set_mount(mount, recursive,
                     (struct mount_attr){.attr_set = 0x100000 /* MOUNT_ATTR_IDMAP */, .userns_fd = (uint64_t)users});
}
