import Foundation
import LabCore
import Testing

@testable import LabRunner

/// What a program reads of a run: figures per engine, at each point too.
@Suite struct RunAnswerTests {
    private struct Answer: Decodable {
        var harnessPerSampleNanoseconds: Double?
        var engines: [Engine]
        struct Engine: Decodable {
            var samples: Int
            var failures: Int
            var prepared: [String]
            var metrics: [String: Figure]
            var points: [AtPoint]
        }
        struct AtPoint: Decodable {
            var parameters: [String: String]
            var samples: Int
            var failures: Int
            var metrics: [String: Figure]
        }
        struct Figure: Decodable {
            var n: Int
            var median: Double?
            var slope: Double?
            var lower95: Double?
        }
    }

    private func answer(_ result: RunResult) throws -> Answer {
        let json = try JSONEncoder().encode(RunAnswer(Figures(result), directory: "d", files: []))
        return try JSONDecoder().decode(Answer.self, from: json)
    }

    private func result(_ metrics: [Metric], _ samples: [Observation]) -> RunResult {
        let title = LocalizedText(en: "a", zh: "b")
        let lab = LabDefinition(
            id: "a", title: title, question: title, dimension: "d", engines: [.process], workload: "touch",
            method: .memory, metrics: metrics, samples: .init(default: 5, warmup: 0), budgetSeconds: 1,
            timeoutSeconds: 1, memoryBytes: 1, cpus: 1, claims: [])
        let header = RunResult.Header(
            version: "0", runID: "r", startedAt: "2026-11-24T00:00:00Z", lab: lab, command: "lab",
            plan: Plan([], seed: 1), environment: Environment(),
            engines: [EngineRecord(id: .process, kind: .process)], digests: [:],
            harnessNanoseconds: [10, 20, 30])
        return RunResult(header: header, samples: samples, closing: .init(.complete))
    }

    @Test("What was prepared before the first mark is in the answer")
    func preparedIsInTheAnswer() throws {
        let metric = Metric(
            id: "m", title: LocalizedText(en: "a", zh: "b"), unit: .bytes, source: .value("host-bytes"))
        var result = result([metric], [])
        #expect(try answer(result).engines.map(\.prepared) == [[]])
        result.header.engines[0].prepared = ["the root"]
        result.samples = [
            Observation(
                index: 0, engine: .process, parameters: [.variant: "start=restore"], warmup: false,
                outcome: .completed, timeline: Timeline())
        ]
        let prepared = try #require(try answer(result).engines.first).prepared
        #expect(prepared.count == 2 && prepared.first == "the root")
        #expect(prepared.last?.contains("start=restore") == true)
    }

    @Test func pointsHaveTheirFigures() throws {
        let title = LocalizedText(en: "a", zh: "b")
        let metrics = [
            Metric(
                id: "marginal", title: title, unit: .bytes, source: .slope("host-bytes", over: .instances)),
            Metric(id: "used", title: title, unit: .bytes, source: .value("guest-used-bytes")),
        ]
        var samples: [Observation] = []
        for (touch, each) in [("0", 10.0), ("64", 74.0)] {
            for instances in [1.0, 2, 4] {
                for noise in [-1.0, 0, 1, 0, 1] {
                    samples.append(
                        Observation(
                            index: samples.count, engine: .process,
                            parameters: [.touch: touch, .instances: String(Int(instances))], warmup: false,
                            outcome: .completed, timeline: Timeline(),
                            values: ["host-bytes": 5 + each * instances + noise, "guest-used-bytes": each]))
                }
            }
        }
        samples[0].outcome = .failed(LabError(.timeout, "late"), after: nil)
        let answer = try answer(result(metrics, samples))
        #expect(answer.harnessPerSampleNanoseconds == 20)
        let engine = try #require(answer.engines.first)
        #expect(engine.samples == 30 && engine.failures == 1)
        #expect(engine.metrics.mapValues(\.n) == ["marginal": 0, "used": 0], "nothing is not varied")

        // Two slopes, then each of the six points.
        #expect(engine.points.count == 8)
        for (point, each) in zip(engine.points.prefix(2), [10.0, 74.0]) {
            #expect(point.parameters.keys.sorted() == ["touch"])
            let slope = try #require(point.metrics["marginal"])
            #expect(abs((slope.slope ?? 0) - each) < 1 && slope.median == nil && slope.lower95 != nil)
            #expect(point.metrics["used"] == nil)
        }
        #expect(engine.points[0].samples == 15 && engine.points[0].failures == 1)
        let cell = engine.points[2]
        #expect(cell.parameters == ["touch": "0", "instances": "1"] && cell.samples == 5)
        #expect(cell.metrics.keys.sorted() == ["used"] && cell.metrics["used"]?.median == 10)
        #expect(cell.metrics["used"]?.n == 4, "failures yield nothing")
    }

    /// A run in which nothing was varied has its figures where they always were.
    @Test func plainRunsHaveNoPoints() throws {
        let metric = Metric(
            id: "used", title: LocalizedText(en: "a", zh: "b"), unit: .bytes,
            source: .value("guest-used-bytes"))
        let samples = (0..<6).map { index in
            Observation(
                index: index, engine: .process, warmup: index == 0, outcome: .completed, timeline: Timeline(),
                values: ["guest-used-bytes": Double(index)])
        }
        let engine = try #require(try answer(result([metric], samples)).engines.first)
        #expect(engine.points.isEmpty && engine.metrics["used"]?.median == 3 && engine.samples == 5)
    }
}
