import LabCore

/// A figure of an experiment against a parameter whose values are numbers: the size of a file, a limit, a number of
/// instances. A curve per engine, and per whatever else is varied.
struct SettingPlot {
    let text: Catalogue
    let name: String
    private let metric: Metric
    private let experiment: String
    private let parameter: String
    private let curves: [Curve]
    private let across: PlotAxis
    private let up: PlotAxis
    /// The values of the parameter, with the words of the lab.
    private let settings: [(value: Double, label: String)]

    /// More plots than these are not looked at.
    private static let mostPlots = 8
    private static let mostCurves = SVG.styleCount
    private static let mostSettings = 200

    private struct Curve {
        var name: String
        var style: Int
        var dots: [Dot]
    }

    private struct Dot {
        var x: Double
        var label: String
        var estimate: Estimate
        var low: Double { estimate.interval?.lower ?? estimate.value }
        var high: Double { estimate.interval?.upper ?? estimate.value }
    }

    /// A plot for each experiment and metric that has figures at two numbers at least.
    static func all(_ analysis: Analysis, _ text: Catalogue) -> [SettingPlot] {
        var plots: [SettingPlot] = []
        for block in analysis.experiments {
            guard let (parameter, values) = varied(block.points) else { continue }
            for metric in block.metrics where metric.unit != .truth && metric.grown == nil {
                guard plots.count < mostPlots else { return plots }
                let plot = SettingPlot(
                    analysis, text, block, metric, parameter, values, number: plots.count + 1)
                if let plot { plots.append(plot) }
            }
        }
        return plots
    }

    /// The parameter whose values are all numbers, and each value as a number.
    private static func varied(_ points: [Point]) -> (Parameter, [String: Double])? {
        for parameter in [Parameter.setting, .instances] {
            let values = Set(points.compactMap { $0[parameter] })
            guard values.count > 1, values.count <= mostSettings,
                points.allSatisfy({ $0[parameter] != nil }), let numbers = numbers(Array(values))
            else { continue }
            return (parameter, numbers)
        }
        return nil
    }

    /// Plain numbers, sizes or lengths of time; nil when one of them is none of these.
    static func numbers(_ values: [String]) -> [String: Double]? {
        let readers: [(String) -> Double?] = [
            { Double($0) },
            { text in (try? Units.parseBytes(text)).map { Double($0) } },
            { text in (try? Units.parseDuration(text)).map { Double($0.nanoseconds) } },
        ]
        for reader in readers {
            let numbers = values.compactMap { value in
                reader(value).flatMap { PlotAxis.plotted.contains($0) ? (value, $0) : nil }
            }
            if numbers.count == values.count {
                return Dictionary(numbers, uniquingKeysWith: { first, _ in first })
            }
        }
        return nil
    }

    private init?(
        _ analysis: Analysis, _ text: Catalogue, _ block: ExperimentBlock, _ metric: Metric,
        _ parameter: Parameter, _ values: [String: Double], number: Int
    ) {
        self.text = text
        self.metric = metric
        experiment = Escaping.plain(block.experiment)
        self.parameter = parameter == .instances ? text.instances : text.setting
        name = "settings-\(number).svg"
        var rests: [Point] = []
        for point in block.points {
            let rest = point.filter { $0.key != parameter }
            if !rests.contains(rest) { rests.append(rest) }
        }
        var curves: [Curve] = []
        for rest in rests {
            for engine in block.engines where curves.count < Self.mostCurves {
                let dots = values.compactMap { label, value -> Dot? in
                    let point = rest.merging([parameter: label]) { _, new in new }
                    guard let estimate = analysis.figures.estimate(metric, engine.id, at: point),
                        PlotAxis.plotted.contains(estimate.value)
                    else { return nil }
                    return Dot(x: value, label: Escaping.plain(label), estimate: estimate)
                }.sorted { ($0.x, $0.label) < ($1.x, $1.label) }
                guard !dots.isEmpty else { continue }
                let place = text.place(rest)
                // An engine looks the same in every plot, unless it has several curves here.
                let own = analysis.engines.firstIndex { $0.id == engine.id } ?? 0
                let style = rests.count == 1 ? own : curves.count
                let name = text.plainName(engine.record)
                curves.append(
                    Curve(
                        name: place.isEmpty ? name : "\(name), \(place)",
                        style: style % SVG.styleCount,
                        dots: dots))
            }
        }
        let dots = curves.flatMap(\.dots)
        // Where nothing was measured at two places there is no line to look at.
        guard curves.contains(where: { $0.dots.count > 1 }),
            let across = PlotAxis(dots.map(\.x), unit: .count),
            let up = PlotAxis(dots.flatMap { [$0.low, $0.estimate.value, $0.high] }, unit: metric.unit)
        else { return nil }
        self.curves = curves
        self.across = across
        self.up = up
        settings = values.map { ($0.value, Escaping.plain($0.key)) }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }
    }

    /// The heading and the image, for the report.
    var markdown: String {
        "![\(Escaping.markdown(title))](\(name))\n"
    }

    private var title: String {
        text.settingTitle(Escaping.plain(text[metric.title]), experiment, parameter)
    }
}

