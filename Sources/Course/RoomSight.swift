import ContainerDriver
import Glibc
import LabCore

/// What the host sees of the processes in a room.
extension Room {
    /// The kinds of namespace, by their files in `/proc/PID/ns`.
    static let kinds = ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"]

    /// The first process that is lab-guest, by its file and not by what it says it is, and has this word on its command line.
    func guest(with word: String) -> HostProcess? {
        processes.first {
            $0.executes("\(files)\(CheckBench.guest)") && $0.commandLine?.contains(word) == true
        }
    }

    /// The kinds of namespace that a process does not share with the room's first one.
    func ownKinds(of process: HostProcess) -> [String] {
        Self.kinds.filter { process.namespace($0) != HostProcess(pid: pid).namespace($0) }
    }

    /// Writes a file into its directory that its user may read: that is not for the caller's umask to say.
    func put(_ bytes: some Collection<UInt8>, to name: String) throws(LabError) {
        let path = "\(files)/\(name)"
        try Files.write(bytes, to: path)
        chmod(path, 0o644)
    }
}

extension RoomUser {
    /// Gives a tree to the room's user, who in the room is root: as for a user who has no other. Nothing in it changes meanwhile.
    func own(_ directory: String) throws(LabError) {
        guard uid != geteuid() else { return }
        do throws(Errno) { try checked { lchown(directory, uid, gid) } } catch {
            throw LabError(.permission, "cannot give \(directory) to the user \(Int(uid))", cause: error)
        }
        var status = stat()
        guard lstat(directory, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return }
        for name in Files.list(directory) { try own("\(directory)/\(name)") }
    }
}

extension [String] {
    /// Names that no language changes, with the comma that it has; there is one at least.
    package var listed: Message { map { Message(verbatim: $0) }.joined(separator: ", ") }
}

extension HostProcess {
    /// Whether it executes this file of the host's.
    func executes(_ path: String) -> Bool {
        var (own, other) = (stat(), stat())
        return stat(path, &own) == 0 && stat("/proc/\(pid)/exe", &other) == 0
            && (own.st_dev, own.st_ino) == (other.st_dev, other.st_ino)
    }

    /// The inode of a file in `/proc/PID/ns`; nil when it has ended, or has none.
    func namespace(_ name: String) -> UInt64? { Self.inode("/proc/\(pid)/ns/\(name)") }

    /// The PID namespace of the process that its own /proc calls 1.
    var shownNamespace: UInt64? { Self.inode("/proc/\(pid)/root/proc/1/ns/pid") }

    private static func inode(_ path: String) -> UInt64? {
        var status = stat()
        return stat(path, &status) == 0 ? UInt64(status.st_ino) : nil
    }

    /// When it started, in clock ticks since the machine booted: field 22 of `/proc/PID/stat`, see proc_pid_stat(5).
    var startTicks: UInt64? {
        let fields = statFields
        return fields.count > 19 ? UInt64(fields[19]) : nil
    }

    /// The number of times that it has waited of itself: grows while it lives and is let run.
    var waits: UInt64? { (try? status())?["voluntary_ctxt_switches"].flatMap { UInt64($0) } }
}

extension RoomCgroups {
    /// Quota and period of its own CPU time, in microseconds; nil for as much as there is.
    var bandwidth: (quota: Double, period: Double)? {
        let texts =
            isUnified(.cpu)
            ? text(.cpu, v1: "", v2: "cpu.max").split { $0.isWhitespace }.map(String.init)
            : ["cpu.cfs_quota_us", "cpu.cfs_period_us"].map {
                text(.cpu, v1: $0, v2: $0).trimmingWhitespace()
            }
        guard texts.count == 2, let quota = Double(texts[0]), let period = Double(texts[1]), quota > 0,
            period > 0
        else { return nil }
        return (quota, period)
    }

    /// The controllers of whose own cgroup a process is not.
    func without(_ process: HostProcess) -> [CgroupMounts.Controller] {
        CgroupMounts.Controller.allCases.filter { controller in
            let processes = (try? Files.readText("\(own(controller))/cgroup.procs")) ?? ""
            return !processes.split(separator: "\n").contains { $0 == "\(process.pid)" }
        }
    }

    /// Whether a cgroup was made below one of its own.
    var hasChildren: Bool {
        CgroupMounts.Controller.allCases.contains { controller in
            Files.list(own(controller)).contains { Files.isDirectory("\(own(controller))/\($0)") }
        }
    }
}
