import Glibc
import LabCore
import Testing

@testable import ContainerDriver
@testable import Launch
@testable import OCI

/// A container with an init of its own, as its launch program and its cgroups have it.
@Suite struct SystemContainerTests {
    private static func steps(channel: String?) throws -> [String] {
        let spec = ContainerSpec(
            oci: .container(root: "/tree", hostname: "h"), program: SystemTree.initPath,
            filter: try SeccompFilter(profile: .containerDefault), mountPoint: "/place", parent: 4,
            channel: channel)
        return try LaunchProgram.container(spec).text(arguments: ["/sbin/init"]).english
            .split(separator: "\n").map(String.init)
    }

    @Test(
        "An init gets its own cgroup, /run and the channel, before its privileges go; a container of one program none"
    )
    func room() throws {
        let (plain, system) = (try Self.steps(channel: nil), try Self.steps(channel: "/run/fifo"))
        let added = system.filter { !plain.contains($0) }
        func place(_ text: String) throws -> Int {
            try #require(system.firstIndex { $0.contains(text) }, "\(text)")
        }
        for text in [
            "mount(\"/run/fifo\", \"/place/dev/lab-channel\"", "mount(\"tmpfs\", \"/run\"",
            "mount(\"tmpfs\", \"/run/lock\"", "mount(\"cgroup2\", \"/sys/fs/cgroup\"",
        ] {
            #expect(added.contains { $0.contains(text) }, "\(text)")
        }
        #expect(
            !plain.contains {
                $0.contains("lab-channel") || $0.contains("cgroup2") || $0.contains("\"/run\"")
            })
        // The cgroup that is mounted is the namespace's, and the namespace's the one that it was born in.
        #expect(try place("unshare(CLONE_NEWCGROUP)") < place("\"cgroup2\""))
        #expect(try place("\"cgroup2\"") < place("capset"))
        // What an image has at /run is hidden by a directory of ours, like every place that is mounted on.
        #expect(added.contains { $0.contains("/place/lower/points/run") })
    }

    @Test(
        "An init's cgroup is in v2 wherever v2 is mounted, with or without controllers; else it is said what to mount"
    )
    func unified() throws {
        let v1 = "30 1 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
        let v2 = "31 1 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
        let hybrid = CgroupMounts(mountinfo: v1 + v2) { _ in "" }
        #expect(hybrid.hierarchies.map(\.version) == [.v1])
        let whole = try hybrid.withUnified()
        #expect(whole.hierarchies.map(\.version) == [.v1, .v2])
        #expect(whole.hierarchies.last?.mountPoint == "/sys/fs/cgroup/unified")
        #expect(whole.hierarchies.last?.controllers == [])
        let pure = CgroupMounts(mountinfo: v2) { _ in "memory cpu pids" }
        #expect(try pure.withUnified() == pure)
        let error = #expect(throws: LabError.self) {
            try CgroupMounts(mountinfo: v1) { _ in "" }.withUnified()
        }
        #expect(error?.kind == .unavailable && error?.remedy != nil)
    }
}
