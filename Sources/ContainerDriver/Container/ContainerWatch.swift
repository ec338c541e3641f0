import CLinux
import Glibc
import LabCore

/// Who ends a container whose caller was killed: its own tether, the parent-death signal, is in its hands.
struct ContainerWatch: ~Copyable {
    private let pid: pid_t
    private let socket: FileDescriptor
    /// Readable once it is dead: then nobody watches any more.
    let pidfd: FileDescriptor

    /// Starts to watch over this process: the container learns whether it does.
    /// - Parameter ourselves: a pidfd of this process.
    init(ourselves: Int32) throws(LabError) {
        let begun: (pid: pid_t, socket: Int32, pidfd: Int32)
        do throws(Errno) { begun = try Self.begin(ourselves) } catch { throw Self.error(error) }
        pid = begun.pid
        socket = FileDescriptor(owning: begun.socket)
        pidfd = FileDescriptor(owning: begun.pidfd)
    }

    private static func begin(_ ourselves: Int32) throws(Errno) -> (pid_t, Int32, Int32) {
        var (socket, pidfd) = (Int32(-1), Int32(-1))
        let pid = try checked { clinux_watch(ourselves, &socket, &pidfd) }
        return (pid, socket, pidfd)
    }

    private static func error(_ error: Errno) -> LabError {
        LabError(.unavailable, "cannot watch over this process", cause: "\(error)")
    }

    /// Where the container announces itself, before it is anybody else's.
    var announcement: Int32 { socket.rawValue }

    /// What standard input, a terminal, is to have back.
    func restore(_ modes: termios) throws(LabError) {
        var modes = modes
        do throws(Errno) { try checked { clinux_tell_modes(announcement, &modes) } } catch {
            throw Self.error(error)
        }
    }

    deinit { clinux_end_watch(pid) }
}
