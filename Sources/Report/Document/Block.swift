import LabCore

/// A block of a document: what a section is made of, and what each renderer writes in its own way.
enum Block: Sendable {
    case heading(Int, Phrase)
    case paragraph(Phrase)
    case list([Phrase])
    /// A numbered list.
    case steps([Phrase])
    case table(Table)
    case figure(Figure)
    case code([String], language: String)
    /// Blocks folded away under a line that opens them.
    case fold(Phrase, [Block])
}

/// A plot and the file that it is in.
struct Figure: Sendable {
    var name: String
    /// The text where the plot can't be shown.
    var title: String
    var svg: String
}

extension [Block] {
    /// The plots, in their order.
    var figures: [Figure] {
        compactMap { if case .figure(let figure) = $0 { figure } else { nil } }
    }

    static func list(_ items: [Phrase]) -> [Block] { items.isEmpty ? [] : [.list(items)] }
    /// A paragraph of its own for each that says something.
    static func paragraphs(_ lines: Phrase...) -> [Block] {
        lines.filter { !$0.isEmpty }.map(Block.paragraph)
    }
}

/// Rows of typed cells. How a column stands follows from what it holds.
struct Table: Sendable {
    struct Column: Sendable {
        var title: Phrase
        /// Figures stand flush right.
        var holdsFigures: Bool
        /// True when it is the first to go where there is no room.
        var isSpare = false
        /// True when its words are cut where there is no room for them: only of the last column.
        var isShortened = false

        static func words(_ title: Phrase) -> Column { Column(title: title, holdsFigures: false) }
        static func figures(_ title: Phrase) -> Column { Column(title: title, holdsFigures: true) }
        var spare: Column { Column(title: title, holdsFigures: holdsFigures, isSpare: true) }
        var shortened: Column { Column(title: title, holdsFigures: holdsFigures, isShortened: true) }
    }

    let columns: [Column]
    private(set) var rows: [[Cell]] = []
    private let most: Int
    /// The number of rows left out, since nobody would read them.
    private(set) var left = 0

    init(_ columns: [Column], most: Int = .max) { (self.columns, self.most) = (columns, most) }

    /// Adds a row, which is made only if there is room for it; it has as many cells as there are columns.
    mutating func add(_ row: @autoclosure () -> [Cell]) {
        guard rows.count < most else { return left += 1 }
        let cells = row()
        precondition(cells.count == columns.count, "a row has a cell for each column")
        rows.append(cells)
    }
}

extension Table {
    /// With a row that says how many there are no more of.
    func closed(_ text: Language) -> Table {
        guard left > 0 else { return self }
        var table = Table(columns)
        table.rows = rows + [[.words(text.andMore(left))] + columns.dropFirst().map { _ in .blank }]
        return table
    }
}

/// The content of a cell.
enum Cell: Sendable {
    /// Nothing, since the row above says it.
    case blank
    /// There is no figure.
    case none
    case words(Phrase)
    /// A figure, and the value that it is sorted by in the unit of its metric.
    case figure(Double, Phrase)

    var phrase: Phrase {
        switch self {
        case .blank: Phrase()
        case .none: .none
        case .words(let words): words
        case .figure(_, let shown): shown
        }
    }

    var value: Double? { if case .figure(let value, _) = self { value } else { nil } }
}

// Figures as cells: none where there is none.
extension Cell {
    static func code(_ text: String) -> Cell { .words(.code(text)) }

    static func count(_ number: Int) -> Cell { .figure(Double(number), "\(number)") }

    private static func figure(_ value: Double?, _ shown: (Double) -> String) -> Cell {
        value.map { .figure($0, Phrase(shown($0))) } ?? .none
    }

    static func quantity(_ value: Double?, _ unit: Metric.Unit) -> Cell {
        figure(value) { Format.quantity($0, unit) }
    }
    static func duration(_ nanoseconds: Double?) -> Cell { quantity(nanoseconds, .nanoseconds) }
    /// A difference, with its sign.
    static func signed(_ value: Double?, _ unit: Metric.Unit) -> Cell {
        figure(value) { Format.signed($0, unit) }
    }
    static func percent(_ share: Double?) -> Cell { figure(share, Format.percent) }
    static func number(_ value: Double?, decimals: Int) -> Cell {
        figure(value) { Format.fixed($0, decimals: decimals) }
    }
    /// Sorted by where it starts.
    static func interval(_ interval: ConfidenceInterval?, _ unit: Metric.Unit) -> Cell {
        interval.map { .figure($0.lower, Phrase(Format.interval($0, unit))) } ?? .none
    }
    /// A figure with its interval behind it, as far as there is one.
    static func estimate(_ estimate: Estimate?, _ unit: Metric.Unit) -> Cell {
        estimate.map { one in
            let interval = one.interval.map { " (\(Format.interval($0, unit)))" } ?? ""
            return .figure(one.value, Phrase(Format.quantity(one.value, unit) + interval))
        } ?? .none
    }
    static func ratio(_ ratio: Estimate?, _ text: Language) -> Cell {
        ratio.map { .figure($0.value, Phrase(text.times($0))) } ?? .none
    }

    /// The same, as what matters in its row.
    var strong: Cell {
        switch self {
        case .blank, .none: self
        case .words(let words): .words(.strong(words))
        case .figure(let value, let shown): .figure(value, .strong(shown))
        }
    }
}
