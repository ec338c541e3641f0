import ArgumentParser
import LabCore
import Report
import Results

/// `lab compare`: what changed from some runs to others.
struct CompareCommand: SpeakingCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compare results of a lab, one or several runs a side, and exit with 1 on a regression.",
        usage: """
            lab compare OLD NEW [options]
            lab compare OLD… --with NEW… [options]
            """,
        discussion: """
            A path is a directory that `lab run` wrote, its result.json, or the
            samples.jsonl of a run that was killed; a directory that holds several
            of them, as `lab run --repeat` makes it, is all of them. It may also be
            what `hyperfine --export-json` wrote: each command is an engine, by its
            text or the name that `hyperfine -n` gave it; runs that failed count as
            failures. Or a CSV of raw samples: a heading with `engine` and columns
            that end in a unit (startup-ms, whole-us, size-bytes; ns us ms s min h
            bytes KiB MiB GiB count ratio), a row for each sample, and perhaps a
            column `run` that says which run a row is of. Where either side has a
            single engine of such a file, these two are compared, whatever their
            names.

            What disturbs a machine often lasts as long as a run, so that the run is
            the unit. Two or more runs a side: Welch's t-interval of the difference
            of the means of logarithms; the ratio to the first engine (process,
            where it was measured) decides, since what disturbs both cancels, and
            the times themselves where its interval is more than twice as wide. One
            run beside several: judged by the spread of these. One run a side: times
            are compared by that ratio alone, which assumes that whatever changed
            did not change the first engine; its own times stay undecided.

            For each metric, engine and point: both figures, new / old with its 95 %
            interval, the p-value, corrected after Holm for all rows of the table,
            and the verdict:
              slower, larger      the interval lies above 1, and corrected p < 0.05
              faster, smaller     the same below 1
              no difference larger than X shown
                                  the interval ends within X, and X is at or below
                                  the threshold
              undecided           neither, and why
              missing             OLD has samples and NEW has none
            What is counted and not sampled differs when it does.

            A row is a regression when it is slower or larger by more than the
            threshold, or missing. Less is better in every metric.

            Results of unlike machines, programs or plans are refused with 65, and
            each difference is named. Seed, time, load, the number of samples and
            the program of a build (--engine NAME=KIND:PATH) may differ.

            EXIT CODES
              0   no regression: faster, no difference, or undecided
              1   a regression
              64  a wrong word; 65 malformed or unlike results; 66 no such file

            JSON (--json, schema lab.compare/2): old, new (paths), oldRuns, newRuns,
            baseline, threshold, tested, regression, undecided (a number), unlike,
            rows; each row: metric,
            unit, engine, point, old and new {runs, n, failures, figure, ratio},
            change and ratioChange {value, lower95, upper95}, basis (ratio, figure,
            count), p, correctedP, verdict, reason, bound (X, 0.03 for 3 %),
            regression.

            EXAMPLES
              lab compare results/20261124T064930Z-startup-latency results/latest
              lab compare old new --engine container --metric startup --threshold 3%
              lab compare old new --format csv > changes.csv
              lab compare old new --force

              several runs a side
                lab run startup-latency --repeat 5 --output old
                lab run startup-latency --repeat 5 --output new
                lab compare old new
                lab compare monday/* --with friday/*

              anybody's samples
                hyperfine --export-json old-1.json …
                lab compare old-*.json --with new-*.json
                lab compare before.csv after.csv

              in CI, on a machine of its own: a change that slows the start by more
              than 10 % fails the job, and the comparison is kept beside it
                lab run startup-latency --repeat 3 --output new
                lab compare baseline new --threshold 10% > comparison.md
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case md, csv, json }

    @Argument(
        help: ArgumentHelp(
            "The runs to compare with, and where --with names none, at last the run that is judged.",
            valueName: "OLD… [NEW]"))
    var paths: [String]

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("The runs that are judged; every other path is then OLD.", valueName: "NEW…"))
    var with: [String] = []

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
        let (old, new) = try sides()
        let (before, after) = try ComparedRuns.load(old, new)
        let lab = after[0].result.header.lab
        let engines = try engine.map { word throws(LabError) in
            try Words.engines(word, of: (before + after).flatMap(\.result.header.engines).map(\.id))
        }
        let chosen = try metric.map { text throws(LabError) in try Words.metrics(text, of: lab.metrics) }
        try options.accept(ResultComparison.differences(old: before, new: after, engines: engines))
        let comparison = ResultComparison(
            old: before, new: after, metrics: chosen, engines: engines, threshold: threshold)
        guard !comparison.rows.isEmpty else {
            throw LabError(
                .data, "there is nothing to compare",
                cause: metric.map { "neither side has a sample of \($0)" } ?? "neither side has a sample",
                remedy: "compare without --metric and --engine to see what there is")
        }
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

    /// The paths of either side.
    private func sides() throws(LabError) -> (old: [String], new: [String]) {
        if !with.isEmpty { return (paths, with) }
        guard paths.count != 1 else {
            throw LabError(
                .usage, "one result is named, and none to compare it with",
                remedy: "name one old and one new, or the new ones behind --with")
        }
        guard paths.count == 2 else {
            throw LabError(
                .usage, "\(paths.count) results are named, and not which are new",
                remedy: "name one old and one new, or the new ones behind --with")
        }
        return ([paths[0]], [paths[1]])
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
