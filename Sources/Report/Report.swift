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
        var sections = [
            AnswerSection(analysis: analysis, text: text).markdown,
            ClaimsSection(analysis: analysis, text: text).markdown,
        ]
        var plots: [(name: String, contents: String)] = []
        let breakdowns = analysis.engines.compactMap { PhaseBreakdown(result, $0.id) }
        if !breakdowns.isEmpty {
            sections.append(PhasesSection(analysis: analysis, text: text, breakdowns: breakdowns).markdown)
            plots.append(
                (
                    PhasesSection.plotName,
                    WaterfallPlot(analysis: analysis, text: text, breakdowns: breakdowns).svg
                ))
        }
        if let plot = DistributionPlot(analysis: analysis, text: text) {
            sections.append("## \(text.distribution)\n\n![\(text.distribution)](\(DistributionPlot.name))\n")
            plots.append((DistributionPlot.name, plot.svg))
        }
        sections += analysis.engines.compactMap { engine in
            StepBreakdown(result, engine.record).map { StepsSection(text: text, breakdown: $0).markdown }
        }
        sections += [
            MethodSection(analysis: analysis, text: text).markdown,
            WhatRanSection(analysis: analysis, text: text).markdown,
            EnvironmentSection(environment: result.header.environment, text: text).markdown,
            WarningsSection(analysis: analysis, text: text).markdown,
            reproduction(result, text),
        ]
        return [("report.md", sections.filter { !$0.isEmpty }.joined(separator: "\n"))] + plots
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
