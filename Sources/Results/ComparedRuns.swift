import LabCore

/// Reads what a side of a comparison is made of: results of lab's, a directory of several, hyperfine's JSON, a table of
/// raw samples.
public enum ComparedRuns {
    /// More runs on a side tell no more.
    private static let most = RawSamples.mostRuns

    /// The runs of both sides. One command of hyperfine's, or one engine of a table, on either side is the same thing before
    /// and after, whatever it is called.
    /// - Throws: as for one side.
    public static func load(
        _ old: [String], _ new: [String]
    ) throws(LabError) -> (old: [Figures], new: [Figures]) {
        var (before, after) = (try load(old), try load(new))
        let (first, second) = (RawSamples.onlyEngine(of: before), RawSamples.onlyEngine(of: after))
        if let first, let second, first != second {
            let both = EngineID(rawValue: "\(first) → \(second)")
            for place in before.indices { before[place] = RawSamples.named(before[place], both) }
            for place in after.indices { after[place] = RawSamples.named(after[place], both) }
        }
        return (before.map { Figures($0) }, after.map { Figures($0) })
    }

    /// The runs of all paths of a side, in their order.
    /// - Throws: `.input` when a path leads to no run; `.data` with file and place when one is malformed; `.usage` for a run
    ///   that is named twice, which would count as two.
    public static func load(_ paths: [String]) throws(LabError) -> [RunResult] {
        var runs: [RunResult] = []
        for path in paths { runs += try load(path) }
        let places = paths.map { (try? Files.realPath($0)) ?? $0 }
        let names = runs.filter { !RawSamples.made($0) }.map(\.header.runID)
        if let twice = firstTwice(places) ?? firstTwice(names) {
            throw LabError(
                .usage, "\(ForeignText.quoted(twice)) is on one side twice",
                remedy: "name each run once: the unit of a comparison is the run")
        }
        guard runs.count <= most else {
            throw LabError(
                .usage, "\(runs.count) runs are on one side", remedy: "name at most \(most)")
        }
        return runs
    }

    private static func firstTwice(_ names: [String]) -> String? {
        var seen: Set<String> = []
        return names.first { !seen.insert($0).inserted }
    }

    private static func load(_ path: String) throws(LabError) -> [RunResult] {
        if Files.isDirectory(path), !ResultStore.isResult(path) {
            // As `lab run --repeat` makes them.
            let names = Files.list(path)
            if let odd = names.first(where: { $0.unicodeScalars.contains("\u{FFFD}") }) {
                throw LabError(
                    .data,
                    "\(ForeignText.quoted(path)) holds \(ForeignText.quoted(odd)), whose name is no UTF-8",
                    remedy: "give it another name")
            }
            let inside = names.map { "\(path)/\($0)" }.filter(ResultStore.isResult)
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
