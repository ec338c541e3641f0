import LabCore

/// Reads what an experiment's tables show, and what a lab puts into the document's table.
struct RowReader {
    let read: FieldReader
    let parts: DefinitionReader
    /// Nil when they could not be read, which has been reported.
    let metrics: [Metric]?
    let claims: [Claim]?
    /// Reads `at`.
    let point: (YAMLNode) -> Condition?

    /// `facts`: the rows of the table of what was found.
    func facts(_ node: YAMLNode?) -> [LabDefinition.FactRow]? {
        guard let items = read.list(node, of: .key("facts")) else { return nil }
        var facts: [LabDefinition.FactRow] = []
        for item in items {
            guard
                let fields = read.fields(item, of: "a fact", required: ["id", "title"], optional: ["group"]),
                let id = read.identifier(fields["id"], of: "fact id"),
                let title = parts.localized(fields["title"], of: .key("title"))
            else { continue }
            if facts.contains(where: { $0.id == id }) {
                read.problems.add(item.line, "fact \(quoted(id)) is listed twice")
            }
            facts.append(
                .init(id: id, group: parts.localized(fields["group"], of: .key("group")), title: title))
        }
        return facts.count == items.count ? facts : nil
    }

    /// `settings`: the words for what experiments are set to.
    func settings(_ node: YAMLNode?, series: [Series]) -> [LabDefinition.SettingTitle]? {
        guard let items = read.list(node, of: .key("settings")) else { return nil }
        let points = series.flatMap(\.points)
        let units = Metric.Unit.bytes.measure?.scaleNames ?? []
        return items.compactMap { item in
            guard
                let fields = read.fields(
                    item, of: "a setting", required: ["experiment", "title"], optional: ["value", "unit"]),
                let experiment = read.choice(
                    fields["experiment"], of: .key("experiment"), in: points.compactMap(\.experiment)),
                let title = parts.localized(fields["title"], of: .key("title"))
            else { return nil }
            let known = points.filter { $0.experiment == experiment }.compactMap(\.setting)
            return .init(
                experiment: experiment, value: read.choice(fields["value"], of: .key("value"), in: known),
                unit: read.choice(fields["unit"], of: .key("unit"), in: units), title: title)
        }
    }

    /// `row`.
    func row(_ node: YAMLNode?, facts: [LabDefinition.FactRow]?) -> TableRow? {
        guard let node, let fields = read.fields(node, of: .key("row"), required: ["shows", "claims"]) else {
            return nil
        }
        let shows = shows(fields["shows"], of: .key("row.shows"), facts)
        let names = read.list(fields["claims"], of: .key("row.claims"))?.compactMap {
            read.choice($0, of: .key("claim"), in: (claims ?? []).map(\.id))
        }
        guard let shows, let names else { return nil }
        return TableRow(shows: shows, claims: names)
    }

    /// `predictions`: a text in each language, and what of the run stands beside the answer.
    func predictions(_ node: YAMLNode?, facts: [LabDefinition.FactRow]?) -> [LabDefinition.Prediction]? {
        read.list(node, of: .key("predictions")).map { items in
            if items.count > LabDefinition.mostPredictions {
                read.problems.add(items[0].line, "predictions has more than \(LabDefinition.mostPredictions)")
            }
            return items.compactMap { item in
                guard let question = parts.localized(item, of: .key("predictions"), beside: ["shows"]) else {
                    return nil
                }
                var shown: YAMLNode?
                if case .mapping(let entries) = item.content {
                    shown = entries.first { $0.key == "shows" }?.value
                }
                return .init(
                    question: question, shows: shows(shown, of: .key("predictions.shows"), facts) ?? [])
            }
        }
    }

    private func shows(
        _ node: YAMLNode?, of what: Message, _ facts: [LabDefinition.FactRow]?
    ) -> [TableRow.Shown]? {
        read.list(node, of: what)?.compactMap { shown($0, facts ?? []) }
    }

    private func shown(_ node: YAMLNode, _ facts: [LabDefinition.FactRow]) -> TableRow.Shown? {
        guard
            let fields = read.fields(
                node, of: "what a row shows", required: [],
                optional: ["metric", "fact", "at", "relative-to", "title"])
        else { return nil }
        guard (fields["metric"] == nil) != (fields["fact"] == nil) else {
            read.problems.add(node.line, "a row shows either a \"metric\" or a \"fact\"")
            return nil
        }
        let metric = read.choice(fields["metric"], of: .key("metric"), in: (metrics ?? []).map(\.id))
        let fact = read.choice(fields["fact"], of: .key("fact"), in: facts.map(\.id))
        let reference = parts.engine(fields["relative-to"])
        if fields["relative-to"] != nil && fields["metric"] == nil {
            read.problems.add(fields.line(of: "relative-to"), "only a \"metric\" has a ratio")
        }
        let title = parts.localized(fields["title"], of: .key("title"))
        guard metric != nil || fact != nil, let at = fields["at"].map(point) ?? [:] else { return nil }
        return TableRow.Shown(
            metric: metric, fact: fact, at: at, relativeTo: reference, title: title)
    }
}
