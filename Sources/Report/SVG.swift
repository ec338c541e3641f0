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

    /// The mark of a style of curves: its shape tells styles apart where colours don't.
    mutating func dot(x: Double, y: Double, style: Int, hover: String) {
        mark(Self.shape(ofStyle: style), x: x, y: y, style: "d\(style)", hover: hover)
    }

    /// A shape around a place.
    enum Shape: CaseIterable {
        case circle, square, triangle, diamond, cross, ring

        /// Path data around the origin, about 9 wide, so that areas are alike.
        fileprivate var path: String {
            switch self {
            case .circle: "m-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0z"
            case .square: "m-4-4h8v8h-8z"
            case .triangle: "m0-5l5 9h-10z"
            case .diamond: "m0-5.5l5.5 5.5l-5.5 5.5l-5.5-5.5z"
            case .cross: "m-1.6-5h3.2v3.4h3.4v3.2h-3.4v3.4h-3.2v-3.4h-3.4v-3.2h3.4z"
            // An outline of its own, so that it is hollow on any page.
            case .ring:
                "m-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0zm2.5 0a2.5 2.5 0 1 1 5 0a2.5 2.5 0 1 1-5 0z"
            }
        }
    }

    mutating func mark(_ shape: Shape, x: Double, y: Double, style: String, hover: String) {
        lines.append(
            "<path d=\"M\(Self.coordinate(x)) \(Self.coordinate(y))\(shape.path)\" class=\"mark \(style)\">"
                + "<title>\(Escaping.xml(hover))</title></path>")
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
        // No page is so wide; and what is no number has no place on it.
        let tenths = abs(value) < 1e12 ? Int((value * 10).rounded()) : 0
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

    /// Number of styles of curves and marks. No two have the same colour, dash and shape: those of one colour differ in
    /// both of the others.
    static let styleCount = 24
    private static func dash(ofStyle style: Int) -> Int { (style + style / strokes.count) % dashes.count }
    static func shape(ofStyle style: Int) -> Shape {
        let shapes: [Shape] = [.circle, .square, .triangle, .diamond, .cross]
        return shapes[(style + style / strokes.count) % shapes.count]
    }

    /// Fills come from Paul Tol's light scheme, which was made for dark text on it and for colour-blind readers;
    /// strokes differ by dash too, so that they are told apart in print. Print comes last and wins over dark.
    private static let styleSheet: String = {
        func page(_ background: String, _ ink: String, _ mute: String, _ grid: String, _ strokes: [String])
            -> String
        {
            let lines = strokes.enumerated().map { colour, value in
                let styles = (0..<styleCount).filter { $0 % strokes.count == colour }
                func all(_ kind: String) -> String { styles.map { ".\(kind)\($0)" }.joined(separator: ",") }
                return "\(all("s")){stroke:\(value)}\(all("d")){fill:\(value)}"
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
            (0..<styleCount).map { ".curve.s\($0){stroke-dasharray:\(dashes[dash(ofStyle: $0)])}" }.joined(),
            light, "@media (prefers-color-scheme:dark){\(dark)}", "@media print{\(light)}",
        ].joined(separator: "\n")
    }()
}
