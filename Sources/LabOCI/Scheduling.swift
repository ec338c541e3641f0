import CLinux
import Glibc
import LabCore
import OCI

/// When a process gets a processor and a disk: `scheduler`, `ioPriority` and `execCPUAffinity`, set while it has the right to.
enum Scheduling {
    private static let policies: [(word: String, number: UInt32)] = [
        ("SCHED_OTHER", 0), ("SCHED_FIFO", 1), ("SCHED_RR", 2), ("SCHED_BATCH", 3), ("SCHED_ISO", 4),
        ("SCHED_IDLE", 5), ("SCHED_DEADLINE", 6),
    ]
    private static let flags: [(word: String, bit: UInt64)] = [
        ("SCHED_FLAG_RESET_ON_FORK", 1), ("SCHED_FLAG_RECLAIM", 2), ("SCHED_FLAG_DL_OVERRUN", 4),
        ("SCHED_FLAG_KEEP_POLICY", 8), ("SCHED_FLAG_KEEP_PARAMS", 0x10), ("SCHED_FLAG_UTIL_CLAMP_MIN", 0x20),
        ("SCHED_FLAG_UTIL_CLAMP_MAX", 0x40),
    ]
    private static let classes = ["IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE"]

    static func check(_ process: RuntimeSpec.Process) throws {
        if let scheduler = process.scheduler { _ = try attributes(scheduler) }
        if let priority = process.ioPriority { _ = try number(priority) }
        for text in [process.execCPUAffinity?.initial, process.execCPUAffinity?.final] {
            guard let text, !text.isEmpty else { continue }
            guard CPUList(text)?.isEmpty == false else {
                throw Failure(
                    "execCPUAffinity: \(ForeignText.line(text, most: 100)) is no list of processors")
            }
        }
    }

    private static func attributes(_ scheduler: RuntimeSpec.Scheduler) throws -> clinux_scheduling {
        guard let policy = policies.first(where: { $0.word == scheduler.policy })?.number else {
            throw Failure("invalid scheduler policy: \(ForeignText.line(scheduler.policy, most: 100))")
        }
        let (nice, priority) = (scheduler.nice ?? 0, scheduler.priority ?? 0)
        guard (-20...19).contains(nice) else { throw Failure("invalid scheduler.nice: \(nice)") }
        guard priority == 0 || [1, 2].contains(policy) && (1...99).contains(priority) else {
            throw Failure(
                "scheduler.priority can only be specified for SCHED_FIFO or SCHED_RR policy, from 1 to 99")
        }
        let times = [scheduler.runtime, scheduler.deadline, scheduler.period].map { $0 ?? 0 }
        guard policy == 6 || times == [0, 0, 0] else {
            throw Failure("scheduler runtime/deadline/period can only be specified for SCHED_DEADLINE policy")
        }
        var bits: UInt64 = 0
        for flag in scheduler.flags ?? [] {
            guard let bit = flags.first(where: { $0.word == flag })?.bit else {
                throw Failure("invalid scheduler flag: \(ForeignText.line(flag, most: 100))")
            }
            bits |= bit
        }
        return clinux_scheduling(
            policy: policy, nice: nice, priority: UInt32(priority), flags: bits, runtime: times[0],
            deadline: times[1], period: times[2])
    }

    /// As ioprio_set(2) has it.
    private static func number(_ priority: RuntimeSpec.IOPriority) throws -> Int {
        guard let place = classes.firstIndex(of: priority.class) else {
            throw Failure("invalid ioPriority.class: \(ForeignText.line(priority.class, most: 100))")
        }
        guard (0...7).contains(priority.priority) else {
            throw Failure("invalid ioPriority.priority: \(priority.priority)")
        }
        return (place + 1) << 13 | priority.priority
    }

    /// Of this process.
    static func apply(_ process: RuntimeSpec.Process) throws {
        if let scheduler = process.scheduler {
            var attributes = try attributes(scheduler)
            do { try Kernel.check { clinux_set_scheduling(&attributes) } } catch {
                throw Failure("error setting scheduler", error)
            }
        }
        if let priority = process.ioPriority {
            let number = try number(priority)
            do { try Kernel.call(SYS_ioprio_set, 1 /* IOPRIO_WHO_PROCESS */, 0, number) } catch {
                throw Failure("failed to set io priority", error)
            }
        }
    }

    /// - Parameter text: a list of processors; nil or empty for all.
    static func setAffinity(_ text: String?) throws {
        guard let text, !text.isEmpty, let list = CPUList(text) else { return }
        let mask = list.mask
        do {
            try mask.withUnsafeBytes { bytes in
                _ = try Kernel.call(
                    SYS_sched_setaffinity, 0, bytes.count, Int(bitPattern: bytes.baseAddress))
            }
        } catch { throw Failure("error setting cpu affinity: \(error.words)") }
    }
}
