import Glibc
import LabCore

/// Removes a domain that a dead run left, as its journal names it.
public enum DomainRemover {
    /// The longest to wait for a killed QEMU.
    private static let limit = Duration.seconds(10)

    /// Removes a journaled domain: `name URI`.
    /// - Throws: `.data` when the entry is malformed; else as `remove(name:uri:paths:)`.
    public static func remove(_ entry: String, paths: LabPaths) throws(LabError) {
        let parts = entry.split(separator: " ", maxSplits: 1)
        guard parts.count == 2 else {
            throw LabError(.data, "a journal names the domain \"\(entry)\" without a URI")
        }
        try remove(name: String(parts[0]), uri: String(parts[1]), paths: paths)
    }

    /// Kills the QEMU that a dead run started without libvirt. It dies with its parent, so that there seldom is one.
    public static func remove(qemu name: String) throws(LabError) { try endProcesses(name) }

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
    public static func remove(name: String, uri: String, paths: LabPaths) throws(LabError) {
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
