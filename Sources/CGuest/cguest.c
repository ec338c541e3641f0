#include "cguest.h"

static int count;
static char **words;

// glibc passes main's arguments to every function of .init_array too.
__attribute__((constructor)) static void keep_arguments(int argc, char **argv) {
    count = argc;
    words = argv;
}

int cguest_argc(void) { return count; }
char **cguest_argv(void) { return words; }
