/// An engine that can name the files which its instances are made of.
public protocol ImageBased: PreparedEngine {
    /// Returns the files that have to be there before an instance can be started, beside the engine's own programs.
    func image() throws(LabError) -> ImageFiles

    /// Makes what the engine starts from out of another root file system.
    /// - Parameters:
    ///   - directory: the root's tree.
    ///   - path: where to put what is made; not used where nothing is.
    /// - Returns: the tree itself, or the archive of it.
    func pack(_ directory: String, to path: String) throws(LabError) -> String
}

/// The files of an image.
public struct ImageFiles: Equatable, Sendable {
    /// The kernel as it is handed from machine to machine, compressed; nil where an instance has none of its own.
    public var kernel: String?
    /// The root file system: a directory, or an archive of it.
    public var root: String

    public init(kernel: String?, root: String) {
        self.kernel = kernel
        self.root = root
    }

    /// All of them.
    public var paths: [String] { (kernel.map { [$0] } ?? []) + [root] }
}
