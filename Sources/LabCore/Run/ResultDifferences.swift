/// A way in which two results are unlike, so that their figures can't be set against each other.
public struct ResultDifference: Codable, Equatable, Sendable {
    /// The name of what differs in the result's file: `environment.kernel`, `engines.qemu.details.libvirt`.
    public var field: String
    /// Its values; `unknown` where the result does not say.
    public var old: Message
    public var new: Message

    public init(_ field: String, old: Message, new: Message) {
        self.field = Self.shown(field)
        self.old = old
        self.new = new
    }

    /// A result may come from anywhere: shortened, and without what a terminal would obey.
    fileprivate static func shown(_ text: String) -> String { ForeignText.line(text, most: 200) }
}

extension RunResult.Header {
    /// The part of the memory that the kernel keeps varies from boot to boot; less than this share is no difference.
    private static let memoryTolerance = 0.01

    /// Everything that must be alike before figures of two runs may be compared, and is not.
    ///
    /// Free to differ are the seed, the run, its time, load and warnings, the number of samples, the budget, titles and
    /// claims, and the version of lab itself: what a newer one changes is what a comparison is to show.
    /// - Parameter engines: those that are compared; nil for all, which then must be the same in both.
    public func differences(from old: Self, engines: [EngineID]? = nil) -> [ResultDifference] {
        var found = DifferenceFinder()
        found.compareLabs(old.lab, lab)
        found.compareEnvironments(old.environment, environment, memoryTolerance: Self.memoryTolerance)
        found.compare("digests", old.digests, digests)
        found.compareEngines(old, self, among: engines)
        return found.differences
    }

    /// In what the machines of two runs are unlike, whatever was run on them.
    public func environmentDifferences(from old: Self) -> [ResultDifference] {
        var found = DifferenceFinder()
        found.compareEnvironments(old.environment, environment, memoryTolerance: Self.memoryTolerance)
        return found.differences
    }

    /// The part that is known before any engine is asked: labs, environments and the bytes that run.
    public static func earlyDifferences(
        old: Self, lab: LabDefinition, environment: Environment, digests: [String: String]
    ) -> [ResultDifference] {
        var found = DifferenceFinder()
        found.compareLabs(old.lab, lab)
        found.compareEnvironments(old.environment, environment, memoryTolerance: memoryTolerance)
        found.compare("digests", old.digests, digests)
        return found.differences
    }
}

/// Collects differences in the order in which they are looked for.
private struct DifferenceFinder {
    var differences: [ResultDifference] = []

    mutating func compare(_ field: String, _ old: String?, _ new: String?) {
        func shown(_ text: String?) -> Message? {
            text.map { Message(verbatim: ResultDifference.shown($0)) }
        }
        compare(field, shown(old), shown(new))
    }

    mutating func compare(_ field: String, _ old: Message?, _ new: Message?) {
        guard old != new else { return }
        differences.append(ResultDifference(field, old: old ?? "unknown", new: new ?? "unknown"))
    }

    mutating func compare(_ field: String, _ old: [String: String], _ new: [String: String]) {
        compare(field, old.mapValues(Self.orNone), new.mapValues(Self.orNone))
    }

    /// Each key by itself; one that only one side has differs.
    mutating func compare(_ field: String, _ old: [String: Message], _ new: [String: Message]) {
        for key in Set(old.keys).union(new.keys).sorted() { compare("\(field).\(key)", old[key], new[key]) }
    }

    mutating func compareLabs(_ old: LabDefinition, _ new: LabDefinition) {
        compare("lab.id", old.id, new.id)
        compare("lab.method", old.method.rawValue, new.method.rawValue)
        compare("lab.workload", old.workload, new.workload)
        compare("lab.command.readiness", old.command?.readiness.word, new.command?.readiness.word)
        compare("lab.rounds", old.rounds.map(Self.text), new.rounds.map(Self.text))
        compare("lab.memoryBytes", "\(old.memoryBytes)", "\(new.memoryBytes)")
        compare("lab.cpus", "\(old.cpus)", "\(new.cpus)")
        // A start that takes longer is a failure and no figure: another limit cuts off another tail.
        compare("lab.timeoutSeconds", "\(old.timeoutSeconds)", "\(new.timeoutSeconds)")
        compare("lab.metrics", Self.named(old.metrics.map(Self.text)), Self.named(new.metrics.map(Self.text)))
        compare("lab.series", Self.named(old.series.map(Self.text)), Self.named(new.series.map(Self.text)))
    }

