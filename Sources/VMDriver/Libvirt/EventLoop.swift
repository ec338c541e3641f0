import CLibvirt
import Glibc
import LabCore

/// libvirt's event loop, on a thread of its own for the life of the process.
///
/// The embedded driver needs one before the first connection is opened: it reads QEMU's monitors in it. See
/// virEventRegisterDefaultImpl in libvirt-event.h.
enum EventLoop {
    /// Starts it, the first time; and keeps libvirt from writing to our standard error.
    static func start() { _ = started }

    private static let started: Void = {
        // Errors reach the user through LabError. libvirt's own log is for who asks for it in the environment.
        setenv("LIBVIRT_LOG_OUTPUTS", "4:file:/dev/null", 0)
        virSetErrorFunc(nil, ignoreError)
        virEventRegisterDefaultImpl()
        do { _ = try OSThread.start { while virEventRunDefaultImpl() == 0 {} } } catch {
            preconditionFailure("a thread for libvirt's event loop can't be made: \(error)")
        }
    }()
}

// A free function and no closure: libvirt calls it on threads that belong to no actor.
private func ignoreError(_: UnsafeMutableRawPointer?, _: virErrorPtr?) {}
