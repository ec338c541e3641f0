import Glibc
import LabCore

/// bubblewrap: namespaces and mounts from a command line, no daemon, no cgroup, no state.
struct Bubblewrap: PeerTool {
    let engine = EngineID.bwrap
    let command = "bwrap"
    let package = "bubblewrap"

    func prepare(_ run: PeerRun, program: String) throws(LabError) -> any PreparedPeer {
        let filter = try SeccompFilter(profile: .containerDefault)
        return try PreparedBubblewrap(
            run: run, program: program, masked: try Self.masked(), isRoot: geteuid() == 0
        ).made { (prepared) throws(LabError) in
            try Files.write(filter.bytes, to: prepared.filterFile, mode: 0o600)
        }
    }
}

extension Bubblewrap {
    /// What bwrap is to cover. It takes no path that is not there, so that here, and only here, the caller's own /proc
    /// has to tell.
    fileprivate static func masked() throws(LabError) -> [(path: String, isDirectory: Bool)] {
        guard Files.exists("/proc/sys/kernel") else {
            throw LabError(
                .unavailable, "cannot tell bwrap what to hide of /proc",
                cause: "the /proc of this process does not show it", remedy: "mount /proc without subset=pid")
        }
        return KernelFiles.containerDefault.maskedPaths.filter(Files.exists).map {
            ($0, Files.isDirectory($0))
        }
    }
}

private struct PreparedBubblewrap: PreparedPeer {
    let run: PeerRun
    let program: String
    /// The paths to cover, each with whether it is a directory.
    let masked: [(path: String, isDirectory: Bool)]
    let isRoot: Bool

    /// The filter as classic BPF, which bwrap reads from a descriptor.
    var filterFile: String { "\(run.directory)/filter.bpf" }

    var details: [EngineRecord.Detail] {
        [
            EngineRecord.Detail(
                "namespaces",
                "\(isRoot ? "" : "user, ")pid, mnt, net, ipc, uts, cgroup; the workload is pid 1"),
            EngineRecord.Detail("root", "the shared root, read-only"),
            EngineRecord.Detail("seccomp", "the filter of container, by descriptor"),
        ]
    }
    var footnotes: [Message] {
        [
            "no cgroup: no limit of memory, CPU or processes holds",
            "no overlay: the shared root is read-only, /tmp is a tmpfs of its own",
            "/sys is the host's, read-only: it can't mount a new one",
            "the bounding set of capabilities is left whole",
        ]
    }
    var hasCgroups: Bool { false }

    func arguments(_ name: PeerName, _ request: LaunchRequest) -> [String] {
        var words = [program]
        if !isRoot { words += ["--unshare-user", "--uid", "0", "--gid", "0"] }
        words += [
            "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup",
            "--hostname",
            name.hostname, "--as-pid-1", "--die-with-parent",
            "--ro-bind", run.context.rootFilesystem.directory, "/", "--proc", "/proc", "--dev", "/dev",
        ]
        if KernelFiles.hasMessageQueues { words += ["--mqueue", "/dev/mqueue"] }
        words += ["--ro-bind", "/sys", "/sys", "--tmpfs", "/tmp"]
        for (path, isDirectory) in masked {
            words +=
                isDirectory ? ["--tmpfs", path, "--remount-ro", path] : ["--ro-bind", "/dev/null", path]
        }
        words += ["--cap-drop", "ALL"]
        for capability in Capabilities.containerDefault.names { words += ["--cap-add", capability] }
        words += ["--clearenv"]
        for variable in ChildLauncher.environment {
            let parts = variable.split(separator: "=", maxSplits: 1).map(String.init)
            words += ["--setenv"] + parts
        }
        words += ["--seccomp", "\(PeerEngine.inheritedNumber)", "--", RootFilesystem.guestPath]
        return words + [request.workload.name] + request.workload.arguments
    }

    /// Opened anew for each start: bwrap reads it to its end.
    func inherited() throws(LabError) -> FileDescriptor? {
        do throws(Errno) {
            let file = try FileDescriptor.open(filterFile, O_RDONLY)
            // A descriptor can't be duplicated onto its own number.
            guard file.rawValue == PeerEngine.inheritedNumber else { return file }
            return FileDescriptor(
                owning: try checked { fcntl(file.rawValue, F_DUPFD_CLOEXEC, file.rawValue + 1) })
        } catch {
            throw LabError(.input, "cannot read \(filterFile)", cause: "\(error)")
        }
    }

    /// Whatever it started is a descendant, which its instance watches by itself.
    func isGone(_ name: PeerName) -> Bool { true }
    func remove(_ name: PeerName) throws(LabError) {}
    func shutDown() { try? Files.removeTree(run.directory) }
}
