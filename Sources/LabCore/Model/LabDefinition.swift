/// A text of a lab's, in each language that it has been written in; English is always there.
public struct LocalizedText: Codable, Equatable, Sendable {
    private var texts: [Language: String]

    /// Nil without English.
    public init?(_ texts: [Language: String]) {
        guard texts[.english] != nil else { return nil }
        self.texts = texts
    }
    public init(en: String, zh: String) { texts = [.english: en, .chinese: zh] }

    public init(from decoder: any Decoder) throws {
        let texts = try decoder.singleValueContainer().decode([Language: String].self)
        guard let text = Self(texts) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "the text has no English"))
        }
        self = text
    }

    public func encode(to encoder: any Encoder) throws {
        var single = encoder.singleValueContainer()
        try single.encode(texts)
    }

    public subscript(_ language: Language) -> String { texts[language] ?? texts[.english] ?? "" }
}

/// A lab as `labs/<id>/lab.yaml` defines it, validated.
public struct LabDefinition: Codable, Equatable, Sendable {
    public var id: String
    /// The path by which the user named it; nil for one of the program's own.
    public var path: String?
    public var title: LocalizedText
    /// The question that the report's first table answers.
    public var question: LocalizedText
    /// The row of the document's table (section 3) that this lab stands behind, in the document's words.
    public var dimension: String
    /// The labs to understand before this one, by their ids; nil for none.
    public var after: [String]?
    /// True when it is run by its name alone: `all` leaves it out.
    public var byName: Bool?
    /// The engines that run by default, in the order of the tables.
    public var engines: [EngineID]
    public var workload: String
    /// The user's own command, which is run instead of the workload; nil for lab-guest.
    public var command: CommandDefinition?
    public var method: Method
    /// Rounds of work in each trial of the method `compute`, nil for the others.
    public var rounds: PerEngine?
    /// The metrics that are reported, the first of them in the answer table.
    public var metrics: [Metric]
    public var samples: Samples
    /// The parts of the run, all interleaved. A lab without parameters has one, `Series.plain`.
    public var series: [Series]
    /// The longest a whole run may take before no new round starts, in seconds.
    public var budgetSeconds: Double
    /// The shortest time over which the blocks of a run are spread, in seconds; 0 lets one follow the other at once.
    public var spreadSeconds: Double
    /// The longest from `requested` to `ready`, in seconds, where a series has none of its own.
    public var timeoutSeconds: Double
    public var memoryBytes: UInt64
    public var cpus: Int
    public var claims: [Claim]
    /// The findings of experiments that are no numbers, in the order of the tables.
    public var facts: [FactRow]?
    /// The words for what experiments are set to; nil where the settings themselves are words.
    public var settings: [SettingTitle]?
    /// This lab's contents for the row of the document's table that is its `dimension`; nil when another lab fills it.
    public var row: TableRow?
    /// Questions that are worth an answer before the run; nil for none.
    public var predictions: [Prediction]?

    /// A question, and what of the run the answer is set beside.
    public struct Prediction: Codable, Equatable, Sendable {
        public var question: LocalizedText
        /// Empty where no single figure or fact answers it.
        public var shows: [TableRow.Shown]

        public init(question: LocalizedText, shows: [TableRow.Shown] = []) {
            self.question = question
            self.shows = shows
        }
    }

    /// A row of the table of what experiments found.
    public struct FactRow: Codable, Equatable, Sendable {
        /// The key of `Observation.facts`.
        public var id: String
        /// Rows of one group stand together; the groups in the order of their first rows.
        public var group: LocalizedText?
        public var title: LocalizedText

        public init(id: String, group: LocalizedText? = nil, title: LocalizedText) {
            self.id = id
            self.group = group
            self.title = title
        }
    }

    /// The words for a setting of an experiment, which itself is a bare number or an option.
    public struct SettingTitle: Codable, Equatable, Sendable {
        /// The value of the factor `experiment`.
        public var experiment: String
        /// The value of the factor `setting`; nil for every one that has no words of its own.
        public var value: String?
        /// The unit of a number that is a size, `KiB`; nil for any other.
        public var unit: String?
        /// Where `{}` stands the value is written.
        public var title: LocalizedText

        public init(experiment: String, value: String? = nil, unit: String? = nil, title: LocalizedText) {
            self.experiment = experiment
            self.value = value
            self.unit = unit
            self.title = title
        }
    }

    /// The procedure of each trial.
    public enum Method: String, Codable, Sendable, CaseIterable {
        /// Start, wait for the end, clean up; marks are the result.
        case lifecycle
        /// Start some instances, read what memory they take while all of them live, end them.
        case memory
        /// Start, let the workload do its rounds of work, end it; time and host CPU time per round are the result. A command
        /// works from when it is ready until it ends, and may say how many operations that were.
        case compute
        /// Do an experiment, see `Experiment`.
        case experiment

