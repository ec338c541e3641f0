import LabCore

/// The frame of a plot: its title, its axes with their ticks, the legend, and what a screen reader says of it. A plot
/// draws its marks into it and nothing else.
struct Chart {
    /// An entry of the legend: a sample of what it names.
    struct Entry {
        enum Sample {
            case look(Look)
            case mark(SVG.Shape, style: String)
            /// A filled box with a word in it.
            case box(String, style: String)
        }

        var sample: Sample
        var name: String
        /// The values that the sample says beside its name.
        var hover: String?
    }

    /// The part of one engine in a plot over numbers: dots with their ranges, and a line.
    struct Series {
        struct Dot {
            var x: Double
            var value: Double
            var low: Double
            var high: Double
            var hover: String
        }

        var name: String
        var look: Look
        var dots: [Dot]
        var line: [(x: Double, y: Double)]
        /// The text shown for the line under a pointer.
        var hover: String

        var entry: Entry { Entry(sample: .look(look), name: name) }
    }

    /// A field between axes, in which values have places.
    struct Panel {
        var left: Double
        var width: Double
        var top: Double
        var height: Double
        var across: Axis
        var up: Axis?

        func x(_ value: Double) -> Double { left + across.place(value) * width }
        func y(_ value: Double) -> Double { top + (1 - (up?.place(value) ?? 0)) * height }
    }

    static let width = 860.0
    private static let margin = 16.0
    private static let rowHeight = 20.0
    /// The height that the ticks take under the field, and the name of the axis under them.
    private static let ticksHeight = 22.0
    private static let nameHeight = 18.0

    var svg: SVG
    let left: Double
    let top: Double
    let right: Double
    let bottom: Double

    /// - Parameters:
    ///   - left, right: margins of the field.
    ///   - height: of the field.
    ///   - hasTicks, isNamed: whether there is an axis below it, and whether that has a name.
    init(
        title: String, description: String, width: Double = Self.width, left: Double, right: Double = 30,
        top: Double = 44, height: Double, hasTicks: Bool = true, isNamed: Bool = false, legend: [Entry]
    ) {
        let below = (hasTicks ? Self.ticksHeight : 0) + (isNamed ? Self.nameHeight : 0)
        let columns = Self.columns(of: legend, in: width - 2 * Self.margin)
        let rows = (legend.count + columns - 1) / columns
        (self.left, self.right, self.top, bottom) = (left, width - right, top, top + height)
        let first = bottom + below + 24
        svg = SVG(width: width, height: first + Double(rows) * Self.rowHeight, label: description)
        svg.text(title, x: Self.margin, y: 24, within: width - 2 * Self.margin, style: "bold")
        let room = (width - 2 * Self.margin) / Double(columns)
        for (number, entry) in legend.enumerated() {
            draw(
                entry, x: Self.margin + Double(number % columns) * room,
                y: first + Double(number / columns) * Self.rowHeight, room: room)
        }
    }

    /// As many beside each other as have room for their names, three at most.
    private static func columns(of legend: [Entry], in width: Double) -> Int {
        let widest = legend.map { SVG.width(of: $0.name) }.max() ?? 0
        return [3, 2].first { widest + 54 <= width / Double($0) } ?? 1
    }

    private mutating func draw(_ entry: Entry, x: Double, y: Double, room: Double) {
        let hover = entry.hover ?? entry.name
        switch entry.sample {
        case .look(let look):
            svg.path("M\(SVG.coordinate(x)) \(SVG.coordinate(y - 4))h30", style: look.curve, hover: hover)
            svg.dot(x: x + 15, y: y - 4, look, hover: hover)
        case .mark(let shape, let style): svg.mark(shape, x: x + 15, y: y - 4, style: style, hover: hover)
        case .box(let word, let style):
            svg.rectangle(x: x + 6, y: y - 11, width: 18, height: 14, style: style)
            svg.text(word, x: x + 15, y: y, anchor: .middle, style: "on")
        }
        svg.text(entry.name, x: x + 38, y: y, within: room - 46)
    }

    /// A field with its axes; every tick of a labelled one has its line.
    /// - Parameters:
    ///   - from, width: where the field is, where it is not alone.
    ///   - hasGrid: whether there are lines upwards too; else short ticks.
    mutating func panel(
        across: Axis, up: Axis?, from: Double? = nil, width: Double? = nil, hasGrid: Bool = true,
        isLabelled: Bool = true, name: String? = nil
    ) -> Panel {
        let panel = Panel(
            left: from ?? left, width: width ?? right - left, top: top, height: bottom - top, across: across,
            up: up)
        let end = panel.left + panel.width
        for tick in up?.ticks ?? [] {
            let y = panel.y(tick.value)
            svg.line(x1: panel.left, y1: y, x2: end, y2: y, style: "grid")
            if isLabelled { svg.text(tick.label, x: panel.left - 8, y: y + 4, anchor: .end, style: "mute") }
        }
        svg.line(x1: panel.left, y1: bottom, x2: end, y2: bottom, style: "axis")
        // Labels that would run into each other are left out.
        var free = 0.0
        for tick in across.ticks {
            let x = panel.x(tick.value)
            let half = SVG.width(of: tick.label) / 2
            if hasGrid { svg.line(x1: x, y1: top, x2: x, y2: bottom, style: "grid") }
            guard x - half >= free else { continue }
            free = x + half + 8
            if !hasGrid { svg.line(x1: x, y1: bottom, x2: x, y2: bottom + 4, style: "axis") }
            svg.text(tick.label, x: x, y: bottom + 18, anchor: .middle, style: "mute")
        }
        if let name {
            svg.text(name, x: panel.left + panel.width / 2, y: bottom + 36, anchor: .middle, style: "mute")
        }
        return panel
    }

    /// The line, and every dot with the range around it.
    mutating func draw(_ series: Series, in panel: Panel) {
        if series.line.count > 1 {
            let places = series.line.map { (panel.x($0.x), panel.y($0.y)) }
            svg.path(SVG.line(through: places), style: series.look.curve, hover: series.hover)
        }
        for dot in series.dots {
            let x = panel.x(dot.x)
            svg.line(x1: x, y1: panel.y(dot.low), x2: x, y2: panel.y(dot.high), style: series.look.whisker)
            svg.dot(x: x, y: panel.y(dot.value), series.look, hover: dot.hover)
        }
    }

    var document: String { svg.document }
}
