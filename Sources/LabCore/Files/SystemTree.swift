/// The files of a complete system, in the cache: what systemd starts from in a VM and in a container alike.
public struct SystemTree: Equatable, Sendable {
    /// A directory that only its user may enter, named for the recipe.
    let directory: String
    /// The distribution's release, `bookworm`.
    let suite: String
    /// SHA-256 of the archive of its files.
    public let digest: String

    /// Its root: the lower layer of a container.
    public var root: String { "\(directory)/root" }
    /// The same files as an ext4 file system: the disk of a VM.
    public var disk: String { "\(directory)/disk" }

    /// The program that starts it.
    public static let initPath = "/sbin/init"

    /// What it is made of, for the report.
    public var title: Message {
        "Debian \(suite), minbase with \(SystemRecipe.packages.joined(separator: ", "))"
    }

    package init(directory: String, suite: String, digest: String) {
        (self.directory, self.suite, self.digest) = (directory, suite, digest)
    }
}
