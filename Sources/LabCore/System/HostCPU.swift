import Glibc

/// The host's processors as a whole.
enum HostCPU {
    /// Nanoseconds that the hypervisor below this host gave to others while this host wanted to run: the `steal` column
    /// of /proc/stat, see proc(5). In steps of a clock tick; nil where the kernel doesn't say.
    static func stealNanoseconds() -> UInt64? {
        let ticksPerSecond = sysconf(Int32(_SC_CLK_TCK))
        guard ticksPerSecond > 0,
            let ticks = (try? Files.readText("/proc/stat", limit: 1 << 20)).flatMap(CPUTimes.init)?.steal
        else { return nil }
        return ticks.multipliedReportingOverflow(by: 1_000_000_000 / UInt64(ticksPerSecond)).partialValue
    }
}
