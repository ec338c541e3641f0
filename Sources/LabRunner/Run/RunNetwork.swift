import LabCore

extension RunContext {
    /// Chooses the network of a command that is to have one.
    mutating func lookForNetwork() {
        guard command?.network == .bridge else { return }
        let (run, journal, directory) = (runID, journal, paths.run(runID))
        network = Result { () throws(LabError) in
            try HostNetwork(run, journal: journal, directory: directory)
        }
    }

    /// The same, and makes it.
    /// - Returns: what is to be removed when the run's instances are gone; nil for nothing.
    mutating func makeNetwork() -> HostNetwork? {
        lookForNetwork()
        guard case .success(let made)? = network else { return nil }
        do throws(LabError) {
            try made.open()
            return made
        } catch {
            network = .failure(error)
            return nil
        }
    }
}
