import ContainerDriver
import LabCore

/// `quota`: a share of a processor, with a longest time that its owner has to stand still.
///
/// The oracle reads quota and period of the cgroup that was handed to the program, and the kernel's counters: periods, and
/// the CPU time of the load.
struct QuotaOracle: Oracle {
    let id = "quota"
    let mistakes = ["weight", "default-period"]
    let points = 2

    private struct Task {
        /// Of one processor.
        let percent: Int
        /// Microseconds.
        let stall: Int

        init(_ draw: inout Draw) {
            percent = Int.random(in: 15...50, using: &draw)
            // With these no period is the kernel's default, and no quota less than its least.
            stall = Int.random(in: 80...400, using: &draw) * 100
        }

        var words: [String] {
            ["\(percent)", "\(stall)", "--"]
                + ["/bin/sh", "-c", #"exec /lab/guest "$@" >/dev/null"#, "load", "hog-cpu", "1"]
        }
    }

    /// Periods after which the counters are compared, and the CPU time that they may be out by, in nanoseconds: the kernel
    /// hands out quota in slices of 5 ms (sched-bwc.rst).
    private static let (fewest, slack): (UInt64, UInt64) = (20, 50_000_000)

    func words(_ point: Int, _ draw: inout Draw) -> [String] { Task(&draw).words }

    func judge(
        _ artefact: Artefact, _ point: Int, _ draw: inout Draw, _ bench: CheckBench
    ) throws(LabError) -> Judgement {
        let task = Task(&draw)
        let (judgement, isLate) = try bench.run(
            artefact, task.words, change: { $0.hasOwnCgroup = true }
        ) { (room) throws(LabError) -> (Judgement, Bool) in
            guard let cgroups = room.cgroups else { throw LabError(.software, "a room without cgroups") }
            return try judge(task, room, cgroups, bench.deadline)
        }
        return isLate ? try bench.late(judgement) : judgement
    }

    private func judge(
        _ task: Task, _ room: Room, _ cgroups: RoomCgroups, _ deadline: MonotonicInstant
    ) throws(LabError) -> (Judgement, Bool) {
        var found: HostProcess?
        let wait = try room.wait(until: deadline) {
            found = room.guest(with: "hog-cpu")
            return found != nil
        }
        guard let load = found else {
            let status = wait == .ended ? room.end() : nil
            let how: Message =
                status.map { "the program ended with status \(Int($0))" } ?? "the program did not start it"
            return (.wrong(nil, "the load never ran: \(how); \(room.lastWords)"), wait == .late)
        }
        // Before it runs they have to be there: this is no matter of time.
        if let flaw = Self.flaw(task, cgroups) { return (flaw, false) }
        guard !cgroups.without(load).contains(.cpu) else {
            return (.wrong(nil, "the limits are set, but the load runs in another cgroup"), false)
        }
        var (used, periods): (UInt64, UInt64) = (0, 0)
        let met = try room.wait(until: deadline) { () throws(LabError) in
            // The time first, so that the periods are not fewer than those that it was used in.
            used = load.family.reduce(0) { $0 + ((try? $1.cpuNanoseconds()) ?? 0) }
            periods = Self.number(of: "nr_periods", cgroups)
            return used > 0 && periods >= Self.fewest && Self.number(of: "nr_throttled", cgroups) > 0
        }
        guard met == .met, let bandwidth = cgroups.bandwidth else {
            return (
                .wrong(nil, "the limits are set, but the load never met its own: \(room.lastWords)"),
                met == .late
            )
        }
        let most = UInt64(bandwidth.quota * 1_000) * (periods + 2) + Self.slack
        let milliseconds = Int(used / 1_000_000)
        guard used <= most else {
            return (
                .wrong(
                    nil,
                    "the load used \(milliseconds) ms of CPU time in \(Int(periods)) periods, more than its share"
                ),
                false
            )
        }
        return (
            .right(
                "the load used \(milliseconds) ms of CPU time in \(Int(periods)) periods, and stands still for no longer than it may"
            ), false
        )
    }

    /// What is wrong with the settings; nil when nothing is.
    private static func flaw(_ task: Task, _ cgroups: RoomCgroups) -> Judgement? {
        guard let (quota, period) = cgroups.bandwidth else {
            let weight = cgroups.number(.cpu, v1: "cpu.shares", v2: "cpu.weight")
            let isWeighted = weight != (cgroups.isUnified(.cpu) ? 100 : 1_024)
            return isWeighted
                ? .wrong("weight", "the load's cgroup has another weight than others, and no quota")
                : .wrong(nil, "the load's cgroup has no quota")
        }
        let seen: Message = "the quota is \(Int(quota)) µs of \(Int(period)) µs"
        if abs(100 * quota / period - Double(task.percent)) > 1 {
            return .wrong(nil, "\(seen), and not \(task.percent) per cent")
        }
        let stall = period - quota
        if stall > Double(task.stall) {
            return .wrong(
                period == 100_000 ? "default-period" : nil,
                "\(seen): the load may stand still for \(Int(stall)) µs, more than \(task.stall) µs")
        }
        if stall < Double(task.stall) / 2 {
            return .wrong(
                nil,
                "\(seen): the load stands still for \(Int(stall)) µs at most, less than half of \(task.stall) µs"
            )
        }
        return nil
    }

    private static func number(of key: String, _ cgroups: RoomCgroups) -> UInt64 {
        cgroups.number(of: key, .cpu, v1: "cpu.stat", v2: "cpu.stat") ?? 0
    }
}
