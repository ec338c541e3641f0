/// A piece of a process's address space and what it takes, of the text of /proc/PID/smaps, proc(5).
public struct HostMapping: Equatable, Sendable {
    /// The length of its address space, in bytes.
    public var size: UInt64
    /// Its proportional set size in bytes: the pages of it that are in memory, shared ones divided among their users.
    public var proportional: UInt64

    /// The mappings in a text of smaps. Takes any text at all.
    static func all(smaps text: String) -> [HostMapping] {
        var mappings: [HostMapping] = []
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            // `Size:` is the first of each mapping's own lines.
            guard fields.count == 3, fields[2] == "kB", let kibibytes = UInt64(fields[1]),
                kibibytes < 1 << 50
            else { continue }
            if fields[0] == "Size:" {
                mappings.append(HostMapping(size: kibibytes << 10, proportional: 0))
            } else if fields[0] == "Pss:", !mappings.isEmpty {
                mappings[mappings.count - 1].proportional = kibibytes << 10
            }
        }
        return mappings
    }
}

extension HostProcess {
    /// All its mappings now.
    /// - Throws: `.input` when it has ended, or when this user may not look.
    public func mappings() throws(LabError) -> [HostMapping] {
        HostMapping.all(smaps: try Files.readText("/proc/\(pid)/smaps"))
    }
}
