import LabFile
import Testing

@testable import LabCore

/// The definition that every case here is a change of.
private let valid = """
    id: example
    title: {en: Example, zh: 例子}
    question: {en: How much?, zh: 多少?}
    dimension: 性能损耗
    engines: [process, container, qemu]
    workload: compute
    method: compute
    rounds: {default: 60, qemu: 10}
    metrics:
      - id: round
        title: {en: round, zh: 轮}
        value: round-ns
        unit: nanoseconds
    samples: {default: 15, qemu: 5, warmup: 0, precision: 0.02, growth: 2}
    series:
      - id: first
        parameters: {compute: [integer, float]}
      - id: second
        parameters: {compute: [syscall]}
        engines: [container]
        samples: {default: 7, warmup: 1}
    budget: 150 s
    timeout: 30 s
    memory: 256 MiB
    cpus: 1
    claims:
      - id: loss
        subject: container
        source: "3"
        text: {en: loss, zh: 损耗}
        rule: {metric: round, engines: [container], each: compute, relative-to: process, at-most: 1.05}
      - id: loss-of-integers
        subject: container
        source: "3"
        text: {en: loss, zh: 损耗}
        rule:
          metric: round
          engines: [container]
          at: {compute: integer}
          at-most: 1 ms
    """

private func problems(_ old: String, _ new: String) throws -> [String]? {
    var text = valid
    let range = try #require(text.firstRange(of: old), "the example holds no \(old)")
    text.replaceSubrange(range, with: new)
    do throws(LabError) {
        _ = try LabFile.parse(text, name: "lab.yaml")
        return nil
    } catch {
        return error.message.english.split(separator: "\n").map(String.init)
    }
}

