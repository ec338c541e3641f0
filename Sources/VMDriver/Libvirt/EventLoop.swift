import CLibvirt
import Glibc
import LabCore

/// libvirt's event loop, on a thread of its own for the life of the process.
///
/// The embedded driver needs one before the first connection is opened: it reads QEMU's monitors in it. See
/// virEventRegisterDefaultImpl in libvirt-event.h.
enum EventLoop {
    /// Starts it, the first time; and keeps libvirt from writing to our standard error.
    /// - Throws: `.software` when the system has no thread for it.
    static func start() throws(LabError) {
        guard started == 0 else {
            throw LabError(
                .software, "cannot start libvirt's event loop", cause: "\(Errno(started))",
                remedy: "raise the limit of processes: ulimit -u")
        }
    }

    /// The outcome of making its thread: 0, or an errno.
    private static let started: Int32 = {
        // Errors reach the user through LabError. libvirt's own log is for who asks for it in the environment.
        setenv("LIBVIRT_LOG_OUTPUTS", "4:file:/dev/null", 0)
        virSetErrorFunc(nil, ignoreError)
        virEventRegisterDefaultImpl()
        do throws(Errno) {
            _ = try OSThread.start { while virEventRunDefaultImpl() == 0 {} }
            return 0
        } catch {
            return error.rawValue
        }
    }()
}

// A free function and no closure: libvirt calls it on threads that belong to no actor.
private func ignoreError(_: UnsafeMutableRawPointer?, _: virErrorPtr?) {}
