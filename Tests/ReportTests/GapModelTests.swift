import LabCore
import Testing

@testable import Report

/// Prices from yardsticks, and what they explain of other work.
@Suite struct GapModelTests {
    private typealias Work = GapModel.Work
    private let prices: [GapModel.Event: Double] = [
        .instruction: 0.25, .operation: 5, .entry: 200, .contextSwitch: 30_000,
    ]

    /// Work that costs just what its events cost.
    private func work(_ kind: String, _ counts: [GapModel.Event: Double], times factor: Double = 1) -> Work {
        Work(
            kind: kind, gap: factor * counts.reduce(0) { $0 + $1.value * (prices[$1.key] ?? 0) },
            counts: counts)
    }

    private var yardsticks: [Work] {
        [
            work("integer", [.instruction: 4_000_000, .operation: 0, .entry: 0, .contextSwitch: 0]),
            work("yardstick-float", [.instruction: 1_000_000, .operation: 600_000]),
            work("yardstick-entry", [.instruction: 3_000_000, .entry: 10_000]),
            work("yardstick-switch", [.instruction: 2_000_000, .entry: 700, .contextSwitch: 400]),
        ]
    }

    @Test func pricesAreFoundExactly() throws {
        // In whatever order the work comes.
        let model = GapModel(yardsticks.reversed() + [work("float", [.instruction: 10], times: 99)])
        for (event, price) in prices {
            #expect(abs(try #require(model.prices[event]) / price - 1) < 1e-9, "\(event)")
        }
        let mixed = work("mixed", [.instruction: 5_000, .operation: 60, .entry: 7, .contextSwitch: 3])
        #expect(abs(try #require(model.share(mixed)) - 1) < 1e-9)
        #expect(abs(model.explained(mixed) - mixed.gap) < 1e-6)
    }

    /// What a yardstick of a later event consists of, it pays first.
    @Test func nothingIsPaidForTwice() throws {
        var works = yardsticks
        works[3].gap += 400 * 1_000
        let model = GapModel(works)
        #expect(abs(try #require(model.prices[.contextSwitch]) - 31_000) < 1e-6)
        #expect(abs(try #require(model.prices[.entry]) - 200) < 1e-6)
    }

    @Test func tooMuchIsAsUnexplainedAsTooLittle() throws {
        let model = GapModel(yardsticks)
        for (factor, share) in [(0.8, 0.75), (1.25, 0.8), (0.4, 0.0), (4, 0.25)] {
            let found = try #require(
                model.share(work("float", [.instruction: 100, .operation: 10], times: factor)))
            #expect(abs(found - share) < 1e-9, "\(factor)")
        }
        #expect(model.share(Work(kind: "float", gap: 0, counts: [.instruction: 1])) == nil)
        #expect(model.share(Work(kind: "float", gap: -5, counts: [.instruction: 1])) == nil)
    }

    @Test func withoutItsYardstickAnEventHasNoPrice() {
        let float = work("float", [.instruction: 100, .operation: 10])
        let model = GapModel(yardsticks.filter { $0.kind != "yardstick-float" })
        #expect(model.prices[.operation] == nil && model.prices[.entry] != nil)
        #expect(model.unpriced(float) == [.operation])
        #expect(abs(model.explained(float) - 25) < 1e-9, "the instructions still count")
        // A switch comes with calls: without their price it can't be told from them.
        let other = GapModel(yardsticks.filter { $0.kind != "yardstick-entry" })
        #expect(other.prices[.entry] == nil && other.prices[.contextSwitch] == nil)
        #expect(GapModel([]).prices.isEmpty)
        #expect(GapModel(yardsticks.filter { $0.kind != "integer" }).prices.isEmpty)
    }

    @Test func aYardstickThatShowsNoPriceGivesNone() {
        var works = yardsticks
        works[1].gap = 0.25 * 1_000_000 - 1
        #expect(GapModel(works).prices[.operation] == nil)
        works[1] = work("yardstick-float", [.instruction: 1_000_000, .operation: 0.5])
        #expect(GapModel(works).prices[.operation] == nil, "a stray event is no yardstick")
    }
}

