import LabCore

/// Reads the parts of a run and what each varies.
struct SeriesReader {
    let read: FieldReader
    /// Nil when it could not be read, which has been reported.
    let method: LabDefinition.Method?
    let parts: DefinitionReader

    /// More combinations than this is a slip of the pen.
    private static let mostPoints = 1_000

    /// The series; one that varies nothing where the lab names none.
    func series(_ node: YAMLNode?, engines: [EngineID]?) -> [Series]? {
        guard let node else { return [.plain] }
        guard let items = read.list(node, of: .key("series")) else { return nil }
        var all: [Series] = []
        var points = 0
        for item in items {
            guard let series = one(item, engines) else { continue }
            points += series.points.count
            guard points <= LabDefinition.mostPoints else {
                read.problems.add(
                    item.line, "all together have more than \(LabDefinition.mostPoints) combinations")
                return nil
            }
            if all.contains(where: { $0.id == series.id }) {
                read.problems.add(item.line, "series \(quoted(series.id)) is defined twice")
            }
            if let twice = overlap(of: series, with: all, engines) {
                read.problems.add(
                    item.line, "series \(quoted(series.id)) measures what another does: \(twice)")
            }
            all.append(series)
        }
        return all.count == items.count ? all : nil
    }

    /// A cell that is measured already, in words.
    private func overlap(of series: Series, with others: [Series], _ engines: [EngineID]?) -> Message? {
        func cells(_ series: Series) -> Set<Plan.Cell> {
            Set(
                series.points.flatMap { point in
                    (series.engines ?? engines ?? []).map { Plan.Cell(engine: $0, point: point) }
                })
        }
        let twice = cells(series).intersection(others.reduce(into: []) { $0.formUnion(cells($1)) })
        return twice.min { ($0.engine, $0.point.text) < ($1.engine, $1.point.text) }.map {
            "\($0.engine) with \($0.point.isEmpty ? "no parameters" : Message(verbatim: $0.point.text))"
        }
    }

    private func one(_ node: YAMLNode, _ engines: [EngineID]?) -> Series? {
        guard
            let fields = read.fields(
                node, of: "a series", required: ["id"],
                optional: ["parameters", "engines", "samples", "timeout"])
        else { return nil }
        let id = read.identifier(fields["id"], of: "series id")
        let parameters = fields["parameters"].map(parameters) ?? []
        let own = fields["engines"].map { parts.engines($0, of: .key("engines")) } ?? nil
        if let own, let engines, let stray = own.first(where: { !engines.contains($0) }) {
            read.problems.add(
                fields.line(of: "engines"), "\(quoted(stray.rawValue)) is not among the lab's engines")
        }
        let samples = fields["samples"].map { parts.samples($0) } ?? nil
        let timeout = fields["timeout"].flatMap { read.duration($0, of: .key("timeout")) }
        guard let id, let parameters else { return nil }
        let series = Series(
            id: id, parameters: parameters, engines: own, samples: samples,
            timeoutSeconds: timeout.map { $0 / .seconds(1) })
        guard parameters.reduce(1, { $0 * $1.values.count }) <= Self.mostPoints else {
            read.problems.add(node.line, "series \(quoted(id)) has more than \(Self.mostPoints) combinations")
            return nil
        }
        return series
    }

    private func parameters(_ node: YAMLNode) -> [Series.Varied]? {
        guard let method else { return nil }
        let absent: Factor = parts.hasCommand ? .compute : .argument
        let known = method.parameters.filter { $0 != absent }
        let names = known.map(\.rawValue)
        guard
            let fields = read.fields(
                node, of: "parameters of \(method.rawValue)", required: [], optional: names)
        else { return nil }
        var all: [Series.Varied] = []
        for parameter in known {
            guard let node = fields[parameter.rawValue] else { continue }
            guard let items = read.list(node, of: .key(parameter.rawValue)) else { return nil }
            var values: [Condition] = []
            for item in items {
                guard let word = read.text(item, of: .key(parameter.rawValue)) else { return nil }
                do {
                    let value = try Condition(parameter, word)
                    if values.contains(value) {
                        read.problems.add(item.line, "\(parameter.rawValue) has \(quoted(word)) twice")
                    }
                    values.append(value)
                } catch {
                    read.problems.add(
                        item.line, "\(parameter.rawValue) is \(quoted(word)); \(error.message)")
                }
            }
            all.append(Series.Varied(parameter, values))
        }
        return all
    }
}
