import LabCore

/// The observations of one guest from before it is started until it is gone.
///
/// Whoever listens to it says so with the moment at which its bytes arrived: every mark is stamped by that, and not by
/// when somebody gets round to looking.
final class GuestWatch: Sendable {
    /// The observations up to one moment.
    struct View: Sendable {
        var timeline = Timeline()
        var transcript = GuestTranscript()
        var console = ConsoleTail()
        /// The guest's end of the record channel was opened and is closed again: the VMM has ended.
        var isOver = false
        /// This side ends the VM: half a record is then no fault of the guest.
        var isEnding = false
        /// The exit status of a command, 128 + N for signal N.
        var commandStatus: Int32?
        /// The reason why nothing more of a command is listened to.
        var commandFailure: LabError?
    }

    private let requested: MonotonicInstant
    /// True when the first of the kernel's words is the mark of its start; a restored one has started before.
    private let startsKernel: Bool
    private let view: Monitor<View>

    init(requested: MonotonicInstant, startsKernel: Bool = true) {
        self.requested = requested
        self.startsKernel = startsKernel
        var first = View()
        first.timeline.stamp(.requested, at: requested, since: requested)
        view = Monitor(first)
    }

    /// Says that the VM is about to be ended from here, whatever its guest is doing. Where each byte traps, a guest is
    /// in the middle of a record for a long time: 20 ms under KVM, nested in emulation.
    func expectEnd() { view.withLock { $0.isEnding = true } }

    /// The observations so far.
    var now: View { view.withLock { $0 } }

    func stamp(_ mark: Mark, at instant: MonotonicInstant = .now()) {
        view.withLock { $0.timeline.stamp(mark, at: instant, since: requested) }
    }

    func commandEnded(_ status: Int32, at instant: MonotonicInstant) {
        view.withLock { view in
            view.timeline.stamp(.exited, at: instant, since: requested)
            view.commandStatus = status
        }
    }

    func commandFailed(_ error: LabError) { view.withLock { $0.commandFailure = error } }

    /// The interval at which a wait looks for a signal: a condition variable is no descriptor.
    private static let interval = Duration.milliseconds(200)

    /// Waits until `isDone` or the deadline; returns what was seen then, and whether it is done.
    /// - Throws: `.interrupted` on a signal.
    func wait(
        until isDone: (View) -> Bool, deadline: MonotonicInstant
    ) throws(LabError) -> (view: View, isDone: Bool) {
        while true {
            let next = min(deadline, .now().advanced(by: Self.interval))
            let (seen, done) = view.wait(deadline: next, until: isDone)
            if done || MonotonicInstant.now() >= deadline { return (seen, done) }
            try Interrupt.ofProcess.check()
        }
    }

    /// Takes bytes of the kernel's console.
    func receive(console bytes: ArraySlice<UInt8>, at instant: MonotonicInstant) {
        view.withLock { view in
            if startsKernel { view.timeline.stamp(.kernelEntered, at: instant, since: requested) }
            view.console.append(bytes)
        }
    }

    /// Takes bytes of the record channel; false when nothing more of it is worth listening to.
    @discardableResult
    func receive(records bytes: ArraySlice<UInt8>, at instant: MonotonicInstant) -> Bool {
        view.withLock { view in
            view.transcript.receive(bytes) { record in
                switch record {
                case .initStarted: view.timeline.stamp(.initStarted, at: instant, since: requested)
                case .ready: view.timeline.stamp(.ready, at: instant, since: requested)
                case .output: view.timeline.stamp(.firstOutput, at: instant, since: requested)
                case .exit: view.timeline.stamp(.exited, at: instant, since: requested)
                case .metric: break
                }
            }
            return view.transcript.violation == nil
        }
    }

    /// Says that no more records will come: the VMM has ended.
    func recordsEnded() {
        view.withLock { view in
            if !view.isEnding { view.transcript.finish() }
            view.isOver = true
        }
    }
}
