/// A table of GitHub Flavored Markdown (GFM 4.10). Cells are Markdown already: escape what goes in.
struct MarkdownTable {
    enum Alignment: String {
        case left = ":---"
        case right = "---:"
    }

    private let columns: [(title: String, alignment: Alignment)]
    private var rows: [[String]] = []

    init(_ columns: [(title: String, alignment: Alignment)]) { self.columns = columns }

    /// Adds a row; it has as many cells as there are columns.
    mutating func add(_ cells: [String]) {
        precondition(cells.count == columns.count, "a row has a cell for each column")
        rows.append(cells)
    }

    var isEmpty: Bool { rows.isEmpty }
    var count: Int { rows.count }

    /// The lines of the table, a line feed after each.
    var text: String {
        let lines = [columns.map(\.title), columns.map(\.alignment.rawValue)] + rows
        return lines.map { "| " + $0.joined(separator: " | ") + " |\n" }.joined()
    }
}
