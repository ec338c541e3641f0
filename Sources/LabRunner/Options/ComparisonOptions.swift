import ArgumentParser
import LabCore

/// The options that `compare` and `run --baseline` share: when a difference counts.
struct ComparisonOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "How much larger a figure may become before it is a regression; 5% by default.",
            valueName: "3%"))
    var threshold: String?

    @Flag(help: "Compare results that are unlike all the same, and say in what they are.")
    var force = false

    /// As a share: 0.05 for 5 %.
    func chosenThreshold() throws(LabError) -> Double {
        guard let threshold else { return ResultComparison.defaultThreshold }
        return try Words.percentage(threshold, option: "--threshold")
    }

    /// Refuses what is unlike, unless it is forced.
    func accept(_ differences: [ResultDifference]) throws(LabError) {
        if !force, let refusal = ResultComparison.refusal(differences) { throw refusal }
    }
}