    mutating func compareEnvironments(_ old: Environment, _ new: Environment, memoryTolerance: Double) {
        compare("environment.cpuModel", old.cpuModel, new.cpuModel)
        compare("environment.cpuCount", "\(old.cpuCount)", "\(new.cpuCount)")
        compare("environment.microcode", old.microcode, new.microcode)
        if !Self.alike(old.memoryBytes, new.memoryBytes, within: memoryTolerance) {
            compare(
                "environment.memoryBytes", old.memoryBytes.map(String.init), new.memoryBytes.map(String.init))
        }
        compare("environment.kernel", old.kernel, new.kernel)
        compare("environment.distribution", old.distribution, new.distribution)
        compare("environment.mitigations", old.mitigations, new.mitigations)
        compare("environment.cgroupLayout", old.cgroupLayout, new.cgroupLayout)
        compare("environment.governor", old.governor, new.governor)
        compare("environment.turbo", old.turbo, new.turbo)
        compare("environment.smt", old.smt, new.smt)
        compare("environment.swapBytes", old.swapBytes.map(String.init), new.swapBytes.map(String.init))
        compare("environment.hypervisor", Self.orNone(old.hypervisor), Self.orNone(new.hypervisor))
        compare("environment.emulator", Self.orNone(old.emulator), Self.orNone(new.emulator))
        compare("environment.root", "\(old.root)", "\(new.root)")
        let (before, after) = (old.placement, new.placement)
        compare(
            "environment.placement.measured", Self.orNone(before?.measured.description),
            Self.orNone(after?.measured.description))
        compare(
            "environment.placement.harness", Self.orNone(before?.harness.description),
            Self.orNone(after?.harness.description))
    }

    mutating func compareEngines(
        _ old: RunResult.Header, _ new: RunResult.Header, among wanted: [EngineID]?
    ) {
        func measured(_ header: RunResult.Header) -> [EngineRecord] {
            let planned = Set(header.plan.trials.map(\.engine))
            return header.engines.filter { planned.contains($0.id) && (wanted?.contains($0.id) ?? true) }
        }
        let (before, after) = (measured(old), measured(new))
        func names(_ records: [EngineRecord]) -> Message {
            .names(records.map { ResultDifference.shown($0.id.rawValue) }.sorted())
        }
        compare("plan.engines", names(before), names(after))
        for record in before {
            guard let other = after.first(where: { $0.id == record.id }) else { continue }
            let field = "engines.\(record.id)"
            compare("\(field).kind", record.kind.rawValue, other.kind.rawValue)
            compare("\(field).emulated", "\(record.emulated)", "\(other.emulated)")
            // Where the program lies makes no difference, and what it is, is what a build is judged for.
            compare(
                "\(field).build.kind", Self.orNone(record.build?.kind.rawValue),
                Self.orNone(other.build?.kind.rawValue))
            if record.build != nil && other.build != nil { continue }
            compare(
                "\(field).details", Self.named(record.details.map { ($0.name.english, $0.value) }),
                Self.named(other.details.map { ($0.name.english, $0.value) }))
            compare("\(field).digests", record.digests, other.digests)
        }
    }

    private static func orNone(_ text: String?) -> Message {
        text.map { Message(verbatim: ResultDifference.shown($0)) } ?? "none"
    }

    private static func alike(_ old: UInt64?, _ new: UInt64?, within share: Double) -> Bool {
        guard let old, let new else { return old == new }
        return abs(Double(old) - Double(new)) <= share * Double(max(old, new))
    }

    /// By name; several of one name as one text, since a peer may list two mounts.
    private static func named(_ parts: [(name: String, text: Message)]) -> [String: Message] {
        Dictionary(parts.map { ($0.name, $0.text) }) { "\($0); \($1)" }
    }

    private static func text(_ metric: Metric) -> (name: String, text: Message) {
        let source: Message =
            switch metric.source {
            case .span(let from, let to): "\(from.rawValue) to \(to.rawValue)"
            case .value(let key): Message(verbatim: ResultDifference.shown(key))
            case .slope(let key, let parameter):
                "slope of \(ResultDifference.shown(key)) over \(parameter.rawValue)"
            }
        return (metric.id, "\(source) in \(metric.unit.rawValue)")
    }

    private static func text(_ series: Series) -> (name: String, text: Message) {
        let parts = series.parameters.map { "\($0.parameter.rawValue) \($0.words.joined(separator: "|"))" }
        let varied = ResultDifference.shown(parts.joined(separator: ", "))
        let limit = series.timeoutSeconds.map { ", timeout=\($0) s" } ?? ""
        let engines = series.engines.map {
            ResultDifference.shown($0.map(\.rawValue).joined(separator: ", "))
        }
        return (
            series.id,
            "\(varied.isEmpty ? "nothing varied" : Message(verbatim: varied + limit))\(engines.map { " on \($0)" } ?? "")"
        )
    }

    private static func text(_ count: LabDefinition.PerEngine) -> String {
        (["\(count.default)"]
            + count.perEngine.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" })
            .joined(separator: ", ")
    }
}
