import Glibc

/// Threads for work that must begin at the same moment.
enum Threads {
    /// Runs `body` for 0 ..< `count`, each on a thread of its own, all released together, and returns when all have
    /// ended.
    /// - Throws: `.software` when the system has no more threads; none has run then.
    static func together(_ count: Int, _ body: @Sendable @escaping (Int) -> Void) throws(LabError) {
        let gate = Gate()
        var threads: [pthread_t] = []
        defer { for thread in threads { pthread_join(thread, nil) } }
        for index in 0..<count {
            var thread = pthread_t()
            let work = Unmanaged.passRetained(Work(gate) { body(index) })
            let code = pthread_create(&thread, nil, runWork, work.toOpaque())
            guard code == 0 else {
                work.release()
                gate.open(run: false)
                throw LabError(.software, "cannot start \(count) threads", cause: "\(Errno(code))")
            }
            threads.append(thread)
        }
        gate.open(run: true)
    }

    fileprivate final class Work: Sendable {
        let gate: Gate
        let body: @Sendable () -> Void
        init(_ gate: Gate, _ body: @Sendable @escaping () -> Void) {
            self.gate = gate
            self.body = body
        }
    }

    /// Holds threads back until it opens.
    fileprivate final class Gate: @unchecked Sendable {
        private enum State { case closed, open, cancelled }
        // Heap memory, because both must keep their address. `state` is guarded by the mutex.
        private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
        private var state = State.closed

        init() {
            pthread_mutex_init(mutex, nil)
            pthread_cond_init(changed, nil)
        }

        deinit {
            pthread_cond_destroy(changed)
            pthread_mutex_destroy(mutex)
            changed.deallocate()
            mutex.deallocate()
        }

        func open(run: Bool) {
            pthread_mutex_lock(mutex)
            state = run ? .open : .cancelled
            pthread_cond_broadcast(changed)
            pthread_mutex_unlock(mutex)
        }

        /// Whether to go on.
        func pass() -> Bool {
            pthread_mutex_lock(mutex)
            defer { pthread_mutex_unlock(mutex) }
            while state == .closed { pthread_cond_wait(changed, mutex) }
            return state == .open
        }
    }
}

private func runWork(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let context {
        let work = Unmanaged<Threads.Work>.fromOpaque(context).takeRetainedValue()
        if work.gate.pass() { work.body() }
    }
    return nil
}
