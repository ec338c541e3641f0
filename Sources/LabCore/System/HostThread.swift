import Glibc

/// A thread of the host, with what /proc/PID/task/TID/stat says of it: proc(5).
package struct HostThread: Equatable, Sendable {
    package let process: pid_t
    package let tid: pid_t
    /// Its name: QEMU calls the threads of a VM's processors `CPU N/KVM` or `CPU N/TCG`.
    package let name: String
    /// CPU time so far, user and system, in ticks (sysconf(3), _SC_CLK_TCK).
    package let ticks: UInt64
    /// The time of its start, in ticks since boot: with the number it names one thread for ever.
    package let startTicks: UInt64

    /// Of every process of an instance.
    package static func all(of instance: any Instance) throws(LabError) -> [HostThread] {
        guard let visible = instance as? any HostVisible else {
            throw LabError(.unavailable, "the processes of this engine's instances are not known")
        }
        return try visible.hostProcesses().flatMap(all)
    }

    /// One that ends meanwhile is left out.
    package static func all(of process: HostProcess) -> [HostThread] {
        Files.list("/proc/\(process.pid)/task").compactMap { tid in
            Files.line("/proc/\(process.pid)/task/\(tid)/stat").flatMap {
                HostThread(process: process.pid, stat: $0)
            }
        }
    }

    /// Reads `TID (NAME) STATE …`; a name may hold anything, so that the last parenthesis ends it.
    package init?(process: pid_t, stat: String) {
        guard let open = stat.firstIndex(of: "("), let close = stat.lastIndex(of: ")"), open < close,
            let tid = pid_t(stat[..<open].trimmingWhitespace())
        else { return nil }
        // The fields from the third, the state, on.
        let fields = stat[stat.index(after: close)...].split(separator: " ")
        guard fields.count > 19, let user = UInt64(fields[11]), let system = UInt64(fields[12]),
            let start = UInt64(fields[19])
        else { return nil }
        let (ticks, overflow) = user.addingReportingOverflow(system)
        guard !overflow else { return nil }
        self.process = process
        self.tid = tid
        name = String(stat[stat.index(after: open)..<close])
        self.ticks = ticks
        startTicks = start
    }

    /// True when QEMU says by its name that it is a processor of a VM.
    package var isVirtualProcessor: Bool { virtualProcessor != nil }

    /// The number of the VM's processor that it is; nil where QEMU does not say by its name that it is one.
    package var virtualProcessor: UInt? {
        guard name.hasPrefix("CPU ") else { return nil }
        let parts = name.dropFirst(4).split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 2 && (parts[1] == "KVM" || parts[1] == "TCG") ? UInt(parts[0]) : nil
    }
}
