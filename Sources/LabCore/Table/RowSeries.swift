extension LabDefinition {
    /// The lab with only those of its series that its row of the document's table rests on: what the row shows, and what
    /// decides its claims. As it is when no row does.
    public var withOnlyWhatItsRowNeeds: LabDefinition {
        guard let row else { return self }
        var needs = row.shows.map { shown in
            Need(
                metric: metrics.first { $0.id == shown.metric }, point: shown.at,
                engines: FilledTable.engines + (shown.relativeTo.map { [$0] } ?? []))
        }
        for claim in claims where row.claims.contains(claim.id) {
            let rule = claim.rule
            let points = rule.each.map { self.points(varying: $0, at: rule.at) } ?? [rule.at]
            needs += points.map { point in
                Need(
                    metric: metrics.first { $0.id == rule.metric }, point: point,
                    engines: rule.engines + (rule.relativeTo.map { [$0] } ?? []))
            }
        }
        var lab = self
        lab.series = series.filter { one in needs.contains { $0.isServed(by: one, of: self) } }
        return lab.series.isEmpty ? self : lab
    }

    /// A figure that the row can't do without.
    private struct Need {
        var metric: Metric?
        var point: Condition
        var engines: [EngineID]

        func isServed(by series: Series, of lab: LabDefinition) -> Bool {
            guard lab.engines(of: series).contains(where: engines.contains) else { return false }
            return series.points.contains { one in
                metric?.place(of: one) ?? one == point
            }
        }
    }
}
