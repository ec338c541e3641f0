import LabCore

/// Reads the document's claims and the rules that judge them.
struct ClaimReader {
    let read: FieldReader
    /// The metrics that a rule may name; nil when they could not be read, which has been reported.
    let metrics: [Metric]?
    /// The series of the lab, likewise.
    let series: [Series]?
    let parts: DefinitionReader

    func claims(_ node: YAMLNode?) -> [Claim]? {
        guard let items = read.list(node, of: .key("claims")) else { return nil }
        var claims: [Claim] = []
        for item in items {
            guard let claim = claim(item) else { continue }
            if claims.contains(where: { $0.id == claim.id }) {
                read.problems.add(item.line, "claim \(quoted(claim.id)) is made twice")
            } else {
                claims.append(claim)
            }
        }
        return claims.count == items.count ? claims : nil
    }

    private func claim(_ node: YAMLNode) -> Claim? {
        guard
            let fields = read.fields(
                node, of: "a claim", required: ["id", "subject", "source", "text", "rule"])
        else { return nil }
        let id = read.identifier(fields["id"], of: "claim id")
        let subject = read.choice(
            fields["subject"], of: .key("subject"), in: Claim.Subject.allCases.map(\.rawValue)
        )
        .flatMap(Claim.Subject.init)
        let source = read.text(fields["source"], of: .key("source"))
        let text = parts.localized(fields["text"], of: .key("text"))
        let rule = fields["rule"].flatMap(rule)
        guard let id, let subject, let source, let text, let rule else { return nil }
        return Claim(id: id, subject: subject, source: source, text: text, rule: rule)
    }

    private func rule(_ node: YAMLNode) -> Claim.Rule? {
        guard
            let fields = read.fields(
                node, of: "a rule", required: ["metric", "engines"],
                optional: ["at", "each", "relative-to", "at-least", "at-most", "emulation", "scope"])
        else { return nil }
        let engines = parts.engines(fields["engines"], of: .key("engines"))
        let reference = parts.engine(fields["relative-to"])
        let emulation = read.choice(
            fields["emulation"], of: .key("emulation"), in: Claim.Rule.Emulation.allCases.map(\.rawValue)
        ).flatMap(Claim.Rule.Emulation.init)
        let scope = fields["scope"].flatMap { parts.localized($0, of: .key("scope")) }
        if let reference, let engines, engines.contains(reference) {
            read.problems.add(
                fields.line(of: "relative-to"), "the rule compares \(quoted(reference.rawValue)) with itself")
        }
        if fields["at-least"] == nil && fields["at-most"] == nil {
            read.problems.add(node.line, "a rule needs \"at-least\", \"at-most\" or both")
        }
        if emulation == .contradictsLowerBound && fields["at-least"] == nil {
            read.problems.add(
                fields.line(of: "emulation"), "there is no \"at-least\" that emulation could contradict")
        }
        let point = fields["at"].map(point) ?? [:]
        let varied = Set((series ?? []).flatMap(\.parameters).map(\.parameter))
        let each = read.choice(fields["each"], of: .key("each"), in: varied.map(\.rawValue).sorted())
            .flatMap(Factor.init)
        guard let engines, let metrics, let point,
            let name = read.choice(fields["metric"], of: .key("metric"), in: metrics.map(\.id)),
            let metric = metrics.first(where: { $0.id == name })
        else { return nil }

        let unit = fields["relative-to"] == nil ? metric.unit : .ratio
        let least = read.figure(fields["at-least"], of: "at-least", in: unit)
        let most = read.figure(fields["at-most"], of: "at-most", in: unit)
        if let least, let most, least > most {
            read.problems.add(
                fields.line(of: "at-most"), "at-most is less than at-least: no figure could satisfy the rule")
        }
        return Claim.Rule(
            metric: name, engines: engines, at: point, each: each, relativeTo: reference, atLeast: least,
            atMost: most,
            emulation: emulation ?? .never, scope: scope)
    }

    /// Values of parameters that the lab measures.
    func point(_ node: YAMLNode) -> Condition? {
        guard let series else { return nil }
        let measured = Dictionary(grouping: series.flatMap(\.parameters), by: \.parameter)
        guard
            let fields = read.fields(
                node, of: .key("at"), required: [], optional: measured.keys.map(\.rawValue).sorted())
        else { return nil }
        var point: Condition = [:]
        for (factor, varied) in measured {
            let word = read.choice(
                fields[factor.rawValue], of: .key(factor.rawValue), in: varied.flatMap(\.words))
            if let value = varied.flatMap(\.values).first(where: { $0[factor] == word }) {
                point = point.merging(value)
            }
        }
        return point
    }
}
