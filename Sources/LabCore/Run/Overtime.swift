/// What is still made when the budget is spent: of a cell whose trial costs next to nothing, as many as can carry an
/// interval. Else the start of a container, of 2 ms, would have one sample wherever a complete VM, of half a minute, has
/// used up the time.
struct Overtime {
    /// So much of the budget may a trial of it cost, and all of it together.
    private static let (share, whole) = (0.01, 0.05)

    private let budget: Double
    private var end: MonotonicInstant?
    private var blocks: [Plan.Cell: Set<Int>] = [:]

    /// - Parameter budget: that of the run, in seconds.
    init(budget: Double) { self.budget = budget }

    var hasBegun: Bool { end != nil }

    mutating func begin(at now: MonotonicInstant) {
        end = end ?? now.advanced(by: .seconds(budget * Self.whole))
    }

    /// True when there is no time left for anything.
    func isOver(at now: MonotonicInstant) -> Bool { end.map { now > $0 } ?? false }

    /// Takes in that a trial was made.
    mutating func made(_ trial: Plan.Trial) {
        if !trial.warmup { blocks[trial.cell, default: []].insert(trial.block) }
    }

    /// Whether it is to be made, also now that the budget is spent.
    /// - Parameter seconds: the mean of what its cell took; nil where none was made.
    func allows(_ trial: Plan.Trial, costing seconds: @autoclosure () -> Double?) -> Bool {
        guard hasBegun else { return true }
        guard !trial.extra, let seconds = seconds(), seconds <= budget * Self.share else { return false }
        let blocks = blocks[trial.cell] ?? []
        return blocks.count < BlockInterval.fewest && !blocks.contains(trial.block)
    }
}
