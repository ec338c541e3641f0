import LabCore

/// What was reached and what was stopped, and by whom: a row per fact, a column per engine, a mark and a word in each
/// cell. Facts that tell of no mechanism have no place in it.
struct MatrixPlot {
    let text: Catalogue
    private let title: String
    private let groups: [(title: String?, rows: [FactMatrix.Row])]
    private let engines: [Analysis.Engine]

    static let name = "matrix.svg"

    private static let mostRows = 80
    private static let left = 270.0
    private static let columnWidth = 118.0
    private static let top = 68.0
    private static let rowHeight = 22.0
    private static let least = 860.0

    /// Nil when no fact tells of a mechanism.
    init?(_ analysis: Analysis, _ matrix: FactMatrix, _ text: Catalogue) {
        self.text = text
        title = Escaping.plain(text[analysis.result.header.lab.title])
        engines = Array(matrix.engines.prefix(Analysis.mostColumns))
        var left = Self.mostRows
        groups = matrix.groups.compactMap { group in
            let rows = group.rows.filter { row in row.cells.values.contains { $0.reach != nil } }.prefix(left)
            left -= rows.count
            return rows.isEmpty ? nil : (group.title, Array(rows))
        }
        guard !groups.isEmpty else { return nil }
    }

    private var columnWidth: Double {
        max(Self.columnWidth, (Self.least - Self.left - 16) / Double(max(engines.count, 1)))
    }

    var svg: String {
        let rows = groups.reduce(0) { $0 + $1.rows.count }
        let titles = groups.count > 1 ? groups.count : 0
        let width = Self.left + Double(engines.count) * columnWidth + 16
        let bottom = Self.top + Double(rows + titles) * Self.rowHeight
        let kinds = legend
        var svg = SVG(
            width: width, height: bottom + 16 + Double((kinds.count + 1) / 2) * 20 + 8,
            label: text.matrixLabel(rows, text.list(engines.map { text.plainName($0.record) })))
        svg.text(SVG.fitted(text.matrixTitle(title), within: width - 32), x: 16, y: 24, style: "bold")
        for (place, engine) in engines.enumerated() {
            svg.text(
                SVG.fitted(text.plainName(engine.record), within: columnWidth - 8), x: column(place), y: 52)
        }
        var y = Self.top
        for group in groups {
            if titles > 0 {
                svg.text(
                    SVG.fitted(group.title ?? text.otherFacts, within: width - 32), x: 16, y: y + 15,
                    style: "bold")
                y += Self.rowHeight
            }
            for row in group.rows {
                svg.line(x1: 16, y1: y, x2: width - 16, y2: y, style: "grid")
                let name = text.named(row.title, at: row.place) { SVG.width(of: $0) <= Self.left - 30 }
                svg.text(name, x: 16, y: y + 15)
                for (place, engine) in engines.enumerated() {
                    draw(row, engine, x: column(place), y: y, into: &svg)
                }
                y += Self.rowHeight
            }
        }
        svg.line(x1: 16, y1: bottom, x2: width - 16, y2: bottom, style: "axis")
        for (number, kind) in kinds.enumerated() {
            let x = 24 + Double(number % 2) * (width / 2 - 16)
            let y = bottom + 26 + Double(number / 2) * 20
            svg.mark(kind.shape, x: x, y: y - 4, style: kind.style, hover: name(kind))
            svg.text(SVG.fitted(name(kind), within: width / 2 - 40), x: x + 14, y: y)
        }
        return svg.document
    }

    private func column(_ place: Int) -> Double { Self.left + Double(place) * columnWidth }

    private func draw(
        _ row: FactMatrix.Row, _ engine: Analysis.Engine, x: Double, y: Double, into svg: inout SVG
    ) {
        guard let cell = row.cells[engine.id], let first = cell.answers.first else {
            svg.text(Format.none, x: x + 4, y: y + 15, style: "mute")
            return
        }
        // The answer that came most often, and how often where it was not always.
        var words = first.mechanism.map(text.shortName) ?? Escaping.plain(first.answer)
        if cell.answers.count > 1 { words += " \(first.count)/\(cell.n)" }
        if let reach = cell.reach {
            svg.mark(reach.shape, x: x + 6, y: y + 11, style: reach.style, hover: hover(row, engine, cell))
        }
        svg.text(SVG.fitted(words, within: columnWidth - 22), x: x + 16, y: y + 15)
    }

    private func hover(_ row: FactMatrix.Row, _ engine: Analysis.Engine, _ cell: FactMatrix.Cell) -> String {
        let answers = cell.answers.prefix(4).map { answer in
            let words = Format.cut(Escaping.plain(answer.answer), 120)
            let mechanism = answer.mechanism.map { " (\(text.name($0)))" } ?? ""
            return "\(words)\(mechanism), \(text.times(answer.count, of: cell.n))"
        }
        return
            "\(text.named(row.title, at: row.place)), \(text.plainName(engine.record)): \(answers.joined(separator: "; "))"
    }

    /// The kinds that occur.
    private var legend: [FactMatrix.Reach] {
        let present = groups.flatMap(\.rows).flatMap { row in engines.compactMap { row.cells[$0.id]?.reach } }
        return [.reached, .byKernelFeature, .byGuestKernel, .byNoIsolation, .mixed].filter(present.contains)
    }

    private func name(_ reach: FactMatrix.Reach) -> String {
        switch reach {
        case .reached: text.isReached
        case .byKernelFeature: text.isStoppedByKernelFeature
        case .byGuestKernel: text.isStoppedByGuestKernel
        case .byNoIsolation: text.isNoIsolation
        case .mixed: text.isMixed
        }
    }
}

extension FactMatrix.Reach {
    fileprivate var shape: SVG.Shape {
        switch self {
        case .reached: .circle
        case .byKernelFeature: .square
        case .byGuestKernel: .diamond
        case .byNoIsolation: .ring
        case .mixed: .cross
        }
    }

    /// Beside the shape a colour: warm for what is reached.
    fileprivate var style: String {
        switch self {
        case .reached: "d1"
        case .byKernelFeature: "d2"
        case .byGuestKernel: "d0"
        case .byNoIsolation: "d7"
        case .mixed: "d3"
        }
    }
}
