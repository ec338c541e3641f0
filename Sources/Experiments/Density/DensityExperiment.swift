import LabCore

/// Counts the instances that fit into a budget of memory: they are started one by one until it is used up, `instances`
/// of them live, or one can't be started; only those that answer in the end count.
///
/// Values: `alive-count`, `start-failures-count`, `memory-per-instance-bytes` (the slope of what is on their accounts over
/// their number), `host-per-instance-bytes` (the slope of the fall of the host's available memory: what is on nobody's
/// account counts too, and so does all else that happens on the host), `extrapolated-count` (the budget over the larger
/// of the two), `taken-bytes`, `promised-bytes` (what they were configured with, or may take), `held-ratio` (taken over
/// promised), `overcommitment-ratio` (promised over budget), `idle-cpu-ratio` (CPU time of one that idles, of one
/// processor), and with pages merged `merged-bytes`, what that saves. A start that a limit of the harness refused is no
/// failure of the engine's: it stops the count of those that live, and all that follows from it.
public struct DensityExperiment: Experiment {
    public let id = "density"

    public init() {}

    private static let defaultCap = 8
    /// The time that merging may take, and the number of scans of all pages. A page is merged when two scans found it the same;
    /// since Linux 6.7 (`smart_scan`) one that was not merged at first is passed over in up to eight.
    private static let mergingLimit = Duration.seconds(30)
    private static let mergingScans: UInt64 = 12

    public func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        let setting = try bench.setting.map { text throws(LabError) in try DensitySetting(text) } ?? .init()
        let merging = try setting.merges.map { on throws(LabError) in
            try SamepageMerging.turn(on: on, journal: bench.context.journal)
        }
        let result: Result<Finding, LabError>
        do throws(LabError) {
            result = .success(try fill(engine, bench, setting, merging))
        } catch {
            result = .failure(error)
        }
        try merging?.putBack()
        return try result.get()
    }

    private func fill(
        _ engine: any PreparedEngine, _ bench: Bench, _ setting: DensitySetting, _ merging: SamepageMerging?
    ) throws(LabError) -> Finding {
        let cap = bench.condition.instances ?? Self.defaultCap
        let savedBefore = merging?.savedBytes ?? 0
        let crowd = InstanceGroup(bench)
        defer { crowd.removeAll() }
        var filling = Filling(available: HostMemory.settledBytes())
        while crowd.count < cap {
            do throws(LabError) {
                try crowd.add(engine)
            } catch {
                // Not even one: then there is nothing to tell.
                guard error.kind != .interrupted, crowd.count > 0 else { throw error }
                filling.failure = error
                break
            }
            let taken: UInt64
            do throws(LabError) {
                taken = try crowd.takenBytes()
            } catch {
                guard error.stop != nil, crowd.count > 1 else { throw error }
                filling.failure = error
                break
            }
            guard taken <= setting.budgetBytes else {
                // The last one did not fit.
                crowd.removeLast()
                filling.isBudgetUsedUp = true
                break
            }
            filling.note(crowd.count, taken: taken)
        }
        // Where files run out there may be none left to look at the others with.
        if filling.stop == .openFiles && crowd.count > 1 { crowd.removeLast() }
        guard crowd.count > 0 else {
            throw LabError(
                .unavailable, "not one instance fits into \(setting.budgetBytes >> 20) MiB",
                remedy: "give it a larger budget, or the instances less memory")
        }
        if setting.merges == true, let merging { try wait(for: merging, bench) }
        let silence = try crowd.idle()
        let taken = try crowd.takenBytes()
        let saved = (merging?.savedBytes).map { $0 > savedBefore ? $0 - savedBefore : 0 }

        var finding = Finding()
        finding.values["alive-count"] = Double(silence.alive)
        finding.values["start-failures-count"] =
            filling.failure == nil || filling.failure?.stop != nil ? 0 : 1
        // Of those that did not answer in time nobody knows whether they live.
        finding.stop(
            "alive-count", "promised-bytes", "overcommitment-ratio", "taken-bytes",
            by: silence.late > 0 ? .deadline : filling.stop)
        finding.values["taken-bytes"] = Double(taken)
        if let share = silence.cpuShare { finding.values["idle-cpu-ratio"] = share }
        // Without merging the slopes; with it the mean, because what they took at the start is merged since.
        var each = filling.slopes
        if setting.merges == true, let saved {
            finding.values["merged-bytes"] = Double(saved)
            each = (Double(taken) / Double(crowd.count), nil)
        }
        finding.values["memory-per-instance-bytes"] = each.accounts
        finding.values["host-per-instance-bytes"] = each.host
        let most = max(each.accounts ?? 0, each.host ?? 0)
        if most > 0 {
            finding.values["extrapolated-count"] = (Double(setting.budgetBytes) / most).rounded(.down)
        }
        let promised = Double(bench.lab.memoryBytes) * Double(silence.alive)
        finding.values["promised-bytes"] = promised
        finding.values["overcommitment-ratio"] = promised / Double(setting.budgetBytes)
        if promised > 0 { finding.values["held-ratio"] = Double(taken) / promised }
        finding.facts["ended-by"] = filling.fact(cap: cap, setting.budgetBytes)
        finding.note(
            "overcommitted", promised > Double(setting.budgetBytes),
            answer: "\(silence.alive) × \(bench.lab.memoryBytes >> 20) MiB = \(UInt64(promised) >> 20) MiB "
                + "promised, \(setting.budgetBytes >> 20) MiB given, \(taken >> 20) MiB taken")
        return finding
    }

    /// The observations while one after the other was started, and the reason why no more were.
    private struct Filling {
        private let availableBefore: UInt64?
        private var numbers: [Double] = []
        private var taken: [Double] = []
        private var fallen: [Double] = []
        var isBudgetUsedUp = false
        var failure: LabError?

        init(available: UInt64?) { availableBefore = available }

        /// Notes what the first `number` of them take.
        mutating func note(_ number: Int, taken bytes: UInt64) {
            numbers.append(Double(number))
            taken.append(Double(bytes))
            guard let availableBefore, let now = HostMemory.availableBytes() else { return }
            fallen.append(Double(availableBefore) - Double(now))
        }

        /// Bytes for each further one, on their accounts and by the host's available memory; nil for fewer than two.
        var slopes: (accounts: Double?, host: Double?) {
            (
                RobustLine(x: numbers, y: taken)?.slope,
                fallen.count == numbers.count ? RobustLine(x: numbers, y: fallen)?.slope : nil
            )
        }

        /// What ended it; nil for a failure of the engine's own.
        var stop: Stop? { failure.map(\.stop) ?? (isBudgetUsedUp ? .subject : .cap) }

        func fact(cap: Int, _ budget: UInt64) -> Fact {
            if let failure {
                return Fact(
                    answer: failure.stop == nil ? "a start that failed" : "a limit of lab or of the host",
                    evidence: failure.reason)
            }
            return isBudgetUsedUp
                ? Fact(answer: "the budget: \(budget >> 20) MiB")
                : Fact(answer: "the lab's own cap: \(cap)")
        }
    }

    /// Waits until all pages have been looked at often enough, or for as long as it may take.
    private func wait(for merging: SamepageMerging, _ bench: Bench) throws(LabError) {
        let deadline = MonotonicInstant.now().advanced(by: Self.mergingLimit)
        guard let first = merging.fullScans else { return }
        while MonotonicInstant.now() < deadline,
            merging.fullScans.map({ $0 < first + Self.mergingScans }) == true
        {
            try bench.pause(.milliseconds(200))
        }
    }
}
