import Glibc
import Testing

@testable import LabCore

@Suite struct BlockIntervalTests {
    @Test("Fewer than five blocks have no interval, equal ones an empty one") func degenerateBlocks() {
        #expect(BlockInterval.interval(around: 2, [1, 2, 3, 4]) == nil)
        #expect(
            BlockInterval.interval(around: 7, Array(repeating: 7, count: 9))
                == ConfidenceInterval(lower: 7, upper: 7))
    }

    @Test("It is a factor of what is positive, and a distance of what is not") func scale() throws {
        let times = try #require(BlockInterval.interval(around: 10, [1, 10, 100, 5, 20]))
        #expect(times.lower > 0 && abs(times.lower * times.upper - 100) < 1e-9)
        let differences = try #require(BlockInterval.interval(around: 1, [-3, 4, 1, 0, 2]))
        #expect(abs(differences.lower + differences.upper - 2) < 1e-9 && differences.lower < 0)
    }

    @Test("Of independent blocks it covers the true median in more than 95 % of the runs")
    func independentBlocks() throws {
        var latencies = Latencies(seed: 2_026)
        var covered = 0
        for _ in 0..<1_000 {
            let blocks = (0..<20).compactMap { _ in Statistics.median(latencies.take(5)) }
            let value = try #require(Statistics.median(blocks))
            let interval = try #require(BlockInterval.interval(around: value, blocks))
            if interval.contains(latencies.trueMedian) { covered += 1 }
        }
        #expect((970...1_000).contains(covered), "\(covered) of 1,000")
    }

    @Test("Of a comparison it is narrower than of a time by itself") func kinds() throws {
        let blocks = [1.0, 1.1, 0.9, 1.05, 0.97, 1.02]
        let alone = try #require(BlockInterval.interval(around: 1, blocks, of: .alone))
        let compared = try #require(BlockInterval.interval(around: 1, blocks, of: .compared))
        #expect(abs(log(alone.upper) / log(compared.upper) - 2 / 1.5) < 1e-9)
    }

    /// What was measured on a shared machine: two engines whose times move together, by disturbances that last from a
    /// twentieth of a second to ten seconds.
    @Test("A disturbance common to all engines is in the interval", arguments: [1, 2] as [UInt64])
    func commonDisturbance(seed: UInt64) throws {
        var machine = SharedMachine(seed: seed)
        var runs: [(median: Estimate, ratio: Estimate)] = []
        var naive = 0
        for _ in 0..<120 {
            let result = machine.run(seconds: 30)
            let figures = Figures(result)
            let metric = result.header.lab.metrics[0]
            runs.append(
                (
                    try #require(figures.estimate(metric, .qemu)),
                    try #require(figures.ratio(metric, .qemu, to: .process))
                ))
            // The control: trials taken as independent, as if each were a block of another time.
            let values = figures.values(metric, .qemu).shuffled(using: &machine.generator)
            let interval = try #require(BlockInterval.interval(around: runs.last?.median.value ?? 0, values))
            if interval.contains(SharedMachine.median * SharedMachine.ratio) { naive += 1 }
        }
        let medians = runs.count {
            $0.median.interval?.contains(SharedMachine.median * SharedMachine.ratio) == true
        }
        let ratios = runs.count { $0.ratio.interval?.contains(SharedMachine.ratio) == true }
        #expect(medians >= 102 && ratios >= 108, "\(medians) and \(ratios) of 120")
        #expect(naive < 102, "\(naive) of 120 without blocks")
    }
}

/// A machine whose speed wanders, and runs of two engines on it, one after another.
private struct SharedMachine {
    static let median = 400_000.0
    static let ratio = 3.0
    /// Standard deviations of the logarithm, and for how many seconds a disturbance lasts.
    private static let disturbances = [(0.04, 0.05), (0.05, 1.0), (0.05, 8.0)]

    var generator: SeededGenerator
    private var levels: [Double]

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
        levels = Self.disturbances.map { _ in 0 }
    }

    private mutating func normal() -> Double {
        let u = Double.random(in: 0x1p-53..<1, using: &generator)
        return (-2 * log(u)).squareRoot() * cos(2 * .pi * Double.random(in: 0..<1, using: &generator))
    }

    private mutating func pass(_ seconds: Double) {
        for (place, (spread, duration)) in Self.disturbances.enumerated() {
            let kept = exp(-seconds / duration)
            levels[place] = levels[place] * kept + spread * (1 - kept * kept).squareRoot() * normal()
        }
    }

    /// 100 rounds in blocks that are spread over so much time.
    mutating func run(seconds: Double) -> RunResult {
        var result = ResultFixture.result([])
        result.header.plan = Plan(
            [EngineID.process, .qemu].map { .init(.init(engine: $0), samples: 100, warmup: 0) },
            seed: generator.next())
        var block = 0
        for trial in result.header.plan.trials {
            pass(trial.block == block ? 0.002 : seconds / Double(Plan.blocks))
            block = trial.block
            let own = trial.engine == .qemu ? Self.ratio : 1
            let time = Self.median * own * exp(levels.reduce(0, +) + 0.05 * normal())
            result.samples.append(ResultFixture.observation(trial.index, trial.engine, ready: UInt64(time)))
        }
        pass(seconds / Double(Plan.blocks))
        return result
    }
}
