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
    var sumAlone: Double? { sum(layers.map(\.alone?.value)) }

    /// Sum of what leaving out saves. A layer that goes with another is in that one's figure already.
    var sumLeftOut: Double? {
        let names = Set(layers.map(\.name))
        return sum(
            layers.filter { $0.name.prerequisite.map(names.contains) != true }.map(\.leftOut?.value))
    }

    private func sum(_ values: [Double?]) -> Double? {
        let known = values.compactMap(\.self)
        return known.count == values.count ? known.reduce(0, +) : nil
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
                .code(layer.name.rawValue), figure(layer.alone), share(layer.alone?.value),
                figure(layer.leftOut), share(layer.leftOut?.value),
            ])
        }
        let (alone, leftOut) = (ablation.sumAlone, ablation.sumLeftOut)
        table.add([
            .words(.strong(text.sum)), .signed(alone, metric.unit).strong, share(alone),
            .signed(leftOut, metric.unit).strong, share(leftOut),
        ])
        table.add([
            .words(.strong(text.say("all layers less none"))), figure(ablation.whole),
            share(ablation.whole?.value), .blank,
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
                                + "95 % intervals; one that contains 0 is no difference that was found.")
                    ] + dependents + interactions)),
        ]
    }

    private func figure(_ estimate: Estimate?) -> Cell {
        estimate.map { .figure($0.value, Phrase(Format.difference($0, metric.unit))) } ?? .none
    }

    private func share(_ value: Double?) -> Cell {
        guard let value, let whole = ablation.whole?.value, whole > 0 else { return .none }
        return .percent(value / whole)
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
        guard let whole = ablation.whole?.value, whole > 0 else { return [] }
        var notes: [Phrase] = []
        if let sum = ablation.sumAlone {
            notes.append(
                text.partsAlone(
                    Format.signed(sum, metric.unit), Format.percent(sum / whole), excess: sum / whole - 1))
        }
        if let sum = ablation.sumLeftOut {
            notes.append(
                text.partsLeftOut(
                    Format.signed(sum, metric.unit), Format.percent(sum / whole), excess: sum / whole - 1))
        }
        return notes
    }
}
