import Foundation
import LabCore
import Testing

@testable import Results

/// A result whose JSON is well-formed and whose contents nobody would have written.
@Suite struct HostileResultTests {
    private let marginal = Metric(
        id: "marginal", title: LocalizedText(en: "Each more", zh: "每增一个"), unit: .bytes,
        source: .slope("host-pss-bytes", over: .instances))

    /// A small memory run with series, points, growth and claims of each sort.
    private func seed() -> RunResult {
        var result = ResultFixture.result(
            [(.process, [10, 20, 30, 40, 50, 60]), (.qemu, [100, 101, 102, 103, 104, 105])],
            claims: [
                ResultFixture.claim(
                    .init(metric: "start-up", engines: [.qemu], at: [.touch: "0"], atLeast: 9)),
                ResultFixture.claim(
                    .init(metric: "marginal", engines: [.qemu], each: .touch, relativeTo: .process, atMost: 2)
                ),
            ])
        result.header.lab.metrics.append(marginal)
        result.header.lab.samples = .init(
            default: 3, perEngine: [.qemu: 2], warmup: 1, precision: 0.03, growth: 4)
        result.header.lab.series = [
            .plain,
            Series(
                id: "memory", parameters: [.init(.touch, ["0", "64"]), .init(.instances, ["1", "2", "4"])],
                engines: [.process, .qemu], samples: .init(default: 5, warmup: 1)),
        ]
        // Of its trials a few will do: the file is read hundreds of times.
        result.header.plan = Plan(result.header.lab, engines: [.process, .qemu], seed: 3)
        result.header.plan.trials.removeLast(result.header.plan.trials.count - 4)
        let points = result.header.lab.series[1].points
        for place in result.samples.indices {
            result.samples[place].parameters = points[place % points.count]
            result.samples[place].values["host-pss-bytes"] = Double(1_000 * (place + 1))
        }
        return result
    }

    /// What may stand in place of any value.
    private static var odd: [Any] {
        [
            NSNull(), "", "0", "-1", "nan", "inf", "1e999", "64", "cold", "\u{0}", "instances", "touch",
            String(repeating: "9", count: 400), -1, 0, 1, 1e308, 9_223_372_036_854_775_807, true, [Any](),
            [String: Any](), ["touch": "0"], ["instances": "nan"], ["a", "a"],
        ]
    }

    /// The tree with a few values replaced, keys dropped or elements doubled, mostly in what the plan is made of.
    private func mutated(_ tree: Any, _ generator: inout SeededGenerator) -> Any {
        guard Int.random(in: 0..<60, using: &generator) > 0 else {
            return Self.odd.randomElement(using: &generator) ?? NSNull()
        }
        if var object = tree as? [String: Any] {
            let telling = [
                "header", "lab", "series", "samples", "parameters", "plan", "claims", "rule", "growth",
            ]
            let keys = object.keys.sorted().filter { telling.contains($0) }
            guard let key = (keys.isEmpty ? object.keys.sorted() : keys).randomElement(using: &generator),
                let value = object[key]
            else { return object }
            if Int.random(in: 0..<20, using: &generator) == 0 {
                object[key] = nil
            } else {
                object[key] = mutated(value, &generator)
            }
            return object
        }
        if var list = tree as? [Any], let place = list.indices.randomElement(using: &generator) {
            if Int.random(in: 0..<8, using: &generator) == 0 {
                list.insert(list[place], at: place)
            } else {
                list[place] = mutated(list[place], &generator)
            }
            return list
        }
        // Mostly of the same sort: another one is refused at once, and nothing behind it is reached.
        let alike = Self.odd.filter {
            ($0 is String) == (tree is String) && ($0 is NSNumber) == (tree is NSNumber)
        }
        let pool = Int.random(in: 0..<5, using: &generator) == 0 ? Self.odd : alike
        return pool.randomElement(using: &generator) ?? NSNull()
    }

    /// Each is refused with its place, or everything that is derived from it can be.
    @Test func neverCrashesWhatReadsItOrIsDerivedFromIt() throws {
        let seed = seed()
        let tree = try JSONSerialization.jsonObject(with: JSONEncoder().encode(seed))
        var generator = SeededGenerator(seed: 20_261_124)
        var believed = 0
        for _ in 0..<600 {
            var changed = tree
            for _ in 0..<Int.random(in: 1...2, using: &generator) { changed = mutated(changed, &generator) }
            guard JSONSerialization.isValidJSONObject(changed) else { continue }
            let bytes = Array(try JSONSerialization.data(withJSONObject: changed))
            let result: RunResult
            do throws(LabError) {
                result = try ResultStore.parse(json: bytes, path: "r.json")
            } catch {
                #expect(error.kind == .data && error.message.english.hasPrefix("r.json"))
                continue
            }
            believed += 1
            derive(from: result)
            let forth = ResultComparison(old: seed, new: result)
            let back = ResultComparison(old: result, new: seed)
            for row in forth.rows + back.rows {
                #expect((row.correctedP ?? 0) >= (row.p ?? 0) && (row.correctedP ?? 1) <= 1)
                #expect(row.judged.map { $0.value > 0 && $0.value.isFinite } ?? true)
                #expect(row.bound?.isFinite ?? true)
            }
        }
        #expect(believed > 40, "most were refused, so that little was tested: \(believed)")
    }

