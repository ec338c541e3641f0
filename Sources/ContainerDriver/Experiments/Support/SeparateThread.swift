import CLinux
import Glibc
import LabCore
import Launch

/// Work on a thread of its own, which ends with the work: what it changed of itself (its namespaces, its user, its
/// working directory) goes with it, and the rest of the program never sees it.
enum SeparateThread {
    /// Runs `body` on a thread with a copy of all mounts: what it mounts, nobody else sees, and it is gone with the
    /// thread, also when the program is killed.
    static func withPrivateMounts<Value>(
        _ body: @escaping () throws(LabError) -> Value
    ) throws(LabError) -> Value {
        try OSThread.run { () throws(LabError) in
            try kernel("make a mount namespace") { clinux_unshare(Namespaces.mount.rawValue) }
            let flags = MountFlags.makePrivate.union(.recursive)
            try kernel("make the mounts private") { mount(nil, "/", nil, UInt(flags.rawValue), nil) }
            return try body()
        }
    }

    /// Runs `body` on a thread in the namespace of this kind of a process. Not for pid and user namespaces, which a
    /// thread can't enter, see setns(2).
    static func inNamespace<Value>(
        _ name: String, _ kind: Namespaces, of pid: pid_t, _ body: @escaping () throws(LabError) -> Value
    ) throws(LabError) -> Value {
        try OSThread.run { () throws(LabError) in
            let path = "/proc/\(pid)/ns/\(name)"
            let file = try open(path)
            // A thread that shares its root with others may not enter another's mounts.
            if kind == .mount { try kernel("unshare the root") { clinux_unshare(UInt64(CLONE_FS)) } }
            try kernel("enter \(path)") { clinux_setns(file.rawValue, kind.rawValue) }
            return try body()
        }
    }

    private static let CLONE_FS = 0x200

    private static func open(_ path: String) throws(LabError) -> FileDescriptor {
        do throws(Errno) {
            return try FileDescriptor.open(path, O_RDONLY)
        } catch {
            throw LabError(.unavailable, "cannot open \(path)", cause: "\(error)")
        }
    }

    /// One system call that prepares an experiment.
    /// - Throws: `.permission` or `.unavailable`, saying what could not be done.
    static func kernel(_ what: Message, _ call: () -> Int32) throws(LabError) {
        do throws(Errno) {
            try checked { call() }
        } catch {
            let isDenied = error == Errno(EPERM) || error == Errno(EACCES)
            throw LabError(
                isDenied ? .permission : .unavailable, "cannot \(what)", cause: "\(error.name), \(error)",
                remedy: isDenied ? "run as root" : nil)
        }
    }
}
