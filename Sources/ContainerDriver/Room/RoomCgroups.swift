import Glibc
import LabCore

/// The cgroups of a room: in each hierarchy a directory with the room's limits, below it `start`, in which it runs, and
/// `own`, which is its program's to set limits in.
package final class RoomCgroups {
    /// In the order of the hierarchies.
    private var tops: [CgroupTree.Parent] = []
    /// The files by which a child moves itself to `start`.
    private(set) var joins: [Int32] = []

    /// Makes them, journaled before. On failure nothing is left.
    /// - Parameters:
    ///   - name: `lab-<runID>-…`.
    ///   - owner: who may write to `own`; nil where nobody has one.
    /// - Throws: `.unavailable` or `.permission` where this user may set no limits.
    init(
        name: String, limits: ResourceLimits, owner: RoomUser?, journal: RunJournal
    ) throws(LabError) {
        let mounts = CgroupMounts.current()
        try mounts.requireControllers()
        do throws(LabError) {
            for hierarchy in mounts.hierarchies {
                try make(hierarchy, name, limits, owner, journal)
            }
        } catch {
            try? remove()
            throw error
        }
    }

    deinit { for join in joins { close(join) } }

    private func make(
        _ hierarchy: CgroupMounts.Hierarchy, _ name: String, _ limits: ResourceLimits, _ owner: RoomUser?,
        _ journal: RunJournal
    ) throws(LabError) {
        let controllers = hierarchy.controllers.map(\.rawValue)
        let ground = try CgroupDelegation.ground(
            hierarchy.version, at: hierarchy.mountPoint, enabling: controllers)
        let directory = "\(ground)/\(name)"
        try journal.record(JournaledResource(.cgroup, directory))
        try CgroupTree.make(directory)
        let swap = hierarchy.version == .v2 ? "memory.swap.max" : "memory.memsw.limit_in_bytes"
        let top = CgroupTree.Parent(
            hierarchy: hierarchy, directory: directory, limitsSwap: Files.exists("\(directory)/\(swap)"))
        tops.append(top)
        for setting in limits.settings(in: top) {
            try ControlFile.write(setting.value, to: "\(directory)/\(setting.file)")
        }
        if hierarchy.version == .v2 { try CgroupTree.enable(controllers, in: directory) }
        try CgroupTree.make("\(directory)/start")
        if let owner {
            try CgroupTree.make("\(directory)/own")
            try hand("\(directory)/own", to: owner)
            for file in Files.list("\(directory)/own") { try hand("\(directory)/own/\(file)", to: owner) }
            // Who moves a process must be allowed to write to what is above both cgroups: cgroups(7), "Delegation containment".
            if hierarchy.version == .v2 { try hand("\(directory)/cgroup.procs", to: owner) }
        }
        // A thread that moves itself takes no lock of the machine's; on v2 it takes the whole process, and whose right counts
        // is who opened the file.
        let file = hierarchy.version == .v1 ? "tasks" : "cgroup.procs"
        do throws(Errno) {
            joins.append(try FileDescriptor.open("\(directory)/start/\(file)", O_WRONLY).release())
        } catch {
            throw LabError(.unavailable, "cannot open \(directory)/start/\(file)", cause: error)
        }
    }

    private func hand(_ path: String, to owner: RoomUser) throws(LabError) {
        guard owner.uid != geteuid() else { return }
        do throws(Errno) {
            try checked { lchown(path, owner.uid, owner.gid) }
        } catch {
            throw LabError(.permission, "cannot give \(path) to the user \(owner.uid)", cause: error)
        }
    }

    /// The directories that a child joins, one for each of `joins`.
    var directoriesToJoin: [String] { tops.map { "\($0.directory)/start" } }

    /// True when the controllers are in the unified hierarchy.
    package func isUnified(_ controller: CgroupMounts.Controller) -> Bool {
        top(controller)?.hierarchy.version == .v2
    }

    /// The directory of `own` in the hierarchy of a controller.
    package func own(_ controller: CgroupMounts.Controller) -> String {
        "\(top(controller)?.directory ?? "")/own"
    }

    private func top(_ controller: CgroupMounts.Controller) -> CgroupTree.Parent? {
        tops.first { $0.hierarchy.controllers.contains(controller) }
    }

    /// The text of one of `own`'s files, by its name in either version; empty when it can't be read.
    package func text(_ controller: CgroupMounts.Controller, v1: String, v2: String) -> String {
        (try? Files.readText("\(own(controller))/\(isUnified(controller) ? v2 : v1)", limit: 1 << 16)) ?? ""
    }

    /// The number in such a file; nil when there is none, or it says `max`.
    package func number(_ controller: CgroupMounts.Controller, v1: String, v2: String) -> UInt64? {
        UInt64(text(controller, v1: v1, v2: v2).trimmingWhitespace())
    }

    /// The number of a key in such a file of lines `KEY NUMBER`.
    package func number(
        of key: String, _ controller: CgroupMounts.Controller, v1: String, v2: String
    ) -> UInt64? {
        ControlFile.value(of: key, in: text(controller, v1: v1, v2: v2))
    }

    /// How often what ran in the room met its limit of processes, so that a fork failed.
    package var refusedForks: UInt64 {
        guard let top = top(.pids) else { return 0 }
        return ControlFile.number(of: "max", in: "\(top.directory)/pids.events") ?? 0
    }

    /// Removes them; what still runs there is killed.
    func remove() throws(LabError) {
        while let top = tops.last {
            try CgroupTree.remove(top.directory)
            tops.removeLast()
        }
    }
}
