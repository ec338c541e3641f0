// Why this exists: libvirt's C API for Swift. Nothing is defined here, only included.
#pragma once
#include <libvirt/libvirt.h>
#include <libvirt/libvirt-qemu.h>
#include <libvirt/virterror.h>
