/// A whole run: everything a report needs, and nothing derived.
public struct RunResult: Codable, Equatable, Sendable {
    /// Version of this file's shape. A reader refuses what it does not know.
    public static let schema = "lab.result/5"

    public var header: Header
    public var samples: [Observation]
    public var closing: Closing

    /// The end of a run and what was learnt on the way: the last line of `samples.jsonl`.
    public struct Closing: Codable, Equatable, Sendable {
        public var ending: Ending
        /// Engines that were stopped because they failed too often in a row, each with the last reason.
        public var stopped: [EngineID: Message]
        /// The disturbances of the run while it was made.
        public var warnings: [Environment.Warning]

        public init(
            _ ending: Ending, stopped: [EngineID: Message] = [:], warnings: [Environment.Warning] = []
        ) {
            self.ending = ending
            self.stopped = stopped
            self.warnings = warnings
        }
    }

    public var ending: Ending { closing.ending }

    /// The facts that are known before the first trial: the first line of `samples.jsonl`.
    public struct Header: Codable, Equatable, Sendable {
        public var schema: String
        /// Version of the program that made the result.
        public var version: String
        public var runID: String
        /// UTC, RFC 3339, to the second.
        public var startedAt: String
        public var lab: LabDefinition
        /// The user's command line, shell-quoted: reproduces the run.
        public var command: String
        public var plan: Plan
        public var environment: Environment
        public var engines: [EngineRecord]
        /// SHA-256 by name: `workload` (lab-guest), `root-filesystem`.
        public var digests: [String: String]
        /// The share of the harness in a sample: nanoseconds from `requested` to `cleaned-up` of an engine that
        /// does nothing, measured before the first trial.
        public var harnessNanoseconds: [UInt64]
        /// What the user answered to the lab's predictions before the run, in their order, empty for no answer; nil where
        /// nobody was asked.
        public var predictions: [String]?

        public init(
            version: String, runID: String, startedAt: String, lab: LabDefinition, command: String,
            plan: Plan, environment: Environment, engines: [EngineRecord], digests: [String: String],
            harnessNanoseconds: [UInt64] = []
        ) {
            schema = RunResult.schema
            self.version = version
            self.runID = runID
            self.startedAt = startedAt
            self.lab = lab
            self.command = command
            self.plan = plan
            self.environment = environment
            self.engines = engines
            self.digests = digests
            self.harnessNanoseconds = harnessNanoseconds
        }
    }

    /// The reason why the run stopped.
    public enum Ending: String, Codable, Sendable {
        /// Every planned trial was made, but for those of engines that were stopped, which say so in a footnote.
        case complete
        /// The time budget ended.
        case budget
        /// SIGINT or SIGTERM.
        case interrupted
        /// No end was written: the program was killed. Read back from `samples.jsonl`.
        case killed
    }

    public init(header: Header, samples: [Observation], closing: Closing) {
        self.header = header
        self.samples = samples
        self.closing = closing
    }

    /// Returns the notes on one engine beside its figures.
    public func footnotes(of record: EngineRecord) -> [Message] {
        record.footnotes + portNote(record.id) + (closing.stopped[record.id].map { [$0] } ?? [])
    }

    private func portNote(_ engine: EngineID) -> [Message] {
        guard case .port(let port) = header.lab.command?.readiness,
            header.lab.series.flatMap(\.points).contains(where: { header.lab.sharesPort(engine, at: $0) })
        else { return [] }
        return [
            "several at once are not measured: bare processes have no network of their own, and only one of them can listen on port \(Int(port))"
        ]
    }

    /// Returns what there was before the first mark of an engine's trials, shared by all, or by those under one condition.
    public func prepared(for record: EngineRecord) -> [Message] {
        let conditions = Set(samples.lazy.filter { $0.engine == record.id }.map(\.parameters))
        var prepared = record.prepared ?? []
        if conditions.contains(where: { $0.cgroups == .handedOn }) {
            prepared.append("for cgroups=handed-on: the cgroups of a container that has ended")
        }
        if conditions.contains(where: { $0.variant?.start == .restore }) {
            prepared.append("for start=restore: a VM that was booted and saved")
        }
        return prepared
    }

