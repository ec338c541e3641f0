import Glibc

/// A thread of the system, for what belongs to a thread and not to a task: namespaces, a parent-death signal, a call that
/// blocks. One that is neither joined nor detached goes on by itself.
public struct OSThread: ~Copyable {
    private let handle: pthread_t

    /// Starts `body` on a new thread.
    ///
    /// The corresponding C function is `pthread_create`.
    /// - Throws: `EAGAIN` where the system has no more threads.
    public static func start(_ body: @escaping @Sendable () -> Void) throws(Errno) -> OSThread {
        let box = Unmanaged.passRetained(Body(body))
        var handle = pthread_t()
        let code = pthread_create(&handle, nil, runBody, box.toOpaque())
        guard code == 0 else {
            box.release()
            throw Errno(code)
        }
        return OSThread(handle: handle)
    }

    private init(handle: pthread_t) { self.handle = handle }

    deinit { pthread_detach(handle) }

    /// Waits until it has ended.
    ///
    /// The corresponding C function is `pthread_join`.
    public consuming func join() {
        pthread_join(handle, nil)
        discard self
    }

    /// Runs `body` on a new thread and waits for it. What it changes of itself (namespaces, user, working directory)
    /// goes with the thread, and the rest of the program never sees it.
    /// - Throws: what `body` throws, or `.software` when there is no thread to be had.
    public static func run<Value>(_ body: @escaping () throws(LabError) -> Value) throws(LabError) -> Value {
        // This thread waits, so that neither is ever used by two at once.
        nonisolated(unsafe) let body = body
        nonisolated(unsafe) var result: Result<Value, LabError>?
        do throws(Errno) {
            try start {
                do throws(LabError) { result = .success(try body()) } catch { result = .failure(error) }
            }.join()
        } catch {
            throw LabError(.software, "cannot start a thread", cause: error)
        }
        guard let result else { preconditionFailure("a thread that was joined has ended") }
        return try result.get()
    }
}

private final class Body: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

private func runBody(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let context { Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run() }
    return nil
}
