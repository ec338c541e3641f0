import LabCore

/// What was reached and what was stopped, and by whom: a row per fact, a column per engine, a mark and a word in each
/// cell. Facts that tell of no mechanism have no place in it.
struct MatrixPlot {
    let text: Catalogue
    private let title: String
    private let groups: [FactMatrix.Group]

    static let name = "matrix.svg"

    private static let mostRows = 80
    private static let left = 270.0
    private static let columnWidth = 118.0
    private static let top = 36.0
    private static let headHeight = 36.0
    private static let rowHeight = 22.0
    private static let least = 860.0

    /// Nil when no fact tells of a mechanism.
    init?(_ analysis: Analysis, _ matrix: FactMatrix, _ text: Catalogue) {
        self.text = text
        title = Escaping.plain(text[analysis.result.header.lab.title])
        var left = Self.mostRows
        groups = matrix.groups.compactMap { group in
            var own = group
            own.rows = Array(group.rows.filter { $0.cells.contains { $0?.reach != nil } }.prefix(left))
            left -= own.rows.count
            return own.rows.isEmpty ? nil : own
        }
        guard !groups.isEmpty else { return nil }
    }

    private var columns: Int { groups.map(\.columns.count).max() ?? 1 }

    private var columnWidth: Double {
        max(Self.columnWidth, (Self.least - Self.left - 16) / Double(max(columns, 1)))
    }

    /// Whether the columns must be named over a group: over the first, and over one that has others.
    private func hasHead(_ place: Int) -> Bool {
        place == 0 || groups[place].columns != groups[place - 1].columns
    }

    var svg: String {
        let rows = groups.reduce(0) { $0 + $1.rows.count }
        let titles = groups.count > 1 ? groups.count : 0
        let heads = groups.indices.count(where: hasHead)
        let width = Self.left + Double(columns) * columnWidth + 16
        let bottom = Self.top + Double(rows + titles) * Self.rowHeight + Double(heads) * Self.headHeight
        let kinds = legend
        var names: [String] = []
        for name in groups.flatMap(\.columns).map({ text.plainName($0.engine.record) })
        where !names.contains(name) { names.append(name) }
        var svg = SVG(
            width: width, height: bottom + 16 + Double((kinds.count + 1) / 2) * 20 + 8,
            label: text.matrixLabel(rows, text.list(names)))
        svg.text(SVG.fitted(text.matrixTitle(title), within: width - 32), x: 16, y: 24, style: "bold")
        var y = Self.top
        for (number, group) in groups.enumerated() {
            if hasHead(number) {
                for (place, column) in group.columns.enumerated() {
                    let x = self.column(place)
                    let name = text.plainName(column.engine.record)
                    svg.text(SVG.fitted(name, within: columnWidth - 8), x: x, y: y + 16)
                    svg.text(
                        SVG.fitted(column.place, within: columnWidth - 8), x: x, y: y + 30, style: "mute")
                }
                y += Self.headHeight
            }
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
                for (place, column) in group.columns.enumerated() {
                    draw(row, column, row.cells[place], x: self.column(place), y: y, into: &svg)
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
        _ row: FactMatrix.Row, _ column: ExperimentColumn, _ cell: FactMatrix.Cell?, x: Double, y: Double,
        into svg: inout SVG
    ) {
        guard let cell, let first = cell.answers.first else {
            svg.text(Format.none, x: x + 4, y: y + 15, style: "mute")
            return
        }
        // The answer that came most often, and how often where it was not always.
        var words = first.mechanism.map(text.shortName) ?? Escaping.plain(first.answer)
        if cell.answers.count > 1 { words += " \(first.count)/\(cell.n)" }
        if let reach = cell.reach {
            svg.mark(reach.shape, x: x + 6, y: y + 11, style: reach.style, hover: hover(row, column, cell))
        }
        svg.text(SVG.fitted(words, within: columnWidth - 22), x: x + 16, y: y + 15)
    }

    private func hover(
        _ row: FactMatrix.Row, _ column: ExperimentColumn, _ cell: FactMatrix.Cell
    ) -> String {
        let answers = cell.answers.prefix(4).map { answer in
            let words = Format.cut(Escaping.plain(answer.answer), 120)
            let mechanism = answer.mechanism.map { " (\(text.name($0)))" } ?? ""
            return "\(words)\(mechanism), \(text.times(answer.count, of: cell.n))"
        }
        let name = text.named(row.title, at: row.place + column.place)
        return "\(name), \(text.plainName(column.engine.record)): \(answers.joined(separator: "; "))"
    }

    /// The kinds that occur.
    private var legend: [FactMatrix.Reach] {
        let present = groups.flatMap(\.rows).flatMap { $0.cells.compactMap { $0?.reach } }
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
