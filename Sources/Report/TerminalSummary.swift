import LabCore

extension Report {
    /// The answer as plain text for a terminal: one line per engine in aligned columns, then what is unavailable and
    /// why, and the verdicts. Lines hold no control character and no line feed.
    public static func summaryLines(for result: RunResult, language: Language = .english) -> [String] {
        let analysis = Analysis(result)
        let text = Catalogue(language: language)
        let unit = analysis.headline.unit
        var rows = [
            [
                text.engine, "n", text.failed, text.median, text.interval, "p95", text.minimum,
                text.ratioTo(Analysis.baseline.rawValue),
            ]
        ]
        var notes: [String] = []
        for engine in analysis.engines {
            let name = text.plainName(engine.record)
            let summary = engine.summary
            if !engine.isMeasured, case .unavailable(let reason, let remedy) = engine.record.availability {
                notes.append(
                    "\(name): "
                        + text.unavailable(
                            because: Escaping.plain(reason), remedy: remedy.map(Escaping.plain)))
                continue
            }
            var ratio = engine.id == Analysis.baseline && engine.isMeasured ? text.baseline : Format.none
            if let value = engine.ratio {
                let interval = value.interval.map { " (\(Format.interval($0, .ratio)))" } ?? ""
                ratio = "\(Format.number(value.value)) ×\(interval)"
            }
            rows.append([
                name, "\(summary.n)", "\(summary.failures)", Format.quantity(summary.median, unit),
                Format.interval(summary.interval, unit), Format.quantity(summary.p95, unit),
                Format.quantity(summary.minimum, unit), ratio,
            ])
        }
        let verdicts = result.header.lab.claims.flatMap { claim in
            claim.judge(result).map { judgement in
                let place = judgement.point.isEmpty ? "" : " (\(judgement.point.text))"
                return "\(Escaping.plain(text[claim.text]))\(place): \(text.name(judgement.verdict))"
            }
        }
        return [Escaping.plain(text[analysis.headline.title])] + aligned(rows) + notes + verdicts
    }

    /// Columns of equal width, the first and the last flush left, the others flush right.
    private static func aligned(_ rows: [[String]]) -> [String] {
        let widths = rows[0].indices.map { column in rows.map { cells(of: $0[column]) }.max() ?? 0 }
        return rows.map { row in
            let fields = row.enumerated().map { column, field in
                let padding = String(repeating: " ", count: widths[column] - cells(of: field))
                if column == 0 { return field + padding }
                return column == row.count - 1 ? field : padding + field
            }
            return "  " + fields.joined(separator: "  ")
        }
    }

    /// Cells of a terminal that a text fills: two for wide characters (UAX #11), one for others.
    private static func cells(of text: String) -> Int {
        text.unicodeScalars.reduce(0) { $0 + (isWide($1.value) ? 2 : 1) }
    }

    private static func isWide(_ scalar: UInt32) -> Bool {
        (0x1100...0x115f).contains(scalar) || (0x2e80...0xa4cf).contains(scalar)
            || (0xac00...0xd7a3).contains(scalar)
            || (0xf900...0xfaff).contains(scalar) || (0xfe30...0xfe6f).contains(scalar)
            || (0xff00...0xff60).contains(scalar) || (0x1f300...0x1faff).contains(scalar)
    }
}
