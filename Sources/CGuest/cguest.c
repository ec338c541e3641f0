#define _GNU_SOURCE
#include "cguest.h"

#include <sched.h>
#include <sys/utsname.h>

static int count;
static char **words;

// glibc passes main's arguments to every function of .init_array too.
__attribute__((constructor)) static void keep_arguments(int argc, char **argv) {
    count = argc;
    words = argv;
}

int cguest_argc(void) { return count; }
char **cguest_argv(void) { return words; }

const char *cguest_error_text(int code) { return strerrordesc_np(code); }

const char *cguest_error_name(int code) { return strerrorname_np(code); }

const char *cguest_kernel(void) {
    static char text[2 * sizeof((struct utsname *)0)->sysname + 2];
    struct utsname name;
    if (uname(&name) != 0) return "";
    strcpy(text, name.sysname);
    strcat(text, " ");
    strcat(text, name.release);
    return text;
}

int cguest_pin(void) {
    cpu_set_t here;
    int cpu = sched_getcpu();
    if (cpu < 0 || cpu >= CPU_SETSIZE) return -1;
    CPU_ZERO(&here);
    CPU_SET(cpu, &here);
    return sched_setaffinity(0, sizeof here, &here);
}
