import Artifacts
import Glibc
import LabCore
import Synchronization

/// Files of this host's, brought to where a libvirt daemon and its QEMU can read them: a storage pool of our own, a
/// directory on the daemon's host. It is removed with this object, and by `lab clean` after a crash.
final class FileUpload: Sendable {
    private let hypervisor: Hypervisor
    private let paths: LabPaths
    /// Of the pool, and of its directory: nobody can have made that before.
    private let name: String
    private let state = Mutex(State())

    private struct State {
        var journal: RunJournal?
        var brought: Set<String> = []
    }

    static let prefix = "lab-depot-"
    /// A directory in which each user may make another that outlasts the daemon and is no memory.
    private static let parent = "/var/tmp"

    init(_ hypervisor: Hypervisor, paths: LabPaths) {
        self.hypervisor = hypervisor
        self.paths = paths
        let number = UInt64.random(in: .min ... .max)
        name = "\(Self.prefix)\(getpid())-\(String(number, radix: 36))"
    }

    deinit {
        state.withLock { state in
            guard let journal = state.journal else { return }
            // A pool that could not be removed stays journaled, for `lab clean`.
            if (try? hypervisor.connection.removePool(named: name)) != nil { journal.finish() }
        }
    }

    /// Returns the path at which a file is, or will be, on the other side.
    func path(of file: String) -> String { "\(Self.parent)/\(name)/\(Self.volume(file))" }

    private static func volume(_ file: String) -> String { String(Digest.sha256(file.utf8).prefix(16)) }

    /// Brings a file there; the second time it costs nothing.
    func bring(_ file: String) throws(LabError) {
        try state.withLock { (state) throws(LabError) in
            guard !state.brought.contains(file) else { return }
            let bytes = try Files.read(file, limit: 1 << 30)
            if state.journal == nil {
                let journal = try RunJournal(runID: name, paths: paths)
                state.journal = journal
                try journal.record(JournaledResource(.pool, "\(name) \(hypervisor.uri)"))
                try hypervisor.connection.makePool(named: name, at: "\(Self.parent)/\(name)")
            }
            try hypervisor.connection.upload(bytes, as: Self.volume(file), toPool: name)
            state.brought.insert(file)
        }
    }
}

/// Removes a depot that a dead run left, as its journal names it.
public enum FileUploadRemover {
    /// Removes a journaled pool: `name URI`. One that is gone already is no error.
    /// - Parameter connection: a libvirt URI that the user names now.
    /// - Throws: `.data` when the entry is malformed or not of that run; `.permission` for a connection that is opened
    ///   only when the user names it; else when the pool is still there afterwards.
    public static func remove(_ entry: String, of run: RunPlaces, connection: String? = nil) throws(LabError)
    {
        let parts = entry.split(separator: " ", maxSplits: 1)
        guard parts.count == 2 else {
            throw LabError(.data, "a journal names the storage pool \"\(entry)\" without a URI")
        }
        // A depot has a journal of its own, called as the pool is.
        guard parts[0] == run.runID, run.runID.hasPrefix(FileUpload.prefix) else {
            throw run.stranger(.pool, entry)
        }
        let uri = String(parts[1])
        try JournaledConnection.check(uri, of: run, named: connection)
        try Hypervisor.connect(uri, paths: run.paths).connection.removePool(named: String(parts[0]))
    }
}
