import LabCore

/// Results of a lab that stands behind a row.
enum TableFixture {
    /// A lab behind 启动速度 with these claims, and nanoseconds of each engine; `kvm` is unavailable unless it has some.
    static func result(
        _ times: [(EngineID, [UInt64])], claims: [Claim], change: (inout RunResult) -> Void = { _ in }
    ) -> RunResult {
        var result = ResultFixture.result(times, claims: claims)
        result.header.lab.row = TableRow(shows: [.init(metric: "start-up")], claims: claims.map(\.id))
        result.header.engines.append(EngineRecord(id: .container, kind: .container))
        if times.contains(where: { $0.0 == .kvm }) {
            for place in result.header.engines.indices where result.header.engines[place].id == .kvm {
                result.header.engines[place].availability = .available
            }
        }
        change(&result)
        return result
    }

    /// A lab behind 性能损耗 whose kinds of work take so many times as long in the container.
    static func work(_ losses: [(kind: String, factor: Double)], claims: [Claim]) -> RunResult {
        result([], claims: claims) { result in
            result.header.lab.dimension = "性能损耗"
            result.header.lab.metrics = [
                Metric(
                    id: "work", title: LocalizedText(en: "work", zh: "工作"), unit: .nanoseconds,
                    source: .value("work-ns"))
            ]
            result.header.lab.series = [
                Series(id: "kinds", parameters: [.init(.compute, losses.map(\.kind))])
            ]
            result.header.lab.row?.shows = [.init(metric: "work", at: [.compute: "integer"])]
            for (kind, factor) in losses {
                for (engine, time) in [(EngineID.process, 1e6), (.container, 1e6 * factor)] {
                    for turn in 0..<6 {
                        result.samples.append(
                            Observation(
                                index: result.samples.count, engine: engine, parameters: [.compute: kind],
                                warmup: false, outcome: .completed, timeline: Timeline(),
                                values: ["work-ns": time + Double(turn)]))
                    }
                }
            }
        }
    }

    static func failed(_ engine: EngineID, _ error: LabError) -> Observation {
        Observation(
            index: 0, engine: engine, warmup: false, outcome: .failed(error, after: nil), timeline: Timeline()
        )
    }
}
