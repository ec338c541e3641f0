// Why this exists: what Swift can't do with the kernel. Functions that glibc declares only under _GNU_SOURCE,
// and everything that runs between clone and exec, where no Swift may run.
#pragma once

/// pipe2(2).
int clinux_pipe2(int ends[2], int flags);
