import LabCore

/// The empirical distribution of the headline metric, one curve per engine, on a logarithmic axis: nothing is binned
/// or smoothed.
struct DistributionPlot {
    let text: Language
    private let metric: Metric
    private let curves: [Curve]
    private let axis: Axis

    static let name = "distribution.svg"

    private struct Curve {
        var name: String
        var sorted: [Double]
        var median: Double
        var look: Look
    }

    /// A curve of more points looks no different at this width.
    private static let mostPoints = 600

    /// Nil when no engine has a value that a logarithmic axis has a place for.
    init?(analysis: Analysis, text: Language) {
        self.text = text
        metric = analysis.headline
        var curves: [Curve] = []
        for (place, engine) in analysis.engines.enumerated() {
            let sorted = analysis.figures.samples(engine.id).compactMap { analysis.headline.value(of: $0) }
                .filter(Axis.positive.contains).sorted()
            guard let median = Statistics.median(sorted: sorted) else { continue }
            let name = text.name(engine.record).plain
            curves.append(Curve(name: name, sorted: sorted, median: median, look: Look(place)))
        }
        guard let low = curves.map({ $0.sorted[0] }).min(),
            let high = curves.map({ $0.sorted[$0.sorted.count - 1] }).max()
        else { return nil }
        self.curves = curves
        axis = Axis(logarithmicFrom: low, to: high, unit: metric.unit)
    }

    var svg: String {
        let title = text[metric.title]
        var chart = Chart(
            title: text.say("\(title): share of samples at or below, logarithmic axis"),
            description: text.say("Empirical distribution of \(title) for \(text.list(curves.map(\.name)))"),
            left: 60, height: 260,
            legend: curves.map { curve in
                let median = Format.quantity(curve.median, metric.unit)
                return .init(
                    sample: .look(curve.look), name: "\(curve.name) · \(median)", hover: hover(curve))
            })
        let panel = chart.panel(across: axis, up: .share)
        for curve in curves {
            chart.svg.path(points(curve, panel), style: curve.look.curve, hover: hover(curve))
            chart.svg.dot(x: panel.x(curve.median), y: panel.y(0.5), curve.look, hover: hover(curve))
        }
        return chart.document
    }

    private func hover(_ curve: Curve) -> String {
        "\(curve.name): \(text.median.plain) \(Format.quantity(curve.median, metric.unit)), n = "
            + "\(curve.sorted.count)"
    }

    /// Steps: the share rises at each sample.
    private func points(_ curve: Curve, _ panel: Chart.Panel) -> String {
        let n = curve.sorted.count
        let count = min(n, Self.mostPoints)
        var path = "M\(SVG.coordinate(panel.x(curve.sorted[0]))) \(SVG.coordinate(panel.y(0)))"
        for step in 1...count {
            let rank = step * n / count
            path += "H\(SVG.coordinate(panel.x(curve.sorted[rank - 1])))"
            path += "V\(SVG.coordinate(panel.y(Double(rank) / Double(n))))"
        }
        return path
    }
}
