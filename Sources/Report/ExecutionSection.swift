import LabCore

/// How much of the price of emulation counted events explain: the guest's instructions, each at the price that
/// arithmetic alone pays for one.
///
/// The gap of a kind of work is `cpu(emulated) − cpu(reference)` per round. `integer`, which does nothing but
/// arithmetic, gives the price of one instruction; times the instructions of another kind that is what the gap would be
/// if nothing but their number mattered. What is left is what instructions of that kind cost more, or less, than
/// arithmetic does: it is shown, and not explained away.
struct ExecutionSection {
    let analysis: Analysis
    let text: Catalogue

    private static let instructions = "instructions-per-round-count"
    private static let cpu = "cpu-round-ns"
    private static let yardstick = "integer"

    /// One kind of work.
    struct Row: Equatable {
        var kind: String
        var instructions: Double
        var emulated: Double
        var reference: Double
        /// The gap that the instructions' number explains; nil for the yardstick itself.
        var explained: Double?

        var gap: Double { emulated - reference }
        /// How much of the gap is explained: 1 for all of it; what is beyond 1 is as much unexplained as what is below.
        var share: Double? {
            guard let explained, gap > 0 else { return nil }
            return 1 - abs(explained - gap) / gap
        }
    }

    var markdown: String {
        guard let (emulated, reference, rows) = rows, !rows.isEmpty else { return "" }
        var table = MarkdownTable([
            (text.kindOfWork, .left), (text.instructionsPerRound, .right),
            (text.name(emulated), .right), (text.name(reference), .right), (text.gap, .right),
            (text.explainedByInstructions, .right), (text.shareExplained, .right),
        ])
        for row in rows {
            table.add([
                Escaping.code(row.kind), Format.quantity(row.instructions, .count),
                Format.quantity(row.emulated, .nanoseconds), Format.quantity(row.reference, .nanoseconds),
                Format.quantity(row.gap, .nanoseconds),
                row.explained.map { Format.quantity($0, .nanoseconds) } ?? text.yardstick,
                row.share.map { Format.percent(max(0, $0)) } ?? Format.none,
            ])
        }
        return "## \(text.whatPaysForEmulation)\n\n\(table.text)\n\(text.executionNote)\n"
    }

    /// The emulated engine, what it is held against (KVM where that was measured, else the bare process), and the kinds
    /// of work that both were measured at; nil where there are no such engines.
    private var rows: (emulated: EngineRecord, reference: EngineRecord, rows: [Row])? {
        let metrics = analysis.result.header.lab.metrics
        guard let cpu = metrics.first(where: { $0.source == .value(Self.cpu) }),
            let count = metrics.first(where: { $0.source == .value(Self.instructions) })
        else { return nil }
        let engines = analysis.engines.filter(\.isMeasured).map(\.record)
        guard let emulated = engines.first(where: \.emulates),
            let reference = engines.first(where: { $0.id == .kvm })
                ?? engines.first(where: { $0.id == Analysis.baseline })
        else { return nil }

        func median(_ metric: Metric, _ engine: EngineRecord, _ point: Point) -> Double? {
            analysis.figures.summary(metric, engine.id, at: point).median
        }
        var rows = analysis.points.compactMap { point -> Row? in
            guard let kind = point[.setting], let instructions = median(count, emulated, point),
                let price = median(cpu, emulated, point), let other = median(cpu, reference, point),
                instructions > 0
            else { return nil }
            return Row(
                kind: kind, instructions: instructions, emulated: price, reference: other, explained: nil)
        }
        guard let yardstick = rows.first(where: { $0.kind == Self.yardstick }) else { return nil }
        let price = yardstick.gap / yardstick.instructions
        for place in rows.indices where rows[place].kind != Self.yardstick {
            rows[place].explained = rows[place].instructions * price
        }
        return (emulated, reference, rows)
    }
}

extension Catalogue {
    fileprivate var instructionsPerRound: String { pick("guest instructions per round", "每轮客户机指令数") }
    fileprivate var gap: String { pick("gap", "差额") }
    fileprivate var explainedByInstructions: String {
        pick("explained by the number of instructions", "由指令数解释的部分")
    }
    fileprivate var shareExplained: String { pick("explained", "解释了") }
    fileprivate var yardstick: String { pick("the yardstick", "作为标尺") }
    fileprivate var whatPaysForEmulation: String {
        pick("What pays for the emulation, in counted events", "软件模拟的代价,用数得出来的事件解释")
    }
    fileprivate var executionNote: String {
        pick(
            "Host CPU time per round. The instructions are counted exactly: by the virtual clock of a second guest, in "
                + "which each takes one nanosecond. `integer` gives the price of one instruction of arithmetic; that price "
                + "times the instructions of another kind is what their number alone explains of its gap. The rest is what "
                + "instructions of that kind cost more or less than arithmetic: memory accesses that are translated one by "
                + "one, floating point done in software, entries into the guest's kernel. It is not explained here.",
            "每轮的宿主机 CPU 时间。指令数是精确数出来的:另起一个客户机,它的虚拟时钟每条指令走一纳秒。`integer` 给出一条算术指令的"
                + "价格;这个价格乘以另一种工作的指令数,就是单凭指令多少能解释的差额。剩下的部分,是那种指令比算术指令更贵或更便宜的地方:"
                + "逐条翻译的访存、软件实现的浮点、进入客户机内核。这里没有解释。")
    }
}
