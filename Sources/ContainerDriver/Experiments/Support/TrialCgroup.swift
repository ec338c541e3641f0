import Glibc
import LabCore

/// A cgroup that an experiment makes for itself: a directory in each hierarchy in which it needs a controller, all with
/// the same name, gone when the experiment ends.
final class TrialCgroup {
    /// The controllers and the hierarchy that an experiment needs.
    struct Needs {
        /// Controllers by their names in the kernel: `cpu`, `memory`.
        var controllers: [String] = []
        /// True when it must be in the unified hierarchy, with or without controllers: for `cgroup.kill`,
        /// `cgroup.freeze` and the pressure files, which are no controller's.
        var isUnified = false
    }

    /// The directory of each controller, and the version of its hierarchy.
    private(set) var places: [String: CgroupReader.Place] = [:]
    /// Its directory in the unified hierarchy, nil when it has none there.
    private(set) var unified: String?
    /// The descriptors that a child needs to be born in it, and to join what it can't be born in.
    private(set) var cloneTarget: Int32 = -1
    private(set) var joins: [Int32] = []
    private(set) var directoriesToJoin: [String] = []
    private var directories: [String] = []

    /// Makes one, hands it to `body` and removes it with all that still runs in it, whatever happens.
    /// - Throws: `.unavailable`, naming what this machine has not mounted.
    static func with<Value>(
        _ needs: Needs, _ bench: Bench, _ body: (TrialCgroup) throws(LabError) -> Value
    ) throws(LabError) -> Value {
        let cgroup = TrialCgroup()
        let value: Value
        do throws(LabError) {
            try cgroup.make(needs, bench)
            value = try body(cgroup)
        } catch {
            try? cgroup.remove()
            throw error
        }
        try cgroup.remove()
        return value
    }

    private init() {}

    deinit { for descriptor in joins + [cloneTarget] where descriptor >= 0 { close(descriptor) } }

    private func make(_ needs: Needs, _ bench: Bench) throws(LabError) {
        let name = "lab-\(bench.context.runID)-\(bench.nonce().prefix(12))"
        let hierarchies = ControllerMounts.current()
        for controller in needs.controllers {
            let hierarchy = try hierarchies.hierarchy(of: controller)
            let ground = try CgroupDelegation.ground(
                hierarchy.version, at: hierarchy.mountPoint, enabling: [controller])
            let directory = "\(ground)/\(name)"
            if !directories.contains(directory) { try make(directory, hierarchy.version, bench) }
            places[controller] = CgroupReader.Place(version: hierarchy.version, directory: directory)
        }
        if needs.isUnified && unified == nil {
            let ground = try CgroupDelegation.ground(.v2, at: try hierarchies.unified())
            try make("\(ground)/\(name)", .v2, bench)
        }
    }

    private func make(
        _ directory: String, _ version: CgroupMounts.Hierarchy.Version, _ bench: Bench
    ) throws(LabError) {
        try bench.context.journal.record(JournaledResource(.cgroup, directory))
        try CgroupTree.make(directory)
        directories.append(directory)
        switch version {
        case .v1:
            joins.append(try Self.open("\(directory)/tasks", O_WRONLY))
            directoriesToJoin.append(directory)
        case .v2:
            cloneTarget = try Self.open(directory, O_RDONLY | O_DIRECTORY)
            unified = directory
        }
    }

    /// Kept as a number, because a class that is handed about can't give away what is not copyable.
    private static func open(_ path: String, _ flags: Int32) throws(LabError) -> Int32 {
        do throws(Errno) {
            return try FileDescriptor.open(path, flags).release()
        } catch {
            throw LabError(.unavailable, "cannot open \(path)", cause: "\(error)")
        }
    }

    private func remove() throws(LabError) {
        while let directory = directories.last {
            try CgroupTree.remove(directory)
            directories.removeLast()
        }
    }

    /// The version of the hierarchy that a controller lives in; v2 for one that was not asked for.
    func version(of controller: String) -> CgroupMounts.Hierarchy.Version {
        places[controller]?.version ?? .v2
    }

    /// Writes a controller's file, by its name in either version.
    func set(_ controller: String, v1: (name: String, text: String), v2: (name: String, text: String))
        throws(LabError)
    {
        guard let place = places[controller] else { return }
        let (name, text) = place.version == .v1 ? v1 : v2
        try ControlFile.write(text, to: "\(place.directory)/\(name)")
    }

    /// The text of a controller's file, empty when it can't be read.
    func text(_ controller: String, v1: String, v2: String) -> String {
        guard let place = places[controller] else { return "" }
        return (try? Files.readText("\(place.directory)/\(place.version == .v1 ? v1 : v2)")) ?? ""
    }

    /// The number in a controller's file.
    func number(_ controller: String, v1: String, v2: String) -> UInt64? {
        UInt64(text(controller, v1: v1, v2: v2).trimmingWhitespace())
    }

    /// The number of a key in a controller's file of lines `KEY NUMBER`.
    func number(_ key: String, _ controller: String, v1: String, v2: String) -> UInt64? {
        ControlFile.value(of: key, in: text(controller, v1: v1, v2: v2))
    }
}

/// The mount points of this machine's controllers, by the names that the kernel gives them.
struct ControllerMounts {
    private let table: MountTable
    private let offered: (_ mountPoint: String) -> String

    static func current() -> ControllerMounts {
        ControllerMounts(table: .current()) { Files.line("\($0)/cgroup.controllers") ?? "" }
    }

    /// - Parameter offered: the text of `cgroup.controllers` at a v2 mount point.
    init(table: MountTable, offered: @escaping (_ mountPoint: String) -> String) {
        self.table = table
        self.offered = offered
    }

    /// The mount point of the hierarchy that has this controller, and its version.
    /// - Throws: `.unavailable` when it is mounted nowhere.
    func hierarchy(
        of controller: String
    ) throws(LabError) -> (version: CgroupMounts.Hierarchy.Version, mountPoint: String) {
        for mount in table.entries {
            if mount.type == "cgroup" && mount.superOptions.contains(controller) {
                return (.v1, mount.mountPoint)
            }
            if mount.type == "cgroup2"
                && offered(mount.mountPoint).split(separator: " ").contains(controller[...])
            {
                return (.v2, mount.mountPoint)
            }
        }
        throw LabError(.unavailable, "the cgroup controller \(controller) is mounted nowhere on this machine")
    }

    /// The mount point of the unified hierarchy.
    /// - Throws: `.unavailable` when it is not mounted.
    func unified() throws(LabError) -> String {
        guard let mount = table.entries.first(where: { $0.type == "cgroup2" }) else {
            throw LabError(
                .unavailable, "there is no cgroup v2 on this machine",
                remedy: "mount the cgroup2 file system on /sys/fs/cgroup")
        }
        return mount.mountPoint
    }

    /// Every controller that is mounted, sorted.
    var names: [String] {
        let known = (try? Files.readText("/proc/cgroups")) ?? ""
        let v1 = known.split(separator: "\n").filter { !$0.hasPrefix("#") }
            .compactMap { $0.split(separator: "\t").first.map(String.init) }
        let v2 = table.entries.filter { $0.type == "cgroup2" }
            .flatMap { offered($0.mountPoint).split(separator: " ").map(String.init) }
        return Set(v1 + v2).filter { (try? hierarchy(of: $0)) != nil }.sorted()
    }
}
