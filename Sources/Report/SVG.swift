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

    /// - Parameter limit: in which the text must fit; an ellipsis stands where something is missing.
    mutating func text(
        _ text: String, x: Double, y: Double, within limit: Double = .infinity, anchor: Anchor = .start,
        style: String = "ink"
    ) {
        let text = Self.fitted(Escaping.plain(text), within: limit)
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

    /// Path data from place to place.
    static func line(through places: [(x: Double, y: Double)]) -> String {
        places.enumerated().map { number, place in
            "\(number == 0 ? "M" : "L")\(coordinate(place.x)) \(coordinate(place.y))"
        }.joined()
    }

    /// The mark of a look: its shape tells looks apart where colours don't.
    mutating func dot(x: Double, y: Double, _ look: Look, hover: String) {
        mark(look.shape, x: x, y: y, style: look.mark, hover: hover)
    }

    /// A shape around a place.
    enum Shape: CaseIterable {
        case circle, square, triangle, diamond, cross, ring

        /// Those that no page shines through.
        static let solid: [Shape] = [.circle, .square, .triangle, .diamond, .cross]

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
            \(Look.styleSheet)
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

    private static func fitted(_ text: String, within limit: Double) -> String {
        guard width(of: text) > limit else { return text }
        var cut = text
        while !cut.isEmpty && width(of: cut) + fontSize > limit { cut.removeLast() }
        return cut + "…"
    }
}
