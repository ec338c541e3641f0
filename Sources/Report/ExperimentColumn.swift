import LabCore

/// A column of an experiment's tables: an engine; and one of its places, where each engine has places of its own.
struct ExperimentColumn: Equatable {
    var engine: Analysis.Engine
    /// Nil where the rows say the place.
    var point: Condition?
    /// The words for what is varied there; empty where nothing is.
    var place: String

    static func == (left: Self, right: Self) -> Bool {
        left.engine.id == right.engine.id && left.point == right.point
    }

    /// A table of engines by places that is emptier than this is turned, so that each place is a column of its engine.
    private static let emptiest = 0.6

    /// The cells in columns of their own, place by place; nil where they fill a table of engines by places well enough,
    /// or are too many to stand beside each other.
    static func perPlace(_ cells: Set<Plan.Cell>, _ analysis: Analysis, _ text: Language) -> [Self]? {
        let engines = analysis.engines.filter { engine in cells.contains { $0.engine == engine.id } }
        let points = analysis.points.filter { point in cells.contains { $0.point == point } }
        guard engines.count > 1, points.count > 1, cells.count <= Analysis.mostColumns,
            Double(cells.count) < emptiest * Double(engines.count * points.count)
        else { return nil }
        let conditions = text.conditions(of: analysis.result.header.lab)
        let isOneExperiment = Set(points.map(\.experiment)).count == 1
        return points.flatMap { point in
            engines.filter { cells.contains(Plan.Cell(engine: $0.id, point: point)) }.map { engine in
                Self(
                    engine: engine, point: point,
                    place: isOneExperiment ? conditions.place(point) : conditions.experimentPlace(point))
            }
        }
    }

    func title(_ text: Language) -> Phrase {
        let name = text.name(engine.record)
        return place.isEmpty ? name : [name, Phrase(place)].lines
    }
}
