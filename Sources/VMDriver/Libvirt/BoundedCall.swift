import Glibc
import LabCore
import Synchronization

/// A call that may never return, made on a thread of its own and waited for until a deadline.
///
/// libvirt's own calls have none: ssh(1) to a host that does not answer takes minutes.
final class BoundedCall<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    private let done: FileDescriptor.Pipe

    /// Makes the call. A value that comes too late is dropped.
    /// - Throws: `.output` when there can be no thread.
    init(_ body: @escaping @Sendable () -> Value) throws(LabError) {
        do { done = try FileDescriptor.pipe() } catch {
            throw LabError(.output, "cannot call libvirt", cause: "\(error)")
        }
        do {
            _ = try OSThread.start { [self] in
                let result = body()
                value.withLock { $0 = result }
                try? done.write.writeAll([0])
            }
        } catch {
            throw LabError(.output, "cannot call libvirt", cause: "\(error)")
        }
    }

    /// What the call returned; nil when it has not at the deadline.
    func wait(until deadline: MonotonicInstant) -> Value? {
        var ended = pollfd(fd: done.read.rawValue, events: Int16(POLLIN), revents: 0)
        while poll(&ended, 1, deadline.pollTimeoutMilliseconds) <= 0 {
            if MonotonicInstant.now() >= deadline { break }
        }
        return value.withLock { $0.take() }
    }
}

/// What a call brought, or its error; disposed of when nobody takes it, since it came too late.
final class Unclaimed<Value>: @unchecked Sendable {
    private var result: Result<Value, LibvirtError>?
    private let dispose: (Value) -> Void

    init(_ value: Value?, dispose: @escaping (Value) -> Void) {
        result = value.map { .success($0) } ?? .failure(.last())
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
