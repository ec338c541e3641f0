extension LabDefinition {
    /// The lab with only those of its series and engines that its verdicts rest on: what its row of the document's table
    /// shows, and what decides its claims; of a lab without a row all of these.
    public var withOnlyWhatItsClaimsNeed: LabDefinition {
        var needs = (row?.shows ?? []).map { shown in
            Need(
                metric: metrics.first { $0.id == shown.metric }, point: shown.at,
                engines: FilledTable.engines + (shown.relativeTo.map { [$0] } ?? []))
        }
        for claim in claims where row?.claims.contains(claim.id) ?? true {
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
        guard !lab.series.isEmpty else { return self }
        // What costs next to nothing, and all else is seen beside it.
        let engines = Set(needs.flatMap(\.engines)).union([.process])
        lab.engines.removeAll { !engines.contains($0) }
        for place in lab.series.indices {
            lab.series[place].engines?.removeAll { !engines.contains($0) }
        }
        return lab
    }

    /// A figure that a verdict can't do without.
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
