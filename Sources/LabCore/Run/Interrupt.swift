import CLinux
import Glibc
import Synchronization

/// The user's wish to stop, as a descriptor that becomes readable and stays so.
///
/// Every wait that can last puts `descriptor` into its poll(2) set beside what it waits for, and throws
/// `Interrupt.error` when it is readable. A negative descriptor is skipped by poll(2), so `Interrupt.never` needs
/// no special case.
public final class Interrupt: Sendable {
    /// An eventfd(2) that is never read; -1 when nothing can interrupt.
    public let descriptor: Int32

    /// For work that nothing interrupts.
    public static let never = Interrupt(descriptor: -1)

    /// The one that this process's signals raise, `never` while none does.
    public static var ofProcess: Interrupt { caught.withLock { $0 } ?? .never }
    private static let caught = Mutex<Interrupt?>(nil)

    /// The error that an interrupted wait throws.
    public static let error = LabError(.interrupted, "stopped by a signal")

    private init(descriptor: Int32) { self.descriptor = descriptor }

    /// - Throws: `.software` when no eventfd is to be had.
    public init() throws(LabError) {
        do {
            descriptor = try checked { clinux_eventfd() }
        } catch {
            throw LabError(.software, "cannot make an eventfd", cause: "\(error)")
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Lets SIGINT, SIGTERM and SIGHUP raise this instead of ending the program; a second one ends it at once with
    /// status 130. SIGPIPE no longer ends it either.
    public func catchSignals() throws(LabError) {
        do {
            try checked { clinux_catch_interrupts(descriptor) }
        } catch {
            throw LabError(.software, "cannot install the signal handlers", cause: "\(error)")
        }
        Self.caught.withLock { $0 = self }
    }

    /// Does what a signal does. Async-signal-safe.
    public func raise() {
        var one: UInt64 = 1
        // A full counter is readable too, so there is no failure to speak of.
        _ = write(descriptor, &one, MemoryLayout<UInt64>.size)
    }

    /// True when it was raised. One poll(2) without waiting.
    public var isRaised: Bool {
        guard descriptor >= 0 else { return false }
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 0) == 1
    }

    /// Waits until then; throws as soon as it is raised.
    public func wait(until deadline: MonotonicInstant) throws(LabError) {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while MonotonicInstant.now() < deadline {
            // EINTR: the loop comes back.
            if poll(&entry, 1, deadline.pollTimeoutMilliseconds) > 0 { throw Self.error }
        }
    }

    /// Throws when it was raised.
    public func check() throws(LabError) {
        if isRaised { throw Self.error }
    }
}
