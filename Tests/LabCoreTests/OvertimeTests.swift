import Testing

@testable import LabCore

/// What is made after the budget is spent.
@Suite struct OvertimeTests {
    private func trial(_ block: Int, warmup: Bool = false, extra: Bool = false) -> Plan.Trial {
        Plan.Trial(
            index: block, engine: "container", warmup: warmup, extra: extra, round: block, block: block)
    }

    @Test func beforeItAllIsAllowed() {
        let overtime = Overtime(budget: 10)
        #expect(overtime.allows(trial(7, extra: true), costing: nil) && !overtime.hasBegun)
        #expect(!overtime.isOver(at: .now()))
    }

    @Test(
        "A cell gets a trial of each block that it lacks, up to those that an interval needs, and no extra one"
    )
    func upToAnInterval() {
        var overtime = Overtime(budget: 10)
        overtime.made(trial(0))
        overtime.made(trial(1, warmup: true))
        overtime.begin(at: .now())
        #expect(!overtime.allows(trial(0), costing: 0.01), "the block has one")
        #expect(!overtime.allows(trial(1, extra: true), costing: 0.01))
        var made = 1
        for block in 1..<20 where overtime.allows(trial(block), costing: 0.01) {
            overtime.made(trial(block))
            made += 1
        }
        #expect(made == BlockInterval.fewest)
    }

    @Test func whatIsDearOrUnknownIsOver() {
        var overtime = Overtime(budget: 10)
        overtime.begin(at: .now())
        #expect(overtime.allows(trial(1), costing: 0.1))
        #expect(!overtime.allows(trial(1), costing: 0.11) && !overtime.allows(trial(1), costing: nil))
    }

    @Test func itEndsAfterAPartOfTheBudget() {
        var overtime = Overtime(budget: 10)
        let now = MonotonicInstant.now()
        overtime.begin(at: now)
        overtime.begin(at: now.advanced(by: .seconds(9)))
        #expect(!overtime.isOver(at: now.advanced(by: .milliseconds(499))))
        #expect(overtime.isOver(at: now.advanced(by: .milliseconds(501))))
    }
}
