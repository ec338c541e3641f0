import Testing

@testable import LabCore

/// A run that is over sooner is spread over its time.
@Suite struct PaceTests {
    private func lab(spread: Double, budget: Double) -> LabDefinition {
        var lab = ResultFixture.lab()
        (lab.spreadSeconds, lab.budgetSeconds) = (spread, budget)
        return lab
    }

    private let trials = Plan([.init(.init(engine: .process), samples: 40, warmup: 0)], seed: 1).trials

    @Test("No block begins before its part of the time has passed")
    func aBlockWaits() throws {
        // It would be spread over an hour, but the budget leaves three quarters of a fifth of a second.
        var pace = Pace(lab(spread: 3_600, budget: 0.2))
        let began = MonotonicInstant.now()
        for trial in trials {
            try pace.wait(for: trial, .never)
            #expect(MonotonicInstant.now() >= began.advanced(by: .microseconds(7_400) * trial.block))
        }
        #expect(trials.last?.block == Plan.blocks - 1)
    }

    @Test("A signal ends the wait for a block")
    func aSignalEndsIt() throws {
        let interrupt = try Interrupt()
        interrupt.raise()
        var pace = Pace(lab(spread: 36_000, budget: 360_000))
        let last = try #require(trials.last)
        try pace.wait(for: trials[0], interrupt)
        let error = #expect(throws: LabError.self) { try pace.wait(for: last, interrupt) }
        #expect(error?.kind == .interrupted)
    }
}
