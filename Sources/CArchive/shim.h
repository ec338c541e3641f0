// Why this exists: libarchive's C API for Swift. Nothing is defined here, only included.
#pragma once
#include <archive.h>
#include <archive_entry.h>
