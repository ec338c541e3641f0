// Why this exists: what is asked about machines and Swift can't call: instructions, variadic functions, and a
// request that is a union.
#pragma once
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/// The processor's time-stamp counter (Intel SDM 4.3, RDTSC); 0 where there is none.
static inline unsigned long long clinux_time_stamp(void) {
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    return 0;
#endif
}

/// The twelve characters by which the hypervisor under this machine signs, "KVMKVMKVM" for instance; empty where the
/// processor names none. CPUID leaf 0x40000000, which means something only where bit 31 of leaf 1's ECX is set: see
/// Documentation/virt/kvm/x86/cpuid.rst in Linux.
static inline void clinux_hypervisor_signature(char signature[13]) {
    memset(signature, 0, 13);
#if defined(__x86_64__)
    unsigned a = 1, b, c = 0, d;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    if (!(c >> 31)) return;
    a = 0x40000000;
    c = 0;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    memcpy(signature, &b, 4);
    memcpy(signature + 4, &c, 4);
    memcpy(signature + 8, &d, 4);
#endif
}

/// Whether the processors may count how often heat slowed them down, in the directories `thermal_throttle` of /sys: those
/// of Intel that have both features ACPI and TM, see arch/x86/kernel/cpu/mcheck in Linux. AT_HWCAP is the kernel's own
/// word of features (CPUID leaf 1, EDX).
static inline int clinux_counts_throttling(void) {
#if defined(__x86_64__)
    unsigned long both = 1UL << 22 | 1UL << 29;
    return (getauxval(AT_HWCAP) & both) == both;
#else
    return 1;
#endif
}

/// prctl(2) with PR_SET_CHILD_SUBREAPER: whether orphans below this process become its children.
static inline int clinux_adopt_orphans(int adopt) { return prctl(PR_SET_CHILD_SUBREAPER, adopt, 0, 0, 0); }

/// pidfd_getfd(2): our own copy of the descriptor `number` of another process; it is close-on-exec.
static inline int clinux_pidfd_getfd(int pidfd, int number) {
    return (int)syscall(SYS_pidfd_getfd, pidfd, number, 0);
}

/// Opens a tap that is there, as libvirt does for QEMU: whole frames, each behind the header by which virtio says what was left
/// to the other end (tuntap.rst in Linux). A descriptor that is closed by exec, or -1 with errno.
int clinux_open_tap(const char *name);
