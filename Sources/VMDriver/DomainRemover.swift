import Glibc
import LabCore

/// Removes a domain that a dead run left, as its journal names it.
public enum DomainRemover {
    /// The longest to wait for a killed QEMU.
    private static let limit = Duration.seconds(10)

    /// Removes a journaled domain: `name URI`.
    /// - Parameter connection: a libvirt URI that the user names now.
    /// - Throws: `.data` when the entry is malformed or not of that run; `.permission` for a connection that is opened
    ///   only when the user names it; else as `remove(name:uri:paths:)`.
    public static func remove(_ entry: String, of run: RunPlaces, connection: String? = nil) throws(LabError)
    {
        let parts = entry.split(separator: " ", maxSplits: 1)
        guard parts.count == 2 else {
            throw LabError(.data, "a journal names the domain \"\(entry)\" without a URI")
        }
        guard run.owns(parts[0]) else { throw run.stranger(.domain, entry) }
        let uri = String(parts[1])
        try JournaledConnection.check(uri, of: run, named: connection)
        try remove(name: String(parts[0]), uri: uri, paths: run.paths)
    }

    /// Kills the QEMU that a dead run started without libvirt. It dies with its parent, so that there seldom is one.
    public static func remove(qemu name: String, of run: RunPlaces) throws(LabError) {
        guard run.owns(name) else { throw run.stranger(.qemu, name) }
        try endProcesses(name)
    }

    private static func endProcesses(_ name: String) throws(LabError) {
        let deadline = MonotonicInstant.now().advanced(by: limit)
        for process in QEMUProcess.all(of: name) where !process.end(deadline: deadline).isGone {
            throw LabError(.instance, "QEMU of the VM \(name) does not end", cause: "process \(process.pid)")
        }
    }

    /// Kills the QEMU of a domain of the embedded driver, then lets libvirt forget the domain; one of a daemon is
    /// destroyed through libvirt.
    /// A domain that is gone already is no error.
    /// - Throws: when the domain or its process is still there afterwards.
    static func remove(name: String, uri: String, paths: LabPaths) throws(LabError) {
        let directory = EmbeddedRoot.directory(of: uri)
        if directory != nil {
            // Killed before libvirt is asked: it would wait for a QEMU that has ended and that nobody has reaped yet.
            try endProcesses(name)
        }
        do throws(LabError) {
            // An embedded root knows its domains again when it is opened.
            let hypervisor = try Hypervisor.connect(uri, paths: paths)
            if hypervisor.uri == uri, let domain = hypervisor.connection.domain(named: name) {
                try domain.destroy()
            }
        } catch {
            // A daemon's word is all there is. An embedded root may be in use; whoever opens it next, or has it open,
            // sees that QEMU is gone.
            if directory == nil { throw error }
        }
        guard let directory else { return }
        for file in ["run/qemu/\(name).pid", "run/qemu/\(name).xml", "log/qemu/\(name).log"] {
            unlink("\(directory)/\(file)")
        }
    }
}

/// Which connections are opened because a journal names them.
///
/// A URI can name a program that libvirt runs (`qemu+ext://…?command=`, `+ssh`) or a socket of anybody's, so that only
/// those are opened unasked which lab opens by itself or which name nothing but this machine's own daemons: QEMU's driver
/// inside this process, below a root in lab's own cache, and the plain local URIs. What a run reached through
/// `--connect` is reached again when the user names the same URI again.
enum JournaledConnection {
    private static let ofThisMachine = ["qemu:///system", "qemu:///session", "xen:///system", "xen:///"]

    static func check(_ uri: String, of run: RunPlaces, named: String?) throws(LabError) {
        if uri == named || ofThisMachine.contains(uri) { return }
        for slot in 0..<EmbeddedRoot.slots
        where uri == EmbeddedRoot.uri(of: EmbeddedRoot.directory(run.paths, slot: slot)) {
            return
        }
        throw LabError(
            .permission, "a connection that a journal names is not opened",
            cause: "\(String(reflecting: uri)) is none of this machine's own, and a URI can run programs",
            remedy: "if you know it, name it: lab clean --connect URI")
    }
}
