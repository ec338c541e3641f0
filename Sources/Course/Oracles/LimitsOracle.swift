import ContainerDriver
import Glibc
import LabCore

/// `limits`: limits of memory, processes and CPU for a load that the program does not know.
///
/// The oracle reads the limits and the kernel's counters of the cgroup that was handed to the program, and whether a
/// neighbour of the load still answers.
struct LimitsOracle: Oracle {
    let id = "limits"
    let mistakes = [
        "killed-by-hand", "per-process", "reclaims", "nobody-in-it", "cgroup-below", "other-number",
    ]
    /// One for each sort of load.
    let points = 3

    private enum Load: Int {
        case memory, processes, cpu
    }

    private struct Task {
        let load: Load
        let mebibytes: Int
        let processes: Int
        /// Of one processor.
        let percent: Int
        let nonce: String

        init(_ point: Int, _ draw: inout Draw) {
            load = Load(rawValue: point) ?? .memory
            mebibytes = Int.random(in: 24...64, using: &draw)
            processes = Int.random(in: 12...40, using: &draw)
            percent = Int.random(in: 15...45, using: &draw)
            nonce = draw.nonce()
        }

        /// What it does with more than it is to have.
        var workload: [String] {
            switch load {
            case .memory: ["hog-memory", "\(2 * mebibytes + 64)"]
            case .processes: ["fork-bomb", "\(processes + 100)"]
            case .cpu: ["hog-cpu", "2"]
            }
        }

        var words: [String] {
            ["\(mebibytes << 20)", "\(processes)", "\(percent)", "--"]
                + ["/bin/sh", "-c", #"exec /lab/guest "$@" >/dev/null"#, "load"] + workload
        }

        /// What it was called with, as far as it is different each time.
        var asked: String { "./limit \(mebibytes << 20) \(processes) \(percent) -- …" }

        /// Waits and wakes beside the load, outside of its cgroup.
        var neighbour: String { "/lab/guest pulse \(nonce) 20 >/dev/null &" }
    }

    func words(_ point: Int, _ draw: inout Draw) -> [String] { Task(point, &draw).words }

    func judge(
        _ artefact: Artefact, _ point: Int, _ draw: inout Draw, _ bench: CheckBench
    ) throws(LabError) -> Judgement {
        let task = Task(point, &draw)
        let (judgement, isLate) = try bench.run(
            artefact, task.words, before: task.neighbour, change: { $0.hasOwnCgroup = true }
        ) { (room) throws(LabError) -> (Judgement, Bool) in
            guard let cgroups = room.cgroups else { throw LabError(.software, "a room without cgroups") }
            return try judge(task, room, cgroups, bench.deadline)
        }
        return isLate ? try bench.late(judgement) : judgement
    }

    private func judge(
        _ task: Task, _ room: Room, _ cgroups: RoomCgroups, _ deadline: MonotonicInstant
    ) throws(LabError) -> (Judgement, Bool) {
        var (neighbour, load): (HostProcess?, HostProcess?) = (nil, nil)
        let wait = try room.wait(until: deadline) {
            neighbour = neighbour ?? room.guest(with: task.nonce)
            load = room.guest(with: task.workload[0])
            return neighbour != nil && load != nil
        }
        guard let neighbour, let load else {
            let status = wait == .ended ? room.end() : nil
            let how: Message =
                status.map { "the program ended with status \(Int($0))" } ?? "the program did not start it"
            return (
                .wrong(nil, "\(task.asked): the load never ran: \(how); \(room.lastWords)"), wait == .late
            )
        }
        // Before it runs they have to be there: this is no matter of time.
        let unset = Self.unset(task, cgroups)
        guard unset.isEmpty, cgroups.without(load).isEmpty else {
            return (try mistake(task, unset, load, room, cgroups), false)
        }
        var count: UInt64 = 0
        let met = try room.wait(until: deadline) {
            count = Self.events(task.load, cgroups)
            return count > 0
        }
        guard met == .met else {
            return (
                .wrong(nil, "the limits are set, but the load never met its own: \(room.lastWords)"),
                met == .late
            )
        }
        let before = neighbour.waits
        let answers = try room.wait(until: .now().advanced(by: CheckBench.patient(.seconds(5)))) {
            guard let before, let now = neighbour.waits else { return false }
            return now > before
        }
        guard answers == .met else {
            return (
                .wrong(
                    nil,
                    "the load met its limit, and its neighbour in another cgroup does not answer any more"),
                before != nil && neighbour.isRunning
            )
        }
        return (.right(Self.seen(task.load, count)), false)
    }

