import CLinux
import Glibc
import LabCore
import OCI

/// What a container uses, said again and again, and that it ran out of memory: `events`, one line of JSON each, in runc's words.
struct EventStream {
    let store: StateStore
    let id: String

    struct Event: SpecPart {
        var type = "stats"
        var id = ""
        var data: Stats?
        init() {}
    }

    struct Stats: SpecPart {
        var cpu: CPU?
        var memory: Memory?
        var pids: Pids?
        init() {}
    }

    struct CPU: SpecPart {
        var usage = Usage()
        var throttling = Throttling()
        init() {}

        /// Nanoseconds.
        struct Usage: SpecPart {
            var total: UInt64 = 0
            var kernel: UInt64 = 0
            var user: UInt64 = 0
            init() {}
        }

        struct Throttling: SpecPart {
            var periods: UInt64 = 0
            var throttledPeriods: UInt64 = 0
            var throttledTime: UInt64 = 0
            init() {}
        }
    }

    struct Memory: SpecPart {
        var cache: UInt64 = 0
        var usage = Entry()
        var raw: [String: UInt64] = [:]
        init() {}

        /// Bytes; a limit that is none is left out.
        struct Entry: SpecPart {
            var limit: UInt64?
            var usage: UInt64 = 0
            var max: UInt64?
            var failcnt: UInt64 = 0
            init() {}
        }
    }

    struct Pids: SpecPart {
        var current: UInt64 = 0
        var limit: UInt64?
        init() {}
    }

    /// `5s`, `500ms`, `1m`.
    static func period(_ text: String) throws -> Duration {
        let digits = text.prefix { $0.isNumber || $0 == "." }
        guard let number = Double(digits), number.isFinite, number > 0, number <= 86_400 else {
            throw Failure("duration interval must be greater than 0")
        }
        switch text.dropFirst(digits.count) {
        case "ms": return .milliseconds(number)
        case "s": return .seconds(number)
        case "m": return .seconds(number * 60)
        default: throw Failure("invalid duration \(ForeignText.line(text, most: 40))")
        }
    }

    /// Until the container ends.
    func run(every period: Duration, isOnce: Bool) throws {
        let state = try store.read(id)
        guard state.isAlive else { throw Failure("container with id \(id) is not running") }
        let cgroups = Cgroups(directories: state.cgroups)
        if isOnce { return try say(stats(cgroups)) }
        let first = FileDescriptor(owning: try Kernel.check { clinux_pidfd_open(state.pid) })
        guard state.isAlive else { return }
        var killed = outOfMemory(cgroups)
        let wait = Int32(min(86_400_000, max(1, period / .milliseconds(1))))
        while true {
            var event = pollfd(fd: first.rawValue, events: Int16(POLLIN), revents: 0)
            let hasEnded = poll(&event, 1, wait) > 0
            let now = outOfMemory(cgroups)
            if now > killed {
                killed = now
                try say(Event { $0.type = "oom" })
            }
            if hasEnded { return }
            try say(stats(cgroups))
        }
    }

    private func say(_ event: Event) throws {
        var event = event
        event.id = id
        print(try event.line())
        // Whoever reads it waits for it.
        fflush(nil)
    }

    /// How many of its processes were ended for want of memory.
    private func outOfMemory(_ cgroups: Cgroups) -> UInt64 {
        let text = cgroups.text("memory", v1: "memory.oom_control", v2: "memory.events")
        return Self.fields(text)["oom_kill"] ?? 0
    }

    /// Lines of a name and a number.
    private static func fields(_ text: String?) -> [String: UInt64] {
        var fields: [String: UInt64] = [:]
        for line in (text ?? "").split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, let number = UInt64(words[1]) { fields[String(words[0])] = number }
        }
        return fields
    }

    private func stats(_ cgroups: Cgroups) -> Event {
        Event {
            $0.data = Stats {
                ($0.cpu, $0.memory, $0.pids) = (cpu(cgroups), memory(cgroups), pids(cgroups))
            }
        }
    }

    private func number(_ cgroups: Cgroups, _ controller: String, _ v1: String?, _ v2: String?) -> UInt64? {
        cgroups.text(controller, v1: v1, v2: v2).flatMap { UInt64($0.trimmingWhitespace()) }
    }

    private func cpu(_ cgroups: Cgroups) -> CPU? {
        // That of version 2 has all in one file, in microseconds.
        let whole = Self.fields(cgroups.text("cpu", v1: "cpu.stat", v2: "cpu.stat"))
        guard !whole.isEmpty else { return nil }
        return CPU {
            $0.throttling.periods = whole["nr_periods"] ?? 0
            $0.throttling.throttledPeriods = whole["nr_throttled"] ?? 0
            if let usage = whole["usage_usec"] {
                $0.usage.total = usage &* 1_000
                $0.usage.user = (whole["user_usec"] ?? 0) &* 1_000
                $0.usage.kernel = (whole["system_usec"] ?? 0) &* 1_000
                $0.throttling.throttledTime = (whole["throttled_usec"] ?? 0) &* 1_000
                return
            }
            $0.throttling.throttledTime = whole["throttled_time"] ?? 0
            $0.usage.total = number(cgroups, "cpuacct", "cpuacct.usage", nil) ?? 0
            $0.usage.user = number(cgroups, "cpuacct", "cpuacct.usage_user", nil) ?? 0
            $0.usage.kernel = number(cgroups, "cpuacct", "cpuacct.usage_sys", nil) ?? 0
        }
    }

    private func memory(_ cgroups: Cgroups) -> Memory? {
        guard let usage = number(cgroups, "memory", "memory.usage_in_bytes", "memory.current") else {
            return nil
        }
        let raw = Self.fields(cgroups.text("memory", v1: "memory.stat", v2: "memory.stat"))
        return Memory {
            ($0.raw, $0.usage.usage) = (raw, usage)
            $0.cache = raw["cache"] ?? raw["file"] ?? 0
            $0.usage.limit = number(cgroups, "memory", "memory.limit_in_bytes", "memory.max")
            $0.usage.max = number(cgroups, "memory", "memory.max_usage_in_bytes", "memory.peak")
            $0.usage.failcnt =
                number(cgroups, "memory", "memory.failcnt", nil)
                ?? Self.fields(cgroups.text("memory", v1: nil, v2: "memory.events"))["max"] ?? 0
        }
    }

    private func pids(_ cgroups: Cgroups) -> Pids? {
        guard let current = number(cgroups, "pids", "pids.current", "pids.current") else { return nil }
        return Pids {
            $0.current = current
            $0.limit = number(cgroups, "pids", "pids.max", "pids.max")
        }
    }
}
