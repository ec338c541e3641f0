import LabCore

/// What one more instance costs the host: a row per engine.
struct MemoryAnswer: MethodAnswer {
    let analysis: Analysis
    let text: Catalogue

    /// What the guest itself takes for used, the mean over a trial's instances.
    static let guestUsed = "guest-used-bytes"

    private var metrics: [Metric] { analysis.result.header.lab.metrics }
    private var headline: Metric { analysis.headline }
    /// The metrics beside the headline that are slopes as well: other accounts of the same memory.
    private var accounts: [Metric] {
        metrics.dropFirst().filter { $0.grown != nil }
    }
    /// What holds while the number of instances grows: idle first, then after more was touched.
    private var conditions: [Point] { Array(analysis.conditions.prefix(Analysis.mostColumns / 2)) }

    var tables: String {
        let engines = analysis.engines.filter(\.isMeasured)
        var table = MarkdownTable(
            columns.enumerated().map { ($0.element, $0.offset == 0 ? .left : .right) })
        for engine in engines {
            let row = row(engine) { estimate in
                let interval = estimate.interval.map { " (\(Format.interval($0, headline.unit)))" } ?? ""
                return "**\(Format.quantity(estimate.value, headline.unit))**" + interval
            }
            table.add([text.name(engine.record)] + row)
        }
        let unmeasured = analysis.engines.filter { !$0.isMeasured && !$0.isAbsentPeer }.map {
            "- \(text.name($0.record)): \(text.absence($0, escape: Escaping.markdown))\n"
        }
        let left = analysis.conditions.count - conditions.count
        return definition(of: headline, in: text) + "\n\n" + (table.isEmpty ? "" : "\(table.text)\n")
            + (unmeasured.isEmpty ? "" : unmeasured.joined() + "\n")
            + (left > 0 ? text.notShown(left) + "\n\n" : "")
    }

    var note: String { text.accountsNote }

    private var columns: [String] {
        [text.engine, text.configured, text.guestUsed]
            + conditions.map { Escaping.markdown(text.perInstance(text.memoryCondition($0))) }
            + accounts.map { Escaping.markdown(text[$0.title]) }
    }

    /// All cells but the name; `marginal` shows a figure of the headline.
    private func row(_ engine: Analysis.Engine, marginal: (Estimate) -> String) -> [String] {
        let idle = conditions.first ?? [:]
        let figures = conditions.map { point in
            analysis.figures.estimate(headline, engine.id, at: point).map(marginal) ?? Format.none
        }
        let others = accounts.map { metric in
            Format.quantity(analysis.figures.estimate(metric, engine.id, at: idle)?.value, metric.unit)
        }
        return [configured(engine), Format.quantity(used(engine, at: idle), .bytes)] + figures + others
    }

    /// A bare process is given no amount of its own.
    private func configured(_ engine: Analysis.Engine) -> String {
        engine.record.kind == .process
            ? Format.none : Format.bytes(analysis.result.header.lab.memoryBytes)
    }

    private func used(_ engine: Analysis.Engine, at condition: Point) -> Double? {
        Statistics.median(
            analysis.memorySamples(engine.id, at: condition).compactMap { $0.sample.values[Self.guestUsed] })
    }

    var comparison: String {
        guard let idle = conditions.first else { return "" }
        let measured = analysis.engines.filter {
            analysis.figures.estimate(headline, $0.id, at: idle) != nil
        }
        func figure(_ engine: Analysis.Engine, at point: Point) -> String {
            Format.quantity(
                analysis.figures.estimate(headline, engine.id, at: point)?.value, headline.unit)
        }
        guard !measured.isEmpty else { return text.noSlope }
        var sentences = [
            text.sentences(
                measured.map { engine in
                    text.oneMore(
                        text.name(engine.record), conditions.map { figure(engine, at: $0) },
                        conditions.map { Escaping.markdown(text.memoryCondition($0)) })
                })
        ]
        func compare(_ first: Analysis.Engine?, _ second: Analysis.Engine?) -> String? {
            guard let first, let second, first.id != second.id,
                let ratio = analysis.figures.ratio(headline, first.id, to: second.id, at: idle)
            else { return nil }
            return text.compares(
                text.name(first.record), ratio, to: text.name(second.record), isTime: false)
        }
        let process = measured.first { $0.id == Analysis.baseline }
        let container = measured.first { $0.record.kind == .container }
        let vm = measured.first { $0.record.kind == .virtualMachine }
        let ratios = [compare(container, process), compare(vm, container)].compactMap(\.self)
        if !ratios.isEmpty {
            sentences.append(text.at(Escaping.markdown(text.memoryCondition(idle)), text.sentences(ratios)))
        }
        return sentences.joined(separator: text.sentenceGap)
    }

    /// Narrow: how wide the interval is stands for its ends.
    var plainTable: [[String]] {
        let head =
            [text.engine, text.configured, text.guestUsedShort]
            + conditions.map(text.memoryCondition) + accounts.map(text.account)
        let rows = analysis.engines.filter(\.isMeasured).map { engine in
            [text.plainName(engine.record)]
                + row(engine) { estimate in
                    let width = estimate.interval?.relativeHalfWidth(around: estimate.value)
                    return Format.quantity(estimate.value, headline.unit)
                        + (width.map { " ±\(Format.percent($0))" } ?? "")
                }
        }
        return [head] + rows
    }
}

/// A sample of a memory lab: how many instances lived.
struct MemorySample {
    var instances: Double
    var sample: Observation
}

extension Analysis {
    /// The points of a memory lab without the number of instances, in their order: idle, then touched.
    var conditions: [Point] {
        var seen: Set<Point> = []
        return points.map { point in point.filter { $0.key != .instances } }
            .filter { seen.insert($0).inserted }
    }

    /// The samples of an engine under one condition, with whatever number of instances.
    func memorySamples(_ engine: EngineID, at condition: Point) -> [MemorySample] {
        points.filter { point in point.filter { $0.key != .instances } == condition }.flatMap { point in
            let count = (point[.instances] ?? "1")
            guard let instances = Double(count), instances.isFinite, instances > 0 else {
                return [MemorySample]()
            }
            return figures.samples(engine, at: point).filter(\.outcome.isCompleted).map {
                MemorySample(instances: instances, sample: $0)
            }
        }
    }
}
