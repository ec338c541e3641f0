/// The files that a command runs in: layers as overlayfs stacks them, and what an image says of how it is run.
public struct FileTree: Equatable, Sendable {
    /// As the user named it.
    public var reference: String
    /// Directories, the lowest first.
    public var layers: [String]
    /// SHA-256 of what is in it; nil for the host's own root, which changes while it is read.
    public var digest: String?
    public var config: ImageConfig

    public init(reference: String, layers: [String], digest: String?, config: ImageConfig = ImageConfig()) {
        self.reference = reference
        self.layers = layers
        self.digest = digest
        self.config = config
    }

    /// True when it is the root of the host itself: then a bare process is started with nothing around it.
    public var isHostRoot: Bool { layers == ["/"] }

    /// The tree of the only layer.
    /// - Throws: `.unavailable` where there are several.
    public func onlyLayer(for engine: EngineID) throws(LabError) -> String {
        guard layers.count == 1 else {
            throw LabError(
                .unavailable, "\(engine) can't start from \(reference)",
                cause: "it takes one directory, and this image has \(layers.count) layers",
                remedy: "unpack the image into a directory and name that: --image rootfs:DIR")
        }
        return layers[0]
    }
}

/// How an image says that it is run: the part of the OCI image specification's `config` that is about its command.
public struct ImageConfig: Codable, Equatable, Sendable {
    /// `NAME=value`.
    public var environment: [String]
    /// `USER`, `USER:GROUP`, by name or number.
    public var user: String?
    public var directory: String?
    public var entrypoint: [String]
    public var command: [String]

    public init(
        environment: [String] = [], user: String? = nil, directory: String? = nil, entrypoint: [String] = [],
        command: [String] = []
    ) {
        self.environment = environment
        self.user = user
        self.directory = directory
        self.entrypoint = entrypoint
        self.command = command
    }
}
