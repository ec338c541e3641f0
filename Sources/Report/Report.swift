import LabCore

/// The report on a run: a pure function of its result. No clock, no locale, no environment: the same result gives
/// the same bytes on every machine.
public enum Report {
    /// The files of the report, in the order in which they are written: `report.md` and the plots it shows.
    ///
    /// Takes any result that `ResultStore` reads or the runner makes: without samples, with failures only, or cut off.
    public static func files(
        for result: RunResult, language: Language = .english
    ) -> [(name: String, contents: String)] {
        let analysis = Analysis(result)
        let text = Catalogue(language: language)
        var parts: [Part] = [
            Part(
                AnswerSection(analysis: analysis, text: text, answer: analysis.answer(in: text)).markdown)
        ]
        switch result.header.lab.method {
        case .lifecycle: parts += lifecycle(analysis, text)
        case .memory: parts += memory(analysis, text)
        case .compute: parts += compute(analysis, text)
        case .experiment: parts += experiment(analysis, text)
        }
        parts += [
            Part(MethodSection(analysis: analysis, text: text).markdown),
            Part(WhatRanSection(analysis: analysis, text: text).markdown),
            Part(EnvironmentSection(environment: result.header.environment, text: text).markdown),
            Part(WarningsSection(analysis: analysis, text: text).markdown),
            Part(reproduction(result, text)),
        ]
        let markdown = parts.map(\.markdown).filter { !$0.isEmpty }.joined(separator: "\n")
        return [("report.md", markdown)] + parts.compactMap(\.plot)
    }

    /// A section and the plot that it shows.
    private struct Part {
        var markdown: String
        var plot: (name: String, contents: String)?

        init(_ markdown: String, plot: (name: String, contents: String)? = nil) {
            self.markdown = markdown
            self.plot = plot
        }
    }

    private static func lifecycle(_ analysis: Analysis, _ text: Catalogue) -> [Part] {
        var parts = [
            Part(ConditionsSection(analysis: analysis, text: text).markdown),
            Part(VariantsSection(analysis: analysis, text: text).markdown),
            Part(ClaimsSection(analysis: analysis, text: text).markdown),
        ]
        let breakdowns = analysis.phases
        if !breakdowns.isEmpty {
            let plot = WaterfallPlot(analysis: analysis, text: text, breakdowns: breakdowns).svg
            parts.append(
                Part(
                    PhasesSection(analysis: analysis, text: text, breakdowns: breakdowns).markdown,
                    plot: (PhasesSection.plotName, plot)))
        }
        parts.append(Part(CountsSection(analysis: analysis, text: text).markdown))
        parts.append(
            Part(LibvirtSection(analysis: analysis, text: text, breakdowns: breakdowns).markdown))
        parts += explanation(analysis, text).map { [Part($0.markdown)] } ?? []
        parts += analysis.engines.compactMap { Ablation(analysis, $0.record) }.map {
            Part(AblationSection(text: text, ablation: $0, metric: analysis.headline).markdown)
        }
        if let plot = DistributionPlot(analysis: analysis, text: text) {
            parts.append(
                Part(
                    "## \(text.distribution)\n\n![\(text.distribution)](\(DistributionPlot.name))\n",
                    plot: (DistributionPlot.name, plot.svg)))
        }
        return parts
            + analysis.engines.compactMap(analysis.steps).map {
                Part(StepsSection(text: text, breakdown: $0).markdown)
            }
    }

    /// The first container that times its steps against the bare process.
    private static func explanation(_ analysis: Analysis, _ text: Catalogue) -> ExplanationSection? {
        guard let process = analysis.engines.first(where: { $0.id == Analysis.baseline }),
            let processSteps = analysis.steps(process)
        else { return nil }
        let containers = analysis.engines.filter { $0.record.kind == .container }
        return containers.lazy.compactMap { container -> ExplanationSection? in
            guard let steps = analysis.steps(container),
                let explanation = Explanation(container: steps, process: processSteps)
            else { return nil }
            return ExplanationSection(
                text: text, explanation: explanation, container: container.record, process: process.record)
        }.first
    }

    private static func memory(_ analysis: Analysis, _ text: Catalogue) -> [Part] {
        let plot = MemoryPlot(analysis: analysis, text: text)
        return [
            Part(ClaimsSection(analysis: analysis, text: text).markdown),
            Part(
                MemorySection(analysis: analysis, text: text, plot: plot).markdown,
                plot: plot.map { (MemoryPlot.name, $0.svg) }),
        ]
    }

    private static func compute(_ analysis: Analysis, _ text: Catalogue) -> [Part] {
        let plot = RatioPlot(analysis: analysis, text: text)
        return [
            Part(ClaimsSection(analysis: analysis, text: text).markdown),
            Part(
                ComputeSection(analysis: analysis, text: text, plot: plot).markdown,
                plot: plot.map { (RatioPlot.name, $0.svg) }),
        ]
    }

    private static func experiment(_ analysis: Analysis, _ text: Catalogue) -> [Part] {
        let matrix = FactMatrix(analysis, text)
        let plot = MatrixPlot(analysis, matrix, text)
        let settings = SettingPlot.all(analysis, text)
        return [
            Part(ClaimsSection(analysis: analysis, text: text).markdown),
            Part(
                FactsSection(text: text, matrix: matrix, plot: plot).markdown,
                plot: plot.map { (MatrixPlot.name, $0.svg) }),
            Part(ExecutionSection(analysis: analysis, text: text).markdown),
        ]
            + settings.enumerated().map { place, plot in
                let heading = place == 0 ? "## \(text.againstSettings)\n\n\(text.settingNote)\n\n" : ""
                return Part(heading + plot.markdown, plot: (plot.name, plot.svg))
            }
    }

    private static func reproduction(_ result: RunResult, _ text: Catalogue) -> String {
        let option = text.language == .english ? "" : " --lang \(text.language.rawValue)"
        return "## \(text.reproduce)\n\n\(text.commandNote)\n\n"
            + Escaping.fenced([result.header.command], language: "sh")
            + "\n\(text.reportNote)\n\n"
            + Escaping.fenced(["lab report .\(option)"], language: "sh")
    }
}

/// How engines are called in Markdown: always with the word that says when they are emulated.
extension Catalogue {
    func name(_ record: EngineRecord) -> String {
        let id = Escaping.code(record.id.rawValue)
        return record.emulated ? pick("\(id) (\(emulated))", "\(id)（\(emulated)）") : id
    }

    /// The same for plots and terminals.
    func plainName(_ record: EngineRecord) -> String {
        let id = Escaping.plain(record.id.rawValue)
        return record.emulated ? pick("\(id) (\(emulated))", "\(id)（\(emulated)）") : id
    }
}
