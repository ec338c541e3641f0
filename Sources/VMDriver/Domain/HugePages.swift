import LabCore

/// The host's pool of huge pages of the default size, Documentation/admin-guide/mm/hugetlbpage.rst in Linux.
enum HugePages {
    /// Of one page on x86-64, unless the host's command line says otherwise.
    static let bytes: UInt64 = 2 << 20

    /// Proves that the pool has enough for a guest.
    /// - Throws: `.unavailable` with how to fill it.
    static func check(for memoryBytes: UInt64) throws(LabError) {
        let needed = (memoryBytes + bytes - 1) / bytes
        let pool = "/sys/kernel/mm/hugepages/hugepages-\(bytes >> 10)kB"
        let free = Files.line("\(pool)/free_hugepages").flatMap { UInt64($0) } ?? 0
        let reserved = Files.line("\(pool)/resv_hugepages").flatMap { UInt64($0) } ?? 0
        guard free < needed + reserved else { return }
        throw LabError(
            .unavailable, "the host has too few huge pages for a VM of \(memoryBytes >> 20) MiB",
            cause: "\(free) are free and \(needed) are needed",
            remedy: "echo \(needed) > \(pool)/nr_hugepages, and 0 afterwards")
    }
}
