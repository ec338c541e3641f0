// Why this exists: the floor that the container's start is held against, written as plainly as C allows, with nothing
// of the runtime in it: clone with all namespaces, a bind-mounted root, pivot_root, exec, first byte, wait.
#pragma once

#include <stdint.h>

/// One start of `program` (a path below `root`) with the arguments `argv`: fills the nanoseconds from the call to the
/// first byte on the child's stdout and to the end of waitpid(2). Returns 0, or an errno.
int floor_start(const char *root, const char *program, char *const argv[], uint64_t *first_byte, uint64_t *reaped);
