// Why this exists: the floor that the container's start is held against, written as plainly as C allows, with nothing
// of the runtime in it: cgroups, clone with all namespaces, a bind-mounted root, pivot_root, exec, first byte, wait, and
// the cgroups removed.
#pragma once

#include <stdint.h>

/// A cgroup of one start: the directory to make, the file in which the child writes that it joins, and the limits: path
/// and text in turn, ended by NULL.
struct floor_cgroup {
    const char *directory, *join;
    char *const *limits;
};

/// One start of `program` (a path below `root`) with the arguments `argv`: fills the nanoseconds from the call to the
/// first byte on the child's stdout and until nothing is left. Returns 0, or an errno.
int floor_start(const char *root, const char *program, char *const argv[], const struct floor_cgroup *cgroups, int count,
                uint64_t *first_byte, uint64_t *whole);
