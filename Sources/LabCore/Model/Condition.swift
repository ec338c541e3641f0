/// A respect in which trials of one engine may differ, by the name that labs, results and commands have for it.
///
/// A factor has its case here, its value in `Condition`, and its words for readers in `Report/Texts/ConditionTexts`. What it
/// does is with who reads that value: `TrialProcedure`, an engine, or an experiment.
public enum Factor: String, Codable, CodingKeyRepresentable, Hashable, Sendable, CaseIterable, Comparable {
    case cache, concurrency, count, payload, isolation, cgroups, touch, instances, compute, argument,
        experiment, setting, variant, memory, cpus

    /// Those of which the most that an instance may have is a matter, `lab run --sweep`.
    public static let limits: [Factor] = [.memory, .cpus]

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// The most instances that one trial may have alive at once.
    public static let mostInstances = 256

    /// Made once: a sample is written between two trials.
    private static let fields = Dictionary(uniqueKeysWithValues: allCases.map { ($0, $0.declaration) })
    fileprivate var field: Field<Condition> { Self.fields[self] ?? declaration }

    private var declaration: Field<Condition> {
        switch self {
        case .cache: .choice(\.cache)
        case .concurrency: .number(\.concurrency, in: 1...Self.mostInstances)
        case .count: .choice(\.count)
        case .payload: .choice(\.system)
        case .isolation: Field(\.isolation, read: LayerSelection.init, write: \.description)
        case .cgroups: .choice(\.cgroups)
        case .touch: .number(\.touch, in: 0...65_536)
        case .instances: .number(\.instances, in: 1...Self.mostInstances)
        case .compute: .word(\.compute, of: Workload.computeKinds)
        case .argument: Field(\.argument, read: CommandDefinition.argument) { $0 }
        case .experiment: .word(\.experiment)
        case .setting: .word(\.setting)
        case .variant: Field(\.variant, read: VMVariant.init, write: \.description)
        case .memory: .size(\.memory)
        case .cpus: .number(\.cpus, in: 1...1_024)
        }
    }
}

/// The circumstances of a trial: a value for each factor that is varied, nil for the others. Empty where nothing is.
public struct Condition: Hashable, Sendable {
    /// The caches that are dropped before the request: all of the host's page cache, dentries and inodes.
    public var cache: Cache?
    /// The number of instances that are asked for at the same moment; the marks are those of the last of them.
    public var concurrency: Int?
    /// The hypervisor's counts, read at the end of the guest's life, before it is removed: a VM's guest stays after its last
    /// word until then. The reading takes time, so trials whose removal is timed do without.
    public var count: Counted?
    /// The system that lab-guest is a service of; nil where it runs alone. As a factor it is called `payload`.
    public var system: System?
    /// Which layers of its isolation a container has, for the ablation of its start; nil for all. An instance that was
    /// started with it times no steps: they are not those of `EngineRecord.steps`.
    public var isolation: LayerSelection?
    /// The origin of a container's cgroups; nil for those that are made and removed with it.
    public var cgroups: Cgroups?
    /// MiB that the workload writes to before it is ready.
    public var touch: Int?
    /// The number of instances that live at the same time.
    public var instances: Int?
    /// The sort of work that is done, one of `Workload.computeKinds`.
    public var compute: String?
    /// The word behind those of the lab's command.
    public var argument: String?
    /// Which experiment is made, see `Experiment`.
    public var experiment: String?
    /// The way in which the experiment is made; each knows its own.
    public var setting: String?
    /// The way in which a VM is made where it is not as its engine makes it by default.
    public var variant: VMVariant?
    /// Bytes of memory of an instance, where they are not those of the lab.
    public var memory: UInt64?
    /// The number of processors of an instance, likewise.
    public var cpus: Int?

    public enum Cache: String, CaseIterable, Sendable { case cold }
    public enum Counted: String, CaseIterable, Sendable { case exits }
    /// Those of a container that has ended, if they are as good as new: neither made nor removed between the marks. Up to
    /// a 64th of the memory limit may still be charged to them at first.
    public enum Cgroups: String, CaseIterable, Sendable { case handedOn = "handed-on" }
    public enum System: String, CaseIterable, Sendable {
        /// A distribution with its own init: `SystemTree`.
        case complete = "system"
    }

    public init() {}

    /// One value, from its word.
    /// - Throws: `.usage` for a word that is none of the factor's values.
    public init(_ factor: Factor, _ word: String) throws(LabError) { try factor.field.read(word, &self) }

    /// The word for a factor's value, as labs write it and results hold it.
    public subscript(factor: Factor) -> String? { factor.field.write(self) }

    /// The factors that have a value.
    public var factors: [Factor] { Factor.allCases.filter { self[$0] != nil } }
    public var isEmpty: Bool { self == Condition() }

    public func without(_ factor: Factor) -> Condition {
        var rest = self
        factor.field.copy(Condition(), &rest)
        return rest
    }

    /// Without limits of its own: as the lab gives them to all its instances.
    public var withoutLimits: Condition { without(.memory).without(.cpus) }

    /// The value of one factor alone.
    public func only(_ factor: Factor) -> Condition {
        var one = Condition()
        factor.field.copy(self, &one)
        return one
    }

    /// These values, and those of `other` where it has some.
    public func merging(_ other: Condition) -> Condition {
        other.factors.reduce(into: self) { $1.field.copy(other, &$0) }
    }

    /// Returns true when everything that holds in `other` holds here.
    public func includes(_ other: Condition) -> Bool { merging(other) == self }

    /// For messages and seeds: `instances=4, touch=64`; empty where nothing is varied.
    public var text: String {
        factors.sorted().map { "\($0.rawValue)=\(self[$0] ?? "")" }.joined(separator: ", ")
    }
}

extension Condition: ExpressibleByDictionaryLiteral {
    /// For conditions that are written in code: traps on a word that is no value of its factor.
    public init(dictionaryLiteral words: (Factor, String)...) {
        for (factor, word) in words {
            do { try factor.field.read(word, &self) } catch {
                preconditionFailure("\(factor.rawValue): \(error)")
            }
        }
    }
}

/// An object of words by the factors' names.
extension Condition: Codable {
    public init(from decoder: any Decoder) throws {
        for (factor, word) in try [Factor: String](from: decoder) {
            do throws(LabError) { try factor.field.read(word, &self) } catch {
                throw error.inData(decoder.codingPath + [factor.codingKey], word)
            }
        }
    }

    public func encode(to encoder: any Encoder) throws {
        try factors.reduce(into: [Factor: String]()) { $0[$1] = self[$1] }.encode(to: encoder)
    }
}

extension LabError {
    /// That a word of a file is none.
    func inData(_ path: [any CodingKey], _ word: String) -> DecodingError {
        .dataCorrupted(
            .init(codingPath: path, debugDescription: ForeignText.quoted(word), underlyingError: self))
    }
}
