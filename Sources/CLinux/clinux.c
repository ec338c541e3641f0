#define _GNU_SOURCE
#include "clinux.h"

#include <unistd.h>

int clinux_pipe2(int ends[2], int flags) { return pipe2(ends, flags); }
