import Glibc

/// Removes what a journal names, the newest first.
public struct Cleaner {
    /// Removes one resource by name; what is gone already is no error. A journal is not believed: it is the remover that
    /// knows what a run of that id makes, where, and under what name, and it refuses anything else.
    public typealias Remover = (_ name: String, _ run: RunPlaces) throws(LabError) -> Void

    public struct Outcome: Equatable, Sendable {
        public struct Failure: Equatable, Sendable {
            public var resource: JournaledResource
            public var error: LabError
        }
        /// Runs whose journal was replayed.
        public var runs: [String] = []
        /// The resources that are gone now; in a dry run, those that would be removed.
        public var removed: [JournaledResource] = []
        public var failures: [Failure] = []
        /// Journals that can't be believed, and lines in them that are none: left as they are.
        public var refused: [LabError] = []
    }

    private let removers: [JournaledResource.Kind: Remover]

    /// - Parameter removers: one for each kind; a kind without one is a failure when a journal names it.
    public init(removers: [JournaledResource.Kind: Remover]) { self.removers = removers }

    /// Replays every journal whose run is dead. One resource that can't be removed does not stop the others; its
    /// journal is kept, so that the next attempt finds it.
    /// - Parameter dryRun: only says what would be done.
    /// - Throws: `.permission` when others may write where the journals lie.
    public func cleanAbandoned(in paths: LabPaths, dryRun: Bool = false) throws(LabError) -> Outcome {
        var outcome = Outcome()
        var refused: [LabError] = []
        try RunJournal.forEachAbandoned(in: paths, refuse: { refused.append($0) }) {
            (journal) throws(LabError) in
            let places = try RunPlaces(journal.runID, paths)
            outcome.runs.append(journal.runID)
            outcome.refused += journal.malformed
            // The run's directory goes last, whether or not a driver wrote it down.
            let directory = JournaledResource(.directory, paths.run(journal.runID))
            // What was written down twice is removed where it was first, which is later.
            var seen: Set<JournaledResource> = []
            var resources = Array(journal.resources.reversed().filter { seen.insert($0).inserted }.reversed())
            if !resources.contains(directory) && Files.exists(directory.name) { resources.append(directory) }
            if dryRun {
                outcome.removed += resources
                return
            }
            let (removed, failures) = remove(resources, of: places)
            outcome.removed += removed
            outcome.failures += failures
            if failures.isEmpty && journal.malformed.isEmpty { journal.remove() }
        }
        outcome.refused += refused
        return outcome
    }

    /// Empty directories of VMs and rooms that nobody is at work in. As root they lie in one place for every LAB_HOME, so
    /// that they outlive the journal of a run whose LAB_HOME is gone. One that is in use holds something as soon as it is
    /// there; one that was made within the hour is left alone all the same.
    public static func forgotten(in paths: LabPaths) -> [JournaledResource] {
        forgotten(below: paths.machines, before: time(nil) - 3_600)
    }

    static func forgotten(below directory: String, before: time_t) -> [JournaledResource] {
        Files.list(directory).filter(RunPlaces.isAnyRuns).compactMap { name in
            let path = "\(directory)/\(name)"
            var status = stat()
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR,
                status.st_uid == geteuid(), status.st_mtim.tv_sec < before, Files.list(path).isEmpty
            else { return nil }
            return JournaledResource(.directory, path)
        }
    }

    /// Removes these as long as they are empty, and returns those that are gone.
    public static func remove(forgotten: [JournaledResource]) -> [JournaledResource] {
        forgotten.filter { rmdir($0.name) == 0 }
    }

    /// Removes resources of a run in the order given.
    public func remove(
        _ resources: [JournaledResource], of run: RunPlaces
    ) -> (removed: [JournaledResource], failures: [Outcome.Failure]) {
        var removed: [JournaledResource] = []
        var failures: [Outcome.Failure] = []
        for resource in resources {
            do throws(LabError) {
                guard let remover = removers[resource.kind] else {
                    throw LabError(.software, "nothing here removes a \(resource.kind.rawValue)")
                }
                try remover(resource.name, run)
                removed.append(resource)
            } catch {
                failures.append(Outcome.Failure(resource: resource, error: error))
            }
        }
        return (removed, failures)
    }
}
