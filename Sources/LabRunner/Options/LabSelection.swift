import LabCore
import LabFile

/// The labs that the word LAB of `lab run` names: one, several separated by commas, or `all`.
struct LabSelection {
    /// As the catalogue defines them, in the order in which they run.
    let labs: [LabDefinition]
    /// True when they make a table, even if it is only one of them that is there.
    let isSeveral: Bool

    /// Every lab of the catalogue but those of an image, which somebody has to build first, and those that say so.
    static let all = "all"

    static func read(_ word: String, in catalogue: LabDirectory) throws(LabError) -> LabSelection {
        if word == all {
            var labs: [LabDefinition] = []
            for id in catalogue.ids { labs.append(try catalogue.definition(id)) }
            return LabSelection(
                labs: inOrderOfRows(labs.filter { $0.command == nil && $0.byName != true }), isSeveral: true)
        }
        let names = word.split(separator: ",", omittingEmptySubsequences: false).map {
            $0.trimmingWhitespace()
        }
        var labs: [LabDefinition] = []
        for name in names {
            let lab = try catalogue.definition(name)
            guard !labs.contains(where: { $0.id == lab.id }) else {
                throw LabError(.usage, "LAB names \(quoted(lab.id)) twice", remedy: "name each lab once")
            }
            labs.append(lab)
        }
        return LabSelection(labs: labs, isSeveral: names.count > 1)
    }

    /// Those that stand behind a row in the document's order, then the others by their rows.
    static func inOrderOfRows(_ labs: [LabDefinition]) -> [LabDefinition] {
        func rank(_ lab: LabDefinition) -> Int {
            DocumentTable.rows.firstIndex { $0.dimension[.chinese] == lab.dimension }
                ?? DocumentTable.rows.count
        }
        return labs.sorted {
            ($0.row == nil ? 1 : 0, rank($0), $0.id) < ($1.row == nil ? 1 : 0, rank($1), $1.id)
        }
    }
}
