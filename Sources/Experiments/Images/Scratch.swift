import LabCore

extension Bench {
    /// A new directory of this trial, written down before it is made, and removed when `body` is done.
    func withScratch<Result>(
        _ name: String, _ body: (String) throws(LabError) -> Result
    ) throws(LabError) -> Result {
        let directory = "\(context.paths.run(context.runID))/\(name)-\(nonce().prefix(8))"
        try context.journal.record(JournaledResource(.directory, directory))
        try Files.makeDirectory(directory, mode: 0o700)
        defer { try? Files.removeTree(directory) }
        return try body(directory)
    }
}