/// The section that shows it, from a result alone.
@Suite struct ExecutionSectionTests {
    private static let kinds: [(kind: String, emulated: Double, process: Double, counts: [String: Double])] =
        [
            ("integer", 2e6, 1e6, ["instructions": 4e6]),
            ("yardstick-float", 3.45e6, 0.2e6, ["instructions": 1e6, "operations": 600e3]),
            // 1.65 ms of instructions and 22 ms of operations, of a gap of 25 ms.
            ("float", 26e6, 1e6, ["instructions": 6.6e6, "operations": 4.4e6]),
            ("memory-random", 2e6, 1e6, ["instructions": 60e3]),
        ]

    private func run(_ count: Int = 5, without left: String = "") -> RunFixture {
        var fixture = RunFixture()
        fixture.claims = []
        let kinds = Self.kinds.filter { $0.kind != left }
        fixture.shape = .init(
            id: "hypervisors", method: .experiment, workload: "compute",
            metrics: [
                Metric(
                    id: "cpu", title: LocalizedText(en: "host CPU time", zh: "CPU 时间"), unit: .nanoseconds,
                    source: .value("cpu-round-ns"))
            ],
            series: [
                Series(
                    id: "execution",
                    parameters: [.init(.experiment, ["execution"]), .init(.setting, kinds.map(\.kind))])
            ], samples: .init(default: count, warmup: 0))
        for trial in 0..<count {
            for kind in kinds {
                let point: Condition = [.experiment: "execution", .setting: kind.kind]
                let noise = 1 + 0.01 * (Double(trial) - Double(count - 1) / 2)
                var values = ["cpu-round-ns": kind.emulated * noise]
                for (event, number) in kind.counts where event != "instructions" {
                    values["\(event)-per-round-count"] = number
                }
                if let instructions = kind.counts["instructions"] {
                    fixture.addFinding(
                        .qemu, at: point.merging([.variant: "clock=instructions"]),
                        Finding(values: ["instructions-per-round-count": instructions]))
                }
                fixture.addFinding(.qemu, at: point, Finding(values: values))
                fixture.addFinding(
                    .process, at: point, Finding(values: ["cpu-round-ns": kind.process * noise]))
            }
        }
        return fixture
    }

    private func section(_ fixture: RunFixture, _ language: Language = .english) throws -> String {
        let markdown = Report.files(for: fixture.result, language: language)[0].contents
        let heading = language == .english ? "## What pays for the emulation" : "## 软件模拟的代价"
        let start = try #require(markdown.firstRange(of: heading))
        let rest = markdown[start.upperBound...]
        return String(rest[..<(rest.firstRange(of: "\n## ")?.lowerBound ?? rest.endIndex)])
    }

    @Test func theSectionShowsCountsPricesAndWhatIsLeft() throws {
        let text = try section(run())
        #expect(row("`float`", in: text)?[4] == "1.65 ms<br>6,600,000 × 0.250 ns")
        #expect(row("`float`", in: text)?[5] == "22.0 ms<br>4,400,000 × 5.00 ns")
        #expect(row("`float`", in: text)?[8] == "+1.35 ms")
        let share = try #require(row("`float`", in: text)?.last)
        #expect(share.hasPrefix("**94.6 %** (") && share.hasSuffix(" %)"), "\(share)")
        #expect(row("`memory-random`", in: text)?.last?.hasPrefix("**1.5 %**") == true)
        #expect(row("`integer`", in: text) == nil, "a yardstick explains nothing")
        #expect(row("guest instruction", in: text)?.last == "0.250 ns")
        #expect(row("context switch", in: text)?.last == "none: the yardstick shows no price")
        #expect(!text.contains("has no price") && !text.contains("have no price"))
        #expect(try section(run(), .chinese).contains("客户机指令"))
    }

    @Test func fewSamplesHaveNoInterval() throws {
        #expect(row("`float`", in: try section(run(3)))?.last == "**94.6 %**")
    }

    @Test func aMissingYardstickIsSaid() throws {
        let text = try section(run(without: "yardstick-float"))
        #expect(
            text.contains(
                "- `float`: the events floating-point operation have no price, because `yardstick-float` was not"
            ))
        #expect(row("`float`", in: text)?[5] == "4,400,000 × ?")
    }
}
