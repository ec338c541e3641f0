import Glibc

/// The parts that an image is made of, in the order in which they are put together, and how the image is run.
public struct ImageRecipe: Equatable, Sendable {
    /// The distribution's packages, beside those that every system has; nil for a tree without any.
    public var packages: [String]?
    /// The distribution's release, `bookworm`; nil for this machine's.
    public var suite: String?
    public var files: [File]
    /// Commands inside, each a line for the tree's `/bin/sh`.
    public var run: [String]
    /// True when those have this machine's network.
    public var network: Bool
    public var config: ImageConfig

    /// A file, or a directory with all in it, that is copied; it is root's then.
    public struct File: Equatable, Sendable {
        /// Relative to the recipe's directory, and in it.
        public var source: String
        /// An absolute path in the image.
        public var target: String
        /// Permission bits; nil for those that the file has.
        public var mode: mode_t?

        public init(source: String, target: String, mode: mode_t? = nil) {
            self.source = source
            self.target = target
            self.mode = mode
        }
    }

    public init(
        packages: [String]? = nil, suite: String? = nil, files: [File] = [], run: [String] = [],
        network: Bool = false, config: ImageConfig = ImageConfig()
    ) {
        self.packages = packages
        self.suite = suite
        self.files = files
        self.run = run
        self.network = network
        self.config = config
    }

    /// Each part in a line, as an image's history tells them.
    package var steps: [String] {
        (packages.map { ["packages \($0.joined(separator: " "))"] } ?? [])
            + files.map { "copy \($0.source) to \($0.target)" } + run.map { "run \($0)" }
    }
}
