import Glibc
import LabCore
import OCI

extension PeerDescription {
    /// podman: a container engine without a daemon; conmon watches each container.
    ///
    /// All that it keeps lies in places of the run, and its configuration too, so that the user's own images,
    /// containers and settings are neither seen nor touched.
    static let podman = PeerDescription(
        engine: "podman", summary: "podman run: a container engine without a daemon", command: "podman",
        package: "podman",
        footnotes: [ContainerFlags.footnote],
        // conmon becomes nobody's child.
        reapsEverything: false
    ) { (run, program) throws(LabError) in
        try PeerCommand.requireRoot("podman")
        try run.requireOneDirectory()
        let store = PodmanStore(program: program, directory: "\(run.directory)/store")
        return try PreparedPodman(run: run, store: store).made { (prepared) throws(LabError) in
            try run.journalCgroups()
            try run.context.journal.record(JournaledResource(.peer, "podman \(store.directory)"))
            try store.make()
            try prepared.importRoot()
        }
    }
}

/// The directories in which podman keeps images, containers and locks of one run, and the words that tell it so.
struct PodmanStore: Sendable {
    let program: String
    let directory: String

    /// The directory of what podman may lose when the machine restarts. It wants a path of at most 50 characters.
    private var volatileDirectory: String { "/run/lab-podman-\(directory.shortHash)" }

    /// The command line as far as every command shares it.
    var words: [String] {
        [
            program, "--root", "\(directory)/root", "--runroot", "\(volatileDirectory)/storage", "--tmpdir",
            "\(volatileDirectory)/tmp",
            "--storage-driver", "overlay", "--cgroup-manager", "cgroupfs",
        ]
    }
    var variables: [String: String] { ["CONTAINERS_CONF": "\(directory)/containers.conf"] }

    /// Returns true for the directory that podman, or a build of it, has in a run.
    static func isDirectory(_ path: String, of run: RunPlaces) -> Bool {
        let (start, end) = ("\(run.paths.run(run.runID))/", "/store")
        guard path.hasPrefix(start), path.hasSuffix(end), path.utf8.count > start.utf8.count + end.utf8.count
        else { return false }
        let entry = path.dropFirst(start.count).dropLast(end.count)
        let name = entry.hasSuffix(".build") ? entry.dropLast(".build".count) : entry
        return EngineBuild.isName(name) && PeerRun.entry(of: EngineID(rawValue: String(name))) == entry
            && (entry != name || name == PeerDescription.podman.engine.rawValue)
    }

    func make() throws(LabError) {
        try Files.makeDirectory(directory, mode: 0o700)
        try Files.write(Self.configuration, to: "\(directory)/containers.conf")
    }

    /// See containers.conf(5). Locks in shared memory would be those of the user's podman.
    private static let configuration = """
        [engine]
        lock_type = "file"
        events_logger = "file"

        """

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
        // A container's conmon starts a podman at its end that tidies up: until it is done it may hold what is to go, and
        // makes again what is removed meanwhile. Asked again then, it is gone.
        for isLast in [false, true] {
            var refusal: LabError?
            do throws(LabError) {
                try PeerCommand.check(
                    "remove the podman containers in \(directory)",
                    words + ["rm", "--all", "--force", "--time", "0"], variables)
            } catch {
                refusal = error
            }
            try waitUntilIdle()
            guard let refusal else { break }
            if isLast { throw refusal }
        }
        for directory in [volatileDirectory, directory] {
            try MountTable.detach(in: directory)
            try Files.removeTree(directory)
        }
    }

    /// Waits until no podman works in the store. One may hang on what a killed one left half done; nothing in here is worth
    /// more than 3 s.
    private func waitUntilIdle() throws(LabError) {
        let patience = MonotonicInstant.now().advanced(by: .seconds(3))
        while true {
            let busy = PeerProcesses.carrying([directory])
            if busy.isEmpty { return }
            let now = MonotonicInstant.now()
            if now > patience { for process in busy { PeerProcesses.end(process, carrying: [directory]) } }
            guard now < patience.advanced(by: .seconds(10)) else {
                throw LabError(
                    .output, "cannot remove \(directory)", cause: "a process of podman still works there",
                    remedy: "lab clean")
            }
            usleep(5_000)
        }
    }
}

