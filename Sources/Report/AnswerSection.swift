import LabCore
import Translations

/// Title, question, the answer in a table or two and in a few sentences: the first screen of a report.
struct AnswerSection {
    let analysis: Analysis
    let text: Catalogue
    let answer: any MethodAnswer

    var markdown: String {
        let lab = analysis.result.header.lab
        let words = sentences.joined(separator: text.sentenceGap)
        let blocks = answer.wordsComeFirst ? "\(words)\n\n\(answer.tables)" : "\(answer.tables)\n\(words)\n"
        return """
            # \(Escaping.markdown(text[lab.title]))

            **\(Escaping.markdown(text[lab.question]))**

            ## \(text.answer)

            \(blocks)
            """ + (answer.note.isEmpty ? "" : "\n\(answer.note)\n")
    }

    private var sentences: [String] {
        let measured = analysis.engines.filter(\.isMeasured)
        var sentences = [measured.isEmpty ? text.nothingMeasured : answer.comparison]
        let missing = analysis.engines.filter { !$0.isMeasured }
        let absent = missing.filter(\.isAbsentPeer)
        let others = missing.filter { !$0.isAbsentPeer }
        if !others.isEmpty {
            sentences.append(text.notMeasured(text.list(others.map { text.name($0.record) })))
        }
        if !absent.isEmpty {
            sentences.append(text.notInstalled(text.list(absent.map { text.name($0.record) })))
        }
        if let emulator = analysis.result.header.environment.emulator {
            sentences.append(text.nestedInEmulation(Escaping.markdown(emulator)))
        }
        let emulated = measured.filter(\.record.emulates)
        if !emulated.isEmpty {
            sentences.append(text.emulationNote(text.list(emulated.map { text.name($0.record) })))
        }
        let warnings = WarningsSection(analysis: analysis, text: text).warnings.count
        if warnings > 0 { sentences.append(text.seeWarnings(warnings)) }
        return sentences.filter { !$0.isEmpty }
    }
}

/// What answers the question of a method of measuring: its first tables and the sentence under them.
protocol MethodAnswer {
    /// Markdown between the question and the sentences.
    var tables: String { get }
    /// The figures that matter most, in words; asked for only when an engine was measured.
    var comparison: String { get }
    /// Whether the sentences come before the tables, which are many.
    var wordsComeFirst: Bool { get }
    /// How to read the tables, under all of it; may be empty.
    var note: String { get }
    /// The first table for a terminal: rows of plain cells, the head first.
    var plainTable: [[String]] { get }
    /// Columns of that which go where it is too wide, the first to go first.
    var dispensable: [String] { get }
}

extension MethodAnswer {
    var dispensable: [String] { [] }
    var wordsComeFirst: Bool { false }
}

extension Analysis {
    /// The answer by the lab's method.
    func answer(in text: Catalogue) -> any MethodAnswer {
        switch result.header.lab.method {
        case .lifecycle: LifecycleAnswer(analysis: self, text: text)
        case .memory: MemoryAnswer(analysis: self, text: text)
        case .compute: ComputeAnswer(analysis: self, text: text)
        case .experiment: ExperimentAnswer(analysis: self, text: text)
        }
    }
}

extension Catalogue {
    /// Why an engine has no figure, for a cell or a line of plain text.
    func absence(_ engine: Analysis.Engine, escape: (String) -> String) -> String {
        if case .unavailable(let reason, let remedy) = engine.record.availability {
            return unavailable(
                because: escape(translated(reason)), remedy: remedy.map(translated).map(escape))
        }
        return engine.hasFailed ? allFailed : notRun
    }

    /// A sentence's part: how one figure compares with another.
    func compares(
        _ engine: String, _ ratio: Estimate, to other: String, isTime: Bool
    ) -> String {
        let interval = ratio.interval.map { Format.interval($0, .ratio) }
        if let range = ratio.interval, let interval, range.contains(1) {
            return cannotBeTold(engine, from: other, interval)
        }
        return takesTimes(engine, Format.number(ratio.value), interval, of: other, isTime: isTime)
    }
}
