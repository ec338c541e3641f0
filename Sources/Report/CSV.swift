import LabCore

extension Report {
    /// The raw samples as comma-separated values (RFC 4180 with line feeds): a row per sample in the order in which
    /// they were taken, marks in nanoseconds from `requested`, empty where there is none. A fact has three columns:
    /// `fact:NAME`, `fact:NAME:mechanism` and `fact:NAME:evidence`.
    public static func csv(for result: RunResult) -> String { csv(for: [result]) }

    /// The samples of several results under one heading, which has the columns of all of them; where there are
    /// several, the first two say of which lab and run a sample is.
    public static func csv(for results: [RunResult]) -> String {
        let samples = results.flatMap(\.samples)
        let reached = Set(samples.flatMap { $0.timeline.nanoseconds.keys })
        let strangers = reached.subtracting(Mark.inOrder).sorted { $0.rawValue < $1.rawValue }
        let marks = Mark.inOrder.filter(reached.contains) + strangers
        let parameters = Set(samples.flatMap(\.parameters.factors)).sorted()
        let values = Set(samples.flatMap(\.values.keys)).sorted()
        let facts = Set(samples.flatMap { ($0.facts ?? [:]).keys }).sorted()
        let isOne = results.count == 1

        var rows = [
            (isOne ? [] : ["lab", "run"]) + ["index", "engine", "warmup", "outcome", "error"]
                + marks.map { "\($0.rawValue)-ns" } + parameters.map(\.rawValue) + values
                + facts.flatMap { ["fact:\($0)", "fact:\($0):mechanism", "fact:\($0):evidence"] }
        ]
        for result in results {
            let origin = isOne ? [] : [result.header.lab.id, result.header.runID]
            for sample in result.samples {
                var row = origin + ["\(sample.index)", sample.engine.rawValue, "\(sample.warmup)"]
                switch sample.outcome {
                case .completed: row += ["completed", ""]
                case .failed(let error, _): row += ["failed", error.description]
                }
                row += marks.map { mark in sample.timeline[mark].map { "\($0)" } ?? "" }
                row += parameters.map { sample.parameters[$0] ?? "" }
                row += values.map { key in sample.values[key].map { "\($0)" } ?? "" }
                row += facts.flatMap { name -> [String] in
                    let fact = sample.facts?[name]
                    return [
                        fact?.answer.english ?? "", fact?.mechanism?.rawValue ?? "",
                        fact?.evidence?.english ?? "",
                    ]
                }
                rows.append(row)
            }
        }
        return rows.map { $0.map(Escaping.csv).joined(separator: ",") + "\n" }.joined()
    }
}
