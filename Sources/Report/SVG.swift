import LabCore

/// A plot under construction: lines of SVG 1.1 with one style sheet that follows light, dark and print.
struct SVG {
    let width: Double
    let height: Double
    private let label: String
    private var lines: [String] = []

    /// `label` is what a screen reader says instead of the picture.
    init(width: Double, height: Double, label: String) {
        self.width = width
        self.height = height
        self.label = label
    }

    enum Anchor: String { case start, middle, end }

    /// The size of all text, in user units.
    static let fontSize = 12.0

    mutating func text(_ text: String, x: Double, y: Double, anchor: Anchor = .start, style: String = "ink") {
        lines.append(
            "<text x=\"\(Self.coordinate(x))\" y=\"\(Self.coordinate(y))\" text-anchor=\"\(anchor.rawValue)\" "
                + "class=\"\(style)\">\(Escaping.xml(text))</text>")
    }

    mutating func line(x1: Double, y1: Double, x2: Double, y2: Double, style: String) {
        lines.append(
            "<line x1=\"\(Self.coordinate(x1))\" y1=\"\(Self.coordinate(y1))\" x2=\"\(Self.coordinate(x2))\" "
                + "y2=\"\(Self.coordinate(y2))\" class=\"\(style)\"/>")
    }

    /// A rectangle with the text that is shown when the pointer rests on it.
    mutating func rectangle(
        x: Double, y: Double, width: Double, height: Double, style: String, hover: String? = nil
    ) {
        let shape =
            "<rect x=\"\(Self.coordinate(x))\" y=\"\(Self.coordinate(y))\" "
            + "width=\"\(Self.coordinate(width))\" height=\"\(Self.coordinate(height))\" class=\"\(style)\""
        lines.append(hover.map { "\(shape)><title>\(Escaping.xml($0))</title></rect>" } ?? "\(shape)/>")
    }

    mutating func path(_ points: String, style: String, hover: String) {
        lines.append("<path d=\"\(points)\" class=\"\(style)\"><title>\(Escaping.xml(hover))</title></path>")
    }

    mutating func dot(x: Double, y: Double, style: String, hover: String) {
        lines.append(
            "<circle cx=\"\(Self.coordinate(x))\" cy=\"\(Self.coordinate(y))\" r=\"4\" class=\"\(style)\">"
                + "<title>\(Escaping.xml(hover))</title></circle>")
    }

    /// The whole document.
    var document: String {
        let size = "\(Self.coordinate(width)) \(Self.coordinate(height))"
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(size)" width="\(Self.coordinate(width))" \
            height="\(Self.coordinate(height))" role="img" aria-label="\(Escaping.xml(label))">
            <style>
            \(Self.styleSheet)
            </style>
            <rect x="0" y="0" width="\(Self.coordinate(width))" height="\(Self.coordinate(height))" class="page"/>
            \(lines.joined(separator: "\n"))
            </svg>

            """
    }

    /// One decimal: a tenth of a pixel.
    static func coordinate(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths % 10 == 0
            ? "\(tenths / 10)" : "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
    }

    /// A generous estimate of a text's width: wide characters fill a square, others rather more than half of one.
    static func width(of text: String) -> Double {
        text.unicodeScalars.reduce(0) { $0 + ($1.value >= 0x2e80 ? fontSize : fontSize * 0.6) }
    }

    /// A text cut to a width, with an ellipsis where something is missing.
    static func fitted(_ text: String, within limit: Double) -> String {
        guard width(of: text) > limit else { return text }
        var cut = text
        while !cut.isEmpty && width(of: cut) + fontSize > limit { cut.removeLast() }
        return cut + "…"
    }

    /// Colours of phases.
    static let fills = [
        "#77aadd", "#ee8866", "#eedd88", "#ffaabb", "#99ddff", "#44bb99", "#bbcc33", "#dddddd",
    ]
    private static let strokes = [
        "#3b6ea5", "#c2452d", "#228833", "#8a6d00", "#aa3377", "#00798c", "#5b4b8a", "#555555",
    ]
    private static let darkStrokes = [
        "#7fb2e5", "#ff8f73", "#6fcf7f", "#e0c34a", "#e58fc0", "#5fd0e0", "#b9a6f0", "#bbbbbb",
    ]
    private static let dashes = ["none", "8 3", "2 3", "10 3 2 3", "5 5", "12 4", "1 5", "6 2 2 2"]
    /// Number of distinct styles of curves.
    static var strokeCount: Int { strokes.count }

    /// Fills come from Paul Tol's light scheme, which was made for dark text on it and for colour-blind readers;
    /// strokes differ by dash too, so that they are told apart in print. Print comes last and wins over dark.
    private static let styleSheet: String = {
        func page(_ background: String, _ ink: String, _ mute: String, _ grid: String, _ strokes: [String])
            -> String
        {
            let lines = strokes.enumerated().map {
                ".s\($0.offset){stroke:\($0.element)}.d\($0.offset){fill:\($0.element)}"
            }
            return ".page{fill:\(background)}.ink{fill:\(ink)}.bold{fill:\(ink)}.mute{fill:\(mute)}"
                + ".grid{stroke:\(grid)}.axis,.one{stroke:\(mute)}.cut{stroke:\(background)}" + lines.joined()
        }
        let light = page("#ffffff", "#1f2328", "#59636e", "#d9dfe5", strokes)
        let dark = page("#0d1117", "#e6edf3", "#9aa4ae", "#2b323b", darkStrokes)
        return [
            "text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','Noto Sans CJK SC',sans-serif;"
                + "font-size:\(coordinate(fontSize))px}",
            ".bold,.on{font-weight:600}.on{fill:#111111}.grid,.axis,.cut{stroke-width:1}",
            ".curve{fill:none;stroke-width:2}.whisker{stroke-width:1.5}.one{stroke-width:1.5}",
            fills.enumerated().map { ".f\($0.offset){fill:\($0.element)}" }.joined(),
            dashes.enumerated().map { ".curve.s\($0.offset){stroke-dasharray:\($0.element)}" }.joined(),
            light, "@media (prefers-color-scheme:dark){\(dark)}", "@media print{\(light)}",
        ].joined(separator: "\n")
    }()
}
