import LabCore

/// Reads what a side of a comparison is made of: results of lab's, a directory of several, hyperfine's JSON, a table of
/// raw samples.
public enum ComparedRuns {
    /// More runs on a side tell no more.
    private static let most = RawSamples.mostRuns

    /// The runs of all paths of a side, in their order.
    /// - Throws: `.input` when a path leads to no run; `.data` with file and place when one is malformed.
    public static func load(_ paths: [String]) throws(LabError) -> [RunResult] {
        var runs: [RunResult] = []
        for path in paths { runs += try load(path) }
        guard runs.count <= most else {
            throw LabError(
                .usage, "\(runs.count) runs are on one side", remedy: "name at most \(most)")
        }
        return runs
    }

    private static func load(_ path: String) throws(LabError) -> [RunResult] {
        if Files.isDirectory(path), !ResultStore.isResult(path) {
            // As `lab run --repeat` makes them.
            let inside = Files.list(path).map { "\(path)/\($0)" }.filter(ResultStore.isResult)
            var runs: [RunResult] = []
            for run in inside.prefix(most + 1) { runs.append(try ResultStore.load(run)) }
            // Without any, the error says what a result is.
            return runs.isEmpty ? [try ResultStore.load(path)] : runs
        }
        if path.hasSuffix(".csv") {
            return try SampleTable.parse(Files.read(path, limit: RawSamples.largestFile), path: path)
        }
        if Files.isDirectory(path) || path.hasSuffix(".jsonl") || !Files.exists(path) {
            return [try ResultStore.load(path)]
        }
        let bytes = try Files.read(path, limit: ResultStore.largestFile)
        return [
            Hyperfine.wrote(bytes)
                ? try Hyperfine.parse(bytes, path: path) : try ResultStore.parse(json: bytes, path: path)
        ]
    }
}
