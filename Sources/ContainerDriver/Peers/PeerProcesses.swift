import CLinux
import Glibc
import LabCore

/// Finds the processes of an instance that are not our descendants.
enum PeerProcesses {
    /// The processes that carry one of `markers` in their command line or in the name of their cgroup. One that has
    /// ended and waits to be reaped has no command line any more and is not among them.
    static func carrying(_ markers: [String]) -> [HostProcess] {
        let own = getpid()
        return Files.list("/proc").compactMap { name in
            guard let pid = pid_t(name), pid != own, isMarked(pid, markers) else { return nil }
            return HostProcess(pid: pid)
        }
    }

    private static func isMarked(_ pid: pid_t, _ markers: [String]) -> Bool {
        guard let words = words(pid), let line = words.first, !line.isEmpty else { return false }
        let cgroups = (try? Files.readText("/proc/\(pid)/cgroup")) ?? ""
        return markers.contains { marker in
            cgroups.contains(marker) || words.contains { $0.contains(marker) }
        }
    }

    /// Kills a process of `carrying`, unless its pid has become another's since.
    static func end(_ process: HostProcess, carrying markers: [String]) {
        let number = clinux_pidfd_open(process.pid)
        guard number >= 0 else { return }
        let held = FileDescriptor(owning: number)
        if isMarked(process.pid, markers) { _ = clinux_pidfd_send_signal(held.rawValue, SIGKILL) }
    }

    /// The words of a process's command line; nil when it is gone.
    static func words(_ pid: pid_t) -> [String]? {
        (try? Files.readText("/proc/\(pid)/cmdline"))?.split(
            separator: "\0", omittingEmptySubsequences: false
        )
        .map(String.init)
    }

    /// Whether a process still runs: a zombie doesn't.
    static func isRunning(_ process: HostProcess) -> Bool { words(process.pid)?.first?.isEmpty == false }
}

/// The cgroups of one process, by controller.
struct ProcessCgroups {
    private let mounts: CgroupMounts
    private let membership: String

    init(_ process: HostProcess) {
        mounts = CgroupMounts.current()
        membership = (try? Files.readText("/proc/\(process.pid)/cgroup")) ?? ""
    }

    /// The directory of its cgroup that has `controller`. See cgroups(7), `/proc/PID/cgroup`.
    func directory(_ controller: CgroupMounts.Controller) -> (
        path: String, version: CgroupMounts.Hierarchy.Version
    )? {
        guard let hierarchy = mounts.hierarchies.first(where: { $0.controllers.contains(controller) }) else {
            return nil
        }
        for line in membership.split(separator: "\n") {
            // hierarchy-ID:controller-list:cgroup-path
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let isIt =
                hierarchy.version == .v2
                ? fields[0] == "0" : fields[1].split(separator: ",").contains { $0 == controller.rawValue }
            if isIt { return (hierarchy.mountPoint + fields[2], hierarchy.version) }
        }
        return nil
    }

    /// The limits and how often they were met.
    var limits: LimitAccount? {
        func place(_ controller: CgroupMounts.Controller) -> CgroupAccounts.Place? {
            directory(controller).map { CgroupAccounts.Place(version: $0.version, directory: $0.path) }
        }
        return CgroupLimits(memory: place(.memory), cpu: place(.cpu), pids: place(.pids)).account
    }

    /// `cgroup-charge` and `cgroup-kernel` of `MemoryAccounting`.
    var memoryBytes: [String: UInt64] {
        guard let (path, version) = directory(.memory) else { return [:] }
        var bytes: [String: UInt64] = [:]
        switch version {
        case .v1:
            bytes["cgroup-charge"] = ControlFile.number("\(path)/memory.usage_in_bytes")
            bytes["cgroup-kernel"] = ControlFile.number("\(path)/memory.kmem.usage_in_bytes")
        case .v2:
            bytes["cgroup-charge"] = ControlFile.number("\(path)/memory.current")
            bytes["cgroup-kernel"] = field("kernel", of: "\(path)/memory.stat")
        }
        return bytes
    }

    /// Nanoseconds for which the CPU limit made it wait.
    var throttledNanoseconds: UInt64? {
        guard let (path, version) = directory(.cpu) else { return nil }
        return switch version {
        case .v1: field("throttled_time", of: "\(path)/cpu.stat")
        case .v2: CgroupAccounts.throttledNanoseconds(.v2, (try? Files.readText("\(path)/cpu.stat")) ?? "")
        }
    }

    /// The number behind `key` in a flat keyed file.
    private func field(_ key: String, of path: String) -> UInt64? {
        guard let text = try? Files.readText(path) else { return nil }
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == key { return UInt64(words[1]) }
        }
        return nil
    }
}
