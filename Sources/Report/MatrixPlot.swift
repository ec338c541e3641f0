import LabCore

/// A plot of what was reached and what was stopped, and by whom: a row per fact, a column per engine, a mark and a word
/// in each cell. Facts that tell of no mechanism have no place in it.
struct MatrixPlot {
    let text: Language
    private let title: String
    private let groups: [FactMatrix.Group]

    static let name = "matrix.svg"

    private static let mostRows = 80
    private static let left = 270.0
    private static let columnWidth = 118.0
    private static let headHeight = 36.0
    private static let rowHeight = 22.0

    /// Nil when no fact tells of a mechanism.
    init?(_ analysis: Analysis, _ matrix: FactMatrix, _ text: Language) {
        self.text = text
        title = text[analysis.result.header.lab.title]
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
        max(Self.columnWidth, (Chart.width - Self.left - 16) / Double(max(columns, 1)))
    }

    /// Returns true for a group over which the columns must be named: the first, and one that has others.
    private func hasHead(_ place: Int) -> Bool {
        place == 0 || groups[place].columns != groups[place - 1].columns
    }

    var svg: String {
        let rows = groups.reduce(0) { $0 + $1.rows.count }
        let titles = groups.count > 1 ? groups.count : 0
        let heads = groups.indices.count(where: hasHead)
        let width = Self.left + Double(columns) * columnWidth + 16
        var names: [String] = []
        for name in groups.flatMap(\.columns).map({ text.name($0.engine.record).plain })
        where !names.contains(name) { names.append(name) }
        var chart = Chart(
            title: text.say("\(title): what could be reached, and who stopped the rest"),
            description: text.say(
                "Matrix of \(rows) things by engine: reached or stopped, and by whom, for \(text.list(names))"
            ),
            width: width, left: 16, right: 16, top: 36,
            height: Double(rows + titles) * Self.rowHeight + Double(heads) * Self.headHeight, hasTicks: false,
            legend: legend.map { .init(sample: .mark($0.shape, style: $0.style), name: name($0)) })
        var y = chart.top
        for (number, group) in groups.enumerated() {
            if hasHead(number) {
                for (place, column) in group.columns.enumerated() {
                    let (x, room) = (self.column(place), columnWidth - 8)
                    chart.svg.text(text.name(column.engine.record).plain, x: x, y: y + 16, within: room)
                    chart.svg.text(column.place, x: x, y: y + 30, within: room, style: "mute")
                }
                y += Self.headHeight
            }
            if titles > 0 {
                chart.svg.text(
                    group.title ?? text.say("Others"), x: 16, y: y + 15, within: width - 32, style: "bold")
                y += Self.rowHeight
            }
            for row in group.rows {
                chart.svg.line(x1: chart.left, y1: y, x2: chart.right, y2: y, style: "grid")
                let name = text.named(row.title, at: row.place) {
                    SVG.width(of: Escaping.plain($0)) <= Self.left - 30
                }
                chart.svg.text(name, x: 16, y: y + 15)
                for (place, column) in group.columns.enumerated() {
                    draw(row, column, row.cells[place], x: self.column(place), y: y, into: &chart.svg)
                }
                y += Self.rowHeight
            }
        }
        chart.svg.line(x1: chart.left, y1: y, x2: chart.right, y2: y, style: "axis")
        return chart.document
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
        var words = first.mechanism.map(text.shortName) ?? first.answer
        if cell.answers.count > 1 { words += " \(first.count)/\(cell.n)" }
        if let reach = cell.reach {
            svg.mark(reach.shape, x: x + 6, y: y + 11, style: reach.style, hover: hover(row, column, cell))
        }
        svg.text(words, x: x + 16, y: y + 15, within: columnWidth - 22)
    }

    private func hover(
        _ row: FactMatrix.Row, _ column: ExperimentColumn, _ cell: FactMatrix.Cell
    ) -> String {
        let answers = cell.answers.prefix(4).map { answer in
            let words = Format.cut(answer.answer, 120)
            let mechanism = answer.mechanism.map { " (\(text.name($0).plain))" } ?? ""
            return "\(words)\(mechanism), \(text.times(answer.count, of: cell.n))"
        }
        let name = text.named(row.title, at: row.place + column.place)
        return "\(name), \(text.name(column.engine.record).plain): \(answers.joined(separator: "; "))"
    }

    /// The kinds that occur.
    private var legend: [FactMatrix.Reach] {
        let present = groups.flatMap(\.rows).flatMap { $0.cells.compactMap { $0?.reach } }
        return [.reached, .byKernelFeature, .byGuestKernel, .byNoIsolation, .mixed].filter(present.contains)
    }

    private func name(_ reach: FactMatrix.Reach) -> String {
        switch reach {
        case .reached: text.isReached
        case .byKernelFeature: text.say("stopped by a feature of the shared kernel")
        case .byGuestKernel: text.say("answered by the VM's own kernel")
        case .byNoIsolation: text.say("stopped, but not by isolation")
        case .mixed: text.say("the trials disagree")
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
