/// A text in the two languages of the project.
public struct LocalizedText: Codable, Equatable, Sendable {
    public var en: String
    public var zh: String
    public init(en: String, zh: String) {
        self.en = en
        self.zh = zh
    }
}

/// A lab as `labs/<id>/lab.yaml` defines it, validated.
public struct LabDefinition: Codable, Equatable, Sendable {
    public var id: String
    public var title: LocalizedText
    /// The question that the report's first table answers.
    public var question: LocalizedText
    /// The row of the document's table (section 3) that this lab stands behind, in the document's words.
    public var dimension: String
    /// The engines that run by default, in the order of the tables.
    public var engines: [EngineID]
    public var workload: String
    public var method: Method
    /// What is reported, the first of them in the answer table.
    public var metrics: [Metric]
    public var samples: Samples
    /// The longest a whole run may take before no new trial starts, in seconds.
    public var budgetSeconds: Double
    /// The longest from `requested` to `ready`, in seconds.
    public var timeoutSeconds: Double
    public var memoryBytes: UInt64
    public var cpus: Int
    public var claims: [Claim]

    /// The procedure of each trial.
    public enum Method: String, Codable, Sendable, CaseIterable {
        /// Start, wait for the end, clean up; marks are the result.
        case lifecycle
    }

    /// How many trials. An engine may differ: a VM under emulation takes a thousand times a process's time.
    public struct Samples: Codable, Equatable, Sendable {
        public var `default`: Int
        public var perEngine: [EngineID: Int]
        public var warmup: Int
        public init(default: Int, perEngine: [EngineID: Int] = [:], warmup: Int) {
            self.default = `default`
            self.perEngine = perEngine
            self.warmup = warmup
        }
        public func count(for engine: EngineID) -> Int { perEngine[engine] ?? `default` }
    }

    public init(
        id: String, title: LocalizedText, question: LocalizedText, dimension: String, engines: [EngineID],
        workload: String, method: Method, metrics: [Metric], samples: Samples, budgetSeconds: Double,
        timeoutSeconds: Double, memoryBytes: UInt64, cpus: Int, claims: [Claim]
    ) {
        self.id = id
        self.title = title
        self.question = question
        self.dimension = dimension
        self.engines = engines
        self.workload = workload
        self.method = method
        self.metrics = metrics
        self.samples = samples
        self.budgetSeconds = budgetSeconds
        self.timeoutSeconds = timeoutSeconds
        self.memoryBytes = memoryBytes
        self.cpus = cpus
        self.claims = claims
    }
}

/// A quantity derived from observations.
public struct Metric: Codable, Equatable, Sendable {
    public enum Unit: String, Codable, Sendable, CaseIterable { case nanoseconds, bytes, ratio, count }
    public enum Source: Codable, Equatable, Sendable {
        /// The time between two marks of the timeline.
        case span(from: Mark, to: Mark)
        /// An entry of `Observation.values`.
        case value(String)
    }
    public var id: String
    public var title: LocalizedText
    public var unit: Unit
    public var source: Source

    public init(id: String, title: LocalizedText, unit: Unit, source: Source) {
        self.id = id
        self.title = title
        self.unit = unit
        self.source = source
    }

    /// This metric of one completed observation; nil when it failed or did not yield it.
    public func value(of observation: Observation) -> Double? {
        guard observation.outcome.isCompleted else { return nil }
        switch source {
        case .span(let from, let to): return observation.timeline.span(from: from, to: to).map { Double($0) }
        case .value(let key): return observation.values[key]
        }
    }
}

/// One statement of the document and the rule that judges it. The rule is data: no verdict is written in code.
public struct Claim: Codable, Equatable, Sendable {
    public enum Subject: String, Codable, Sendable, CaseIterable { case vm, container }
    public var id: String
    public var subject: Subject
    /// Where it stands, for example `3 · 启动速度`.
    public var source: String
    /// The document's words (`zh`) and their translation (`en`).
    public var text: LocalizedText
    public var rule: Rule

    /// The claim holds when the metric of the engine lies within the bounds.
    public struct Rule: Codable, Equatable, Sendable {
        public var metric: String
        /// The first of these that has samples is judged.
        public var engines: [EngineID]
        /// Judge the ratio to this engine instead of the value itself.
        public var relativeTo: EngineID?
        /// Inclusive bounds, in the metric's unit (or as a ratio); nil means unbounded.
        public var atLeast: Double?
        public var atMost: Double?
        /// What a figure from emulation can carry: emulation only makes a VM slower, so a time *below* the
        /// lower bound contradicts the claim all the more, and nothing else follows from it.
        public var emulation: Emulation

        public enum Emulation: String, Codable, Sendable, CaseIterable {
            /// Emulated figures give no verdict.
            case never
            /// Emulated figures may contradict `atLeast`, nothing else.
            case contradictsLowerBound = "contradicts-lower-bound"
        }

        public init(
            metric: String, engines: [EngineID], relativeTo: EngineID? = nil, atLeast: Double? = nil,
            atMost: Double? = nil, emulation: Emulation = .never
        ) {
            self.metric = metric
            self.engines = engines
            self.relativeTo = relativeTo
            self.atLeast = atLeast
            self.atMost = atMost
            self.emulation = emulation
        }
    }

    public init(id: String, subject: Subject, source: String, text: LocalizedText, rule: Rule) {
        self.id = id
        self.subject = subject
        self.source = source
        self.text = text
        self.rule = rule
    }
}
