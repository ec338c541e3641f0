import LabCore

/// An instance that works beside the culprit of a fault, and whose speed is watched from the host.
struct Neighbour {
    let instance: any Instance

    /// Rounds of `compute integer` between two outputs: about 2 ms of a bare process.
    static let workload = Workload.pace(rounds: 2)

    /// The pace of its outputs in a while, by the host's clock.
    struct Pace {
        /// Nanoseconds from one output to the next: the mean, and the longest.
        var mean: Double
        var longest: Double
    }

    /// Watches it for so long, and at least until one more round has ended.
    /// - Throws: `.timeout` when it does no round before the deadline; `.instance` when it has ended.
    func pace(for window: Duration, deadline: MonotonicInstant) throws(LabError) -> Pace {
        // The first takes in what has piled up meanwhile; the second arrives now, and with it the clock starts.
        for _ in 0..<2 { try next(deadline) }
        let start = MonotonicInstant.now()
        let first = instance.transcript.outputs.count
        let end = start.advanced(by: window)
        var last = start
        var longest: UInt64 = 0
        repeat {
            try next(deadline)
            let now = MonotonicInstant.now()
            longest = max(longest, now.nanoseconds(since: last))
            last = now
        } while last < end
        let rounds = instance.transcript.outputs.count - first
        return Pace(mean: Double(last.nanoseconds(since: start)) / Double(rounds), longest: Double(longest))
    }

    private func next(_ deadline: MonotonicInstant) throws(LabError) {
        try instance.wait(forOutputs: instance.transcript.outputs.count + 1, deadline: deadline)
    }

    /// Returns the reason when it is dead or has not counted its rounds without a gap from first to last; else nil.
    func failure(deadline: MonotonicInstant) -> LabError? {
        do throws(LabError) {
            for _ in 0..<2 { try next(deadline) }
        } catch {
            return error
        }
        let outputs = instance.transcript.outputs
        guard outputs == (1...outputs.count).map(String.init) else {
            return LabError(.instance, "it counted wrongly")
        }
        return nil
    }
}
