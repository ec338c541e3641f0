import LabCore

/// A figure against a parameter whose values are numbers: the size of a file, a limit, a number of instances. A curve per
/// engine, and per whatever else is varied.
struct SettingPlot {
    let text: Language
    let name: String
    private let metric: Metric
    /// What the figure is of; empty where the metric says it.
    private let subject: String
    private let parameter: String
    private let curves: [Chart.Series]
    /// The values of the parameter, with the words of the lab.
    private let across: Axis
    private let up: Axis

    /// More plots than these are not looked at.
    private static let mostPlots = 8
    private static let mostCurves = Look.count
    private static let mostSettings = 200

    /// A plot for each experiment and metric that has figures at two numbers at least.
    static func all(_ analysis: Analysis, _ text: Language) -> [SettingPlot] {
        var plots: [SettingPlot] = []
        for block in analysis.experiments {
            guard let (parameter, values) = varied(block.points) else { continue }
            for metric in block.metrics where metric.unit != .truth && metric.grown == nil {
                guard plots.count < mostPlots else { return plots }
                let plot = SettingPlot(
                    analysis, text, block.engines, block.points, metric, parameter, values,
                    of: block.experiment, name: "settings-\(plots.count + 1).svg")
                if let plot { plots.append(plot) }
            }
        }
        return plots
    }

    /// A plot of the headline against each limit of which there are several, for whatever is varied beside limits.
    static func sweeps(_ analysis: Analysis, _ text: Language) -> [SettingPlot] {
        var plots: [SettingPlot] = []
        let places = analysis.places(of: analysis.headline)
        var rests: [Condition] = []
        for place in places where !rests.contains(place.withoutLimits) { rests.append(place.withoutLimits) }
        for parameter in Factor.limits {
            for rest in rests where plots.count < mostPlots {
                let points = places.filter { $0.withoutLimits == rest && $0[parameter] != nil }
                let words = Set(points.compactMap { $0[parameter] })
                guard words.count > 1, let values = numbers(Array(words)) else { continue }
                let plot = SettingPlot(
                    analysis, text, analysis.engines, points, analysis.headline, parameter, values,
                    of: text.conditions(of: analysis.result.header.lab).place(rest),
                    name: "sweep-\(plots.count + 1).svg")
                if let plot { plots.append(plot) }
            }
        }
        return plots
    }

    /// The parameter whose values are all numbers, and each value as a number.
    private static func varied(_ points: [Condition]) -> (Factor, [String: Double])? {
        for parameter in [Factor.setting, .instances] {
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
                reader(value).flatMap { Axis.plotted.contains($0) ? (value, $0) : nil }
            }
            if numbers.count == values.count {
                return Dictionary(numbers, uniquingKeysWith: { first, _ in first })
            }
        }
        return nil
    }

    private init?(
        _ analysis: Analysis, _ text: Language, _ engines: [Analysis.Engine], _ points: [Condition],
        _ metric: Metric, _ parameter: Factor, _ values: [String: Double], of subject: String, name: String
    ) {
        self.text = text
        self.metric = metric
        self.subject = subject
        self.parameter = text.axis(parameter).plain
        self.name = name
        var rests: [Condition] = []
        for point in points {
            let rest = point.without(parameter)
            if !rests.contains(rest) { rests.append(rest) }
        }
        var curves: [Chart.Series] = []
        /// The value of a size with its unit.
        func shown(_ word: String) -> String {
            guard parameter == .setting, let point = points.first(where: { $0.setting == word })
            else { return word }
            return text.conditions(of: analysis.result.header.lab).value(ofSetting: point)
        }
        for rest in rests {
            for engine in engines where curves.count < Self.mostCurves {
                let place = text.conditions(of: analysis.result.header.lab).place(rest)
                let engineName = text.name(engine.record).plain
                let name = place.isEmpty ? engineName : "\(engineName), \(place)"
                let places = points.filter { $0.without(parameter) == rest }.compactMap { point in
                    point[parameter].flatMap { label in
                        values[label].map { (point: point, label: label, value: $0) }
                    }
                }
                let dots = places.sorted { ($0.value, $0.label) < ($1.value, $1.label) }.compactMap {
                    point, label, value -> Chart.Series.Dot? in
                    guard let estimate = analysis.figures.estimate(metric, engine.id, at: point),
                        Axis.plotted.contains(estimate.value)
                    else { return nil }
                    let (shownValue, interval) = text.shown(estimate, metric)
                    let figure = shownValue + (interval.map { " (\($0))" } ?? "")
                    return .init(
                        x: value, value: estimate.value, low: estimate.interval?.lower ?? estimate.value,
                        high: estimate.interval?.upper ?? estimate.value,
                        hover: "\(name), \(shown(label)): \(figure), n = \(estimate.n)")
                }
                guard !dots.isEmpty else { continue }
                // An engine looks the same in every plot, unless it has several curves here.
                let own = analysis.engines.firstIndex { $0.id == engine.id } ?? 0
                curves.append(
                    .init(
                        name: name, look: Look(rests.count == 1 ? own : curves.count), dots: dots,
                        line: dots.map { ($0.x, $0.value) }, hover: name))
            }
        }
        let dots = curves.flatMap(\.dots)
        // Without measurements at two places there is no line to look at.
        guard curves.contains(where: { $0.dots.count > 1 }),
            let range = Axis(fitting: dots.map(\.x), unit: .count),
            let up = Axis(fitting: dots.flatMap { [$0.low, $0.value, $0.high] }, unit: metric.unit)
        else { return nil }
        self.curves = curves
        self.up = up
        let measured = Set(dots.map(\.x))
        across = Axis(
            through: values.filter { measured.contains($0.value) }.map {
                .init(value: $0.value, label: shown($0.key))
            }.sorted {
                ($0.value, $0.label) < ($1.value, $1.label)
            }, isLogarithmic: range.isLogarithmic)
    }

    var title: String {
        subject.isEmpty
            ? text.say("\(text[metric.title]) against \(parameter)")
            : text.say("\(text[metric.title]) against \(parameter) (\(subject))")
    }
}

// The drawing.
extension SettingPlot {
    var svg: String {
        var chart = Chart(
            title: title,
            description: text.say(
                "\(text[metric.title]) against \(parameter) for "
                    + "\(text.list(curves.map(\.name)))"),
            left: 80, height: 260, isNamed: true,
            legend: curves.map(\.entry))
        let panel = chart.panel(across: across, up: up, hasGrid: false, name: parameter)
        for curve in curves { chart.draw(curve, in: panel) }
        return chart.document
    }
}