// The drawing.
extension SettingPlot {
    private static let width = 860.0
    private static let left = 80.0
    private static let right = 30.0
    private static let top = 44.0
    private static let plotHeight = 260.0

    var svg: String {
        let bottom = Self.top + Self.plotHeight
        let height = bottom + 52 + Double((curves.count + 1) / 2) * 20
        let label = text.settingLabel(
            Escaping.plain(text[metric.title]), parameter, text.list(curves.map(\.name)))
        var svg = SVG(width: Self.width, height: height, label: label)
        svg.text(SVG.fitted(title, within: Self.width - 32), x: 16, y: 24, style: "bold")
        for tick in up.ticks {
            let y = self.height(tick.value)
            svg.line(x1: Self.left, y1: y, x2: Self.width - Self.right, y2: y, style: "grid")
            svg.text(tick.label, x: Self.left - 8, y: y + 4, anchor: .end, style: "mute")
        }
        svg.line(x1: Self.left, y1: bottom, x2: Self.width - Self.right, y2: bottom, style: "axis")
        var free = 0.0
        for setting in settings {
            let x = place(setting.value)
            let half = SVG.width(of: setting.label) / 2
            guard x - half >= free else { continue }
            free = x + half + 8
            svg.line(x1: x, y1: bottom, x2: x, y2: bottom + 4, style: "axis")
            svg.text(setting.label, x: x, y: bottom + 18, anchor: .middle, style: "mute")
        }
        svg.text(
            parameter, x: (Self.left + Self.width - Self.right) / 2, y: bottom + 36, anchor: .middle,
            style: "mute")
        for curve in curves { draw(curve, into: &svg) }
        for (number, curve) in curves.enumerated() {
            let x = Self.left + Double(number % 2) * 390
            let y = bottom + 58 + Double(number / 2) * 20
            svg.path(
                "M\(SVG.coordinate(x)) \(SVG.coordinate(y - 4))h30", style: "curve s\(curve.style)",
                hover: curve.name)
            svg.dot(x: x + 15, y: y - 4, style: curve.style, hover: curve.name)
            svg.text(SVG.fitted(curve.name, within: 330), x: x + 38, y: y)
        }
        return svg.document
    }

    private func draw(_ curve: Curve, into svg: inout SVG) {
        let path = curve.dots.enumerated().map { place, dot in
            "\(place == 0 ? "M" : "L")\(SVG.coordinate(self.place(dot.x))) \(SVG.coordinate(height(dot.estimate.value)))"
        }
        if path.count > 1 { svg.path(path.joined(), style: "curve s\(curve.style)", hover: curve.name) }
        for dot in curve.dots {
            let x = place(dot.x)
            let figure = Format.figure(dot.estimate.value, metric)
            let interval = dot.estimate.interval.map { " (\(Format.interval($0, metric.unit)))" } ?? ""
            svg.line(
                x1: x, y1: height(dot.low), x2: x, y2: height(dot.high), style: "whisker s\(curve.style)")
            svg.dot(
                x: x, y: height(dot.estimate.value), style: curve.style,
                hover: "\(curve.name), \(dot.label): \(figure)\(interval), n = \(dot.estimate.n)")
        }
    }

    /// Dots don't sit on the edges.
    private func place(_ value: Double) -> Double {
        Self.left + (0.03 + 0.94 * across.place(value)) * (Self.width - Self.left - Self.right)
    }

    private func height(_ value: Double) -> Double { Self.top + (1 - up.place(value)) * Self.plotHeight }
}