        /// The factors that the trials of a series may vary: `argument` only with a command and `compute` without one.
        public var parameters: [Factor] {
            switch self {
            case .lifecycle:
                [.cache, .concurrency, .count, .payload, .isolation, .cgroups, .argument, .variant]
                    + Factor.limits
            case .memory: [.touch, .instances, .variant] + Factor.limits
            case .compute: [.compute, .argument, .variant] + Factor.limits
            case .experiment: [.experiment, .setting, .isolation, .instances, .variant]
            }
        }
    }

    /// A number that may differ for an engine: a VM under emulation takes a thousand times a process's time.
    public struct PerEngine: Codable, Equatable, Sendable {
        public var `default`: Int
        public var perEngine: [EngineID: Int]
        public init(default: Int, perEngine: [EngineID: Int] = [:]) {
            self.default = `default`
            self.perEngine = perEngine
        }
        public func count(for engine: EngineID) -> Int { perEngine[engine] ?? `default` }
    }

    /// The number of trials, and the rule for when there are enough.
    public struct Samples: Codable, Equatable, Sendable {
        public var counts: PerEngine
        public var warmup: Int
        /// Half the width of the 95 % interval of the headline, over the figure, that is narrow enough: 0.03 for ± 3 %.
        /// Where the baseline engine is measured too, it is that of the ratio to it. Nil to take the planned number and
        /// no more.
        public var precision: Double?
        /// While an interval is wider than that, its engine gets up to so many times its planned samples.
        public var growth: Int

        public init(
            default: Int, perEngine: [EngineID: Int] = [:], warmup: Int, precision: Double? = nil,
            growth: Int = 1
        ) {
            counts = PerEngine(default: `default`, perEngine: perEngine)
            self.warmup = warmup
            self.precision = precision
            self.growth = growth
        }
        public func count(for engine: EngineID) -> Int { counts.count(for: engine) }
    }

    public init(
        id: String, title: LocalizedText, question: LocalizedText, dimension: String, engines: [EngineID],
        workload: String, method: Method, rounds: PerEngine? = nil, metrics: [Metric], samples: Samples,
        series: [Series] = [.plain], budgetSeconds: Double, spreadSeconds: Double = 0, timeoutSeconds: Double,
        memoryBytes: UInt64, cpus: Int, claims: [Claim], facts: [FactRow]? = nil,
        settings: [SettingTitle]? = nil, row: TableRow? = nil
    ) {
        self.id = id
        self.title = title
        self.question = question
        self.dimension = dimension
        self.engines = engines
        self.workload = workload
        self.method = method
        self.rounds = rounds
        self.metrics = metrics
        self.samples = samples
        self.series = series
        self.budgetSeconds = budgetSeconds
        self.spreadSeconds = spreadSeconds
        self.timeoutSeconds = timeoutSeconds
        self.memoryBytes = memoryBytes
        self.cpus = cpus
        self.claims = claims
        self.facts = facts
        self.settings = settings
        self.row = row
    }
}

/// A quantity derived from observations.
public struct Metric: Codable, Equatable, Sendable {
    public enum Source: Codable, Equatable, Sendable {
        /// The time between two marks of the timeline.
        case span(from: Mark, to: Mark)
        /// An entry of `Observation.values`.
        case value(String)
        /// The growth of an entry of `Observation.values` with a parameter whose values are numbers: the slope of a
        /// robust line through the samples of all of them.
        case slope(String, over: Factor)
    }
    public var id: String
    public var title: LocalizedText
    public var unit: Unit
    public var source: Source
    /// True when it is counted and not sampled, like the size of a file: then its interval reaches from the least to
    /// the most that was counted, however few the samples. Always so of a truth.
    public var exact: Bool?
    /// True when a larger figure is the better one; nil where less is.
    public var moreIsBetter: Bool?

    public var isExact: Bool { unit == .truth || exact == true }

    public init(id: String, title: LocalizedText, unit: Unit, source: Source, exact: Bool? = nil) {
        self.id = id
        self.title = title
        self.unit = unit
        self.source = source
        self.exact = exact
    }

    /// The value whose growth this metric is; nil for one that is no slope.
    public var grown: String? {
        if case .slope(let value, _) = source { value } else { nil }
    }

    /// The entry of `Observation.values` that it is made from; nil for a span of time.
    public var key: String? {
        switch source {
        case .span: nil
        case .value(let key), .slope(let key, _): key
        }
    }

    /// True when it is the growth of a value with a factor.
    public var isSlope: Bool { grown != nil }

    /// Returns the place of a sample that was taken at a condition: a slope goes through all values of its factor.
    public func place(of condition: Condition) -> Condition {
        if case .slope(_, let factor) = source { condition.without(factor) } else { condition }
    }

    /// This metric of one completed observation; nil when it failed or did not yield it. For a slope the value that
    /// grows.
    public func value(of observation: Observation) -> Double? {
        guard observation.outcome.isCompleted else { return nil }
        switch source {
        case .span(let from, let to): return observation.timeline.span(from: from, to: to).map { Double($0) }
        case .value(let key), .slope(let key, _): return observation.values[key]
        }
    }
}
