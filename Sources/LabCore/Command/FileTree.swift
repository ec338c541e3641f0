/// The files that a command runs in: layers as overlayfs stacks them, and what an image says of how it is run.
public struct FileTree: Equatable, Sendable {
    /// As the user named it.
    public var reference: String
    /// Directories, the lowest first.
    public var layers: [String]
    /// All of several layers in one directory, for an engine that stacks none; nil where nobody made one.
    public var merged: String?
    /// SHA-256 of what is in it; nil for the host's own root, which changes while it is read.
    public var digest: String?
    public var config: ImageConfig
    /// Keeps the layers where they are.
    public var hold: TreeHold?

    public init(
        reference: String, layers: [String], merged: String? = nil, digest: String?,
        config: ImageConfig = ImageConfig(), hold: TreeHold? = nil
    ) {
        self.reference = reference
        self.layers = layers
        self.merged = merged
        self.digest = digest
        self.config = config
        self.hold = hold
    }

    /// The transports by which an image is named that is a file or directory, as containers-transports(5) has them.
    public static let transports = ["oci", "oci-archive", "docker-archive"]

    /// True when it is the root of the host itself: then a bare process is started with nothing around it.
    public var isHostRoot: Bool { layers == ["/"] }

    /// One directory with all of it; nil where there are several layers and nobody merged them.
    public var directory: String? { layers.count == 1 ? layers[0] : merged }

    /// The one directory that an engine starts from.
    /// - Throws: `.unavailable` where there is none.
    public func directory(for engine: EngineID) throws(LabError) -> String {
        guard let directory else {
            throw LabError(
                .unavailable, "\(engine) can't start from \(reference)",
                cause: "it takes one directory, and this image has \(layers.count) layers",
                remedy: "unpack the image into a directory and name that: --image rootfs:DIR")
        }
        return directory
    }
}

/// What keeps a tree from being removed as long as a copy of this is there. Any two are equal: it is nothing of the tree.
public struct TreeHold: Equatable, Sendable {
    private let holds: [any Sendable]
    public init(_ holds: [any Sendable]) { self.holds = holds }
    public static func == (left: TreeHold, right: TreeHold) -> Bool { true }
}

extension RunContext {
    /// What there is of the root before any start, for `EngineRecord.prepared`.
    /// - Parameter isStacked: whether the engine stacks layers by itself.
    public func preparedRoot(isStacked: Bool = false) -> Message {
        guard let tree = command?.tree, tree.layers.count > 1 else {
            return "the root file system, unpacked"
        }
        return isStacked
            ? "the \(tree.layers.count) layers of the image, unpacked"
            : "the layers of the image, unpacked and merged into one directory"
    }
}
