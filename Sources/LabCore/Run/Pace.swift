/// Spreads the blocks of a run over its time: trials of a second can't see a disturbance that lasts a minute, and their
/// interval would not know of it.
struct Pace {
    private let interval: Duration
    private var began: MonotonicInstant?
    private var block = 0

    /// Of the time that a user gave the run it takes at most three quarters.
    init(_ lab: LabDefinition) {
        interval = .seconds(min(lab.spreadSeconds, lab.budgetSeconds * 0.75) / Double(Plan.blocks))
    }

    /// Waits until it is time for the trial's block; a run that takes longer by itself never waits.
    /// - Returns: whether it waited.
    /// - Throws: `.interrupted`.
    @discardableResult
    mutating func wait(for trial: Plan.Trial, _ interrupt: Interrupt) throws(LabError) -> Bool {
        let began = began ?? .now()
        self.began = began
        guard trial.block != block else { return false }
        block = trial.block
        let start = began.advanced(by: interval * block)
        guard .now() < start else { return false }
        try interrupt.wait(until: start)
        return true
    }
}
