import LabCore

/// The cost of each layer of an engine's isolation: switched on alone, and left out alone.
struct Ablation {
    struct Layer {
        var name: IsolationLayer
        /// With the layer alone, less what that is to be compared with.
        var alone: Estimate?
        /// With all layers, less without this one.
        var leftOut: Estimate?
    }

    var engine: EngineRecord
    var layers: [Layer]
    /// All layers less none.
    var whole: Estimate?

    /// Nil when the engine has no samples of an ablation.
    init?(_ analysis: Analysis, _ engine: EngineRecord) {
        let selections = analysis.figures.points(of: engine.id).filter { $0.factors == [.isolation] }
            .compactMap(\.isolation)
        func cell(_ selection: LayerSelection?) -> Plan.Cell {
            var condition = Condition()
            condition.isolation = selection
            return Plan.Cell(engine: engine.id, point: condition)
        }
        func difference(_ selection: LayerSelection?, minus other: LayerSelection?) -> Estimate? {
            analysis.figures.difference(analysis.headline, cell(selection), minus: cell(other))
        }
        let names = IsolationLayer.allCases.filter {
            selections.contains(.only($0)) || selections.contains(.without($0))
        }
        guard !names.isEmpty else { return nil }
        self.engine = engine
        layers = names.map { name in
            Layer(
                name: name,
                alone: difference(
                    .only(name), minus: name.prerequisite.map(LayerSelection.only) ?? LayerSelection.none),
                leftOut: difference(nil, minus: .without(name)))
        }
        whole = difference(nil, minus: LayerSelection.none)
    }

    /// Sum of what the layers cost alone, nil when one of them is not known.
    var sumAlone: Estimate? { sum(layers.map(\.alone)) }

    /// Sum of what leaving out saves. A layer that goes with another is in that one's figure already.
    var sumLeftOut: Estimate? {
        let names = Set(layers.map(\.name))
        return sum(
            layers.filter { $0.name.prerequisite.map(names.contains) != true }.map(\.leftOut))
    }

    /// The interval of a sum reaches from the sum of the lower ends to that of the upper ones: wider than 95 %.
    private func sum(_ parts: [Estimate?]) -> Estimate? {
        let known = parts.compactMap(\.self)
        guard known.count == parts.count, let n = known.map(\.n).min() else { return nil }
        let intervals = known.compactMap(\.interval)
        return Estimate(
            value: known.reduce(0) { $0 + $1.value },
            interval: intervals.count < known.count
                ? nil
                : ConfidenceInterval(
                    lower: intervals.reduce(0) { $0 + $1.lower }, upper: intervals.reduce(0) { $0 + $1.upper }
                ),
            n: n)
    }
}

struct AblationSection {
    let text: Language
    let ablation: Ablation
    let metric: Metric

    var blocks: [Block] {
        var table = Table([
            .words(text.say("layer")), .figures(text.say("alone, it costs")),
            .figures(text.say("of the whole")),
            .figures(text.say("left out, it saves")), .figures(text.say("of the whole")),
        ])
        for layer in ablation.layers {
            table.add([
                .code(layer.name.rawValue), figure(layer.alone), share(layer.alone),
                figure(layer.leftOut), share(layer.leftOut),
            ])
        }
        let (alone, leftOut) = (ablation.sumAlone, ablation.sumLeftOut)
        table.add([
            .words(.strong(text.sum)), figure(alone).strong, share(alone), figure(leftOut).strong,
            share(leftOut),
        ])
        table.add([
            .words(.strong(text.say("all layers less none"))), figure(ablation.whole),
            share(ablation.whole), .blank,
            .blank,
        ])
        return [
            .heading(2, text.say("What each layer of isolation costs \(text.name(ablation.engine))")),
            .table(table),
            .paragraph(
                text.paragraph(
                    [
                        text.say(
                            "Differences of the medians of “\(text.title(metric))” with their "
                                + "95 % intervals; of one that contains 0 only the bound can be told.")
                    ] + dependents + interactions)),
        ]
    }

    private func figure(_ estimate: Estimate?) -> Cell {
        estimate.map { .figure($0.value, Phrase(text.cost($0, metric.unit))) } ?? .none
    }

    /// Only of what can be told from nothing is there a share; without an interval nobody knows whether it can.
    private func isTold(_ estimate: Estimate) -> Bool {
        estimate.interval != nil && Format.bound(untold: estimate) == nil && estimate.value > 0
    }

    private func share(_ part: Estimate?) -> Cell {
        guard let part, let whole = ablation.whole, isTold(part), isTold(whole) else { return .none }
        return .percent(part.value / whole.value)
    }

    private var dependents: [Phrase] {
        let needy = Dictionary(grouping: ablation.layers.map(\.name), by: \.prerequisite)
        return IsolationLayer.allCases.compactMap { layer in
            guard let dependents = needy[layer] else { return nil }
            let (names, needed) = (
                text.list(dependents.map { .code($0.rawValue) }), Phrase.code(layer.rawValue)
            )
            return text.say(
                "\(names) need \(needed): alone, they are "
                    + "compared with \(needed) alone, and leaving \(needed) out leaves them "
                    + "out too, so that they count in the sum of that column with it.")
        }
    }

    /// The sum of the parts against the whole.
    private var interactions: [Phrase] {
        guard let whole = ablation.whole, whole.interval != nil else { return [] }
        guard isTold(whole) else {
            let bound = text.cost(whole, metric.unit)
            return [text.say("What all layers cost together can't be told here: it is \(bound).")]
        }
        func note(
            _ sum: Estimate?, _ untold: (String) -> Phrase, _ told: (String, String, Double) -> Phrase
        ) -> [Phrase] {
            guard let sum, sum.interval != nil else { return [] }
            guard isTold(sum) else { return [untold(text.cost(sum, metric.unit))] }
            let share = sum.value / whole.value
            return [told(Format.signed(sum.value, metric.unit), Format.percent(share), share - 1)]
        }
        return note(
            ablation.sumAlone, { text.say("What the layers cost alone can't be told: \($0) in all.") },
            { text.partsAlone($0, $1, excess: $2) })
            + note(
                ablation.sumLeftOut,
                { text.say("What leaving out one layer at a time saves can't be told: \($0) in all.") },
                { text.partsLeftOut($0, $1, excess: $2) })
    }
}
