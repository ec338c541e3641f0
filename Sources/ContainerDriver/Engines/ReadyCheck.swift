import CLinux
import Glibc
import LabCore
import Launch
import Synchronization

/// The command that shows that another is ready: run beside it again and again, until it exits with 0.
///
/// It has a thread of its own: a child is born in the PID namespace that its parent's thread was told of, and dies with that
/// thread.
final class ReadyCheck: @unchecked Sendable {
    /// One that is to be made: the same for all instances of an engine.
    struct Recipe: Sendable {
        /// The words of its command line.
        let arguments: [String]
        let environment: [String]
        /// Those of the instance; the PID namespace is its thread's.
        let namespaces: Namespaces
        /// The program, once the namespaces are open.
        let program: @Sendable ([Entered]) throws(LabError) -> LaunchProgram
    }

    /// A descriptor of a namespace, and its kind.
    typealias Entered = (descriptor: Int32, namespace: Namespaces)

    /// The milliseconds from the end of one that was not 0 to the next.
    private static let pause = Duration.milliseconds(10)
    /// The time in which an instance that can't be entered any more is gone.
    private static let patience = Duration.seconds(1)
    /// Whose memory may be looked into is a property of all that share it: one at a time.
    private static let starting = Mutex(())

    private let recipe: Recipe
    private let buffer: ProgramBuffer
    private let instance: FileDescriptor
    private let namespaces: [OpenNamespace]
    private let null: FileDescriptor
    private let cgroup: Int32
    private let joins: [Int32]
    private let news: FileDescriptor.Pipe
    private let end: FileDescriptor.Pipe
    private var thread: OSThread?
    private let state = Mutex(State())

    private struct State {
        var answer: Result<MonotonicInstant, LabError>?
        var status: Int32?
        var cpuNanoseconds: UInt64 = 0
    }

    private final class OpenNamespace {
        let file: FileDescriptor
        let kind: Namespaces

        init(_ name: String, _ kind: Namespaces, of pid: pid_t) throws(Errno) {
            file = try .open("/proc/\(pid)/ns/\(name)", O_RDONLY)
            self.kind = kind
        }
    }

    /// Begins.
    /// - Parameters:
    ///   - pid: the first process of the instance, not reaped yet.
    ///   - cgroup: see `ProgramBuffer.Parameters`, as `joins`.
    init(_ recipe: Recipe, beside pid: pid_t, cgroup: Int32 = -1, joins: [Int32] = []) throws(LabError) {
        self.recipe = recipe
        (self.cgroup, self.joins) = (cgroup, joins)
        do throws(Errno) {
            instance = FileDescriptor(owning: try checked { clinux_pidfd_open(pid) })
            var open: [OpenNamespace] = []
            for (name, kind) in Namespaces.named where recipe.namespaces.contains(kind) {
                open.append(try OpenNamespace(name, kind, of: pid))
            }
            namespaces = open
            null = try .open("/dev/null", O_RDWR)
            news = try FileDescriptor.pipe()
            end = try FileDescriptor.pipe()
        } catch {
            throw LabError(.output, "cannot enter the instance of a command", cause: error)
        }
        buffer = ProgramBuffer(
            try recipe.program(
                namespaces.filter { $0.kind != .pid }.map { ($0.file.rawValue, $0.kind) }),
            environment: recipe.environment)
        do throws(Errno) { thread = try OSThread.start { [self] in run() } } catch {
            throw LabError(.software, "cannot start a thread", cause: error)
        }
    }

    /// Readable when there is an answer.
    var rawValue: Int32 { news.read.rawValue }
    /// When it exited with 0, or the reason why it can't be run; nil while there is no answer.
    var answer: Result<MonotonicInstant, LabError>? { state.withLock { $0.answer } }
    /// Its exit status, the last time that it was not 0.
    var lastStatus: Int32? { state.withLock { $0.status } }
    /// CPU time of all of them that have ended.
    var cpuNanoseconds: UInt64 { state.withLock { $0.cpuNanoseconds } }

    /// Ends it, and waits until it has ended.
    func stop() {
        try? end.write.writeAll([0])
        thread.take()?.join()
    }

    private func run() {
        do throws(LabError) {
            for namespace in namespaces where namespace.kind == .pid {
                do throws(Errno) {
                    try checked { clinux_setns(namespace.file.rawValue, namespace.kind.rawValue) }
                } catch {
                    throw LabError(.output, "cannot enter the instance of a command", cause: error)
                }
            }
            while let ended = try once() {
                if ended == 0 { return finish(.success(.now())) }
                state.withLock { $0.status = ended }
                if wait(for: end.read.rawValue, until: .now().advanced(by: Self.pause)) { return }
            }
        } catch {
            // One that is ending can't be entered any more, which is no failure of this.
            if wait(for: instance.rawValue, until: .now().advanced(by: Self.patience)) { return }
            finish(.failure(error))
        }
    }

    /// Runs it; nil when it was ended from here.
    private func once() throws(LabError) -> Int32? {
        let started = try Self.starting.withLock { _ throws(LabError) in
            let isDumpable = clinux_is_dumpable()
            defer { if isDumpable == 1 { _ = clinux_set_dumpable(1) } }
            return try buffer.start(
                .init(
                    arguments: recipe.arguments,
                    // For a program that takes them: one that enters a root has that root's.
                    standard: (null.rawValue, null.rawValue, null.rawValue, -1), cgroup: cgroup, joins: joins)
            )
        }
        let process = started.takePidfd()
        var watched = [process.rawValue, end.read.rawValue].map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        // Bounded by who waits for the instance, and then stops this.
        while Glibc.poll(&watched, 2, -1) < 0 {}
        let isOver = watched[0].revents == 0
        if isOver { _ = clinux_pidfd_send_signal(process.rawValue, SIGKILL) }
        var status: Int32 = 0
        var cpu: UInt64 = 0
        while clinux_wait_pidfd(process.rawValue, 0, &status, &cpu) != 0 && errno == EINTR {}
        state.withLock { $0.cpuNanoseconds += cpu }
        return isOver ? nil : status
    }

    private func finish(_ answer: Result<MonotonicInstant, LabError>) {
        state.withLock { $0.answer = answer }
        try? news.write.writeAll([0])
    }

    /// Waits; true when it is readable, or this is to end.
    private func wait(for descriptor: Int32, until deadline: MonotonicInstant) -> Bool {
        var watched = [descriptor, end.read.rawValue].map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        while true {
            let count = Glibc.poll(&watched, 2, deadline.pollTimeoutMilliseconds)
            if count >= 0 { return count > 0 }
        }
    }
}
