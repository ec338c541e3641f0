// A keyring that session keyrings are joined by name to; see session-keyring(7). keyctl(2) is variadic, and glibc has
// neither it nor add_key(2).
#define _GNU_SOURCE
#include "clinux.h"

#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int32_t clinux_make_keyring(const char *name) {
    // Held by the process keyring, which is the thread group's and goes with it.
    long keyring = syscall(SYS_add_key, "keyring", name, NULL, 0, KEY_SPEC_PROCESS_KEYRING);
    if (keyring < 0) return -1;
    // All to who possesses it; its owner may find it too, as a child must that is to join it.
    if (syscall(SYS_keyctl, KEYCTL_SETPERM, keyring, 0x3f0b0000) == 0) return (int32_t)keyring;
    clinux_drop_keyring((int32_t)keyring);
    return -1;
}

void clinux_drop_keyring(int32_t keyring) {
    syscall(SYS_keyctl, KEYCTL_UNLINK, keyring, KEY_SPEC_PROCESS_KEYRING);
}
