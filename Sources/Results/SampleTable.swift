import LabCore

/// Reads raw samples as comma-separated values (RFC 4180): a heading with `engine` and columns whose names end in a unit,
/// `startup-ms` or `size-bytes`; a row for each sample; a column `run` that says of which run it is, where there are
/// several.
public enum SampleTable {
    /// Nothing that is named is longer, in characters.
    private static let longestName = 200

    /// The meaning of the columns.
    private struct Heading {
        var engine: Int
        var run: Int?
        var metrics: [(column: Int, metric: Metric, factor: Double)] = []
        var count: Int
    }

    /// Reads the bytes of a file; `path` names it in errors.
    /// - Returns: the runs, in the order in which they begin; one where there is no column `run`.
    public static func parse(_ bytes: [UInt8], path: String) throws(LabError) -> [RunResult] {
        var lines = CommaSeparated(bytes, path: path)
        guard let first = try lines.next() else {
            throw malformed(path, 1, "there is no heading")
        }
        let heading = try heading(first, at: path)
        var runs: [(name: String, samples: RawSamples)] = []
        var places: [String: Int] = [:]
        var count = 0
        while let (line, fields) = try lines.next() {
            guard fields.count == heading.count else {
                throw malformed(path, line, "it has \(fields.count) fields, and the heading \(heading.count)")
            }
            count += 1
            guard count <= RawSamples.mostSamples else {
                throw malformed(path, line, "there are more than \(RawSamples.mostSamples) samples")
            }
            let name = heading.run.map { fields[$0] } ?? ""
            let place = places[name] ?? runs.count
            if place == runs.count {
                guard place < RawSamples.mostRuns else {
                    throw malformed(path, line, "there are more than \(RawSamples.mostRuns) runs")
                }
                places[name] = place
                runs.append((name, RawSamples(origin: "csv", metrics: heading.metrics.map(\.metric))))
            }
            let engine = fields[heading.engine]
            guard !engine.isEmpty, engine.unicodeScalars.count <= longestName else {
                throw malformed(
                    path, line, "the engine's name is empty or longer than \(longestName) characters")
            }
            let values = try values(fields, heading, at: path, line)
            guard runs[place].samples.add(EngineID(rawValue: engine), values) else {
                throw malformed(path, line, "there are more than \(RawSamples.mostEngines) engines")
            }
        }
        guard !runs.isEmpty else { throw malformed(path, first.line, "there is no sample after the heading") }
        return runs.map(\.samples.result)
    }

    private static func heading(
        _ record: (line: Int, fields: [String]), at path: String
    ) throws(LabError) -> Heading {
        func refuse(_ problem: Message) -> LabError { malformed(path, record.line, problem) }
        guard let engine = record.fields.firstIndex(of: "engine") else {
            throw refuse("the heading has no column engine")
        }
        var heading = Heading(
            engine: engine, run: record.fields.firstIndex(of: "run"), count: record.fields.count)
        var seen: Set<String> = []
        for (column, name) in record.fields.enumerated() {
            guard seen.insert(name).inserted else {
                throw refuse("the column \(ForeignText.quoted(name)) occurs twice")
            }
            if column == heading.engine || column == heading.run { continue }
            guard let (id, unit, factor) = quantity(name), id.unicodeScalars.count <= longestName else {
                throw refuse("the column \(ForeignText.quoted(name)) does not end in a unit")
            }
            guard !heading.metrics.contains(where: { $0.metric.id == id }) else {
                throw refuse("two columns are of \(ForeignText.quoted(id))")
            }
            heading.metrics.append((column, RawSamples.metric(id, unit), factor))
        }
        guard (1...RawSamples.mostMetrics).contains(heading.metrics.count) else {
            throw refuse(
                "\(heading.metrics.count) columns hold values, and 1 to \(RawSamples.mostMetrics) may")
        }
        return heading
    }

