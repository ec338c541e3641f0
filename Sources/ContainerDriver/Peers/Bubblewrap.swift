import Glibc
import LabCore
import Launch
import OCI

extension PeerDescription {
    /// bubblewrap: namespaces and mounts from a command line, no daemon, no cgroup, no state.
    static let bubblewrap = PeerDescription(
        engine: "bwrap", summary: "bubblewrap: namespaces and mounts, no cgroup", command: "bwrap",
        package: "bubblewrap",
        hasCgroups: false
    ) { (run, program) throws(LabError) in
        try run.requireOneDirectory()
        if let user = run.context.command?.user, user.user != 0 {
            throw LabError(
                .unavailable, "bwrap can't start a command as user \(Int(user.user))",
                cause: "it has no other user than its caller's outside a user namespace",
                remedy: "say --user 0, whatever the image says, or name other engines")
        }
        let filter = try SeccompFilter(profile: .containerDefault)
        return try PreparedBubblewrap(
            run: run, program: program, masked: try PreparedBubblewrap.masked(), isRoot: geteuid() == 0
        ).made { (prepared) throws(LabError) in
            try Files.write(filter.bytes, to: prepared.filterFile, mode: 0o600)
        }
    }
}

extension PreparedBubblewrap {
    /// Returns the paths that bwrap is to cover. It takes none that is not there, so that here, and only here, the
    /// caller's own /proc has to tell.
    fileprivate static func masked() throws(LabError) -> [String: Bool] {
        guard Files.exists("/proc/sys/kernel") else {
            throw LabError(
                .unavailable, "cannot tell bwrap what to hide of /proc",
                cause: "the /proc of this process does not show it", remedy: "mount /proc without subset=pid")
        }
        let paths = KernelFiles.containerDefault.maskedPaths.filter(Files.exists)
        return Dictionary(uniqueKeysWithValues: paths.map { ($0, Files.isDirectory($0)) })
    }
}

private struct PreparedBubblewrap: PreparedPeer {
    let run: PeerRun
    let program: String
    /// The paths to cover, each with whether it is a directory.
    let masked: [String: Bool]
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
    var prepared: [Message] { [run.context.preparedRoot(), "the seccomp filter, compiled"] }
    var footnotes: [Message] {
        var spec = run.example(isolation)
        spec.linux?.maskedPaths?.removeAll { masked[$0] == nil }
        return ToldSpec(bubblewrap: BubblewrapFlags.words(spec.onReadOnlyRoot(), there: masked)).footnotes(
            of: spec)
    }

    func arguments(_ name: PeerName, _ request: LaunchRequest) -> [String] {
        let spec = run.specification(name, request, isolation).onReadOnlyRoot()
        return [program] + BubblewrapFlags.words(spec, there: masked)
    }

    private var isolation: Isolation { isRoot ? .standard : .standard.union(.user) }

    /// Opened anew for each start: bwrap reads it to its end.
    func inherited() throws(LabError) -> FileDescriptor? {
        do throws(Errno) {
            let file = try FileDescriptor.open(filterFile, O_RDONLY)
            // A descriptor can't be duplicated onto its own number.
            guard file.rawValue == PreparedPeerEngine.inheritedNumber else { return file }
            return FileDescriptor(
                owning: try checked { fcntl(file.rawValue, F_DUPFD_CLOEXEC, file.rawValue + 1) })
        } catch {
            throw LabError(.input, "cannot read \(filterFile)", cause: "\(error)")
        }
    }

    var usesDirectory: Bool { false }
    /// Whatever it started is a descendant, which its instance watches by itself.
    func isGone(_ name: PeerName) -> Bool { true }
    func remove(_ name: PeerName) throws(LabError) {}
    func shutDown() { try? Files.removeTree(run.directory) }
}