    /// The reasons why the figures are less sure: the machine before the run and during it.
    public var warnings: [Environment.Warning] { header.environment.warnings + closing.warnings }

    /// The samples of one engine that count in statistics: without the warm-ups.
    public func measuredAnywhere(_ engine: EngineID) -> [Observation] {
        samples.filter { $0.engine == engine && !$0.warmup }
    }
}

/// The machine and its state when the run began. Unknown is nil, never a guess.
public struct Environment: Codable, Equatable, Sendable {
    public var cpuModel: String?
    public var cpuCount: Int
    public var microcode: String?
    public var memoryBytes: UInt64?
    public var kernel: String?
    public var distribution: String?
    /// Vulnerability name → mitigation, from /sys/devices/system/cpu/vulnerabilities.
    public var mitigations: [String: String]
    /// `v1`, `hybrid`, `v2` or `none`.
    public var cgroupLayout: String
    public var governor: String?
    public var turbo: String?
    public var smt: String?
    /// Swap space that is configured, used or not.
    public var swapBytes: UInt64?
    /// One-minute load average when the run began.
    public var load: Double?
    /// Share of the CPU time that the host below gave to others just before the run, 0…1.
    public var stealShare: Double?
    /// Counters of throttling for heat since boot, summed over cores and packages: only their growth means anything.
    public var throttleEvents: UInt64?
    /// The hypervisor under this machine as the CPU names it, nil on bare metal.
    public var hypervisor: String?
    /// The emulator of this machine's processor, nil where that is real: times here are not those of hardware.
    public var emulator: String?
    public var root: Bool
    /// The processors of instances and of the harness, as `--cpus-allowed` chose them; nil without.
    public var placement: Placement?
    /// The settings that `--tune` set for the run and put back afterwards; nil without `--tune`.
    public var tuned: [TunedSetting]?
    /// The reasons why the figures are less sure, each with the remedy.
    public var warnings: [Warning]

    public struct Warning: Codable, Equatable, Sendable {
        public var text: Message
        public var remedy: Message?
        public init(_ text: Message, remedy: Message? = nil) {
            self.text = text
            self.remedy = remedy
        }
    }

    public init(
        cpuModel: String? = nil, cpuCount: Int = 1, microcode: String? = nil, memoryBytes: UInt64? = nil,
        kernel: String? = nil, distribution: String? = nil, mitigations: [String: String] = [:],
        cgroupLayout: String = "none", governor: String? = nil, turbo: String? = nil, smt: String? = nil,
        swapBytes: UInt64? = nil, load: Double? = nil, stealShare: Double? = nil,
        throttleEvents: UInt64? = nil, hypervisor: String? = nil, emulator: String? = nil,
        root: Bool = false, tuned: [TunedSetting]? = nil, warnings: [Warning] = []
    ) {
        self.cpuModel = cpuModel
        self.cpuCount = cpuCount
        self.microcode = microcode
        self.memoryBytes = memoryBytes
        self.kernel = kernel
        self.distribution = distribution
        self.mitigations = mitigations
        self.cgroupLayout = cgroupLayout
        self.governor = governor
        self.turbo = turbo
        self.smt = smt
        self.swapBytes = swapBytes
        self.load = load
        self.stealShare = stealShare
        self.throttleEvents = throttleEvents
        self.hypervisor = hypervisor
        self.emulator = emulator
        self.root = root
        self.tuned = tuned
        self.warnings = warnings
    }
}

extension RunResult.Header {
    /// The engines in the lab's order, then those that the user added.
    public var enginesInOrder: [EngineRecord] {
        let order = lab.engines
        return order.compactMap { id in engines.first { $0.id == id } }
            + engines.filter { !order.contains($0.id) }
    }
}
