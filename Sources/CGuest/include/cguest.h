// Why this exists: Embedded Swift has no Glibc module, so the C declarations that lab-guest needs are imported
// here; and port I/O and errno are macros or assembly, which Swift can't call.
#pragma once
#include <errno.h>
#include <unistd.h>
static inline int cguest_errno(void) { return errno; }
