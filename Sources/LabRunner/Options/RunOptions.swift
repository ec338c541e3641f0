import ArgumentParser
import LabCore

/// The options of a run, apart from what an instance is made of.
struct RunOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Engines to measure, separated by commas or said one by one; by default those of the lab. NAME=KIND:PATH is another build of one, under a name of its own.",
            valueName: "a,b"))
    var engine: [String] = []

    @Option(
        help: ArgumentHelp(
            "Parts of the run, separated by commas; by default all of the lab's series.", valueName: "a,b"))
    var series: String?

    @Option(
        help: ArgumentHelp(
            "Measure at each of these limits instead of the lab's one: memory=SIZE,SIZE… or cpus=N,N…; said twice, all combinations. Of a lab with several series each engine's first is swept, or those that --series names.",
            valueName: "NAME=V,V"))
    var sweep: [String] = []

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
            "No round of trials starts later than this after the run began.", valueName: "2min"))
    var budget: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Spread a run that is over sooner over so much time; by default as the lab says.",
            valueName: "30s"))
    var spread: String?

    @Flag(
        help: ArgumentHelp(
            "For first looks and CI: a fifth of the samples, at least 5, and a third of the budget."))
    var quick = false

    @Flag(
        help: ArgumentHelp(
            "Make the CPU frequency steady for the run: governor performance, turbo off. Needs root; put back at the end."
        ))
    var tune = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Seed of the order of the trials; by default a new one, which is recorded.", valueName: "N"))
    var seed: String?

    static let mostSamples = 100_000
    /// The divisor of a lab's samples with `--quick`.
    private static let quickShare = 5
    private static let quickFewest = 5
    private static let quickBudgetShare = 3.0

    /// The same said of one lab of several: of the engines that were named those that are its own, and with `--quick` only
    /// the series and engines that the document's table and the lab's claims need. Nil where it has none of the engines.
    func narrowed(to lab: LabDefinition) throws(LabError) -> RunOptions? {
        guard series == nil, sweep.isEmpty else {
            throw LabError(
                .usage,
                "\(series == nil ? "--sweep" : "--series") is about one lab, and several are named",
                remedy: "run each of them by itself")
        }
        var options = self
        if !engine.isEmpty {
            let named = try Words.engines(engine)
            let own = lab.engines.flatMap { id in named.filter { $0.kind == id } }
            guard !own.isEmpty else { return nil }
            options.engine = [own.map(\.word).joined(separator: ",")]
        }
        guard quick else { return options }
        let needed = try options.apply(to: lab).withOnlyWhatItsClaimsNeed
        if needed.series.map(\.id) != lab.series.map(\.id) {
            options.series = needed.series.map(\.id).joined(separator: ",")
        }
        // Who names engines wants them.
        if engine.isEmpty, needed.engines != lab.engines {
            options.engine = [needed.engines.map(\.rawValue).joined(separator: ",")]
        }
        return options
    }

    /// `definition` with what was said here.
    func apply(to definition: LabDefinition) throws(LabError) -> LabDefinition {
        var lab = definition
        if !engine.isEmpty {
            let named = try Words.engines(engine)
            lab.engines = named.map(\.id)
            let builds = named.compactMap(\.build)
            for build in builds { lab.admit(build) }
            if builds.count > 1 { lab.comparesBuilds() }
        }
        if let series {
            let known = lab.series.map(\.id)
            var chosen: [String] = []
            for word in series.split(separator: ",", omittingEmptySubsequences: false) {
                chosen.append(
                    try Words.choice(word.trimmingWhitespace(), option: "--series", of: known))
            }
            lab.series = lab.series.filter { chosen.contains($0.id) }
        }
        if quick {
            // Half a minute a start where a processor is emulated: who wants it names it.
            if series == nil { lab.series.removeAll { !$0.points.allSatisfy { $0.system == nil } } }
            lab.changeSamples { $0 = Self.quick($0) }
            lab.budgetSeconds /= Self.quickBudgetShare
            lab.spreadSeconds /= Double(Self.quickShare)
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
        if let spread { lab.spreadSeconds = try Words.seconds(spread, option: "--spread") }
        if let budget { lab.budgetSeconds = try Words.seconds(budget, option: "--budget") }
        if !sweep.isEmpty { lab = try lab.swept(over: Words.limits(sweep), all: series != nil) }
        return lab
    }

    /// Never more than before.
    private static func quick(_ samples: LabDefinition.Samples) -> LabDefinition.Samples {
        func fewer(_ count: Int) -> Int { min(count, max(quickFewest, count / quickShare)) }
        var fewerSamples = samples
        fewerSamples.counts.default = fewer(samples.counts.default)
        fewerSamples.counts.perEngine = samples.counts.perEngine.mapValues(fewer)
        fewerSamples.precision = nil
        fewerSamples.growth = 1
        return fewerSamples
    }

    /// The seed that was given, else a new one, short enough to be typed again.
    func chosenSeed() throws(LabError) -> UInt64 {
        guard let seed else { return UInt64(UInt32.random(in: .min ... .max)) }
        return try Words.seed(seed)
    }

    /// The words that say the same again, with the seed that was chosen.
    func words(seed: UInt64) -> [String] {
        var options = self
        options.seed = String(seed)
        return options.saidWords
    }
}
