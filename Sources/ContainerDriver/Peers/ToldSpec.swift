import LabCore
import Launch
import OCI

/// The specification that a program that starts containers was told, read back from its flags, its file or its steps.
/// So that like is compared with like, all are told the same; what one has no words for is a footnote.
struct ToldSpec: Equatable {
    var namespaces: Set<String> = []
    /// The type of what is mounted, by its target.
    var mounts: [String: String] = [:]
    var isReadOnly = false
    var maskedPaths: Set<String> = []
    var readonlyPaths: Set<String> = []
    var capabilities: Set<String> = []
    var boundingSet: Set<String> = []
    var noNewPrivileges = false
    var isFiltered = false
    /// Soft and hard limit, by the name.
    var rlimits: [String: [UInt64]] = [:]
    /// True when memory, CPUs and processes are limited.
    var hasLimits = false

    init(_ spec: RuntimeSpec) {
        let (process, linux) = (spec.process, spec.linux)
        namespaces = Set((linux?.namespaces ?? []).map(\.type))
        for mount in spec.mounts ?? [] { mounts[mount.destination] = mount.type }
        isReadOnly = spec.root?.readonly ?? false
        maskedPaths = Set(linux?.maskedPaths ?? [])
        readonlyPaths = Set(linux?.readonlyPaths ?? [])
        capabilities = Set(process?.capabilities?.effective ?? [])
        boundingSet = Set(process?.capabilities?.bounding ?? [])
        noNewPrivileges = process?.noNewPrivileges ?? false
        isFiltered = linux?.seccomp != nil
        for limit in process?.rlimits ?? [] { rlimits[limit.type] = [limit.soft, limit.hard] }
        let resources = linux?.resources
        hasLimits = resources?.memory != nil && resources?.cpu != nil && resources?.pids != nil
    }

    private init() {}
}

// MARK: Flags

extension ToldSpec {
    /// bwrap's, with what it does by itself: see bwrap(1) and its `setup_newroot`.
    init(bubblewrap words: [String]) {
        self.init()
        noNewPrivileges = true
        namespaces.insert("mount")
        for (index, word) in words.enumerated() {
            let (value, target) = (
                words.dropFirst(index + 1).first ?? "", words.dropFirst(index + 2).first ?? ""
            )
            switch word {
            case "--unshare-net": namespaces.insert("network")
            case _ where word.hasPrefix("--unshare-"): namespaces.insert(String(word.dropFirst(10)))
            case "--ro-bind" where target == "/": isReadOnly = true
            case "--ro-bind" where target == "/sys": mounts[target] = "bind"
            case "--ro-bind" where value == "/dev/null": maskedPaths.insert(target)
            case "--proc":
                mounts[value] = "proc"
                readonlyPaths = Set(["sys", "sysrq-trigger", "irq", "bus"].map { "\(value)/\($0)" })
            case "--dev":
                mounts.merge([value: "tmpfs", "\(value)/pts": "devpts", "\(value)/shm": "tmpfs"]) { $1 }
            case "--mqueue": mounts[value] = "mqueue"
            case "--tmpfs": mounts[value] = "tmpfs"
            case "--remount-ro":
                mounts[value] = nil
                maskedPaths.insert(value)
            case "--cap-add": capabilities.insert(value)
            case "--seccomp": isFiltered = true
            default: break
            }
            if word == "--" { break }
        }
    }

    /// docker's or podman's, with what they do by themselves: see docker-run(1), podman-run(1).
    init(docker words: [String]) {
        self.init()
        namespaces = ["pid", "mount", "ipc", "uts"]
        mounts = [
            "/proc": "proc", "/sys": "sysfs", "/dev": "tmpfs", "/dev/pts": "devpts", "/dev/shm": "tmpfs",
            "/dev/mqueue": "mqueue",
        ]
        // By default, in every version that there is.
        maskedPaths = [
            "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
            "/proc/sched_debug",
            "/proc/scsi", "/proc/timer_list", "/sys/firmware",
        ]
        readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
        var limits: Set<String> = []
        for (word, value) in zip(words, words.dropFirst()) {
            switch word {
            case "--network" where value == "none": namespaces.insert("network")
            case "--cgroupns" where value == "private": namespaces.insert("cgroup")
            case "--security-opt" where value == "no-new-privileges": noNewPrivileges = true
            case "--security-opt" where value.hasPrefix("seccomp="): isFiltered = true
            case "--security-opt" where value.hasPrefix("mask="):
                maskedPaths.formUnion(value.dropFirst(5).split(separator: ":").map(String.init))
            case "--cap-add":
                capabilities.insert(value)
                boundingSet.insert(value)
            case "--ulimit":
                let parts = value.split { "=:".contains($0) }
                let values = parts.dropFirst().map { UInt64($0) ?? .max }
                rlimits["RLIMIT_\((parts.first ?? "").uppercased())"] = values
            case "--memory", "--cpus", "--pids-limit": limits.insert(word)
            default: break
            }
        }
        hasLimits = limits.count == 3
    }

}

// MARK: Differences

extension ToldSpec {
    /// Returns what was told otherwise than a specification has it, without the engine's name.
    func footnotes(of spec: RuntimeSpec) -> [Message] {
        let wanted = ToldSpec(spec)
        func list(_ words: some Collection<String>) -> String { words.sorted().joined(separator: ", ") }
        var notes: [Message] = []
        if wanted.hasLimits && !hasLimits {
            notes.append("no cgroup: no limit of memory, CPU or processes holds")
        }
        if isReadOnly && !wanted.isReadOnly {
            notes.append("no overlay: the shared root is read-only, /tmp is a tmpfs of its own")
        }
        if mounts["/sys"] == "bind" {
            notes.append("/sys is the host's, read-only: it can't mount a new one")
        }
        if boundingSet.isEmpty { notes.append("the bounding set of capabilities is left whole") }
        let shared = wanted.namespaces.subtracting(namespaces)
        if !shared.isEmpty { notes.append("it shares these namespaces of the host: \(list(shared))") }
        let bare = wanted.mounts.keys.filter { mounts[$0] == nil }
        if !bare.isEmpty { notes.append("nothing is mounted on \(list(bare))") }
        let shown = wanted.maskedPaths.subtracting(maskedPaths)
        if !shown.isEmpty { notes.append("it is not told to hide \(list(shown))") }
        let writable = wanted.readonlyPaths.subtracting(readonlyPaths)
        if !writable.isEmpty { notes.append("it is not told to make read-only \(list(writable))") }
        let limits = wanted.rlimits.filter { rlimits[$0.key] != $0.value }.keys
        if limits.count == wanted.rlimits.count, !limits.isEmpty {
            notes.append("its resource limits (setrlimit(2)) are those of lab")
        } else if !limits.isEmpty {
            notes.append("it is not told the limits \(list(limits))")
        }
        if wanted.capabilities != capabilities { notes.append("it has other capabilities") }
        if wanted.noNewPrivileges && !noNewPrivileges { notes.append("it may gain privileges") }
        if wanted.isFiltered && !isFiltered { notes.append("no filter of system calls") }
        return notes
    }
}
