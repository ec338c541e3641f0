import Glibc
import Testing

@testable import LabCore

/// The statistics of a comparison, against scipy 1.17.1 and against chance itself.
@Suite struct ChangeTests {
    private func agree(_ value: Double, _ expected: Double, within share: Double = 1e-9) -> Bool {
        abs(value - expected) <= share * abs(expected)
    }

    @Test(
        "Student's t has the probabilities of scipy.stats.t.sf",
        arguments: [
            (0, 3, 1), (1, 1, 0.5), (2.5, 1, 0.24223788318168682), (0.3, 7.5, 0.7723226585687781),
            (4.2, 2.6, 0.032477406720099834), (1.96, 1_000, 0.050273184955748736),
            (30, 5, 7.718648620496053e-07), (-3, 40.25, 0.0046165219265488205),
        ])
    func studentT(t: Double, freedom: Double, p: Double) {
        #expect(agree(StudentT.twoSidedP(t, freedom: freedom), p))
    }

    @Test(
        "Student's t has the deviates of scipy.stats.t.ppf",
        arguments: [
            (1, 12.706204736174694), (1.5, 6.016663104427929), (2, 4.302652729749462),
            (4, 2.7764451051977934), (7.5, 2.333039626864974), (30, 2.0422724563012378),
            (1_000, 1.9623390808264083),
        ])
    func deviates(freedom: Double, deviate: Double) {
        #expect(agree(StudentT.deviate95(freedom: freedom), deviate))
    }

    private static let old: [Double] = [412, 455, 438, 401, 470]

    @Test("Several runs a side agree with scipy.stats.ttest_ind(equal_var=False) of logarithms")
    func welch() throws {
        let change = try #require(Change(runs: Self.old, [521, 498, 560]))
        #expect(agree(change.p, 0.009191088163121464) && agree(change.ratio.value, 1.2101151745995133))
        let interval = try #require(change.ratio.interval)
        #expect(agree(interval.lower, 1.0755512344737364) && agree(interval.upper, 1.3615146251145591))
    }

    @Test("One run beside several agrees with scipy.stats.ttest_ind(equal_var=True), either way round")
    func oneBesideSeveral() throws {
        let forth = try #require(Change(runs: Self.old, [521]))
        #expect(agree(forth.p, 0.06683719868389998) && agree(forth.ratio.value, 1.1992582990975265))
        let interval = try #require(forth.ratio.interval)
        #expect(agree(interval.lower, 0.9800297938699501) && agree(interval.upper, 1.467527290445972))
        let back = try #require(Change(runs: [521], Self.old))
        #expect(agree(back.p, forth.p) && agree(back.ratio.value, 1 / forth.ratio.value))
    }

    @Test("One run a side: half-widths of logarithms add in square, each on its side")
    func oneRunASide() throws {
        func estimate(_ value: Double, _ below: Double, _ above: Double) -> Estimate {
            let interval = ConfidenceInterval(lower: value * exp(-below), upper: value * exp(above))
            return Estimate(value: value, interval: interval, n: 40)
        }
        let change = try #require(Change(from: estimate(2, 0.03, 0.05), to: estimate(2.2, 0.12, 0.04)))
        let interval = try #require(change.ratio.interval)
        #expect(agree(change.ratio.value, 1.1) && agree(interval.lower, 1.1 * exp(-0.13)))
        #expect(agree(interval.upper, 1.1 * exp(0.05)))
        // The interval reaches 1 just when p reaches 0.05.
        let edge = try #require(Change(from: estimate(1, 0, 0), to: estimate(exp(0.04), 0.04, 0.09)))
        let end = try #require(edge.ratio.interval).lower
        #expect(agree(edge.p, 0.05, within: 1e-6) && agree(end, 1))
    }

    @Test("Without positive figures, intervals or a second run there is no change to speak of")
    func noChange() {
        let whole = Estimate(value: 1, interval: .init(lower: 0.9, upper: 1.1), n: 9)
        let open = Estimate(value: 1, interval: nil, n: 3)
        let zero = Estimate(value: 1, interval: .init(lower: 0, upper: 2), n: 9)
        #expect(Change(from: whole, to: open) == nil && Change(from: zero, to: whole) == nil)
        #expect(Change(runs: [1], [2]) == nil && Change(runs: [1, 0], [2, 3]) == nil)
        #expect(Change(runs: [], [2, 3]) == nil)
    }

    @Test(
        "Figures that are alike in all runs differ exactly or not at all, and what is far apart stays finite")
    func extremes() throws {
        let same = try #require(Change(runs: [3, 3, 3], [3, 3]))
        #expect(same.p == 1 && same.ratio.interval == .init(lower: 1, upper: 1))
        let moved = try #require(Change(runs: [3, 3, 3], [4, 4]))
        #expect(moved.p == 0 && agree(moved.ratio.value, 4.0 / 3))
        let wild = try #require(Change(runs: [5e-324, 1e300], [1e308, 5e-324]))
        #expect(try #require(wild.ratio.interval).upper.isFinite && wild.p <= 1)
    }

    @Test(
        "A disturbance that lasts as long as a run alarms in 3–7 % of comparisons of equal runs, of different spread too"
    )
    func falseAlarms() {
        var generator = SeededGenerator(seed: 20_261_128)
        /// Medians of runs that differ by about `spread`: uniform numbers added up are nearly normal.
        func runs(_ count: Int, spread: Double) -> [Double] {
            (0..<count).map { _ in
                let normal = (0..<12).reduce(-6.0) { sum, _ in
                    sum + Double.random(in: 0..<1, using: &generator)
                }
                return 1e6 * exp(spread * normal)
            }
        }
        for (old, new) in [((5, 0.1), (5, 0.1)), ((5, 0.1), (8, 0.05)), ((1, 0.1), (6, 0.1))] {
            let alarms = (0..<4_000).count { _ in
                (Change(runs: runs(old.0, spread: old.1), runs(new.0, spread: new.1))?.p ?? 0) < 0.05
            }
            #expect((120...280).contains(alarms), "\(old) \(new): \(alarms) of 4000")
        }
        // The ratio differs by 3 % from run to run: a tenth more is found with five runs a side.
        let found = (0..<1_000).count { _ in
            let change = Change(runs: runs(5, spread: 0.03), runs(5, spread: 0.03).map { $0 * 1.1 })
            return change.map { $0.p < 0.05 && $0.ratio.value > 1.05 } ?? false
        }
        #expect(found > 900, "\(found) of 1000")
    }
}
