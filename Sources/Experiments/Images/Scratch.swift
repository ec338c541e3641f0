import Glibc
import LabCore

extension Bench {
    /// A new directory of this trial, written down before it is made, and removed when `body` is done.
    func withScratch<Result>(
        _ name: String, _ body: (String) throws(LabError) -> Result
    ) throws(LabError) -> Result {
        let directory = "\(context.paths.run(context.runID))/\(name)-\(nonce().prefix(8))"
        return try with(directory, mode: 0o700, body)
    }

    /// The same where the files of VMs lie: a directory through which QEMU's user may pass.
    func withDirectoryForAnybody<Result>(
        _ name: String, _ body: (String) throws(LabError) -> Result
    ) throws(LabError) -> Result {
        try Files.makeDirectory(context.paths.machines, mode: 0o711)
        let directory = "\(context.paths.machines)/lab-\(context.runID)-\(name)-\(nonce().prefix(8))"
        return try with(directory, mode: 0o711, body)
    }

    private func with<Result>(
        _ directory: String, mode: mode_t, _ body: (String) throws(LabError) -> Result
    ) throws(LabError) -> Result {
        try context.journal.record(JournaledResource(.directory, directory))
        try Files.makeDirectory(directory, mode: mode)
        defer { try? Files.removeTree(directory) }
        return try body(directory)
    }
}
