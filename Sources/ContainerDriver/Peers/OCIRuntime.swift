import Glibc
import LabCore

/// runc or crun, started by hand on a bundle: what docker and podman start in their turn.
struct OCIRuntime: PeerTool {
    let engine: EngineID
    var command: String { engine.rawValue }
    var package: String { engine.rawValue }

    static let runc = OCIRuntime(engine: .runc)
    static let crun = OCIRuntime(engine: .crun)

    func prepare(_ run: PeerRun, program: String) throws(LabError) -> any PreparedPeer {
        try requireRoot(geteuid() == 0)
        return try PreparedRuntime(run: run, program: program).made {
            (prepared) throws(LabError) in
            try run.journalCgroups()
            try Files.makeDirectory(prepared.state, mode: 0o700)
        }
    }
}

private struct PreparedRuntime: PreparedPeer {
    let run: PeerRun
    let program: String

    /// Where the runtime keeps a directory for each container.
    var state: String { "\(run.directory)/state" }

    var details: [EngineRecord.Detail] {
        [
            EngineRecord.Detail(
                "start", "run, on a bundle with a config.json of OCI runtime specification 1.0.2"),
            EngineRecord.Detail("root", "the shared root, read-only"),
            EngineRecord.Detail("seccomp", "the filter of container, in config.json"),
        ]
    }
    var footnotes: [Message] {
        ["no overlay: the shared root is read-only, /tmp is a tmpfs of its own"]
    }

    func arguments(_ name: PeerName, _ request: LaunchRequest) -> [String] {
        [program, "--root", state, "run", "--bundle", name.directory, name.id]
    }

    func files(_ name: PeerName, _ request: LaunchRequest) throws(LabError) -> [(name: String, text: String)]
    {
        let configuration = RuntimeConfiguration(
            root: run.context.rootFilesystem, workload: request.workload,
            limits: ResourceLimits(memoryBytes: request.memoryBytes, cpus: request.cpus), name: name,
            kernelFiles: .containerDefault, messageQueues: KernelFiles.hasMessageQueues,
            profile: .containerDefault)
        return [("config.json", try configuration.text())]
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
