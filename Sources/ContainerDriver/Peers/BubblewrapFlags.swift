import LabCore
import OCI

/// A runtime specification as bwrap(1) is told it.
enum BubblewrapFlags {
    private static let namespaces = [
        "user": "--unshare-user", "pid": "--unshare-pid", "network": "--unshare-net", "ipc": "--unshare-ipc",
        "uts": "--unshare-uts", "cgroup": "--unshare-cgroup",
    ]

    /// - Parameter there: which of the masked paths there are, each with whether it is a directory: bwrap takes no other.
    static func words(_ spec: RuntimeSpec, there: [String: Bool]) -> [String] {
        let (process, linux) = (spec.process, spec.linux)
        var words = (linux?.namespaces ?? []).compactMap { namespaces[$0.type] }
        if let user = process?.user, words.contains("--unshare-user") {
            words += ["--uid", "\(user.uid)", "--gid", "\(user.gid)"]
        }
        if let hostname = spec.hostname { words += ["--hostname", hostname] }
        words += ["--as-pid-1", "--die-with-parent", "--ro-bind", spec.root?.path ?? "/", "/"]
        for mount in spec.mounts ?? [] {
            let target = mount.destination
            switch (mount.type, target) {
            case ("proc", _): words += ["--proc", target]
            // It can't mount a new one.
            case ("sysfs", _): words += ["--ro-bind", "/sys", target]
            case ("tmpfs", "/dev"): words += ["--dev", target]
            case ("devpts", "/dev/pts"), ("tmpfs", "/dev/shm"): break  // come with --dev
            case ("mqueue", _): words += ["--mqueue", target]
            case ("tmpfs", _): words += ["--tmpfs", target]
            default: break
            }
        }
        for path in linux?.maskedPaths ?? [] {
            guard let isDirectory = there[path] else { continue }
            words +=
                isDirectory ? ["--tmpfs", path, "--remount-ro", path] : ["--ro-bind", "/dev/null", path]
        }
        if let kept = process?.capabilities {
            words += ["--cap-drop", "ALL"]
            for capability in kept.effective ?? [] { words += ["--cap-add", capability] }
        }
        if let directory = process?.cwd, directory != "/" { words += ["--chdir", directory] }
        words.append("--clearenv")
        for variable in process?.env ?? [] {
            words += ["--setenv"] + variable.split(separator: "=", maxSplits: 1).map(String.init)
        }
        if linux?.seccomp != nil { words += ["--seccomp", "\(PreparedPeerEngine.inheritedNumber)"] }
        return words + ["--"] + (process?.args ?? [])
    }
}
