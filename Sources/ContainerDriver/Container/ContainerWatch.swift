import CLinux
import Glibc
import LabCore

/// Who ends a container whose caller was killed: its own tether, the parent-death signal, is in its hands.
struct ContainerWatch: ~Copyable {
    private let watcher: UnsafeMutablePointer<clinux_watcher>
    private let pid: pid_t
    /// Readable once it is dead: then nobody watches any more.
    let pidfd: FileDescriptor

    /// Starts to watch over this process.
    /// - Parameters:
    ///   - ourselves: a pidfd of this process.
    ///   - modes: what standard input, a terminal, is to have back.
    init(ourselves: Int32, restoring modes: termios?) throws(LabError) {
        guard let watcher = clinux_make_watcher() else {
            throw LabError(.unavailable, "cannot watch over this process", cause: "\(Errno(errno))")
        }
        watcher.initialize(
            to: clinux_watcher(
                self: ourselves, container: -1, terminal: modes == nil ? -1 : STDIN_FILENO,
                modes: modes ?? termios()))
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

    deinit {
        clinux_end_watch(pid)
        clinux_free_watcher(watcher)
    }
}
