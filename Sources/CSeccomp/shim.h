// Why this exists: libseccomp's C API for Swift. Nothing is defined here, only included.
#pragma once
#include <seccomp.h>
