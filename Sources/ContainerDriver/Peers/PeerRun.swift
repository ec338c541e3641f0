import Glibc
import LabCore
import OCI

/// The run that a peer serves, as the peer is told of it, and the names that it gives to things.
///
/// Names go into command lines, paths of cgroups and JSON of programs that are not ours, so they are made of few
/// letters: an id that holds others is refused, not quoted.
struct PeerRun: Sendable {
    let engine: EngineID
    let context: RunContext

    init(engine: EngineID, context: RunContext) throws(LabError) {
        guard RunPlaces.isRunID(context.runID) else {
            throw LabError(
                .usage,
                "the run's id is no name for a container: \(PeerCommand.lastWords(context.runID.utf8))",
                cause: "it must be 1 to 64 letters, digits, hyphens and underscores, the first no hyphen")
        }
        self.engine = engine
        self.context = context
    }

    /// The directory that the engine keeps for the run; below the run's own, which is journaled.
    var directory: String { "\(context.paths.run(context.runID))/\(Self.entry(of: engine))" }

    /// Its name. A build's has an ending, because its engine may be called like something else there.
    static func entry(of engine: EngineID) -> String {
        PeerDescription.all.contains { $0.engine == engine } ? "\(engine)" : "\(engine).build"
    }

    /// Name of the cgroup, in every hierarchy, below which the engine's instances have theirs.
    var cgroup: String { "lab-\(context.runID)-\(engine)" }
    /// The words for it among what was there before a start.
    static let sharedCgroup: Message =
        "in each hierarchy the empty cgroup in which each start makes its own; the first start made it"
    /// The directory of that cgroup in each hierarchy, whatever its controllers: a runtime joins them all.
    var cgroupDirectories: [String] {
        MountTable.current().entries.filter { $0.type == "cgroup" || $0.type == "cgroup2" }
            .map { "\($0.mountPoint)/\(cgroup)" }
    }

    func instance(_ index: Int) -> PeerName {
        // Of one width, so that no name is the beginning of another.
        PeerName(run: self, label: String(index).zeroPadded(to: 6))
    }

    /// The container of one start: that of our own engine.
    func specification(
        _ name: PeerName, _ request: LaunchRequest, _ isolation: Isolation = .standard
    ) -> RuntimeSpec {
        RuntimeSpec.container(
            isolation, root: context.rootFilesystem.directory, hostname: name.hostname,
            args: [RootFilesystem.guestPath] + request.arguments.dropFirst()
        ).running(request.command ?? context.command).limited(
            to: ResourceLimits(memoryBytes: request.memoryBytes, cpus: request.cpus), cgroup: name.cgroup
        ).onThisMachine()
    }

    /// - Throws: `.unavailable` for a command of several layers that nobody merged into the one directory that it takes.
    func requireOneDirectory() throws(LabError) { _ = try context.command?.tree.directory(for: engine) }

    /// The directory that every instance starts from.
    var root: String { context.command?.tree.directory ?? context.rootFilesystem.directory }

    /// The processors that a runtime is told besides being started on them: nil where nothing is held, or where no cgroup
    /// could hold it. Some runtimes give a container all processors that its cgroup has, whatever they were started on.
    var cpuset: CPUList? {
        guard let processors = context.placement?.measured else { return nil }
        let mounts = MountTable.current().entries
        let isThere = mounts.contains { mount in
            mount.type == "cgroup" && Files.exists("\(mount.mountPoint)/cpuset.cpus")
                || mount.type == "cgroup2"
                    && Files.line("\(mount.mountPoint)/cgroup.controllers")?.split(separator: " ")
                        .contains("cpuset") == true
        }
        return isThere ? processors : nil
    }

    /// That of no start in particular.
    func example(_ isolation: Isolation = .standard) -> RuntimeSpec {
        let request = LaunchRequest(
            index: 0, workload: .idle, memoryBytes: 64 << 20, cpus: 1, deadline: .now())
        return specification(instance(0), request, isolation)
    }

    /// Writes down the cgroups that a runtime will make.
    func journalCgroups() throws(LabError) {
        for directory in cgroupDirectories {
            try context.journal.record(JournaledResource(.cgroup, directory))
        }
    }

    /// Removes them; what still runs in one is killed.
    func removeCgroups() throws(LabError) {
        for directory in cgroupDirectories { try CgroupTree.remove(directory) }
    }
}

/// The names of one instance of a peer.
struct PeerName: Sendable {
    /// Of the container, unique on the host: `lab-20261124T064930-3fa9-podman-000003`.
    let id: String
    let hostname: String
    /// Holds what one start needs: a bundle, a file for the container's id. Removed with the instance.
    let directory: String
    /// Of its own cgroup, from the root of each hierarchy, for runtimes that are told it.
    let cgroup: String

    init(run: PeerRun, label: String) {
        id = "\(run.cgroup)-\(label)"
        hostname = "lab-\(label)"
        directory = "\(run.directory)/\(label)"
        cgroup = "/\(run.cgroup)/\(id)"
    }

    /// The file to which a container engine writes the id that it invents.
    var idFile: String { "\(directory)/id" }
}
