import LabCore

/// The report on a run: a pure function of its figures, which are one of its result. No clock, no locale, no environment:
/// the same result gives the same bytes on every machine.
public enum Report {
    /// The files of the report, in the order in which they are written: `report.md` and the plots it shows.
    ///
    /// Takes any result that `ResultStore` reads or the runner makes: without samples, with failures only, or cut off.
    public static func files(
        for figures: Figures, language: Language = .english
    ) -> [(name: String, contents: String)] {
        let blocks = blocks(of: figures, language)
        return [("report.md", MarkdownRenderer.render(blocks))] + blocks.figures.map { ($0.name, $0.svg) }
    }

    /// The reports on results as one self-contained page of HTML.
    public static func page(for results: [Figures], language text: Language) -> String {
        HTMLPage.render(
            results.map { blocks(of: $0, text) },
            title: results.map { text[$0.result.header.lab.title] }.joined(separator: " · "), text)
    }

    private static func blocks(of figures: Figures, _ text: Language) -> [Block] {
        let result = figures.result
        let report = Analysis(figures).report(in: text)
        return AnswerSection(report: report).blocks
            + SweepSection(report: report).blocks
            + PredictionsSection(analysis: report.analysis, text: text).blocks + report.sections
            + MethodSection(report: report).blocks
            + WhatRanSection(analysis: report.analysis, text: text).blocks
            + [
                .heading(2, text.say("Environment")),
                .table(EnvironmentTable(environment: result.header.environment, text: text).table),
            ] + WarningsSection(report: report).blocks + reproduction(result, text)
    }

    private static func reproduction(_ result: RunResult, _ text: Language) -> [Block] {
        let option = text == .english ? "" : " --lang \(text.rawValue)"
        return [
            .heading(2, text.say("Reproduce")), .paragraph(text.commandNote),
            .code([result.header.command], language: "sh"),
            .paragraph(text.say("This report, byte for byte, in this directory:")),
            .code(["lab report .\(option)"], language: "sh"),
        ]
    }
}
