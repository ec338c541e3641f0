import LabCore
import Texts

/// A report on the results of one method of measuring: all in which the reports of the methods differ.
protocol MethodReport {
    var analysis: Analysis { get }
    var text: Language { get }

    init(analysis: Analysis, text: Language)

    /// An engine is measured when one of its samples yields any of these.
    static func metrics(of lab: LabDefinition) -> [Metric]
    /// The metrics of a cell whose figures are sampled.
    static func sampled(_ cell: Plan.Cell, in analysis: Analysis) -> [Metric]

    /// The tables that answer the lab's question.
    var tables: [Block] { get }
    /// The figures that matter most, in words; asked for only when an engine was measured.
    var comparison: Phrase { get }
    /// True when the figures at each limit are the answer where limits are varied, and not only a section.
    var sweepIsAnswer: Bool { get }
    /// True when the sentences come before the tables, which are many.
    var wordsComeFirst: Bool { get }
    /// A note on reading the tables; may be empty.
    var note: Phrase { get }
    /// The blocks between the answer and the method.
    var sections: [Block] { get }
    /// The course of a trial.
    var procedure: Phrase { get }
    /// True when what is measured rests on marks, so that it matters how they are taken.
    var isClocked: Bool { get }
    /// Tables beside the quality of the samples.
    var details: [Block] { get }

    /// Returns the name of what a point stands for.
    func label(_ point: Condition) -> Phrase
    /// Returns what makes the figures of an engine less sure, beyond what holds for every method.
    func warnings(of engine: Analysis.Engine) -> [Phrase]
    /// Returns true when a failure is an answer, which stands elsewhere, and nothing to be warned of.
    func isAnswer(_ failed: Observation) -> Bool

    /// The title of the terminal's table.
    var summaryTitle: Phrase { get }
    /// The first table, narrow enough for a terminal.
    var summary: Table { get }
    /// Tables that the terminal shows beside it.
    var summaryFigures: [Block] { get }
    /// True when an engine that was tried and failed has a row in that.
    var summaryHasFailedEngines: Bool { get }
}

extension MethodReport {
    static func metrics(of lab: LabDefinition) -> [Metric] { Array(lab.metrics.prefix(1)) }
    static func sampled(_ cell: Plan.Cell, in analysis: Analysis) -> [Metric] { [analysis.headline] }
    var sweepIsAnswer: Bool { true }
    var wordsComeFirst: Bool { false }
    var note: Phrase { Phrase() }
    var isClocked: Bool { true }
    var details: [Block] { [] }
    func warnings(of engine: Analysis.Engine) -> [Phrase] { [] }
    func isAnswer(_ failed: Observation) -> Bool { false }
    var summaryTitle: Phrase { text.title(analysis.headline) }
    var summaryFigures: [Block] { [] }
    var summaryHasFailedEngines: Bool { false }

    var lab: LabDefinition { analysis.result.header.lab }
    var claims: [Block] { ClaimsSection(report: self).blocks }

    /// True when the answer are the figures at each limit.
    var isSweep: Bool { analysis.isSwept && sweepIsAnswer }

    /// The engines without a figure, and why.
    var unmeasured: [Block] {
        .list(
            analysis.engines.filter { !$0.isMeasured && !$0.isAbsentPeer }.map {
                "\(text.name($0.record)): \(text.absence($0))"
            })
    }
}

extension LabDefinition.Method {
    /// The one place where a method is told from another.
    var report: any MethodReport.Type {
        switch self {
        case .lifecycle: LifecycleReport.self
        case .memory: MemoryReport.self
        case .compute: ComputeReport.self
        case .experiment: ExperimentReport.self
        }
    }
}

extension Analysis {
    func report(in text: Language) -> any MethodReport { method.report.init(analysis: self, text: text) }

    var method: LabDefinition.Method { result.header.lab.method }
}

/// Title, question, the answer in a table or two and in a few sentences: the first screen of a report.
struct AnswerSection {
    let report: any MethodReport

    private var analysis: Analysis { report.analysis }
    private var text: Language { report.text }

    /// That at each limit where limits are varied; nil for the method's own.
    private var sweep: SweepSection? {
        report.isSweep ? SweepSection(report: report) : nil
    }

    var blocks: [Block] {
        let words = [Block.paragraph(text.paragraph(sentences))]
        let heads: [Block] = [
            .heading(1, "\(text[report.lab.title])"), .paragraph(.strong(text[report.lab.question])),
            .heading(2, text.answer),
        ]
        if let sweep {
            return heads + [.paragraph(definition(of: analysis.headline, in: text))] + sweep.body + words
                + report.unmeasured
        }
        return heads + (report.wordsComeFirst ? words + report.tables : report.tables + words)
            + .paragraphs(report.note)
    }

    private var sentences: [Phrase] {
        func names(_ engines: [Analysis.Engine]) -> Phrase { text.list(engines.map { text.name($0.record) }) }
        let measured = analysis.engines.filter(\.isMeasured)
        var sentences = [
            measured.isEmpty
                ? text.say("Nothing was measured: no sample was completed.")
                : sweep?.words ?? report.comparison
        ]
        let missing = analysis.engines.filter { !$0.isMeasured }
        let absent = missing.filter(\.isAbsentPeer)
        let others = missing.filter { !$0.isAbsentPeer }
        if !others.isEmpty { sentences.append(text.say("Not measured on this machine: \(names(others)).")) }
        if !absent.isEmpty { sentences.append(text.notInstalled(names(absent))) }
        if let emulator = analysis.result.header.environment.emulator {
            sentences.append(text.nestedInEmulation(emulator))
        }
        let emulated = measured.filter(\.record.emulates)
        if !emulated.isEmpty { sentences.append(text.emulationNote(names(emulated))) }
        let warnings = WarningsSection(report: report).warnings.count
        if warnings > 0 { sentences.append(text.seeWarnings(warnings)) }
        return sentences
    }
}

extension Language {
    func title(_ metric: Metric) -> Phrase { Phrase(self[metric.title]) }

    /// Returns the name of an engine: always with the word that says when it is emulated.
    /// The name of an engine; of a build under a name of its own, with the engine that it is a build of.
    func name(_ record: EngineRecord) -> Phrase {
        let name = name(record.id, emulated: record.emulated)
        guard let build = record.build, build.kind != record.id else { return name }
        return say("\(name) (a build of \(.code(build.kind.rawValue)))")
    }

    func name(_ id: EngineID, emulated isEmulated: Bool) -> Phrase {
        let id = Phrase.code(id.rawValue)
        return isEmulated ? say("\(id) (\(emulated))") : id
    }

    /// Returns the reason why an engine has no figure.
    func absence(_ engine: Analysis.Engine) -> Phrase {
        if case .unavailable(let error) = engine.record.availability {
            return unavailable(because: error)
        }
        return engine.hasFailed ? allFailed : notRun
    }

    /// A sentence's part: how one figure compares with another.
    func compares(
        _ engine: Phrase, _ ratio: Estimate, to other: Phrase, isTime: Bool
    ) -> Phrase {
        let interval = ratio.interval.map { Format.interval($0, .ratio) }
        if let range = ratio.interval, let interval, range.contains(1) {
            return cannotBeTold(engine, from: other, interval)
        }
        return takesTimes(engine, Format.number(ratio.value), interval, of: other, isTime: isTime)
    }
}
