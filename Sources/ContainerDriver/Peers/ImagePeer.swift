import LabCore

/// podman or docker, ready: each start is a `run --rm` of an image that was imported from the shared root.
protocol ImagePeer: PreparedPeer {
    var run: PeerRun { get }
    /// The command line as far as every command of the tool shares it.
    var words: [String] { get }
    /// What its `run` is told that the other's isn't.
    var ownFlags: [String] { get }
}

extension ImagePeer {
    private var filterFile: String { "\(run.directory)/seccomp.json" }
    /// The image's name, with the run in its tag.
    private var image: String { "lab:\(run.context.runID)" }

    /// Makes what every start reads.
    func importRoot() throws(LabError) {
        try Files.write(try SeccompDescription(.containerDefault).text(), to: filterFile)
        let archive = "\(run.directory)/root.tar"
        try PeerCommand.check(
            "make an image of the root file system",
            [
                "tar", "--create", "--file", archive, "--directory", run.context.rootFilesystem.directory,
                "--owner=0", "--group=0", "--numeric-owner", ".",
            ])
        try PeerCommand.check(
            "import the root file system into \(run.engine)", words + ["import", archive, image], variables)
    }

    func arguments(_ name: PeerName, _ request: LaunchRequest) -> [String] {
        var words =
            words + ["run", "--rm", "--name", name.id, "--cidfile", name.idFile] + ownFlags + [
                "--hostname", name.hostname, "--network", "none", "--cgroupns", "private", "--pull", "never",
                "--security-opt", "no-new-privileges", "--security-opt", "seccomp=\(filterFile)",
                "--cap-drop", "ALL",
            ]
        for capability in Capabilities.containerDefault.names { words += ["--cap-add", capability] }
        return words + PeerCommand.limits(request)
            + [image, RootFilesystem.guestPath, request.workload.name] + request.workload.arguments
    }

    func markers(_ name: PeerName) -> [String] { [name.id] + ContainerFlags.inventedID(name) }

    func isGone(_ name: PeerName) -> Bool { PeerProcesses.carrying(markers(name)).isEmpty }
}

/// What podman and docker say of a container.
enum ContainerFlags {
    /// What they can't do equally to the others.
    static let footnote =
        "the image was imported from the shared root; its writable layer is on disk, that of container in memory"

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