private struct PreparedPodman: ImagePeer {
    let run: PeerRun
    let store: PodmanStore

    var words: [String] { store.words }
    var startsFromDirectory: Bool { run.context.command != nil }
    var ownFlags: [String] {
        ["--cgroup-parent", "/\(run.cgroup)", "--log-driver", "passthrough"] + cpusetFlags
    }

    var details: [EngineRecord.Detail] {
        [
            EngineRecord.Detail("start", "run --rm in the foreground, the pipe passed through"),
            EngineRecord.Detail("runtime", store.runtime.or("unknown")),
            EngineRecord.Detail("cgroups", "made by podman itself, not through systemd"),
            EngineRecord.Detail("seccomp", "the filter of container"),
        ]
    }
    var prepared: [Message] {
        [
            startsFromDirectory
                ? run.context.preparedRoot()
                : "the image, imported from the root file system into a store of the run's",
            "the seccomp filter, as JSON", PeerRun.sharedCgroup,
        ]
    }
    func flags(of spec: RuntimeSpec) -> [String] { PodmanFlags.words(spec, filterFile: filterFile) }
    var variables: [String: String] { store.variables }

    /// As a user would, command by command; podman unpacks while it pulls.
    func run(
        pulling reference: String, _ name: PeerName, _ request: LaunchRequest, command: [String],
        beside: [String]
    ) throws(LabError) -> ImageRun? {
        func timed(_ what: Message, _ arguments: [String]) throws(LabError) -> (time: UInt64, text: String) {
            let began = MonotonicInstant.now()
            let text = try PeerCommand.check(what, words + arguments, variables)
            return (MonotonicInstant.now().nanoseconds(since: began), text)
        }
        let pull = try timed(
            "pull \(reference) by podman", ["pull", "--quiet", "--tls-verify=false", reference])
        defer { _ = try? PeerCommand.run(words + ["rmi", "--force", reference], variables) }
        let size = try timed(
            "inspect \(reference) by podman", ["image", "inspect", "--format", "{{.Size}}", reference])
        guard let bytes = UInt64(size.text.trimmingWhitespace()) else {
            throw LabError(.data, "podman does not say how large \(reference) is")
        }
        let spec = run.specification(name, request)
        let start = try timed(
            "start \(reference) by podman",
            [
                "run", "--detach", "--name", name.id, "--cgroup-parent", "/\(run.cgroup)", "--log-driver",
                "none",
            ]
                + cpusetFlags + flags(of: spec) + [reference] + command)
        do throws(LabError) {
            let exec = try timed("run a program beside \(name.id) by podman", ["exec", name.id] + beside)
            let stop = try timed(
                "remove the podman container \(name.id)", ["rm", "--force", "--time", "0", name.id])
            return ImageRun(
                pull: pull.time, unpack: nil, start: start.time, exec: exec.time, stop: stop.time,
                unpackedBytes: bytes)
        } catch {
            try? remove(name)
            throw error
        }
    }

    /// Its writable layer is in its own store, wherever that lies.
    func storage(in directory: String) throws(LabError) -> InstanceStorage? {
        var (ours, its) = (stat(), stat())
        guard stat(directory, &ours) == 0, stat(store.directory, &its) == 0, ours.st_dev == its.st_dev else {
            throw LabError(
                .unavailable, "podman would write to another disk than the others",
                cause: "its store is in \(store.directory), and theirs in \(directory)",
                remedy: "let LAB_HOME name a directory on the disk of \(directory)")
        }
        return InstanceStorage(
            directory: directory, place: "/",
            title:
                "podman's own overlay, in a store on the same disk; --rm mounts it volatile, so that fsync does nothing"
        )
    }

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
