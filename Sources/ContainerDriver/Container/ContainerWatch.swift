import CLinux
import Glibc
import LabCore

/// Who ends a container whose caller was killed: its own tether, the parent-death signal, is in its hands.
struct ContainerWatch: ~Copyable {
    private let watcher: UnsafeMutablePointer<clinux_watcher>
    private let pid: pid_t
    /// Readable once it is dead: then nobody watches any more.
    let pidfd: FileDescriptor

    /// Starts to watch over this process. The earlier the cheaper: from then on each page that this process had written to
    /// is copied when it is written to again.
    /// - Parameter ourselves: a pidfd of this process.
    init(ourselves: Int32) throws(LabError) {
        guard let watcher = clinux_make_watcher() else {
            throw LabError(.unavailable, "cannot watch over this process", cause: "\(Errno(errno))")
        }
        watcher.initialize(
            to: clinux_watcher(self: ourselves, container: -1, terminal: -1, modes: termios()))
        do {
            let pid = try checked { clinux_watch(watcher) }
            do throws(Errno) {
                pidfd = FileDescriptor(owning: try checked { clinux_pidfd_open(pid) })
            } catch {
                clinux_end_watch(pid)
                throw error
            }
            self.pid = pid
            self.watcher = watcher
        } catch {
            clinux_free_watcher(watcher)
            throw LabError(.unavailable, "cannot watch over this process", cause: "\(error)")
        }
    }

    /// The place to which clone3 is to write the container's pidfd.
    var pidfdPlace: UnsafeMutablePointer<Int32>? { watcher.pointer(to: \.container) }

    /// What standard input, a terminal, is to have back.
    func restore(_ modes: termios) {
        watcher.pointee.modes = modes
        watcher.pointee.terminal = STDIN_FILENO
    }

    deinit {
        clinux_end_watch(pid)
        clinux_free_watcher(watcher)
    }
}
