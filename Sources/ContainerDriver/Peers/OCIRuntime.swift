import LabCore
import OCI

extension PeerDescription {
    /// A runtime with runc's command line, started by hand on a bundle: what docker and podman start in their turn.
    static func runtime(_ name: String) -> PeerDescription {
        PeerDescription(
            engine: EngineID(rawValue: name), summary: "\(name), started by hand on an OCI bundle",
            command: name,
            package: name, entersNetworks: true
        ) { (run, program) throws(LabError) in
            try PeerCommand.requireRoot(name)
            try run.requireOneDirectory()
            return try PreparedRuntime(run: run, program: program, cpuset: run.cpuset).made {
                (prepared) throws(LabError) in
                try run.journalCgroups()
                try Files.makeDirectory(prepared.state, mode: 0o700)
            }
        }
    }
}

private struct PreparedRuntime: PreparedPeer {
    let run: PeerRun
    let program: String
    let cpuset: CPUList?

    /// The directory in which the runtime keeps another for each container.
    var state: String { "\(run.directory)/state" }

    var details: [EngineRecord.Detail] {
        [
            EngineRecord.Detail(
                "start", "run, on a bundle with a config.json of OCI runtime specification 1.0.2"),
            EngineRecord.Detail("root", "the shared root, read-only"),
            EngineRecord.Detail("seccomp", "the filter of container, in config.json"),
        ]
    }
    var prepared: [Message] {
        [run.context.preparedRoot(), "the directory of the runtime's state", PeerRun.sharedCgroup]
    }
    var footnotes: [Message] {
        let spec = run.example()
        return ToldSpec(spec.onReadOnlyRoot()).footnotes(of: spec)
    }

    func arguments(_ name: PeerName, _ request: LaunchRequest) -> [String] {
        [program, "--root", state, "run", "--bundle", name.directory, name.id]
    }

    func files(_ name: PeerName, _ request: LaunchRequest) throws(LabError) -> [(name: String, text: String)]
    {
        var spec = run.specification(name, request).onReadOnlyRoot()
        if let storage = request.storage { spec = spec.withVolume(storage.directory, at: Self.volume) }
        if let path = request.networkNamespace {
            for place in (spec.linux?.namespaces ?? []).indices
            where spec.linux?.namespaces?[place].type == "network" {
                spec.linux?.namespaces?[place].path = path
            }
        }
        if let cpuset { spec.linux?.resources?.cpu?.cpus = cpuset.description }
        return [("config.json", try spec.text())]
    }

    /// Where a volume is mounted.
    private static let volume = "/tmp"

    /// Who calls a runtime makes the overlay, if there is to be one: what it does itself is a volume.
    func storage(in directory: String) -> InstanceStorage? {
        InstanceStorage(
            directory: directory, place: Self.volume,
            title: "a volume: a directory of the host's, bound; no overlay")
    }

    func isGone(_ name: PeerName) -> Bool { !Files.exists("\(state)/\(name.id)") }

    func remove(_ name: PeerName) throws(LabError) {
        // It fails where there is nothing, or half of a container; the cgroups and the state tell what is left.
        _ = try PeerCommand.run([program, "--root", state, "delete", "--force", name.id])
        for directory in run.cgroupDirectories { try CgroupTree.remove("\(directory)/\(name.id)") }
        try Files.removeTree("\(state)/\(name.id)")
    }

    func shutDown() {
        try? run.removeCgroups()
        try? Files.removeTree(run.directory)
    }
}
