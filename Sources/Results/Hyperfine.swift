import FoundationEssentials
import LabCore

/// Reads what `hyperfine --export-json` writes: each of its commands is an engine, each time a sample of the metric `time`.
public enum Hyperfine {
    private struct Export: Decodable {
        var results: [Result]
        struct Result: Decodable {
            /// The command, or the name that `--command-name` gave it.
            var command: String
            /// Seconds.
            var times: [Double]?
            /// Of each time: nil where a signal ended the command.
            var exit_codes: [Int32?]?
        }
    }

    /// True when the bytes are a JSON object whose first key is the one that hyperfine writes, and lab does not.
    static func wrote(_ bytes: [UInt8]) -> Bool {
        let blank = [0x20, 0x09, 0x0a, 0x0d] as [UInt8]
        guard let brace = bytes.firstIndex(where: { !blank.contains($0) }), bytes[brace] == UInt8(ascii: "{")
        else { return false }
        return bytes[(brace + 1)...].drop(while: blank.contains).starts(with: #""results""#.utf8)
    }

    private static let time = RawSamples.metric("time", .nanoseconds)
    /// The longest command that names an engine, in characters.
    private static let longestName = 1_000

    /// Reads the bytes of a file; `path` names it in errors.
    public static func parse(_ bytes: [UInt8], path: String) throws(LabError) -> RunResult {
        guard bytes.count <= RawSamples.largestFile else {
            throw LabError(.data, "\(path) is larger than \(RawSamples.largestFile) bytes")
        }
        if let line = JSONSyntax.lineOfFlaw(in: bytes) { throw flaw("\(path):\(line)", "", "it is no JSON") }
        let export = try ResultStore.decode(Export.self, from: bytes[...], at: path, remedy: again)
        guard !export.results.isEmpty else { throw flaw(path, "results", "there is none") }
        var samples = RawSamples(origin: "hyperfine", metrics: [time])
        var seen: Set<String> = []
        for (place, result) in export.results.enumerated() {
            let key = "results[\(place)]"
            guard !result.command.isEmpty, result.command.unicodeScalars.count <= longestName else {
                throw flaw(path, "\(key).command", "it is empty or longer than \(longestName) characters")
            }
            guard seen.insert(result.command).inserted else {
                throw flaw(
                    path, "\(key).command", "\(ForeignText.quoted(result.command)) occurs twice",
                    remedy: "tell the commands apart with --command-name")
            }
            guard let times = result.times, !times.isEmpty else {
                throw flaw(path, "\(key).times", "there is no time")
            }
            guard result.exit_codes.map({ $0.count == times.count }) ?? true else {
                throw flaw(path, "\(key).exit_codes", "there is not one of each time")
            }
            for (turn, seconds) in times.enumerated() {
                let nanoseconds = seconds * 1e9
                guard RawSamples.range.contains(nanoseconds) else {
                    throw flaw(path, "\(key).times[\(turn)]", "\(seconds) is no length of time")
                }
                guard samples.samples.count < RawSamples.mostSamples else {
                    throw flaw(path, key, "there are more than \(RawSamples.mostSamples) samples")
                }
                // Otherwise a failure would be a fast run.
                let code = result.exit_codes.map { $0[turn] } ?? 0
                let engine = EngineID(rawValue: result.command)
                guard
                    code == 0
                        ? samples.add(engine, [time.id: nanoseconds])
                        : samples.add(engine, [:], failed(code))
                else {
                    throw flaw(path, key, "there are more than \(RawSamples.mostEngines) commands")
                }
            }
        }
        return samples.result
    }

    private static func failed(_ code: Int32?) -> Outcome {
        let cause: Message = code.map { "it ended with status \(Int($0))" } ?? "a signal ended it"
        return .failed(LabError(.unavailable, "the command failed", cause: cause), after: nil)
    }

    private static let again: Message = "write it again with hyperfine --export-json"

    private static func flaw(
        _ path: String, _ key: String, _ problem: Message, remedy: Message = again
    ) -> LabError {
        ResultStore.malformed(path, key, problem, remedy: remedy)
    }
}
