import Glibc
import LabCore
import Synchronization

/// Debian's docker-registry on the loopback, with what it keeps in a directory of the caller's; it ends with this.
package final class LoopbackRegistry {
    package let port: UInt16
    private let interrupt: Interrupt
    private var thread: OSThread?

    private static let program = "docker-registry"
    package static var isInstalled: Bool { Tool.find(program) != nil }
    /// The longest that it may be needed.
    private static let patience = Duration.seconds(3_600)
    private static let beginning = Duration.seconds(60)

    /// - Throws: `.unavailable` where it is not installed or does not begin to serve.
    package init(in directory: String) throws(LabError) {
        guard Self.isInstalled else {
            throw LabError(
                .unavailable, "\(Self.program) is not installed", cause: "it is not in PATH",
                remedy: "apt-get install \(Self.program)", detail: .notInstalled)
        }
        do throws(Errno) { port = try Loopback.freePort() } catch {
            throw LabError(.unavailable, "there is no port for \(Self.program)", cause: error)
        }
        let path = "\(directory)/registry.yml"
        try Files.write(
            """
            version: 0.1
            log: {level: error, accesslog: {disabled: true}}
            storage: {filesystem: {rootdirectory: \(directory)/registry}}
            http: {addr: "127.0.0.1:\(port)"}

            """, to: path)
        interrupt = try Interrupt()
        let ending = interrupt
        let state = Ending()
        do throws(Errno) {
            thread = try OSThread.start {
                // It dies with this thread, whatever becomes of the process.
                _ = try? Tool.run(
                    "setpriv", ["--pdeathsig", "KILL", Self.program, "serve", path], in: directory,
                    deadline: .now().advanced(by: Self.patience), interrupt: ending)
                state.isOver.store(true, ordering: .releasing)
            }
        } catch {
            throw LabError(.software, "cannot start a thread", cause: error)
        }
        let deadline = MonotonicInstant.now().advanced(by: Self.beginning)
        while !Loopback.answers(port) {
            let isOver = state.isOver.load(ordering: .acquiring)
            guard !isOver, MonotonicInstant.now() < deadline else {
                end()
                throw LabError(
                    .unavailable, "docker-registry serves nothing",
                    cause: isOver ? "it ended" : "it took too long")
            }
            usleep(20_000)
        }
    }

    private final class Ending: Sendable {
        let isOver = Atomic(false)
    }

    /// Ends it, and waits until it has ended.
    package func end() {
        interrupt.raise()
        thread.take()?.join()
    }

    deinit { end() }
}

/// A way to a server on the loopback that counts what goes over it, and breaks after so many bytes: then it is closed, and
/// nobody listens there any more.
package final class CountedWay: Sendable {
    package let port: UInt16
    private let listener: Int32
    private let most: Int
    private let sum = Mutex(0)

    /// - Parameter bytes: after which it breaks, in both directions together.
    package init(to target: UInt16, breakingAfter bytes: Int = .max) throws(Errno) {
        (listener, port) = try Loopback.listener()
        most = bytes
        _ = try OSThread.start { [self] in
            while true {
                let inner = accept(listener, nil, nil)
                guard inner >= 0 else { break }
                _ = fcntl(inner, F_SETFD, FD_CLOEXEC)
                do throws(Errno) {
                    let outer = try Loopback.connect(to: target).release()
                    _ = try OSThread.start { [self] in carry(inner, outer) }
                } catch { Glibc.close(inner) }
            }
            Glibc.close(listener)
        }
    }

    /// Of both directions.
    package var bytes: Int { sum.withLock { $0 } }

    /// Ends it: accept(2) fails then.
    package func end() { shutdown(listener, Int32(SHUT_RDWR)) }

    private func carry(_ inner: Int32, _ outer: Int32) {
        defer {
            Glibc.close(inner)
            Glibc.close(outer)
        }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var ends = [inner, outer].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        while poll(&ends, 2, -1) > 0 {
            for (from, to) in [(0, outer), (1, inner)] where ends[from].revents != 0 {
                let count = read(ends[from].fd, &buffer, buffer.count)
                guard count > 0 else { return }
                let isOver = sum.withLock { sum in
                    sum += count
                    return sum > most
                }
                if isOver { return end() }
                guard send(to, buffer, count, Int32(MSG_NOSIGNAL)) == count else { return }
            }
        }
    }
}
