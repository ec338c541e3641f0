#include "cguest_network.h"
#include "clinux_interface.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/// `10.1.2.3/20` as address and mask.
static int parse(const char *text, in_addr_t *address, in_addr_t *mask) {
    char digits[INET_ADDRSTRLEN] = {0};
    size_t length = strcspn(text, "/");
    const char *rest = text + length;
    if (length >= sizeof digits || rest[0] != '/') return -1;
    memcpy(digits, text, length);
    struct in_addr number;
    if (inet_pton(AF_INET, digits, &number) != 1) return -1;
    unsigned bits = 0;
    for (rest++; *rest; rest++) {
        if (*rest < '0' || *rest > '9') return -1;
        bits = bits * 10 + (unsigned)(*rest - '0');
        if (bits > 32) return -1;
    }
    *address = number.s_addr;
    *mask = bits == 0 ? 0 : htonl(~0u << (32 - bits));
    return 0;
}

int cguest_raise_interface(const char *name, const char *text) {
    in_addr_t address, mask;
    if (parse(text, &address, &mask) != 0) {
        errno = EINVAL;
        return -1;
    }
    return clinux_raise_interface(name, address, mask);
}

static int fail(int handle) {
    int code = errno;
    close(handle);
    errno = code;
    return -1;
}

int cguest_listen(unsigned port) {
    int handle = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (handle < 0) return -1;
    int on = 1;
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    if (setsockopt(handle, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(handle, (struct sockaddr *)&place, sizeof place) != 0 || listen(handle, 16) != 0)
        return fail(handle);
    return handle;
}

static int at_once(int handle) {
    int on = 1;
    return setsockopt(handle, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 ? handle : fail(handle);
}

int cguest_connect(const char *address, unsigned port) {
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    if (inet_pton(AF_INET, address, &place.sin_addr) != 1) {
        errno = EINVAL;
        return -1;
    }
    int handle = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (handle < 0) return -1;
    if (connect(handle, (struct sockaddr *)&place, sizeof place) != 0) return fail(handle);
    return at_once(handle);
}

int cguest_accept(int listener) {
    int handle = accept(listener, NULL, NULL);
    return handle < 0 ? -1 : at_once(handle);
}
