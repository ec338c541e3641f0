import ArgumentParser
import LabCore
import Report

/// `lab compare`: what changed from one result to another.
struct CompareCommand: SpeakingCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compare two results of a lab, and exit with 1 on a regression.",
        discussion: """
            OLD and NEW are directories that `lab run` wrote, their result.json, or
            the samples.jsonl of a run that was killed. For each metric, engine and
            point: both medians, their ratio with its 95 % interval, and the p-value
            of a permutation test, corrected after Holm for all rows of the table.

            A row is a regression when the corrected p is below 0.05, the interval
            lies above 1, and the ratio exceeds the threshold; or when OLD has
            samples and NEW has none. Less is better in every metric.

            Results of unlike machines, programs or plans are refused with 65, and
            each difference is named. Seed, time, load and the number of samples may
            differ.

            EXAMPLES
              lab compare results/20261124T064930Z-startup-latency results/latest
              lab compare old new --engine container --metric startup --threshold 3%
              lab compare old new --format csv > changes.csv
              lab compare old new --force

              in CI, on a machine of its own: a change that slows the start by more
              than 10 % fails the job, and the comparison is kept beside it
                lab run startup-latency --output new
                lab compare baseline new --threshold 10% > comparison.md
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case md, csv, json }

    @Argument(help: ArgumentHelp("The result to compare with.", valueName: "OLD"))
    var old: String

    @Argument(help: ArgumentHelp("The result that is judged.", valueName: "NEW"))
    var new: String

    @OptionGroup(title: "Verdict") var options: ComparisonOptions

    @Option(
        help: ArgumentHelp("Metrics to compare, separated by commas; all by default.", valueName: "a,b"))
    var metric: String?

    @Option(
        help: ArgumentHelp("Engines to compare, separated by commas; all by default.", valueName: "a,b"))
    var engine: String?

    @Option(help: ArgumentHelp("Form of what is printed; md by default.", valueName: "md|csv|json"))
    var format: Format?

    @Flag(help: "Print the comparison as JSON; the same as --format json.")
    var json = false

    @OptionGroup var speech: LanguageOptions

    func run() throws {
        let text = try speech.choice()
        let format = try chosenFormat()
        let threshold = try options.chosenThreshold()
        let (before, after) = (Figures(try ResultStore.load(old)), Figures(try ResultStore.load(new)))
        let engines = try engine.map { text throws(LabError) in
            try Words.engines(text, of: [before.result, after.result])
        }
        let metrics = try metric.map { text throws(LabError) in
            try Words.metrics(text, of: after.result.header.lab.metrics)
        }
        try options.accept(
            after.result.header.differences(from: before.result.header, engines: engines))
        let comparison = ResultComparison(
            old: before, new: after, metrics: metrics, engines: engines, threshold: threshold)
        switch format {
        case .md:
            let report = Report.markdown(for: comparison, old: old, new: new, language: text)
            try Terminal.write(report)
        case .csv: try Terminal.write(Report.csv(for: comparison))
        case .json: try Terminal.answer(json: ComparisonAnswer(comparison, old: old, new: new))
        }
        Self.warnUnlike(comparison, in: text)
        if !comparison.regressions.isEmpty { throw ExitCode.failure }
    }

    /// CSV without a row would not show it, and who reads a file sees the terminal.
    static func warnUnlike(_ comparison: ResultComparison, in text: Language) {
        for difference in comparison.differences { Terminal.warn(text.unlike(difference), in: text) }
    }

    private func chosenFormat() throws(LabError) -> Format {
        guard json else { return format ?? .md }
        guard format == nil || format == .json else {
            throw LabError(
                .usage, "--json and --format \(format?.rawValue ?? "") say two things",
                remedy: "give one of them")
        }
        return .json
    }
}