    /// What a column's name says: `startup-ms` is a time `startup` in units of a million nanoseconds.
    private static func quantity(_ name: String) -> (id: String, Metric.Unit, factor: Double)? {
        guard let dash = name.lastIndex(of: "-"), dash > name.startIndex else { return nil }
        let id = String(name[..<dash])
        let word = name[name.index(after: dash)...].lowercased()
        switch word {
        case "bytes": return (id, .bytes, 1)
        case Metric.Unit.count.rawValue: return (id, .count, 1)
        case Metric.Unit.ratio.rawValue: return (id, .ratio, 1)
        default: break
        }
        for unit in [Metric.Unit.nanoseconds, .bytes] {
            if let scale = unit.measure?.scales.first(where: { $0.name.lowercased() == word }) {
                return (id, unit, Double(scale.factor))
            }
        }
        return nil
    }

    /// The values of a row; an empty field has none.
    private static func values(
        _ fields: [String], _ heading: Heading, at path: String, _ line: Int
    ) throws(LabError) -> [String: Double] {
        var values: [String: Double] = [:]
        for (column, metric, factor) in heading.metrics {
            let word = fields[column].trimmingWhitespace()
            if word.isEmpty { continue }
            guard let value = Double(word), RawSamples.range.contains(value * factor) else {
                throw malformed(
                    path, line,
                    "\(ForeignText.quoted(word)) is no number from 0 on that \(ForeignText.quoted(metric.id)) may be"
                )
            }
            values[metric.id] = value * factor
        }
        return values
    }

    fileprivate static func malformed(_ path: String, _ line: Int, _ problem: Message) -> LabError {
        ResultStore.malformed(
            "\(path):\(line)", "", problem,
            remedy:
                "write a heading like `engine,startup-ms`, then a row like `container,1.42` for each sample")
    }
}

/// The records of a file of comma-separated values, with the lines on which they begin.
private struct CommaSeparated {
    private let bytes: [UInt8]
    private let path: String
    private var place: Int
    private var line = 1

    /// More columns than any table has: two names, and a value for each metric.
    private static let mostFields = RawSamples.mostMetrics + 2
    private static let longestField = 10_000

    init(_ bytes: [UInt8], path: String) {
        (self.bytes, self.path) = (bytes, path)
        // Spreadsheets write a byte order mark.
        place = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
    }

    /// The next record that is not empty.
    mutating func next() throws(LabError) -> (line: Int, fields: [String])? {
        while place < bytes.count {
            let first = line
            var fields = [try field()]
            while place < bytes.count, bytes[place] == UInt8(ascii: ",") {
                guard fields.count < Self.mostFields else {
                    throw SampleTable.malformed(path, first, "it has more than \(Self.mostFields) fields")
                }
                place += 1
                fields.append(try field())
            }
            if place < bytes.count, bytes[place] == UInt8(ascii: "\r") { place += 1 }
            if place < bytes.count {
                guard bytes[place] == UInt8(ascii: "\n") else {
                    throw SampleTable.malformed(path, line, "a comma or the end of the line is missing")
                }
                (place, line) = (place + 1, line + 1)
            }
            if fields != [""] { return (first, fields) }
        }
        return nil
    }

    private mutating func field() throws(LabError) -> String {
        var text: [UInt8] = []
        let isQuoted = place < bytes.count && bytes[place] == UInt8(ascii: "\"")
        let first = line
        if isQuoted { place += 1 }
        while true {
            guard place < bytes.count else {
                if isQuoted { throw SampleTable.malformed(path, first, "a quotation mark is not closed") }
                break
            }
            let byte = bytes[place]
            if isQuoted, byte == UInt8(ascii: "\"") {
                place += 1
                // Two of them are one that is meant.
                guard place < bytes.count, bytes[place] == byte else { break }
            } else if !isQuoted, byte == UInt8(ascii: ",") || byte == 0x0a || byte == 0x0d {
                break
            }
            if byte == 0x0a { line += 1 }
            text.append(byte)
            place += 1
            guard text.count <= Self.longestField else {
                throw SampleTable.malformed(path, first, "a field is longer than \(Self.longestField) bytes")
            }
        }
        guard let field = String(validating: text, as: UTF8.self) else {
            throw SampleTable.malformed(path, first, "it is not UTF-8")
        }
        return field
    }
}
