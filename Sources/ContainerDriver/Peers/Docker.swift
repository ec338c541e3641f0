import Glibc
import LabCore
import OCI

extension PeerDescription {
    /// docker: a container engine with a daemon, which must run already.
    /// - Parameter host: the daemon's address; nil for the one that the command finds by itself.
    static func docker(host: String? = nil) -> PeerDescription {
        PeerDescription(
            engine: "docker", summary: "docker run: a container engine with a daemon", command: "docker",
            package: "docker.io", daemons: ["dockerd"],
            footnotes: [
                ContainerFlags.footnote,
                "what the daemon itself takes of memory and CPU time is not counted",
            ],
            // The payload is a child of the daemon's shim.
            reapsEverything: false
        ) { (run, program) throws(LabError) in try PreparedDocker.make(run, program, host: host) }
    }
}

extension PreparedDocker {
    fileprivate static func make(
        _ run: PeerRun, _ program: String, host: String?
    ) throws(LabError) -> any PreparedPeer {
        try run.requireOneDirectory()
        if run.context.command?.tree.isHostRoot == true {
            throw LabError(
                .unavailable, "docker can't start from the host's own root",
                cause: "it would have to import all of it",
                remedy: "name a directory with a root file system: --image rootfs:DIR")
        }
        let host: String = if let host { host } else { try findHost(program) }
        guard host.hasPrefix("unix://") else {
            throw LabError(
                .unavailable, "docker's daemon is elsewhere", cause: "its address is \(host)",
                remedy: "unset DOCKER_HOST and DOCKER_CONTEXT, and start a daemon on this machine")
        }
        let daemon = DockerDaemon(program: program, host: host)
        return try PreparedDocker(run: run, daemon: daemon, info: try daemon.information()).made {
            (prepared) throws(LabError) in
            try run.context.journal.record(JournaledResource(.peer, "docker \(run.context.runID) \(host)"))
            try prepared.importRoot()
        }
    }

    /// The address that the command would use: of DOCKER_HOST, else of the context.
    private static func findHost(_ program: String) throws(LabError) -> String {
        try PeerCommand.check(
            "find docker's daemon", [program, "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"]
        ).trimmingWhitespace()
    }
}

/// A daemon and the things in it that belong to a run, which carry its id as a label.
struct DockerDaemon: Sendable {
    let program: String
    let host: String

    var words: [String] { [program, "--host", host] }

    /// A journaled address is asked only where nobody else can have put a socket: the answers are believed.
    static func checkSocket(_ host: String) throws(LabError) {
        let path = host.dropFirst("unix://".count)
        guard host.hasPrefix("unix:///"), let slash = path.lastIndex(of: "/") else {
            throw LabError(
                .data, "a journal names docker's daemon at \(PeerCommand.lastWords(host.utf8))",
                cause: "lab uses no daemon elsewhere", remedy: "look into the journal, then delete it")
        }
        let directory = slash == path.startIndex ? "/" : String(path[..<slash])
        guard try OwnDirectory.open(directory, owners: .userOrRoot) != nil else {
            throw LabError(.input, "cannot look at \(directory)", cause: "\(Errno(ENOENT))")
        }
    }

    /// The daemon's version, storage driver, cgroup driver and runtime.
    func information() throws(LabError) -> String {
        let format = "{{.ServerVersion}}, {{.Driver}}, cgroups by {{.CgroupDriver}}, {{.DefaultRuntime}}"
        // Behind a word of ours, because warnings stand before and after it.
        let output = try PeerCommand.run(words + ["info", "--format", "lab: \(format)"])
        guard output.status == 0,
            let line = output.text.split(separator: "\n").first(where: { $0.hasPrefix("lab: ") })
        else {
            throw LabError(
                .unavailable, "docker's daemon does not answer",
                // Without what the format made of nothing.
                cause: Message(
                    verbatim: PeerCommand.lastWords(
                        output.text.split(separator: "\n").filter { !$0.hasPrefix("lab: ") }.joined(
                            separator: "\n"
                        ).utf8)),
                remedy: "start it: systemctl start docker, or dockerd; or name another with DOCKER_HOST")
        }
        return ForeignText.line(String(line.dropFirst("lab: ".count)), most: 400)
    }

    static func label(_ runID: String) -> String { "lab.run=\(runID)" }

    /// Ends and removes a container.
    func remove(container id: String) throws(LabError) {
        let deadline = MonotonicInstant.now().advanced(by: .seconds(10))
        while true {
            let output = try PeerCommand.run(words + ["rm", "--force", "--volumes", id])
            if output.status == 0 || output.text.contains("No such container") { return }
            // A container that is being removed is waited for.
            guard output.text.contains("in progress"), MonotonicInstant.now() < deadline else {
                throw LabError(
                    .output, "cannot remove the docker container \(id)",
                    cause: "\(PeerCommand.lastWords(output.text.utf8))")
            }
            usleep(20_000)
        }
    }

    /// Removes every container of a run, and its image.
    func remove(run runID: String) throws(LabError) {
        let containers = try PeerCommand.check(
            "list the docker containers of \(runID)",
            words + ["ps", "--all", "--quiet", "--no-trunc", "--filter", "label=\(Self.label(runID))"])
        for id in containers.split(separator: "\n") where ContainerFlags.isInventedID(id) {
            try remove(container: String(id))
        }
        let image = "lab:\(runID)"
        let output = try PeerCommand.run(words + ["image", "rm", "--force", image])
        guard output.status == 0 || output.text.contains("No such image") else {
            throw LabError(
                .output, "cannot remove the docker image \(image)",
                cause: "\(PeerCommand.lastWords(output.text.utf8))")
        }
    }
}

private struct PreparedDocker: ImagePeer {
    let run: PeerRun
    let daemon: DockerDaemon
    let info: String

    var words: [String] { daemon.words }
    var ownFlags: [String] {
        ["--label", DockerDaemon.label(run.context.runID), "--log-driver", "none"] + cpusetFlags
    }

    var details: [EngineRecord.Detail] {
        [
            EngineRecord.Detail("start", "run --rm, attached: the daemon carries the output to the command"),
            EngineRecord.Detail("daemon", "\(info)"),
            EngineRecord.Detail("seccomp", "the filter of container"),
        ]
    }
    var prepared: [Message] {
        [
            "the daemon", run.context.preparedRoot(),
            "the image, imported from the root file system into the daemon's store",
            "the seccomp filter, as JSON",
        ]
    }
    func flags(of spec: RuntimeSpec) -> [String] { ContainerFlags.words(spec, filterFile: filterFile) }

    func remove(_ name: PeerName) throws(LabError) { try daemon.remove(container: name.id) }

    func shutDown() {
        try? daemon.remove(run: run.context.runID)
        try? Files.removeTree(run.directory)
    }
}
