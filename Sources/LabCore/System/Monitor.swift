import Glibc

/// A state that threads change and wait for.
public final class Monitor<State>: @unchecked Sendable {
    // Guard `state`. Heap memory, because both must keep their address.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var state: State

    public init(_ state: State) {
        self.state = state
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(changed, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    /// Reads or changes the state, and wakes whoever waits for it.
    public func withLock<Value>(_ body: (inout State) -> Value) -> Value {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        let value = body(&state)
        pthread_cond_broadcast(changed)
        return value
    }

    /// Waits until `isDone`, at most until the deadline; returns the state at that moment and whether it is done.
    public func wait(deadline: MonotonicInstant? = nil, until isDone: (State) -> Bool) -> (
        state: State, isDone: Bool
    ) {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        var limit = timespec()
        if let deadline {
            limit.tv_sec = Int(deadline.nanoseconds / 1_000_000_000)
            limit.tv_nsec = Int(deadline.nanoseconds % 1_000_000_000)
        }
        while !isDone(state) {
            if deadline == nil {
                pthread_cond_wait(changed, mutex)
            } else if pthread_cond_timedwait(changed, mutex, &limit) == ETIMEDOUT {
                return (state, isDone(state))
            }
        }
        return (state, true)
    }
}
