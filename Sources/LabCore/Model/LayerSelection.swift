/// The layers of a container's isolation, in the order in which a start goes through them.
public enum IsolationLayer: String, CaseIterable, Sendable {
    case limits, pid, mount, network, ipc, uts
    case cgroupNamespace = "cgroup-namespace"
    case kernelFiles = "kernel-files"
    case devices, capabilities
    case noNewPrivileges = "no-new-privileges"
    case seccomp

    /// The layer without which this one can't be; nil for one that stands alone.
    public var prerequisite: IsolationLayer? { self == .devices || self == .kernelFiles ? .mount : nil }
}

/// Which layers of its isolation are put around a workload.
public enum LayerSelection: Hashable, Sendable, CustomStringConvertible {
    case none
    /// One layer, and what it can't be without.
    case only(IsolationLayer)
    /// All layers but one, and but those that can't be without that one.
    case without(IsolationLayer)
    /// The layers in the order of a start, up to and with one: a rung of the ladder.
    case upTo(IsolationLayer)

    public var layers: [IsolationLayer] {
        let all = IsolationLayer.allCases
        return switch self {
        case .none: []
        case .only(let one): all.filter { $0 == one || $0 == one.prerequisite }
        case .without(let one): all.filter { $0 != one && $0.prerequisite != one }
        // In the order of a start no layer comes before what it needs.
        case .upTo(let one): Array(all.prefix { $0 != one }) + [one]
        }
    }

    /// The layer that it names.
    public var layer: IsolationLayer? {
        switch self {
        case .none: nil
        case .only(let layer), .without(let layer), .upTo(let layer): layer
        }
    }

    public var description: String {
        switch self {
        case .none: "none"
        case .only(let layer): "only-\(layer.rawValue)"
        case .without(let layer): "without-\(layer.rawValue)"
        case .upTo(let layer): "up-to-\(layer.rawValue)"
        }
    }

    public static let all: [LayerSelection] =
        [none] + [only, without, upTo].flatMap { form in IsolationLayer.allCases.map(form) }

    /// - Throws: `.usage` for a word that says none of them.
    public init(_ word: String) throws(LabError) {
        guard let known = Self.all.first(where: { $0.description == word }) else {
            throw LabError(
                .usage,
                "\(ForeignText.quoted(word)) names no ablation\(didYouMean(word, in: Self.all.map(\.description)))",
                remedy: "use none, only-LAYER, without-LAYER or up-to-LAYER; a layer is one of "
                    + "\(IsolationLayer.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self = known
    }
}
