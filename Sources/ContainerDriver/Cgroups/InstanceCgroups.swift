import Glibc
import LabCore

/// The cgroups of one instance at a time: one directory in each hierarchy, all with the same name.
///
/// To make and to remove three of them costs more than any other step of a start but clone3.
final class InstanceCgroups: @unchecked Sendable {
    // Unchecked: one instance at a time has them, and the pool that hands them on is locked.

    /// The name of the directories.
    let number: Int
    /// In the order of the mounts.
    let directories: [String]
    /// The `tasks` files of the v1 directories, open for the children that move themselves there.
    private(set) var joins: [Int32] = []
    /// The v2 directory, open for CLONE_INTO_CGROUP; -1 when no controller of ours is in v2.
    private(set) var cloneTarget: Int32 = -1
    let limits: ResourceLimits
    private let parents: [CgroupTree.Parent]
    private var gauges: Gauges?

    /// Makes the directories and sets the limits. On failure nothing is left.
    init(number: Int, limits: ResourceLimits, parents: [CgroupTree.Parent]) throws(LabError) {
        self.number = number
        self.limits = limits
        self.parents = parents
        directories = parents.map { "\($0.directory)/\(number)" }
        do {
            for (parent, directory) in zip(parents, directories) {
                try CgroupTree.make(directory)
                switch parent.hierarchy.version {
                case .v1: joins.append(try Self.open("\(directory)/tasks", O_WRONLY))
                case .v2: cloneTarget = try Self.open(directory, O_RDONLY | O_DIRECTORY)
                }
                for setting in limits.settings(in: parent) {
                    try ControlFile.write(setting.value, to: "\(directory)/\(setting.file)")
                }
            }
        } catch {
            try? remove()
            throw error
        }
    }

    deinit { closeDirectories() }

    private func closeDirectories() {
        for descriptor in joins + [cloneTarget] where descriptor >= 0 { close(descriptor) }
        joins = []
        cloneTarget = -1
    }

    /// Kept as a number, because an array can't hold what is not copyable; `deinit` closes it.
    private static func open(_ path: String, _ flags: Int32) throws(LabError) -> Int32 {
        do {
            return try FileDescriptor.open(path, flags).release()
        } catch {
            throw LabError(.unavailable, "cannot open \(path)", cause: error)
        }
    }

    /// Returns true when the next instance finds them as good as new: nobody was throttled or came to the memory limit,
    /// and at most a 64th of that limit is still charged. (What is left is kernel memory that RCU frees a moment later,
    /// and the 256 KiB that each CPU takes from a cgroup's account in advance.)
    func areAsNew() -> Bool {
        if gauges == nil { gauges = Gauges(zip(parents, directories)) }
        guard let gauges, let charge = gauges.charge() else { return false }
        return charge <= limits.memoryBytes / 64 && gauges.hasMetNoLimit()
    }

    /// Those that a child must move itself to: the v1 ones.
    var directoriesToJoin: [String] {
        zip(parents, directories).filter { $0.0.hierarchy.version == .v1 }.map(\.1)
    }

    /// True when no process is in them.
    var areEmpty: Bool { directories.allSatisfy { ControlFile.processes(of: $0).isEmpty } }

    /// The cgroups in which the kernel accounts for the instance.
    var accounts: CgroupReader? {
        var places: [CgroupMounts.Controller: CgroupReader.Place] = [:]
        for (parent, directory) in zip(parents, directories) {
            for controller in parent.hierarchy.controllers {
                places[controller] = CgroupReader.Place(
                    version: parent.hierarchy.version, directory: directory)
            }
        }
        return places.count == CgroupMounts.Controller.allCases.count ? CgroupReader(places) : nil
    }

    /// Removes the directories; what still runs in them is killed.
    func remove() throws(LabError) {
        closeDirectories()
        for directory in directories.reversed() { try CgroupTree.remove(directory) }
    }

