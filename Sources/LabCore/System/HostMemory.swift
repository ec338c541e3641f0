import Glibc

/// The host's memory as a whole, and its caches.
public enum HostMemory {
    /// Bytes that could be had without swapping, `MemAvailable` of /proc/meminfo; nil where the kernel doesn't say.
    ///
    /// The kernel counts on each CPU and adds up now and then; root makes it add up first (`vm.stat_refresh`, see
    /// Documentation/admin-guide/sysctl/vm.rst), else the figure is off by up to about 0.5 MiB per CPU.
    public static func availableBytes() -> UInt64? {
        _ = try? Files.overwrite("1", at: "/proc/sys/vm/stat_refresh")
        return (try? Files.readText("/proc/meminfo", limit: 1 << 16)).flatMap(available(meminfo:))
    }

    /// `MemAvailable` of the text of /proc/meminfo, in bytes.
    static func available(meminfo text: String) -> UInt64? {
        for line in text.split(separator: "\n") where line.hasPrefix("MemAvailable:") {
            let kibibytes = line.split(separator: " ").dropFirst().first.flatMap { UInt64($0) }
            return kibibytes.flatMap { $0 < 1 << 54 ? $0 * 1_024 : nil }
        }
        return nil
    }

    /// `availableBytes` once it stands still: what ended a moment ago gives its memory back in the background.
    /// - Parameter limit: after so long the last reading has to do.
    public static func settledBytes(limit: Duration = .milliseconds(1_500)) -> UInt64? {
        let end = MonotonicInstant.now().advanced(by: limit)
        guard var last = availableBytes() else { return nil }
        while MonotonicInstant.now() < end {
            usleep(30_000)
            guard let now = availableBytes() else { return nil }
            if max(now, last) - min(now, last) <= 64 << 10 { return now }
            last = now
        }
        return last
    }

    /// Drops the page cache, dentries and inodes that are clean: what a start finds after the host's own. Nothing is
    /// lost, but all programs read their files again. See Documentation/admin-guide/sysctl/vm.rst, drop_caches.
    /// - Throws: `.permission` for anybody but root.
    static func dropCaches() throws(LabError) {
        sync()
        do {
            try Files.overwrite("3", at: "/proc/sys/vm/drop_caches")
        } catch {
            let denied = error == Errno(EACCES) || error == Errno(EPERM) || error == Errno(EROFS)
            throw LabError(
                denied ? .permission : .unavailable, "cannot drop the page cache for a cold start",
                cause: "\(error)", remedy: denied ? "run as root" : nil)
        }
    }
}
