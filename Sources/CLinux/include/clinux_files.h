// Why this exists: extended attributes and the parts of a device's number, which are in no module of Swift's.
#pragma once
#include <sys/sysmacros.h>
#include <sys/xattr.h>
