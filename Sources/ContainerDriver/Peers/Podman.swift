import Glibc
import LabCore

/// podman: a container engine without a daemon; conmon watches each container.
///
/// All that it keeps lies in places of the run, and its configuration too, so that the user's own images,
/// containers and settings are neither seen nor touched.
struct Podman: PeerTool {
    let engine = EngineID.podman
    let command = "podman"
    let package = "podman"

    func prepare(_ run: PeerRun, program: String) throws(LabError) -> any PreparedPeer {
        try requireRoot(geteuid() == 0)
        let store = PodmanStore(program: program, directory: "\(run.directory)/store")
        return try PreparedPodman(run: run, store: store).made { (prepared) throws(LabError) in
            try run.journalCgroups()
            try run.context.journal.record(JournaledResource(.peer, "podman \(store.directory)"))
            try store.make()
            try Files.write(try SeccompDescription(.containerDefault).text(), to: prepared.filterFile)
            let archive = try ImageArchive.make(run)
            try PeerCommand.check(
                "import the root file system into podman",
                store.words + ["import", "--quiet", archive, ImageArchive.name(run)], store.variables)
        }
    }
}

/// Where podman keeps images, containers and locks of one run, and how it is told so.
struct PodmanStore: Sendable {
    let program: String
    let directory: String

    /// What podman may lose when the machine restarts. It wants a path of at most 50 characters.
    private var volatileDirectory: String { "/run/lab-podman-\(Digest.sha256(directory.utf8).prefix(16))" }

    /// The command line as far as every command shares it.
    var words: [String] {
        [
            program, "--root", "\(directory)/root", "--runroot", "\(volatileDirectory)/storage", "--tmpdir",
            "\(volatileDirectory)/tmp",
            "--storage-driver", "overlay", "--cgroup-manager", "cgroupfs",
        ]
    }
    var variables: [String: String] { ["CONTAINERS_CONF": "\(directory)/containers.conf"] }

    /// Where it is for a run, as `Podman.prepare` has it.
    static func directory(of run: RunPlaces) -> String {
        "\(run.paths.run(run.runID))/\(EngineID.podman)/store"
    }

    func make() throws(LabError) {
        try Files.makeDirectory(directory, mode: 0o700)
        try Files.write(Self.configuration(), to: "\(directory)/containers.conf")
    }

    /// See containers.conf(5). The limits are those of this process as far as podman keeps them: by default it asks for
    /// more than a user without CAP_SYS_RESOURCE gets. Locks in shared memory would be those of the user's podman.
    private static func configuration() -> String {
        let processes = UInt64(Files.line("/proc/sys/kernel/pid_max") ?? "") ?? 32_768
        let limits = [
            "nofile=\(limit(RLIMIT_NOFILE, atMost: 1 << 20))",
            "nproc=\(limit(__RLIMIT_NPROC, atMost: processes))",
        ]
        return """
            [containers]
            default_ulimits = [\(limits.map { "\"\($0)\"" }.joined(separator: ", "))]
            [engine]
            lock_type = "file"
            events_logger = "file"

            """
    }

    /// The hard limit of a resource, for both limits.
    private static func limit(_ resource: __rlimit_resource, atMost most: UInt64) -> String {
        var limit = rlimit()
        let isKnown = getrlimit(Int32(resource.rawValue), &limit) == 0
        let value = isKnown ? min(UInt64(limit.rlim_max), most) : most
        return "\(value):\(value)"
    }

    /// The runtime that podman starts, in its own words.
    var runtime: String? {
        let output = try? PeerCommand.run(
            words + ["info", "--format", "{{.Host.OCIRuntime.Name}}"], variables)
        return output.flatMap {
            $0.status == 0 ? ForeignText.line($0.text.trimmingWhitespace(), most: 200) : nil
        }
    }

