// Why this exists: addresses of sockets and interfaces are unions and casts that Swift can't say, and ioctl(2) is variadic.
#pragma once

/// Gives an interface an address, `10.1.2.3/20`, and brings it up: netdevice(7). 0 or -1 with errno.
int cguest_raise_interface(const char *name, const char *address);

/// A socket that listens on a TCP port, on every address of IPv4. A descriptor, or -1 with errno.
int cguest_listen(unsigned port);

/// A TCP connection that sends at once what it is given (TCP_NODELAY). A descriptor, or -1 with errno.
int cguest_connect(const char *address, unsigned port);

/// The next connection of one that listens, in the same way. A descriptor, or -1 with errno.
int cguest_accept(int listener);
