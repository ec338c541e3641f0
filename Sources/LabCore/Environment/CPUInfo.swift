/// The processors as /proc/cpuinfo describes them. See proc(5); the keys are those of x86 kernels, and what another
/// architecture does not print stays nil.
struct CPUInfo: Equatable {
    var model: String?
    var microcode: String?
    /// Entries, one per logical CPU that is online.
    var count = 0
    /// True when the CPU says that it belongs to a virtual machine (CPUID.1:ECX bit 31); nil when there are no flags.
    var hasHypervisorFlag: Bool?

    init(_ text: String) {
        for line in text.split(whereSeparator: \.isNewline) {
            guard let (key, value) = splitOnce(line, at: ":") else { continue }
            switch key {
            case "processor": count += 1
            case "model name": model = model ?? (value.isEmpty ? nil : value)
            case "microcode": microcode = microcode ?? (value.isEmpty ? nil : value)
            case "flags":
                hasHypervisorFlag = hasHypervisorFlag ?? value.split(separator: " ").contains("hypervisor")
            default: break
            }
        }
    }
}

/// CPU time since boot, all CPUs together, in clock ticks: the first line of /proc/stat. See proc(5).
struct CPUTimes: Equatable {
    var total: UInt64
    /// Time in which a virtual CPU was ready to run and its host ran something else.
    var steal: UInt64

    /// nil when the text has no such line, or one of a kernel before 2.6.11, which has no column `steal`.
    init?(_ text: String) {
        guard let line = text.split(whereSeparator: \.isNewline).first(where: { $0.hasPrefix("cpu ") })
        else { return nil }
        // user nice system idle iowait irq softirq steal; guest time is counted in user already.
        let columns = line.split(separator: " ").dropFirst().prefix(8).map { UInt64($0) }
        guard columns.count == 8, let steal = columns[7] else { return nil }
        var sum: UInt64 = 0
        for column in columns {
            guard let column else { return nil }
            let (next, overflow) = sum.addingReportingOverflow(column)
            if overflow { return nil }
            sum = next
        }
        total = sum
        self.steal = steal
    }

    /// The share of time from `earlier` to this that was stolen, 0…1; nil when no time has passed.
    func stealShare(since earlier: CPUTimes) -> Double? {
        guard total > earlier.total, steal >= earlier.steal else { return nil }
        return min(1, Double(steal - earlier.steal) / Double(total - earlier.total))
    }
}

/// The two sides of the first `separator`, trimmed; nil when there is none.
func splitOnce(_ line: Substring, at separator: Character) -> (key: String, value: String)? {
    guard let place = line.firstIndex(of: separator) else { return nil }
    return (line[..<place].trimmingWhitespace(), line[line.index(after: place)...].trimmingWhitespace())
}
