import FoundationEssentials
import LabCore

/// Reads and writes results: `result.json`, or the `samples.jsonl` of a run that was killed.
///
/// Whatever is read has been checked: a `RunResult` from here has no sample of an unknown engine, no index twice and
/// no impossible count, so that nothing after it has to look again.
public enum ResultStore {
    public static let fileName = "result.json"

    /// The largest result that is read, in bytes: about a million samples.
    static let largestFile = 1 << 30

    /// Writes `result.json` whole into a directory and returns its path. The same result gives the same bytes.
    @discardableResult
    public static func save(_ result: RunResult, in directory: String) throws(LabError) -> String {
        let path = "\(directory)/\(fileName)"
        var bytes = try encode(result, with: encoder(pretty: true))
        bytes.append(0x0a)
        try Files.write(bytes, to: path)
        return path
    }

    /// Reads a result from a results directory, a `result.json` or a `samples.jsonl`.
    /// - Throws: `.input` when there is none; `.data` with file and line or key when it is malformed.
    public static func load(_ path: String) throws(LabError) -> RunResult {
        for name in [fileName, SampleLog.fileName] where Files.exists("\(path)/\(name)") {
            return try load(file: "\(path)/\(name)")
        }
        guard Files.exists(path) else {
            throw LabError(
                .input, "there is no result at \(path)",
                remedy: "name a directory below results/, a \(fileName) or a \(SampleLog.fileName)")
        }
        if Files.isDirectory(path) {
            throw LabError(
                .input, "the directory \(path) holds no result",
                cause: "there is neither \(fileName) nor \(SampleLog.fileName) in it",
                remedy: "name a directory that `lab run` wrote")
        }
        return try load(file: path)
    }

    /// True when a path is a directory of one result.
    static func isResult(_ path: String) -> Bool {
        [fileName, SampleLog.fileName].contains { Files.exists("\(path)/\($0)") }
    }

    private static func load(file: String) throws(LabError) -> RunResult {
        let bytes = try Files.read(file, limit: largestFile)
        return file.hasSuffix(".jsonl")
            ? try parse(log: bytes, path: file) : try parse(json: bytes, path: file)
    }

    /// Reads the bytes of a `result.json`; `path` names them in errors.
    public static func parse(json bytes: [UInt8], path: String) throws(LabError) -> RunResult {
        let head = try decode(Head.self, from: bytes[...], at: path)
        try check(schema: head.header.schema, at: path)
        let result = try decode(RunResult.self, from: bytes[...], at: path)
        if let flaw = result.flaw { throw malformed(path, flaw.key, flaw.problem) }
        return result
    }

    /// Reads the bytes of a `samples.jsonl`. A torn last line, what a crash leaves, is ignored.
    public static func parse(log bytes: [UInt8], path: String) throws(LabError) -> RunResult {
        var lines = bytes.split(separator: 0x0a, omittingEmptySubsequences: false)
        // Complete files end in a line feed, after which the split leaves an empty piece.
        let torn = lines.popLast() ?? []
        guard let first = lines.first else {
            throw LabError(
                .data, "\(path) holds no samples", cause: "its first line is missing or incomplete",
                remedy: "the run ended before its first trial: run the lab again")
        }
        try check(schema: try decode(SchemaOnly.self, from: first, at: "\(path):1").schema, at: "\(path):1")
        let header = try decode(RunResult.Header.self, from: first, at: "\(path):1")
        var result = RunResult(header: header, samples: [], closing: .init(.killed))
        var endingLine: Int?
        for (number, line) in zip(2..., lines.dropFirst()) {
            let place = "\(path):\(number)"
            if let endingLine {
                throw malformed(place, "", "follows the run's ending in line \(endingLine)")
            }
            if try take(line, into: &result, at: place) { endingLine = number }
        }
        // Cut between its closing brace and its line feed a line is whole all the same.
        if endingLine == nil { _ = try? take(torn, into: &result, at: path) }
        if let flaw = result.flaw {
            throw malformed(flaw.sample.map { "\(path):\($0 + 2)" } ?? "\(path):1", flaw.key, flaw.problem)
        }
        return result
    }

    /// Takes one line after the first of a log; true when it is the ending.
    private static func take(
        _ line: ArraySlice<UInt8>, into result: inout RunResult, at place: String
    ) throws(LabError) -> Bool {
        if line.starts(with: #"{"ending":"#.utf8) {
            result.closing = try decode(RunResult.Closing.self, from: line, at: place)
            return true
        }
        result.samples.append(try decode(Observation.self, from: line, at: place))
        return false
    }

    /// The part that decides whether the rest can be understood.
    private struct SchemaOnly: Decodable {
        var schema: String
    }
    private struct Head: Decodable {
        var header: SchemaOnly
    }

    private static func check(schema: String, at place: String) throws(LabError) {
        guard schema == RunResult.schema else {
            throw LabError(
                .data, "\(place) has the schema \(ForeignText.quoted(schema))",
                cause: "this version of lab reads \(RunResult.schema)",
                remedy: "read it with the version of lab that wrote it, or run the lab again")
        }
    }

    static func malformed(
        _ place: String, _ key: String, _ problem: Message, remedy: Message = restored
    ) -> LabError {
        let key = ForeignText.line(key, most: 200)
        return LabError(
            .data, key.isEmpty ? "\(place) is malformed" : "\(place) is malformed at \(key)", cause: problem,
            remedy: remedy)
    }

    static let restored: Message =
        "results are not edited by hand: restore the file, or run the lab again"

    static func encoder(pretty: Bool) -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
        return encoder
    }

    static func encode(_ value: some Encodable, with encoder: JSONEncoder) throws(LabError) -> [UInt8] {
        do {
            return ForeignText.json(Array(try encoder.encode(value)))
        } catch {
            // Only a number that JSON can't write gets here, and none of ours may be one.
            throw LabError(.software, "cannot write a result as JSON", cause: "\(error)")
        }
    }

    static func decode<Value: Decodable>(
        _ type: Value.Type, from bytes: ArraySlice<UInt8>, at place: String, remedy: Message = restored
    ) throws(LabError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch let error as DecodingError {
            if case .keyNotFound(let key, let context) = error, context.codingPath.isEmpty,
                key.stringValue == "header"
            {
                throw LabError(
                    .data, "\(place) is no result", cause: "it is neither lab's JSON nor hyperfine's",
                    remedy: "name what `lab run` or `hyperfine --export-json` wrote, or a CSV of raw samples")
            }
            let (key, problem) = describe(error)
            throw malformed(place, key, problem, remedy: remedy)
        } catch {
            throw malformed(place, "", "\(error)", remedy: remedy)
        }
    }

    private static func describe(_ error: DecodingError) -> (key: String, problem: Message) {
        switch error {
        case .keyNotFound(let key, let context):
            return (keyPath(context.codingPath + [key]), "the key is missing")
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            let words = Message(verbatim: ForeignText.line(context.debugDescription, most: 200))
            let problem = (context.underlyingError as? LabError).map { "\(words): \($0.message)" as Message }
            return (keyPath(context.codingPath), problem ?? words)
        @unknown default:
            return ("", "\(error)")
        }
    }

    /// For example `samples[3].timeline.ready`.
    private static func keyPath(_ path: [any CodingKey]) -> String {
        path.reduce(into: "") { text, key in
            if let index = key.intValue {
                text += "[\(index)]"
            } else {
                text += (text.isEmpty ? "" : ".") + key.stringValue
            }
        }
    }
}