    /// The kernel's counts since they were made, in files that are kept open.
    private final class Gauges {
        private let usage: FileDescriptor
        /// v1: how often the memory limit was met; v2: `memory.events`.
        private let memoryEvents: FileDescriptor
        private let cpuStatistics: FileDescriptor
        private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1_024, alignment: 8)

        init?(_ places: some Sequence<(CgroupTree.Parent, String)>) {
            var memory = "", events = "", cpu = ""
            for (parent, directory) in places {
                let isV2 = parent.hierarchy.version == .v2
                if parent.hierarchy.controllers.contains(.memory) {
                    memory = "\(directory)/\(isV2 ? "memory.current" : "memory.usage_in_bytes")"
                    events = "\(directory)/\(isV2 ? "memory.events" : "memory.failcnt")"
                }
                if parent.hierarchy.controllers.contains(.cpu) { cpu = "\(directory)/cpu.stat" }
            }
            do {
                usage = try FileDescriptor.open(memory, O_RDONLY)
                memoryEvents = try FileDescriptor.open(events, O_RDONLY)
                cpuStatistics = try FileDescriptor.open(cpu, O_RDONLY)
            } catch {
                return nil
            }
        }

        deinit { buffer.deallocate() }

        /// Bytes charged now.
        func charge() -> UInt64? {
            var value: UInt64?
            forEachNumber(usage) { _, number in value = number }
            return value
        }

        func hasMetNoLimit() -> Bool {
            var met = false
            forEachNumber(memoryEvents) { _, number in met = met || number != 0 }
            forEachNumber(cpuStatistics) { isThrottling, number in met = met || isThrottling && number != 0 }
            return !met
        }

        /// Calls `body` with each number of a file of lines `NUMBER` or `name NUMBER`, and whether the name says that
        /// somebody was throttled (`nr_throttled`).
        private func forEachNumber(_ file: borrowing FileDescriptor, _ body: (Bool, UInt64) -> Void) {
            let length = pread(file.rawValue, buffer.baseAddress, buffer.count, 0)
            guard length > 0 else { return body(true, .max) }  // unreadable counts as met
            for line in buffer[..<length].split(separator: UInt8(ascii: "\n")) {
                let number = line.drop { $0 > UInt8(ascii: "9") || $0 < UInt8(ascii: "0") }
                body(
                    line.starts(with: "nr_throttled".utf8),
                    number.reduce(0) { $0 &* 10 &+ UInt64($1 &- UInt8(ascii: "0")) })
            }
        }
    }
}

extension ResourceLimits {
    /// CPU bandwidth is enforced in periods of this length, the kernel's default.
    private static let periodMicroseconds = 100_000

    /// Returns the control files of a new cgroup below `parent`, in the order in which they are written, and their texts.
    func settings(in parent: CgroupTree.Parent) -> [CgroupSetting] {
        let quota = cpus * Self.periodMicroseconds
        let hierarchy = parent.hierarchy
        return hierarchy.controllers.flatMap { controller -> [CgroupSetting] in
            switch (hierarchy.version, controller) {
            case (.v1, .memory):
                // Memory and swap together: the same figure means no swap.
                (["memory.limit_in_bytes"] + (parent.limitsSwap ? ["memory.memsw.limit_in_bytes"] : []))
                    .map { CgroupSetting(file: $0, value: "\(memoryBytes)") }
            case (.v1, .cpu): [CgroupSetting(file: "cpu.cfs_quota_us", value: "\(quota)")]
            case (.v2, .memory):
                [CgroupSetting(file: "memory.max", value: "\(memoryBytes)")]
                    + (parent.limitsSwap ? [CgroupSetting(file: "memory.swap.max", value: "0")] : [])
            case (.v2, .cpu):
                [CgroupSetting(file: "cpu.max", value: "\(quota) \(Self.periodMicroseconds)")]
            case (_, .pids): [CgroupSetting(file: "pids.max", value: "\(pids)")]
            }
        }
    }
}

/// A control file of a cgroup and what is to be written to it, see cgroups(7).
public struct CgroupSetting: Equatable, Sendable {
    public let file: String
    public let value: String
}
