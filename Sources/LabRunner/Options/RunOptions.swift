import ArgumentParser
import LabCore

/// How a run is made, apart from what an instance is made of.
struct RunOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Engines to measure, separated by commas; by default those of the lab.", valueName: "a,b"))
    var engine: String?

    @Option(
        help: ArgumentHelp(
            "Parts of the run, separated by commas; by default all of the lab's series.", valueName: "a,b"))
    var series: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Samples of each engine; by default as the lab says.", valueName: "N"))
    var samples: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Trials of each engine before the samples, kept but not counted.", valueName: "N"))
    var warmup: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Seed of the order of the trials; by default a new one, which is recorded.", valueName: "N"))
    var seed: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("No trial starts later than this after the run began.", valueName: "2min"))
    var budget: String?

    static let mostSamples = 100_000

    /// `definition` with what was said here.
    func apply(to definition: LabDefinition) throws(LabError) -> LabDefinition {
        var lab = definition
        if let engine { lab.engines = try Words.engines(engine) }
        if let series {
            let known = lab.series.map(\.id)
            var chosen: [String] = []
            for word in series.split(separator: ",", omittingEmptySubsequences: false) {
                chosen.append(
                    try Words.choice(word.trimmingWhitespace(), option: "--series", of: known))
            }
            lab.series = lab.series.filter { chosen.contains($0.id) }
        }
        if let samples {
            let count = try Words.count(samples, option: "--samples", in: 1...Self.mostSamples)
            lab.changeSamples { samples in
                samples.counts = LabDefinition.PerEngine(default: count)
                // Who says a number wants that number.
                samples.precision = nil
                samples.growth = 1
            }
        }
        if let warmup {
            let count = try Words.count(warmup, option: "--warmup", in: 0...Self.mostSamples)
            lab.changeSamples { $0.warmup = count }
        }
        if let budget { lab.budgetSeconds = try Words.seconds(budget, option: "--budget") }
        return lab
    }

    /// The seed that was given, else a new one, short enough to be typed again.
    func chosenSeed() throws(LabError) -> UInt64 {
        guard let seed else { return UInt64(UInt32.random(in: .min ... .max)) }
        return try Words.seed(seed)
    }

    /// The words that say the same again, with the seed that was chosen.
    func words(seed: UInt64) -> [String] {
        let options = [
            ("--engine", engine), ("--series", series), ("--samples", samples), ("--warmup", warmup),
            ("--budget", budget),
        ]
        return options.flatMap { name, value in value.map { [name, $0] } ?? [] } + ["--seed", String(seed)]
    }
}
