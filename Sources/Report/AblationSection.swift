import LabCore

/// What each layer of an engine's isolation costs: switched on alone, and left out alone.
struct Ablation {
    struct Layer {
        var name: String
        /// With the layer alone, less what that is to be compared with.
        var alone: Estimate?
        /// With all layers, less without this one.
        var leftOut: Estimate?
        /// The layer without which this one can't be, nil for one that stands alone.
        var prerequisite: String?
    }

    var engine: EngineRecord
    var layers: [Layer]
    /// All layers less none.
    var whole: Estimate?

    /// Nil when the engine has no samples of an ablation.
    init?(_ analysis: Analysis, _ engine: EngineRecord) {
        let words = analysis.points.compactMap { $0.count == 1 ? $0[.isolation] : nil }.filter {
            !analysis.figures.samples(engine.id, at: [.isolation: $0]).isEmpty
        }
        func cell(_ word: String?) -> Plan.Cell {
            Plan.Cell(engine: engine.id, point: word.map { [.isolation: $0] } ?? [:])
        }
        func difference(_ word: String?, minus other: String?) -> Estimate? {
            analysis.figures.difference(analysis.headline, cell(word), minus: cell(other))
        }
        var names: [String] = []
        for case (let form, let name)? in words.map(IsolationWord.parse)
        where form != .upTo && !names.contains(name) {
            names.append(name)
        }
        guard !names.isEmpty else { return nil }
        self.engine = engine
        layers = names.prefix(Analysis.mostRows).map { name in
            let prerequisite = IsolationWord.prerequisite(of: name)
            let (only, without) = (IsolationWord.Form.only, IsolationWord.Form.without)
            return Layer(
                name: name,
                alone: difference(
                    only.word(name), minus: prerequisite.map(only.word) ?? IsolationWord.none),
                leftOut: difference(nil, minus: without.word(name)), prerequisite: prerequisite)
        }
        whole = difference(nil, minus: IsolationWord.none)
    }

    /// Sum of what the layers cost alone, nil when one of them is not known.
    var sumAlone: Double? { sum(layers.map(\.alone?.value)) }

    /// Sum of what leaving out saves. A layer that goes with another is in that one's figure already.
    var sumLeftOut: Double? {
        let names = Set(layers.map(\.name))
        return sum(
            layers.filter { $0.prerequisite.map(names.contains) != true }.map(\.leftOut?.value))
    }

    private func sum(_ values: [Double?]) -> Double? {
        let known = values.compactMap(\.self)
        return known.count == values.count ? known.reduce(0, +) : nil
    }
}

struct AblationSection {
    let text: Catalogue
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
                .code(layer.name), figure(layer.alone), share(layer.alone?.value),
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
        let needy = ablation.layers.filter { $0.prerequisite != nil }
        return Dictionary(grouping: needy) { $0.prerequisite ?? "" }.sorted { $0.key < $1.key }.map {
            text.say(
                "\(text.list($0.value.map { .code($0.name) })) need \(.code($0.key)): alone, they are "
                    + "compared with \(.code($0.key)) alone, and leaving \(.code($0.key)) out leaves them "
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
