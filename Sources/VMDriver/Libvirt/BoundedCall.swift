import Glibc
import LabCore
import Synchronization

/// A call that may never return, made on a thread of its own and waited for until a deadline.
///
/// libvirt's own calls have none: ssh(1) to a host that does not answer takes minutes, and a QEMU that is asked what it
/// can do may never say it.
final class BoundedCall<Value: Sendable>: Sendable {
    private let state = Mutex(State())
    private let done: FileDescriptor.Pipe

    private struct State {
        var value: Value?
        /// The thread's directory in /proc.
        var thread: String?
    }

    /// Makes the call. A value that comes too late is dropped.
    /// - Throws: `.output` when there can be no thread.
    init(_ body: @escaping @Sendable () -> Value) throws(LabError) {
        do { done = try FileDescriptor.pipe() } catch {
            throw LabError(.output, "cannot call libvirt", cause: error)
        }
        do {
            _ = try OSThread.start { [self] in
                state.withLock { $0.thread = Files.target(ofLink: "/proc/thread-self").map { "/proc/\($0)" } }
                let result = body()
                state.withLock {
                    $0.value = result
                    $0.thread = nil
                }
                try? done.write.writeAll([0])
            }
        } catch {
            throw LabError(.output, "cannot call libvirt", cause: error)
        }
    }

    /// Returns the call's value; nil when it has none at the deadline, or when a signal came meanwhile.
    func wait(until deadline: MonotonicInstant, interrupt: Interrupt = .ofProcess) -> Value? {
        _ = BoundedWait(until: deadline, interrupt: interrupt).poll(done.read.rawValue)
        return state.withLock { $0.value.take() }
    }

    /// The processes that the call has started and still waits for.
    var children: [HostProcess] {
        state.withLock { $0.thread }.map(HostProcess.children(ofThread:)) ?? []
    }
}

/// The value of a call, or its error; disposed of when nobody takes it, since it came too late.
final class CallResult<Value>: @unchecked Sendable {
    private var result: Result<Value, LibvirtError>?
    private let dispose: (Value) -> Void

    init(_ value: Value?, dispose: @escaping (Value) -> Void) {
        result = value.map { .success($0) } ?? .failure(.last())
        self.dispose = dispose
    }

    init(_ result: Result<Value, LibvirtError>, dispose: @escaping (Value) -> Void) {
        self.result = result
        self.dispose = dispose
    }

    deinit { if case .success(let value)? = result { dispose(value) } }

    /// Hands it over; to be asked once.
    func take() throws(LibvirtError) -> Value {
        defer { result = nil }
        guard let result else { throw LibvirtError(code: 0, message: "it was taken before") }
        return try result.get()
    }
}