    /// Ends and removes every container, unmounts what podman leaves mounted, and removes the files.
    func remove() throws(LabError) {
        guard Files.exists(directory) || Files.exists(volatileDirectory) else { return }
        try PeerCommand.check(
            "remove the podman containers in \(directory)",
            words + ["rm", "--all", "--force", "--time", "0"], variables)
        // When a container ends, its conmon starts a podman that tidies up, and makes again what is removed meanwhile.
        // It may hang on what a killed one left half done; nothing in this store is worth the wait.
        let patience = MonotonicInstant.now().advanced(by: .seconds(3))
        let deadline = patience.advanced(by: .seconds(10))
        while true {
            let busy = PeerProcesses.carrying([directory])
            if busy.isEmpty { break }
            let now = MonotonicInstant.now()
            if now > patience { for process in busy { PeerProcesses.end(process, carrying: [directory]) } }
            guard now < deadline else {
                throw LabError(
                    .output, "cannot remove \(directory)", cause: "a process of podman still works there",
                    remedy: "lab clean")
            }
            usleep(5_000)
        }
        for directory in [volatileDirectory, directory] {
            try MountTable.detach(in: directory)
            try Files.removeTree(directory)
        }
    }
}

private struct PreparedPodman: PreparedPeer {
    let run: PeerRun
    let store: PodmanStore

    var filterFile: String { "\(run.directory)/seccomp.json" }

    var details: [EngineRecord.Detail] {
        [
            EngineRecord.Detail("start", "run --rm in the foreground, the pipe passed through"),
            EngineRecord.Detail("runtime", store.runtime.or("unknown")),
            EngineRecord.Detail("cgroups", "made by podman itself, not through systemd"),
            EngineRecord.Detail("seccomp", "the filter of container"),
        ]
    }
    var footnotes: [Message] {
        [
            "the image was imported from the shared root; its writable layer is on disk, that of container in memory"
        ]
    }
    var variables: [String: String] { store.variables }
    /// conmon becomes nobody's child.
    var reapsEverything: Bool { false }

    func arguments(_ name: PeerName, _ request: LaunchRequest) -> [String] {
        store.words + [
            "run", "--rm", "--name", name.id, "--cidfile", name.idFile, "--cgroup-parent", "/\(run.cgroup)",
            "--log-driver", "passthrough",
        ] + ContainerFlags.words(name, request, filterFile: filterFile)
            + [ImageArchive.name(run)] + ContainerFlags.payload(request)
    }

    func markers(_ name: PeerName) -> [String] { [name.id] + ContainerFlags.inventedID(name) }

    func isGone(_ name: PeerName) -> Bool { PeerProcesses.carrying(markers(name)).isEmpty }

    func remove(_ name: PeerName) throws(LabError) {
        try PeerCommand.check(
            "remove the podman container \(name.id)",
            store.words + ["rm", "--force", "--ignore", "--time", "0", name.id], store.variables)
    }

    func shutDown() {
        try? store.remove()
        try? run.removeCgroups()
        try? Files.removeTree(run.directory)
    }
}

/// The flags that podman and docker have in common.
enum ContainerFlags {
    static func words(_ name: PeerName, _ request: LaunchRequest, filterFile: String) -> [String] {
        var words = [
            "--hostname", name.hostname, "--network", "none", "--cgroupns", "private", "--pull", "never",
            "--security-opt", "no-new-privileges", "--security-opt", "seccomp=\(filterFile)", "--cap-drop",
            "ALL",
        ]
        for capability in Capabilities.containerDefault.names { words += ["--cap-add", capability] }
        return words + PeerCommand.limits(request)
    }

    static func payload(_ request: LaunchRequest) -> [String] {
        [RootFilesystem.guestPath, request.workload.name] + request.workload.arguments
    }

    /// The id that the engine gave to a container, 64 hexadecimal digits; empty until it did.
    static func inventedID(_ name: PeerName) -> [String] {
        guard let id = Files.line(name.idFile), isInventedID(id) else { return [] }
        return [id]
    }

    /// Whether an engine's word is an id: it goes into command lines, and tells which processes are ours.
    static func isInventedID(_ text: some StringProtocol) -> Bool {
        text.utf8.count == 64
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
