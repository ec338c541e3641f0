import LabCore
import OCI

/// podman or docker, ready: each start is a `run --rm` of an image that was imported from the shared root.
protocol ImagePeer: PreparedPeer {
    var run: PeerRun { get }
    /// The command line as far as every command of the tool shares it.
    var words: [String] { get }
    /// The flags of its `run` that the other's doesn't have.
    var ownFlags: [String] { get }
    /// True when it takes the directory of a command's tree as it is, under an overlay, and no image is imported.
    var startsFromDirectory: Bool { get }
    /// Returns the flags of its `run` for a container.
    func flags(of spec: RuntimeSpec) -> [String]
}

extension ImagePeer {
    var startsFromDirectory: Bool { false }
    var cpusetFlags: [String] { run.cpuset.map { ["--cpuset-cpus", $0.description] } ?? [] }
    var filterFile: String { "\(run.directory)/seccomp.json" }
    /// The image's name, with the run in its tag.
    private var image: String { "lab:\(run.context.runID)" }

    /// Makes what every start reads.
    func importRoot() throws(LabError) {
        try Files.write(try RuntimeSpec.Seccomp.containerDefault.text(), to: filterFile)
        if startsFromDirectory { return }
        let archive = "\(run.directory)/root.tar"
        try PeerCommand.check(
            "make an image of the root file system",
            [
                "tar", "--create", "--file", archive, "--directory", run.root, "--numeric-owner",
            ] + owners + ["."])
        try PeerCommand.check(
            "import the root file system into \(run.engine)", words + ["import", archive, image], variables)
    }

    /// lab-guest's root is root's, whoever made it; a user's tree is as it is.
    private var owners: [String] {
        run.context.command == nil
            ? ["--owner=0", "--group=0"]
            : ["--xattrs", "--xattrs-include=user.*", "--xattrs-include=security.capability"]
    }

    var footnotes: [Message] {
        let spec = run.example()
        return ToldSpec(docker: flags(of: spec)).footnotes(of: spec)
    }

    func arguments(_ name: PeerName, _ request: LaunchRequest) -> [String] {
        let spec = run.specification(name, request)
        return words + ["run", "--rm", "--name", name.id, "--cidfile", name.idFile] + ownFlags
            + flags(of: spec)
            + ContainerFlags.words(running: run.context.command)
            + (startsFromDirectory ? ["--rootfs", "\(run.root):O"] : [image]) + (spec.process?.args ?? [])
    }

    func markers(_ name: PeerName) -> [String] { [name.id] + ContainerFlags.inventedID(name) }

    func isGone(_ name: PeerName) -> Bool { PeerProcesses.carrying(markers(name)).isEmpty }
}
