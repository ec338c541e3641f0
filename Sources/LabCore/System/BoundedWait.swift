import Glibc

/// A wait for descriptors that ends: when one of them is ready, at its deadline, or on a signal.
///
/// It listens for a signal that comes while it waits. One that has come before is why something is being tidied up, and
/// that has to be finished, within its deadline: what begins new work asks `Interrupt.check` by itself.
public struct BoundedWait: Sendable {
    public enum Event: Sendable { case ready, interrupted, late }

    private let interrupt: Int32
    private let deadline: MonotonicInstant?

    /// - Parameter deadline: nil only for what may rightly take for ever, as a reader of our output may.
    public init(until deadline: MonotonicInstant?, interrupt: Interrupt = .ofProcess) {
        self.deadline = deadline
        self.interrupt = interrupt.isRaised ? -1 : interrupt.descriptor
    }

    /// Waits for any of these. The corresponding C function is `poll`, whose answers are in `watched` afterwards.
    public func poll(_ watched: inout [pollfd]) -> Event {
        watched.append(pollfd(fd: interrupt, events: Int16(POLLIN), revents: 0))
        defer { watched.removeLast() }
        while true {
            // A descriptor that is always ready would else keep a loop of waits going past its deadline.
            if let deadline, MonotonicInstant.now() >= deadline { return .late }
            let count = Glibc.poll(
                &watched, nfds_t(watched.count), deadline?.pollTimeoutMilliseconds ?? -1)
            guard count > 0 else { continue }
            return watched[watched.count - 1].revents != 0 ? .interrupted : .ready
        }
    }

    /// Waits for one. The corresponding C function is `poll`.
    public func poll(_ descriptor: Int32, _ events: Int32 = Int32(POLLIN)) -> Event {
        var watched = [pollfd(fd: descriptor, events: Int16(events), revents: 0)]
        return poll(&watched)
    }
}