    private func derive(from result: RunResult) {
        for claim in result.header.lab.claims.prefix(4) {
            for judgement in claim.judge(result) { #expect(judgement.n >= 0) }
        }
        let points = Set(result.samples.map(\.parameters))
        for metric in result.header.lab.metrics.prefix(3) {
            for engine in [EngineID.process, .qemu] {
                _ = result.estimate(metric, engine, at: [.touch: "0"])
                _ = result.ratio(metric, engine, to: .process)
                for point in points.prefix(2) {
                    let summary = result.summary(metric, engine, at: point)
                    #expect(summary.n + summary.failures <= result.samples.count)
                }
            }
        }
    }

    @Test("The series of a lab have no more combinations together than a report can go through")
    func combinationsAreBounded() throws {
        func refusal(_ series: [Series]) throws -> String? {
            var result = seed()
            result.header.lab.series = series
            let bytes = Array(try JSONEncoder().encode(result))
            do throws(LabError) {
                _ = try ResultStore.parse(json: bytes, path: "r.json")
                return nil
            } catch {
                return error.message.english
            }
        }
        let thousand: [Series.Varied] = [
            .init(.touch, (0..<40).map(String.init)), .init(.instances, (1...25).map(String.init)),
        ]
        let series = (0..<11).map { Series(id: "series-\($0)", parameters: thousand) }
        #expect(try refusal(Array(series.prefix(10))) == nil, "as many as may be")
        #expect(try refusal(series) == "r.json is malformed at header.lab.series")
        let one = Series(id: "one", parameters: [.init(.touch, (0...10_000).map(String.init))])
        #expect(try refusal([one]) == "r.json is malformed at header.lab.series[0].parameters")
    }

    @Test("What a file says of itself is shown shortened")
    func foreignWordsAreShortened() throws {
        var result = seed()
        result.samples[1].parameters = [.setting: "HERE"]
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        let text = String(decoding: try encoder.encode(result), as: UTF8.self)
        let setting = #""setting":"HERE""#
        for (old, new) in [
            (#""schema":"\#(RunResult.schema)""#, #""schema":"WORD""#), (setting, #""isolation":"WORD""#),
            (setting, #""variant":"WORD=x""#), (setting, #""variant":"start=boot,start=boot,WORD""#),
            (setting, #""compute":"WORD""#), (setting, #""WORD":"x""#),
            (#""engine":"qemu""#, #""engine":"WORD""#),
            (#""values":{"#, #""values":{"WORD":1e300,"#),
        ] {
            #expect(text.contains(old))
            func refusal(_ word: String) -> String {
                let bytes = Array(text.replacing(old, with: new.replacing("WORD", with: word)).utf8)
                let error = #expect(throws: LabError.self) {
                    try ResultStore.parse(json: bytes, path: "r.json")
                }
                return error?.description ?? ""
            }
            let long = refusal(String(repeating: "a", count: 100_000))
            #expect(long.utf8.count < 2_000 && long.hasPrefix("r.json "), "\(new): \(long.prefix(400))")
        }
        // A short one is shown whole.
        let schema = text.replacing(RunResult.schema, with: "another/1")
        let error = #expect(throws: LabError.self) {
            try ResultStore.parse(json: Array(schema.utf8), path: "r.json")
        }
        #expect(error?.message.english == #"r.json has the schema "another/1""#)
    }

    @Test func parametersThatNoTrialCanHaveAreRefused() throws {
        for (parameter, value) in [
            (Factor.instances, "nan"), (.instances, "0"), (.touch, "-1"), (.cache, "warm"),
            (.isolation, ""), (.compute, "magic"), (.concurrency, "inf"),
        ] {
            var result = seed()
            result.samples[1].parameters = [.setting: "HERE"]
            let text = String(decoding: try JSONEncoder().encode(result), as: UTF8.self)
                .replacing(#""setting":"HERE""#, with: "\"\(parameter.rawValue)\":\"\(value)\"")
            let bytes = Array(text.utf8)
            let error = #expect(throws: LabError.self) { try ResultStore.parse(json: bytes, path: "r.json") }
            #expect(
                error?.message.english == "r.json is malformed at samples[1].parameters.\(parameter.rawValue)"
            )
        }
    }
}
