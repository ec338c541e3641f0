/// The look of one engine's curves and marks: colour, dash and shape. No two have all three in common: those of one
/// colour differ in both of the others.
struct Look: Equatable {
    let number: Int

    /// There are more looks than engines.
    static let count = 24

    /// The look of the engine at this place of the run, the same in every plot.
    init(_ place: Int) { number = place % Self.count }

    var curve: String { "curve s\(number)" }
    var whisker: String { "whisker s\(number)" }
    var mark: String { "d\(number)" }
    var shape: SVG.Shape { SVG.Shape.solid[(number + number / Self.strokes.count) % SVG.Shape.solid.count] }
    private var dash: String { Self.dashes[(number + number / Self.strokes.count) % Self.dashes.count] }

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

    /// Fills come from Paul Tol's light scheme, which was made for dark text on it and for colour-blind readers;
    /// strokes differ by dash too, so that they are told apart in print. Print comes last and wins over dark.
    static let styleSheet: String = {
        let looks = (0..<count).map(Look.init)
        func page(_ background: String, _ ink: String, _ mute: String, _ grid: String, _ strokes: [String])
            -> String
        {
            let lines = strokes.enumerated().map { colour, value in
                let own = looks.filter { $0.number % strokes.count == colour }
                func all(_ kind: String) -> String {
                    own.map { ".\(kind)\($0.number)" }.joined(separator: ",")
                }
                return "\(all("s")){stroke:\(value)}\(all("d")){fill:\(value)}"
            }
            return ".page{fill:\(background)}.ink{fill:\(ink)}.bold{fill:\(ink)}.mute{fill:\(mute)}"
                + ".grid{stroke:\(grid)}.axis,.one{stroke:\(mute)}.cut{stroke:\(background)}" + lines.joined()
        }
        let light = page("#ffffff", "#1f2328", "#59636e", "#d9dfe5", strokes)
        let dark = page("#0d1117", "#e6edf3", "#9aa4ae", "#2b323b", darkStrokes)
        return [
            "text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','Noto Sans CJK SC',sans-serif;"
                + "font-size:\(SVG.coordinate(SVG.fontSize))px}",
            ".bold,.on{font-weight:600}.on{fill:#111111}.grid,.axis,.cut{stroke-width:1}",
            ".curve{fill:none;stroke-width:2}.whisker{stroke-width:1.5}.one{stroke-width:1.5}",
            fills.enumerated().map { ".f\($0.offset){fill:\($0.element)}" }.joined(),
            looks.map { ".curve.s\($0.number){stroke-dasharray:\($0.dash)}" }.joined(),
            light, "@media (prefers-color-scheme:dark){\(dark)}", "@media print{\(light)}",
        ].joined(separator: "\n")
    }()
}
