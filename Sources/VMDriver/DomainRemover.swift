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
        guard parts.count == 2 else { throw LabError(.data, "a journal names the domain \"\(entry)\" without a URI") }
        try remove(name: String(parts[0]), uri: String(parts[1]), paths: paths)
    }

    /// Destroys the domain through libvirt; kills its QEMU where libvirt doesn't know it or can't be asked.
    /// A domain that is gone already is no error.
    /// - Throws: when the domain or its process is still there afterwards.
    public static func remove(name: String, uri: String, paths: LabPaths) throws(LabError) {
        var refusal: LabError?
        do {
            // With an embedded root, libvirt finds a living QEMU again by the state it left there.
            let hypervisor = try Hypervisor.connect(uri, paths: paths)
            if hypervisor.uri == uri, let domain = hypervisor.connection.domain(named: name) {
                try domain.destroy()
            }
        } catch {
            refusal = error
        }
        guard let directory = EmbeddedRoot.directory(of: uri) else {
            // Somebody else's daemon: its word is all there is.
            if let refusal { throw refusal }
            return
        }
        let deadline = MonotonicInstant.now().advanced(by: limit)
        for process in QEMUProcess.all(of: name) where !process.end(deadline: deadline) {
            throw LabError(.instance, "QEMU of the domain \(name) does not end", cause: "process \(process.pid)")
        }
        for file in ["run/qemu/\(name).pid", "run/qemu/\(name).xml", "log/qemu/\(name).log"] {
            unlink("\(directory)/\(file)")
        }
    }
}
