#include "clinux_thread.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int set_address(int handle, unsigned long call, struct ifreq *request, uint32_t address) {
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr = {address}};
    memcpy(&request->ifr_addr, &place, sizeof place);
    return ioctl(handle, call, request);
}

int clinux_raise_interface(const char *name, uint32_t address, uint32_t mask) {
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
        result = set_address(handle, SIOCSIFADDR, &request, address);
        if (result == 0) result = set_address(handle, SIOCSIFNETMASK, &request, mask);
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