    private static func seen(_ load: Load, _ count: UInt64) -> Message {
        switch load {
        case .memory:
            "the kernel killed in the load's cgroup for want of memory (OOM kills: \(Int(clamping: count))); its neighbour answers"
        case .processes:
            "the kernel refused the load more processes (forks: \(Int(clamping: count))); its neighbour answers"
        case .cpu: "the kernel throttled the load (periods: \(Int(clamping: count))); its neighbour answers"
        }
    }

    /// The kernel's count of what the limit of a load brought about.
    private static func events(_ load: Load, _ cgroups: RoomCgroups) -> UInt64 {
        let count =
            switch load {
            case .memory:
                cgroups.number(of: "oom_kill", .memory, v1: "memory.oom_control", v2: "memory.events")
            case .processes: cgroups.number(of: "max", .pids, v1: "pids.events", v2: "pids.events")
            case .cpu: cgroups.number(of: "nr_throttled", .cpu, v1: "cpu.stat", v2: "cpu.stat")
            }
        return count ?? 0
    }

    /// A limit that is not the one that was asked for.
    private struct Unset {
        let controller: CgroupMounts.Controller
        /// Whether one of another number is there.
        let isSet: Bool
        let seen: Message
    }

    private static func unset(_ task: Task, _ cgroups: RoomCgroups) -> [Unset] {
        CgroupMounts.Controller.allCases.compactMap { controller in
            let (file, limit, wanted): (String, Double?, Double)
            var (tolerance, unit) = (0.0, "")
            switch controller {
            case .memory:
                (file, wanted) = (
                    cgroups.isUnified(.memory) ? "memory.max" : "memory.limit_in_bytes",
                    Double(task.mebibytes << 20)
                )
                // Version 1 says "no limit" with the largest number of pages.
                limit = cgroups.number(.memory, v1: file, v2: file).map { Double($0) }.flatMap {
                    $0 < 1e18 ? $0 : nil
                }
            case .pids:
                (file, wanted) = ("pids.max", Double(task.processes))
                limit = cgroups.number(.pids, v1: file, v2: file).map { Double($0) }
            case .cpu:
                (file, wanted) = (
                    cgroups.isUnified(.cpu) ? "cpu.max" : "cpu.cfs_quota_us", Double(task.percent)
                )
                limit = cgroups.bandwidth.map { 100 * $0.quota / $0.period }
                (tolerance, unit) = (1, "%")
            }
            guard let limit else {
                return Unset(controller: controller, isSet: false, seen: "\(file) has no limit")
            }
            guard abs(limit - wanted) > tolerance else { return nil }
            return Unset(
                controller: controller, isSet: true,
                seen: "\(file) is \(Int(limit.rounded()))\(unit), and \(Int(wanted))\(unit) was asked for")
        }
    }

    /// What was done instead.
    private func mistake(
        _ task: Task, _ unset: [Unset], _ load: HostProcess, _ room: Room,
        _ cgroups: RoomCgroups
    ) throws(LabError) -> Judgement {
        guard !unset.isEmpty else {
            if cgroups.hasChildren {
                return .wrong(
                    "cgroup-below", "the limits are set, but the load runs in a cgroup below the one given")
            }
            return .wrong(
                "nobody-in-it",
                "the limits are set, but the load is not in the given cgroup of \(cgroups.without(load).map(\.rawValue).listed)"
            )
        }
        let seen: Message =
            "\(task.asked): when the load ran, \(unset.map(\.seen).joined(separator: ", "))"
        // One that is there is no other idea of what a limit is.
        if unset.allSatisfy(\.isSet) { return .wrong("other-number", seen) }
        if unset.contains(where: { $0.controller == .memory }),
            cgroups.number(.memory, v1: "memory.soft_limit_in_bytes", v2: "memory.high").map({
                $0 <= UInt64(task.mebibytes) << 20
            }) == true
        {
            return .wrong("reclaims", seen)
        }
        func limits(_ process: pid_t) -> String { (try? Files.readText("/proc/\(process)/limits")) ?? "" }
        let ended = try room.wait(until: .now().advanced(by: CheckBench.patient(.seconds(4)))) {
            !load.isRunning
        }
        if ended != .late {
            return .wrong("killed-by-hand", "\(seen); then the load was killed, and not by the kernel")
        }
        if limits(load.pid) != limits(room.pid) { return .wrong("per-process", seen) }
        return .wrong(nil, seen)
    }
}
