import Glibc
import LabCore

/// One mounted hierarchy of cgroups, of either version. All of them: a runtime puts a container into each, also those that
/// limit nothing.
struct CgroupHierarchy: Equatable {
    let mountPoint: String
    /// The cgroup that is mounted there, of which only what is below can be reached.
    let root: String
    let isUnified: Bool
    /// Those of version 1: `cpu`, `cpuacct`, or `name=systemd`.
    let mountWords: [String]

    var controllers: [String] {
        mountWords.map { $0.hasPrefix("name=") ? String($0.dropFirst(5)) : $0 }
    }

    private static let known: Set<String> = [
        "cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "hugetlb", "net_cls",
        "net_prio", "perf_event", "rdma", "misc",
    ]

    static let all: [CgroupHierarchy] = {
        var found: [CgroupHierarchy] = []
        for entry in MountTable(mountinfo: mounts).entries
        where entry.type == "cgroup" || entry.type == "cgroup2" {
            let words = entry.superOptions.filter { known.contains($0) || $0.hasPrefix("name=") }
            let hierarchy = CgroupHierarchy(
                mountPoint: entry.mountPoint, root: entry.root, isUnified: entry.type == "cgroup2",
                mountWords: entry.type == "cgroup2" ? [] : words)
            let isKnown = found.contains {
                $0.isUnified == hierarchy.isUnified && $0.mountWords == hierarchy.mountWords
            }
            if !isKnown { found.append(hierarchy) }
        }
        return found
    }()

    /// The lines of mountinfo that have a cgroup: to take each of them apart would take longer than all that is made here.
    private static var mounts: String {
        let bytes = (try? Files.read("/proc/self/mountinfo", step: 1 << 13)) ?? []
        let type = " - cgroup".utf8
        var found: [UInt8] = []
        for line in bytes.split(separator: 0x0a) {
            // The first dash alone: a space in a name is written otherwise.
            let dash = line.indices.dropLast(2).first {
                line[$0] == 0x20 && line[$0 + 1] == 0x2d && line[$0 + 2] == 0x20
            }
            guard let dash, line[dash...].starts(with: type) else { continue }
            found += line
            found.append(0x0a)
        }
        return String(decoding: found, as: UTF8.self)
    }

    /// The lines of /proc/PID/cgroup: the number of a hierarchy, what it has, where the process is.
    private typealias Membership = [(number: Substring, words: Substring, path: Substring)]

    /// None of a process that is gone.
    private static func membership(of process: String) -> Membership {
        let bytes = (try? Files.read("/proc/\(process)/cgroup", step: 1 << 11)) ?? []
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            return fields.count == 3 ? (fields[0], fields[1], fields[2]) : nil
        }
    }

    private static let ownMembership = membership(of: "self")

    private func path(in membership: Membership) -> Substring? {
        let words = mountWords.joined(separator: ",")
        return membership.first { isUnified ? $0.number == "0" : $0.words == words }?.path
    }

    /// The cgroups that a process is in, of any hierarchy; none of one that is gone.
    static func paths(of process: pid_t) -> [Substring] { membership(of: "\(process)").map(\.path) }

    /// The directory of the cgroup that a process is in; nil of one that is gone.
    func directory(of process: pid_t) -> String? {
        path(in: Self.membership(of: "\(process)")).map { mountPoint + $0 }
    }

    /// Where this process is in it.
    var ownPath: String {
        guard let own = path(in: Self.ownMembership) else { return "/" }
        return String(own.hasPrefix(root) && root != "/" ? own.dropFirst(root.count) : own)
    }
}
