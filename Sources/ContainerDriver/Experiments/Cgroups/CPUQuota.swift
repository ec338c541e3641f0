import Glibc
import LabCore

/// The exactness of the kernel's CPU quota: processes that never rest, in a cgroup that may have `setting` percent of
/// one processor, and the kernel's own account of what they got.
///
/// Values: `asked-share` and `achieved-share` (of one processor), `achieved-ratio` (the one over the other, where the
/// limit was met at all), `error-ratio`, `periods-count`, `throttled-count`, `throttled-nanoseconds`, and
/// `host-idle-share`, how much of all processors lay idle meanwhile.
struct CPUQuota: Experiment {
    let id = "cpu-quota"

    /// Half the kernel's default, so that a window of many periods is short.
    private static let periodMicroseconds = 50_000
    private static let fewestPeriods = 10
    /// A window is so long that the quotas of its periods add up to this: the kernel throttles at its clock tick, so
    /// that a group may be up to one (4 ms, as most kernels are built) ahead of its quota, which it then waits for.
    private static let leastNanoseconds: UInt64 = 120_000_000

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        guard let percent = bench.setting.flatMap({ Int($0) }), (1...409_600).contains(percent) else {
            throw LabError(.usage, "cpu-quota needs a setting in percent of one processor")
        }
        let processors = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        let count = (percent + 99) / 100
        guard count <= processors else {
            throw LabError(
                .unavailable, "no processor is left for a quota of \(percent) %",
                cause: "this machine has \(processors)")
        }
        return try TrialCgroup.with(.init(controllers: ["cpu", "cpuacct"].filter(isNeeded)), bench) {
            (cgroup) throws(LabError) in
            let period = Self.periodMicroseconds
            let quota = period * percent / 100
            try cgroup.set(
                "cpu", v1: ("cpu.cfs_period_us", "\(period)"), v2: ("cpu.max", "\(quota) \(period)"))
            if cgroup.version(of: "cpu") == .v1 {
                try cgroup.set("cpu", v1: ("cpu.cfs_quota_us", "\(quota)"), v2: ("cpu.max", "max"))
            }
            var children: [ChildInstance] = []
            defer { for child in children { bench.dispose(child) } }
            for _ in 0..<count {
                children.append(try TrialChild.start(.burn, .init(cgroup: cgroup), bench))
            }
            for child in children { try child.waitUntilReady(deadline: bench.deadline) }
            return try measure(cgroup, asked: Double(percent) / 100, bench)
        }
    }

    /// v2 has no cpuacct: there `cpu` accounts for what it limits.
    private func isNeeded(_ controller: String) -> Bool {
        controller == "cpu" || (try? ControllerMounts.current().hierarchy(of: "cpu").version) == .v1
    }

    private func measure(
        _ cgroup: TrialCgroup, asked: Double, _ bench: Bench
    ) throws(LabError) -> Finding {
        let length = Duration.microseconds(Self.periodMicroseconds)
        let quota = UInt64(Double(length.nanoseconds) * asked)
        let began = try settled(cgroup, quota, within: length * 4, bench)
        let idleBefore = HostIdle.nanoseconds()
        let periodsToWait = max(Self.fewestPeriods, Int(Self.leastNanoseconds / max(quota, 1)))
        try bench.pause(length * (periodsToWait - 1))
        let ended = try settled(cgroup, quota, within: length * 4, bench)
        let idle = HostIdle.nanoseconds() - idleBefore

        let wall = Double(ended.instant.nanoseconds(since: began.instant))
        let periods = Double(ended.periods.grown(since: began.periods))
        // Both readings were taken while the group waited for its next period: what it used between them is what whole
        // periods gave it, however late we woke up.
        let span = began.isWaiting && ended.isWaiting ? periods * Double(length.nanoseconds) : wall
        guard span > 0 else { throw LabError(.instance, "the CPU quota of a cgroup began no period") }
        let achieved = Double(ended.used.grown(since: began.used)) / span
        var finding = Finding(values: [
            "asked-share": asked, "achieved-share": achieved,
            "error-ratio": abs(achieved - asked) / asked, "periods-count": periods,
            "throttled-count": Double(ended.throttled.grown(since: began.throttled)),
            "throttled-nanoseconds": Double(ended.waited.grown(since: began.waited)),
            "host-idle-share": idle / wall / Double(sysconf(Int32(_SC_NPROCESSORS_ONLN))),
        ])
        // A group that never came to its limit, because the host was busy, shows nothing of how that is held.
        if ended.throttled > began.throttled { finding.values["achieved-ratio"] = achieved / asked }
        finding.note(
            "throttled", ended.throttled > began.throttled,
            answer: ended.throttled > began.throttled ? "throttled" : "never throttled", mechanism: .cgroup,
            evidence: "cpu.stat: nr_periods +\(Int(periods)), "
                + "nr_throttled +\(ended.throttled.grown(since: began.throttled))")
        return finding
    }

    /// The kernel's counts so far.
    private struct Reading {
        var instant: MonotonicInstant
        var used: UInt64
        var periods: UInt64
        var throttled: UInt64
        var waited: UInt64
        var isWaiting = false
    }

    /// A reading at a moment at which the group has used up its quota and waits; if that doesn't come, any reading.
    ///
    /// It waits when, since the last period began, it has used most of a quota and then nothing for longer than the
    /// kernel's clock tick, with which it accounts. (That it used nothing would not do: on a busy host it may only be
    /// somebody else's turn.)
    private func settled(
        _ cgroup: TrialCgroup, _ quota: UInt64, within limit: Duration, _ bench: Bench
    ) throws(LabError) -> Reading {
        var tick = timespec()
        clock_getres(CLOCK_MONOTONIC_COARSE, &tick)
        let deadline = MonotonicInstant.now().advanced(by: limit)
        var last = try read(cgroup)
        var began: Reading?
        var changed = last.instant
        while MonotonicInstant.now() < deadline {
            try bench.pause(.milliseconds(2))
            let next = try read(cgroup)
            if next.periods != last.periods { began = next }
            if next.periods != last.periods || next.used != last.used { changed = next.instant }
            last = next
            guard let began, next.used.grown(since: began.used) >= quota / 2 else { continue }
            last.isWaiting = next.instant.nanoseconds(since: changed) > UInt64(tick.tv_nsec)
            if last.isWaiting { return last }
        }
        return last
    }

    private func read(_ cgroup: TrialCgroup) throws(LabError) -> Reading {
        let instant = MonotonicInstant.now()
        let text = cgroup.text("cpu", v1: "cpu.stat", v2: "cpu.stat")
        let isV1 = cgroup.version(of: "cpu") == .v1
        let used =
            isV1
            ? cgroup.number("cpuacct", v1: "cpuacct.usage", v2: "")
            : ControlFile.value(of: "usage_usec", in: text).flatMap { $0.times(1_000) }
        guard let used, let periods = ControlFile.value(of: "nr_periods", in: text),
            let throttled = ControlFile.value(of: "nr_throttled", in: text),
            let waited = CgroupReader.throttledNanoseconds(isV1 ? .v1 : .v2, text)
        else { throw LabError(.unavailable, "this kernel keeps no account of a cgroup's CPU time") }
        return Reading(instant: instant, used: used, periods: periods, throttled: throttled, waited: waited)
    }
}

/// The time for which the processors of the host had nothing to do.
enum HostIdle {
    /// The `idle` and `iowait` columns of /proc/stat, see proc(5), summed over all processors, in nanoseconds and in
    /// steps of a clock tick.
    static func nanoseconds() -> Double {
        let fields = (Files.line("/proc/stat") ?? "").prefix { $0 != "\n" }.split(separator: " ")
        guard fields.count > 5, let idle = Double(fields[4]), let waiting = Double(fields[5])
        else { return 0 }
        return (idle + waiting) * 1e9 / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}
