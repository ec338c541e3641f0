// Why this exists: the numbers of system calls, what sysinfo(2) fills and how a device's number is put together are in
// no module of Swift's.
#pragma once
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
