/// The role of an engine in the document's comparison.
public enum EngineRole: String, Codable, Sendable, CaseIterable {
    /// The engine that every ratio is to.
    case baseline
    /// One of those that the document compares: a machine that lacks it is the poorer.
    case own
    /// A variant of such a one, which the whole host has to be started for.
    case variant
    /// An engine that users would compare with, measured where it is installed.
    case peer

    /// True when no machine is poorer without it.
    public var isOptional: Bool { self == .variant || self == .peer }
}

/// One way of running a workload as its driver exports it. Every list of engines is made of these.
public struct EngineDescriptor: Sendable {
    public let id: EngineID
    public let kind: EngineKind
    public let role: EngineRole
    /// True when no processor executes its guests' instructions.
    public let emulates: Bool
    /// A description in one line.
    public let summary: Message
    /// The program of somebody else's that it starts, where it has one of its own.
    public let tool: String?
    /// The processes of which one must run so that the tool works; empty for one that needs none.
    public let daemons: [String]
    /// True when another build of its program can be measured in its place, see `EngineBuild`.
    public let takesBuild: Bool
    /// Makes it; of another build of its program where one is given.
    public let make: @Sendable (EngineSettings, EngineBuild?) -> any Engine

    public init(
        _ id: EngineID, _ kind: EngineKind, _ role: EngineRole, emulates: Bool = false, _ summary: Message,
        tool: String? = nil, daemons: [String] = [], takesBuild: Bool = false,
        make: @escaping @Sendable (EngineSettings, EngineBuild?) -> any Engine
    ) {
        self.id = id
        self.kind = kind
        self.role = role
        self.emulates = emulates
        self.summary = summary
        self.tool = tool
        self.daemons = daemons
        self.takesBuild = takesBuild
        self.make = make
    }
}

/// The user's settings for engines apart from the lab's: only VMs listen to all but `builds`.
public struct EngineSettings: Equatable, Sendable {
    /// The name of a VM's machine; nil for the default one.
    public var profile: String?
    /// A libvirt URI; nil for QEMU's driver inside this process.
    public var connect: String?
    /// A kernel's path; nil for one of this machine's.
    public var kernel: String?
    /// True when a kernel may be downloaded when there is none: the only time that lab uses the network.
    public var fetchesKernel: Bool
    /// The builds that the user named as engines of their own.
    public var builds: [EngineBuild] = []

    public init(
        profile: String? = nil, connect: String? = nil, kernel: String? = nil, fetchesKernel: Bool = false
    ) {
        self.profile = profile
        self.connect = connect
        self.kernel = kernel
        self.fetchesKernel = fetchesKernel
    }
}
