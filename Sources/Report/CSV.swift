import LabCore

extension Report {
    /// The raw samples as comma-separated values (RFC 4180 with line feeds): a row per sample in the order in which
    /// they were taken, marks in nanoseconds from `requested`, empty where there is none.
    public static func csv(for result: RunResult) -> String {
        let samples = result.samples
        let reached = Set(samples.flatMap { $0.timeline.nanoseconds.keys })
        let strangers = reached.subtracting(Mark.inOrder).sorted { $0.rawValue < $1.rawValue }
        let marks = Mark.inOrder.filter(reached.contains) + strangers
        let parameters = Set(samples.flatMap(\.parameters.keys)).sorted()
        let values = Set(samples.flatMap(\.values.keys)).sorted()

        var rows = [
            ["index", "engine", "warmup", "outcome", "error"] + marks.map { "\($0.rawValue)-ns" }
                + parameters.map(\.rawValue) + values
        ]
        for sample in samples {
            var row = ["\(sample.index)", sample.engine.rawValue, "\(sample.warmup)"]
            switch sample.outcome {
            case .completed: row += ["completed", ""]
            case .failed(let error, _): row += ["failed", error.description]
            }
            row += marks.map { mark in sample.timeline[mark].map { "\($0)" } ?? "" }
            row += parameters.map { sample.parameters[$0] ?? "" }
            row += values.map { key in sample.values[key].map { "\($0)" } ?? "" }
            rows.append(row)
        }
        return rows.map { $0.map(Escaping.csv).joined(separator: ",") + "\n" }.joined()
    }
}