/// The parts of a run in a lab file, and what follows from them.
@Suite struct SeriesTests {
    @Test func seriesAreReadWhole() throws {
        let lab = try LabFile.parse(valid, name: "lab.yaml")
        #expect(lab.rounds?.count(for: .qemu) == 10 && lab.rounds?.count(for: .process) == 60)
        #expect(lab.samples.precision == 0.02 && lab.samples.growth == 2)
        #expect(
            lab.series == [
                Series(id: "first", parameters: [.init(.compute, ["integer", "float"])]),
                Series(
                    id: "second", parameters: [.init(.compute, ["syscall"])], engines: [.container],
                    samples: .init(default: 7, warmup: 1)),
            ])
        #expect(lab.values(of: .compute) == ["integer", "float", "syscall"])
        #expect(lab.claims.map(\.rule.each) == [.compute, nil])
        #expect(lab.claims.map(\.rule.at) == [[:], [.compute: "integer"]])
    }

    @Test(arguments: [
        ("[integer, float]", "[integer, flaot]", "17: compute is \"flaot\"; it must be one of"),
        ("[integer, float]", "[integer, integer]", "17: compute has \"integer\" twice"),
        ("compute: [integer, float]", "touch: [1]", "17: unknown key \"touch\""),
        (
            "[syscall]", "[integer]",
            "18: series \"second\" measures what another does: container with compute=integer"
        ),
        ("id: second", "id: first", "18: series \"first\" is defined twice"),
        ("    engines: [container]", "    engines: [kvm]", "20: \"kvm\" is not among the lab's engines"),
        ("rounds: {default: 60, qemu: 10}\n", "", "1: the method compute needs \"rounds\""),
        ("method: compute", "method: lifecycle", "8: the method lifecycle does no rounds of work"),
        (", growth: 2", "", "\"precision\" and \"growth\" go together"),
        ("precision: 0.02", "precision: 7", "samples.precision must be from 0.001"),
        ("growth: 2", "growth: 1", "samples.growth is \"1\""),
        ("each: compute", "each: cache", "unknown each \"cache\""),
        ("{compute: integer}", "{compute: page-fault}", "unknown compute \"page-fault\""),
        ("samples: {default: 7, warmup: 1}", "timeout: soon", "21: "),
        ("at-most: 1 ms", "at-most: 1 ms\n      scope: {en: it}", "scope"),
        ("unit: nanoseconds", "unit: nanoseconds\n    slope-over: cache", "unknown slope-over \"cache\""),
    ])
    func everyMistakeInASeriesIsNamedWithItsLine(old: String, new: String, says: String) throws {
        let found = try #require(try problems(old, new))
        #expect(found.contains { $0.contains(says) }, "\(found)")
    }

    @Test(
        "A series' own time limit holds at its conditions, the lab's at all others; a rule's scope is read in each language"
    )
    func ownTimeout() throws {
        let text = valid.replacing("samples: {default: 7, warmup: 1}", with: "timeout: 3 min")
            .replacing("      at-most: 1 ms", with: "      at-most: 1 ms\n      scope: {en: whole, zh: 完整}")
        let lab = try LabFile.parse(text, name: "lab.yaml")
        #expect(lab.timeoutSeconds(at: [.compute: "syscall"]) == 180)
        #expect(lab.timeoutSeconds(at: [.compute: "integer"]) == 30 && lab.timeoutSeconds(at: [:]) == 30)
        #expect(lab.claims.map { $0.rule.scope?[.chinese] } == [nil, "完整"])
    }

    @Test(arguments: [
        (Factor.cache, "warm"), (.count, "instructions"), (.concurrency, "0"), (.concurrency, "257"),
        (.instances, "-1"),
        (.instances, "two"), (.touch, "65537"), (.isolation, ""), (.isolation, "only-pit"),
        (.compute, "sleep"), (.payload, "systems"), (.variant, "machine=q36"), (.variant, ""),
        (.experiment, ""),
    ])
    func valuesThatNoTrialCanHaveAreRefused(parameter: Factor, value: String) {
        let error = #expect(throws: LabError.self) { try Condition(parameter, value) }
        #expect(error?.kind == .usage)
    }

    @Test("a verdict is given for each kind and flips with its data")
    func eachKindHasAVerdictThatFlips() throws {
        let lab = try LabFile.parse(valid, name: "lab.yaml")
        var result = ResultFixture.result([])
        result.header.lab = lab
        result.header.engines = [.process, .container].map { EngineRecord(id: $0, kind: .process) }
        func add(_ engine: EngineID, _ kind: String, _ nanoseconds: Double) {
            for turn in 0..<12 {
                var sample = ResultFixture.observation(result.samples.count, engine, ready: 1)
                sample.parameters = [.compute: kind]
                sample.values = ["round-ns": nanoseconds * (1 + Double(turn) / 1e4)]
                result.samples.append(sample)
            }
        }
        add(.process, "integer", 1e6)
        add(.container, "integer", 1.01e6)
        add(.process, "syscall", 1e6)
        add(.container, "syscall", 1.4e6)
        let verdicts = lab.claims[0].judge(result)
        #expect(verdicts.map { $0.point[.compute] } == ["integer", "float", "syscall"])
        #expect(verdicts.map(\.verdict) == [.confirmed, .notMeasurable, .contradicted])
        // One kind's loss says nothing of another's; at a fixed point there is one verdict.
        let fixed = lab.claims[1].judge(result)
        #expect(fixed.map(\.verdict) == [.contradicted] && fixed[0].n == 12)
    }

    @Test("a slope is judged by what each further instance takes")
    func aSlopeIsJudgedPerInstance() throws {
        var result = ResultFixture.result([])
        let metric = Metric(
            id: "marginal", title: LocalizedText(en: "m", zh: "m"), unit: .bytes,
            source: .slope("host-bytes", over: .instances))
        result.header.lab.metrics = [metric]
        result.header.lab.series = [
            Series(id: "s", parameters: [.init(.touch, ["0"]), .init(.instances, ["1", "2", "4", "8"])])
        ]
        result.header.engines = [EngineRecord(id: .kvm, kind: .virtualMachine)]
        // 100 MiB that all share, and 30 MiB for each: only the latter is the price of one more.
        for (turn, count) in [1, 2, 4, 8, 1, 2, 4, 8].enumerated() {
            var sample = ResultFixture.observation(turn, .kvm, ready: 1)
            sample.stepNanoseconds = []
            sample.parameters = [.touch: "0", .instances: "\(count)"]
            sample.values = ["host-bytes": Double(100 + 30 * count) * 0x1p20 + Double(turn) * 1_000]
            result.samples.append(sample)
        }
        let slope = try #require(result.estimate(metric, .kvm, at: [.touch: "0"]))
        #expect(abs(slope.value / 0x1p20 - 30) < 0.1 && slope.n == 8)
        func judge(atLeast bound: Double) -> Verdict {
            ResultFixture.claim(
                .init(metric: "marginal", engines: [.kvm], at: [.touch: "0"], atLeast: bound)
            ).judge(result)[0].verdict
        }
        #expect(judge(atLeast: 256 * 0x1p20) == .contradicted)
        #expect(judge(atLeast: 20 * 0x1p20) == .confirmed)
    }
}
