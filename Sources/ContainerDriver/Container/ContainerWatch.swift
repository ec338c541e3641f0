import CLinux
import Glibc
import LabCore

/// Who ends a container whose caller was killed: its own tether, the parent-death signal, is in its hands.
struct ContainerWatch: ~Copyable {
    private let watcher: UnsafeMutablePointer<clinux_watcher>
    private let pid: pid_t

    /// Starts to watch over this process.
    /// - Parameters:
    ///   - ourselves: a pidfd of this process.
    ///   - modes: what standard input, a terminal, is to have back.
    init(ourselves: Int32, restoring modes: termios?) throws(LabError) {
        watcher = .allocate(capacity: 1)
        watcher.initialize(
            to: clinux_watcher(
                self: ourselves, container: -1, terminal: modes == nil ? -1 : STDIN_FILENO,
                modes: modes ?? termios()))
        let watcher = watcher
        do {
            pid = try checked { clinux_watch(watcher) }
        } catch {
            watcher.deallocate()
            throw LabError(.unavailable, "cannot watch over this process", cause: "\(error)")
        }
    }

    /// Where clone3 is to write the container's pidfd.
    var pidfdPlace: UnsafeMutablePointer<Int32>? { watcher.pointer(to: \.container) }

    deinit {
        clinux_end_watch(pid)
        watcher.deallocate()
    }
}
