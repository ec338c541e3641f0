import Glibc
import LabCore
import Synchronization

/// A libvirt connection and where it keeps its things, shared by all engines of this process.
public final class Hypervisor: Sendable {
    /// The URI that was connected to.
    public let uri: String
    let connection: Connection
    /// The embedded root's directory, nil for a connection to a daemon.
    let directory: String?
    /// The parts of its URI.
    let place: ConnectionURI?
    /// The domains that it can run.
    let capabilities: Capabilities
    /// Holds the root's lock.
    private let root: EmbeddedRoot?

    /// libvirt lets a process open one embedded root, once: so it is kept for the life of the process, and so is why it
    /// can't be used: a QEMU that does not answer would keep everybody waiting who asks.
    private static let embedded = Mutex<Result<Hypervisor, LabError>?>(nil)

    private init(uri: String, root: EmbeddedRoot?) throws(LabError) {
        self.uri = uri
        directory = EmbeddedRoot.directory(of: uri)
        self.root = root
        connection = try Connection(uri)
        place = ConnectionURI(uri)
        capabilities = try connection.capabilities()
    }

    /// True when QEMU runs on this machine and as the user of this process: then it reads this process's files
    /// and opens its FIFOs. All others are reached through libvirt alone.
    var sharesFiles: Bool {
        if directory != nil { return true }
        guard let place, place.isPlain else { return false }
        // Its tools are root's, whose are all files; FIFOs they know none of.
        if drivesXen { return true }
        guard connection.driver == "QEMU" else { return false }
        return capabilities.user.map { $0 == geteuid() } ?? true
    }

    /// True when it drives Xen.
    var drivesXen: Bool { connection.driver == "Xen" }

    /// True when the domains run on this machine, as far as the URI says.
    var isOfThisHost: Bool { place?.host == nil }

    /// The driver inside this process, below the first free root in the cache of `paths`.
    ///
    /// A process has one: later calls return it, whatever their `paths`.
    /// - Throws: `.unavailable` when libvirt's QEMU driver is missing or can't start here.
    public static func embedded(paths: LabPaths) throws(LabError) -> Hypervisor {
        try embedded { () throws(LabError) in try EmbeddedRoot.take(paths) }
    }

    private static func embedded(
        _ take: () throws(LabError) -> EmbeddedRoot
    ) throws(LabError) -> Hypervisor {
        try embedded.withLock { (shared) throws(LabError) in
            if let shared { return try shared.get() }
            let root = try take()
            do throws(LabError) {
                let made = try Hypervisor(uri: root.uri, root: root)
                shared = .success(made)
                return made
            } catch {
                if error.kind == .unavailable { shared = .failure(error) }
                throw error
            }
        }
    }

    /// Any libvirt URI; nil means the driver inside this process.
    public static func connect(_ uri: String?, paths: LabPaths) throws(LabError) -> Hypervisor {
        guard let uri else { return try embedded(paths: paths) }
        guard let directory = EmbeddedRoot.directory(of: uri) else {
            return try Hypervisor(uri: uri, root: nil)
        }
        return try embedded { () throws(LabError) in
            guard let root = try EmbeddedRoot.take(directory: directory) else {
                throw LabError(.unavailable, "\(uri) is in use by another process")
            }
            return root
        }
    }

    /// libvirt's version, for the record.
    public var libvirtVersion: String { connection.libraryVersion?.description ?? "unknown" }
    /// The version of what libvirt drives: QEMU's.
    public var hypervisorVersion: String { connection.hypervisorVersion?.description ?? "unknown" }
}
