import LabCore

extension Report {
    /// The answer as plain text for a terminal: the first table in aligned columns, then what is unavailable and why,
    /// and the verdicts. Lines hold no control character and no line feed.
    public static func summaryLines(for result: RunResult, language: Language = .english) -> [String] {
        let analysis = Analysis(result)
        let text = Catalogue(language: language)
        let answer = analysis.answer(in: text)
        var table = answer.plainTable
        for column in answer.dispensable where total(of: table) > width {
            guard let place = table[0].firstIndex(of: column) else { continue }
            for row in table.indices { table[row].remove(at: place) }
        }
        let title = Escaping.plain(text[analysis.headline.title])
        let heading =
            switch analysis.method {
            case .compute: text.lossHeading(title, Analysis.baseline.rawValue)
            // Its figures have their names in the table.
            case .experiment: Escaping.plain(text[result.header.lab.title])
            case .lifecycle, .memory: title
            }
        return [heading]
            + blocks(of: table).flatMap(aligned) + absences(analysis, text) + verdicts(result, text)
    }

    /// A line for each engine without a figure; peers that are not installed share one.
    private static func absences(_ analysis: Analysis, _ text: Catalogue) -> [String] {
        let missing = analysis.engines.filter { !$0.isMeasured }
        let absent = missing.filter(\.isAbsentPeer).map { text.plainName($0.record) }
        return missing.filter { !$0.isAbsentPeer }.compactMap { engine in
            // One that was tried and failed has its row in a table that has rows for engines.
            if engine.record.availability == .available && analysis.method == .lifecycle { return nil }
            return "\(text.plainName(engine.record)): \(text.absence(engine, escape: Escaping.plain))"
        } + (absent.isEmpty ? [] : [text.notInstalled(text.list(absent))])
    }

    /// A claim and its verdict on a line, or a line per verdict where it was judged more than once.
    private static func verdicts(_ result: RunResult, _ text: Catalogue) -> [String] {
        result.header.lab.claims.flatMap { claim -> [String] in
            let judgements = claim.judge(result)
            let words = Escaping.plain(text[claim.text])
            if judgements.count == 1 { return ["\(words): \(text.name(judgements[0].verdict))"] }
            return ["\(words): \(tally(judgements, in: text))"]
                + Verdict.allCases.compactMap { verdict in
                    let places = judgements.filter { $0.verdict == verdict }.map { place($0, claim) }
                    guard !places.isEmpty else { return nil }
                    let most = 12
                    let left = places.count - most
                    let shown = places.prefix(most) + (left > 0 ? [text.andMore(left)] : [])
                    return "  \(text.name(verdict)): \(shown.joined(separator: text.pick(", ", "、")))"
                }
        }
    }

    private static func place(_ judgement: Judgement, _ claim: Claim) -> String {
        Escaping.plain(
            claim.rule.each.flatMap { judgement.point[$0] } ?? judgement.point.text)
    }

    /// The most columns that a table may fill.
    static let width = 100

    /// The table cut into as many as it takes for each to fit the width, the first column in all of them.
    private static func blocks(of table: [[String]]) -> [[[String]]] {
        var blocks: [[Int]] = []
        var used = 0
        for column in table[0].indices.dropFirst() {
            let wide = 2 + widest(table, column)
            if blocks.isEmpty || used + wide > width {
                // A column that is too wide for any block has one of its own.
                blocks.append([])
                used = 2 + widest(table, 0)
            }
            blocks[blocks.count - 1].append(column)
            used += wide
        }
        guard !blocks.isEmpty else { return [table] }
        return blocks.map { columns in table.map { row in [row[0]] + columns.map { row[$0] } } }
    }

    private static func total(of table: [[String]]) -> Int {
        table[0].indices.reduce(0) { $0 + 2 + widest(table, $1) }
    }

    private static func widest(_ table: [[String]], _ column: Int) -> Int {
        table.map { Columns.count($0[column]) }.max() ?? 0
    }

    /// Columns of equal width, the first and the last flush left, the others flush right.
    private static func aligned(_ rows: [[String]]) -> [String] {
        let widths = rows[0].indices.map { column in widest(rows, column) }
        return rows.map { row in
            let fields = row.enumerated().map { column, field in
                let padding = String(repeating: " ", count: widths[column] - Columns.count(field))
                if column == 0 { return field + padding }
                return column == row.count - 1 ? field : padding + field
            }
            return "  " + fields.joined(separator: "  ")
        }
    }
}
