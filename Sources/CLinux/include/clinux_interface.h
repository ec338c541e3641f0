// Why this exists: the addresses of interfaces are unions, and ioctl(2) is variadic. By itself, because the guest has it too.
#pragma once
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static inline int clinux_set_address(int handle, unsigned long call, struct ifreq *request, uint32_t address) {
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr = {address}};
    memcpy(&request->ifr_addr, &place, sizeof place);
    return ioctl(handle, call, request);
}

/// Gives an interface of the calling thread's network namespace an address with its mask, both as they travel, and brings it
/// up: netdevice(7). 0 leaves the address as it is. 0 or -1 with errno.
static inline int clinux_raise_interface(const char *name, uint32_t address, uint32_t mask) {
    struct ifreq request = {0};
    if (strlen(name) >= IFNAMSIZ) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(request.ifr_name, name);
    int handle = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (handle < 0) return -1;
    int result = 0;
    if (address != 0) {
        result = clinux_set_address(handle, SIOCSIFADDR, &request, address);
        if (result == 0) result = clinux_set_address(handle, SIOCSIFNETMASK, &request, mask);
    }
    if (result == 0) result = ioctl(handle, SIOCGIFFLAGS, &request);
    if (result == 0) {
        request.ifr_flags |= IFF_UP;
        result = ioctl(handle, SIOCSIFFLAGS, &request);
    }
    int error = errno;
    close(handle);
    errno = error;
    return result;
}
