extension LabDefinition {
    /// The same lab at every combination of some limits of its instances.
    ///
    /// Of a lab with several series each engine takes part in the first that it is in. The baseline, which nothing holds, is
    /// measured there as ever, for the others to be compared with.
    /// - Parameters:
    ///   - limits: `Factor.limits` with their values.
    ///   - all: true for all series, because the user chose them.
    /// - Throws: `.usage` for a lab whose instances can't be given limits, or for too many combinations.
    public func swept(over limits: [Series.Varied], all: Bool) throws(LabError) -> LabDefinition {
        if let first = limits.first(where: { !method.parameters.contains($0.parameter) }) {
            throw LabError(
                .usage, "the lab \(id) can't be swept over \(first.parameter.rawValue)",
                cause: "its experiments give their instances limits themselves",
                remedy: "sweep startup-latency, memory-footprint, cpu-overhead, or a lab of your own")
        }
        var swept = self
        swept.series = []
        var taken: Set<EngineID> = []
        for one in series {
            let own = engines(of: one).filter { all || taken.insert($0).inserted }
            let baseline = own.filter { $0 == Precision.baseline }
            var part = one
            part.parameters.removeAll { one in limits.contains { $0.parameter == one.parameter } }
            part.engines = baseline
            if !baseline.isEmpty {
                var named = part
                named.id = "\(one.id)-\(Precision.baseline)"
                swept.series.append(named)
            }
            part.engines = own.filter { $0 != Precision.baseline }
            part.parameters += limits
            if part.engines?.isEmpty == false { swept.series.append(part) }
        }
        guard swept.series.contains(where: { $0.engines != [Precision.baseline] }) else {
            throw LabError(
                .usage, "nothing of \(id) can be swept", cause: "nothing holds a bare process",
                remedy: "name an engine that has limits: --engine process,container")
        }
        let points = swept.series.map { $0.parameters.reduce(1) { $0 * $1.values.count } }.reduce(0, +)
        guard points <= Self.mostPoints else {
            throw LabError(
                .usage, "the sweep has \(points) combinations",
                cause: "at most \(Self.mostPoints) are measured",
                remedy: "name fewer values, or fewer series with --series")
        }
        return swept
    }
}

extension LabError {
    /// True when an engine won't even begin at a limit.
    var refusesLimits: Bool { kind == .unavailable || kind == .usage }
}

extension Observation {
    /// The reason why an engine takes a limit not at all; nil for any other outcome.
    public var refusedLimit: LabError? {
        guard case .failed(let error, _) = outcome, error.refusesLimits,
            parameters != parameters.withoutLimits
        else { return nil }
        return error
    }
}
