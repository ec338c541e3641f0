import LabCore

/// The mount points of a machine's cgroup hierarchies, read from /proc/self/mountinfo (proc(5)).
public struct CgroupMounts: Equatable, Sendable {
    /// A controller that this project sets a limit with.
    public enum Controller: String, Sendable, CaseIterable { case memory, cpu, pids }

    /// One mounted hierarchy and those of our controllers that live in it.
    public struct Hierarchy: Equatable, Sendable {
        public enum Version: Sendable { case v1, v2 }
        public var version: Version
        public var mountPoint: String
        public var controllers: [Controller]
    }

    public var layout: CgroupLayout
    /// The hierarchies with at least one of our controllers, each once.
    public var hierarchies: [Hierarchy]

    /// Where cgroup v2 is, also where it has none of our controllers; nil when it is not mounted.
    private var v2MountPoint: String?

    /// The controllers that are to limit something: of no other is a cgroup made.
    private var wanted = Controller.allCases

    /// The subtree of the v2 hierarchy that was delegated to this process, where that is all it may write to.
    private var delegated: String?

    /// Those of this machine. Of a v2 hierarchy of which this process was delegated a subtree, only the controllers that
    /// it has there.
    public static func current() -> CgroupMounts {
        let mounts = (try? Files.readText("/proc/self/mountinfo")) ?? ""
        let delegated = CgroupDelegation.current.directory
        var found = CgroupMounts(mountinfo: mounts) { mountPoint in
            (try? Files.readText("\(delegated ?? mountPoint)/cgroup.controllers")) ?? ""
        }
        found.delegated = delegated
        return found
    }

    /// - Parameter v2Controllers: the text of `cgroup.controllers` at a v2 mount point.
    init(mountinfo: String, v2Controllers: (_ mountPoint: String) -> String) {
        var v1: [Hierarchy] = []
        var v2: Hierarchy?
        for mount in MountTable(mountinfo: mountinfo).entries {
            let mountPoint = mount.mountPoint
            switch mount.type {
            case "cgroup2" where v2 == nil:
                let names = v2Controllers(mountPoint).split { $0.isWhitespace }.map(String.init)
                v2 = Hierarchy(
                    version: .v2, mountPoint: mountPoint,
                    controllers: Controller.allCases.filter { names.contains($0.rawValue) })
            case "cgroup":
                let here = Controller.allCases.filter { mount.superOptions.contains($0.rawValue) }
                let known = v1.contains { !Set($0.controllers).isDisjoint(with: here) }
                if !here.isEmpty && !known {
                    v1.append(Hierarchy(version: .v1, mountPoint: mountPoint, controllers: here))
                }
            default: break
            }
        }
        v2MountPoint = v2?.mountPoint
        layout = CgroupLayout(mountinfo: mountinfo)
        hierarchies = v1 + (v2.map { $0.controllers.isEmpty ? [] : [$0] } ?? [])
    }

    /// Those of a caller that limits nothing else.
    func only(_ controllers: [Controller]) -> CgroupMounts {
        var mounts = self
        mounts.wanted = controllers
        mounts.hierarchies = hierarchies.compactMap { hierarchy in
            var kept = hierarchy
            kept.controllers = hierarchy.controllers.filter(controllers.contains)
            return kept.controllers.isEmpty ? nil : kept
        }
        return mounts
    }

    /// With v2 in any case: an init makes its own cgroups there, whatever limits the container.
    /// - Throws: `.unavailable` where it is not mounted.
    func withUnified() throws(LabError) -> CgroupMounts {
        guard !hierarchies.contains(where: { $0.version == .v2 }) else { return self }
        guard let v2MountPoint else {
            throw LabError(
                .unavailable, "an init in a container has no cgroups of its own",
                cause: "cgroup v2 is not mounted",
                remedy: "mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified")
        }
        var mounts = self
        mounts.hierarchies.append(Hierarchy(version: .v2, mountPoint: v2MountPoint, controllers: []))
        return mounts
    }

    /// - Throws: `.unavailable` unless every controller that a limit is to be set with is mounted.
    func requireControllers() throws(LabError) {
        let found = hierarchies.flatMap(\.controllers)
        guard !wanted.allSatisfy(found.contains) else { return }
        if let delegated {
            throw CgroupDelegation.lacking(wanted.map(\.rawValue), delegated, found.map(\.rawValue))
        }
        throw LabError(
            .unavailable,
            "the cgroup controllers \(wanted.map(\.rawValue).joined(separator: ", ")) are not all mounted",
            cause:
                "layout \(layout.rawValue) offers \(Message.names(found.map(\.rawValue)))",
            remedy: "mount the cgroup2 file system on /sys/fs/cgroup")
    }
}
