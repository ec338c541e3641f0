import Glibc
import Testing

@testable import ContainerDriver
@testable import LabCore

/// Which cgroups are ours to make, from what the kernel and systemd say.
@Suite struct CgroupDelegationTests {
    private static let pure = "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate"
    private static let userUnits = "/user.slice/user-1000.slice/user@1000.service"

    private func delegation(
        _ path: String, marked: [String], isSystemdRunning: Bool = true, mountinfo: String = pure
    ) -> CgroupDelegation {
        CgroupDelegation(
            mountinfo: mountinfo, membership: "0::\(path)\n", isSystemdRunning: isSystemdRunning
        ) { directory in marked.contains { directory == "/sys/fs/cgroup\($0)" } }
    }

    @Test func aMarkedUnitIsOursFromWhereverInIt() {
        for inner in ["", "/supervisor", "/a/b"] {
            #expect(
                delegation("/system.slice/run-1.scope\(inner)", marked: ["/system.slice/run-1.scope"])
                    == .delegated("/sys/fs/cgroup/system.slice/run-1.scope"))
        }
    }

    /// `user@1000.service` is delegated to the user's systemd, which has units of its own below it.
    @Test("what was delegated to another's systemd is not ours")
    func anothersDelegationIsNotOurs() {
        let scope = "\(Self.userUnits)/app.slice/run-2.scope"
        #expect(delegation(scope, marked: [Self.userUnits]) == .managed(unit: "run-2.scope"))
        #expect(
            delegation("\(scope)/inner", marked: [Self.userUnits]) == .managed(unit: "run-2.scope"))
        #expect(
            delegation(scope, marked: [Self.userUnits, scope]) == .delegated("/sys/fs/cgroup\(scope)"))
    }

    @Test func withoutAMarkItIsSystemdsOrNobodys() {
        #expect(
            delegation("/system.slice/ssh.service", marked: []) == .managed(unit: "ssh.service"))
        #expect(delegation("/", marked: []) == .managed(unit: "/"))
        #expect(delegation("/", marked: [], isSystemdRunning: false) == .unmanaged)
        #expect(
            delegation("/system.slice/ssh.service", marked: [], isSystemdRunning: false) == .unmanaged)
    }

    /// In a container the namespace's root is the container's own cgroup, or a bind mount shows only that.
    @Test func inAContainerItsOwnCgroupIsTheRoot() {
        #expect(delegation("/", marked: [""], isSystemdRunning: false) == .delegated("/sys/fs/cgroup"))
        let bound = "30 23 0:26 /docker/1 /sys/fs/cgroup rw - cgroup2 cgroup2 rw"
        #expect(
            delegation("/docker/1/x", marked: ["/x"], isSystemdRunning: false, mountinfo: bound)
                == .delegated("/sys/fs/cgroup/x"))
        for outside in ["/docker/2", "/../x"] {
            #expect(
                delegation(outside, marked: ["", "/x"], isSystemdRunning: false, mountinfo: bound)
                    == .unmanaged)
        }
    }

    @Test func aUsersManagerIsAskedOnlyForItsOwnUnits() {
        let units = "/sys/fs/cgroup\(Self.userUnits)"
        #expect(Systemd.unitOfUser(1_000, at: "\(units)/app.slice/run-2.scope") == "run-2.scope")
        #expect(Systemd.unitOfUser(1_001, at: "\(units)/app.slice/run-2.scope") == nil)
        #expect(Systemd.unitOfUser(1_000, at: "\(units)/app.slice/run-2.scope/supervisor") == nil)
        #expect(Systemd.unitOfUser(1_000, at: units) == nil)
        #expect(Systemd.unitOfUser(1_000, at: "/sys/fs/cgroup/system.slice/x.service") == nil)
        #expect(!Systemd.hasDelegated("/tmp") && !Systemd.hasDelegated("\(units)/nowhere.scope"))
    }

    @Test func hybridHierarchiesAreAsTheyWere() {
        let hybrid = """
            26 24 0:22 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
            28 24 0:24 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
            """
        #expect(delegation("/x.scope", marked: ["/x.scope"], mountinfo: hybrid) == .unmanaged)
        #expect(delegation("/x.scope", marked: ["/x.scope"], mountinfo: "") == .unmanaged)
    }

    /// Whatever a membership says, only a directory that carries the mark is ours, and none above our own unit.
    @Test func noMembershipGivesWhatIsNotMarked() {
        var generator = SeededGenerator(seed: 11)
        let pieces = ["/", "..", "a", "b.scope", "c.service", "0::", "\n", ":", " ", "\u{0}", "é"]
        for _ in 0..<3_000 {
            let text = (0..<Int.random(in: 0...10, using: &generator)).map { _ in
                pieces[Int.random(in: 0..<pieces.count, using: &generator)]
            }.joined()
            let found = CgroupDelegation(
                mountinfo: Self.pure, membership: text, isSystemdRunning: true
            ) { $0.hasSuffix(".scope") }
            switch found {
            case .delegated(let directory):
                #expect(directory.hasPrefix("/sys/fs/cgroup/") && directory.hasSuffix(".scope"))
                #expect(!directory.split(separator: "/").contains(".."))
            case .managed(let unit): #expect(!unit.isEmpty && unit.hasSuffix(".scope") == false)
            case .unmanaged: Issue.record("unmanaged beside systemd: \(text)")
            }
        }
    }
}

/// Where systemd manages the cgroups.
@Suite(.enabled(if: Systemd.isRunning && hasLimits, "skipped: no systemd, or no cgroup of ours"))
struct SystemdTests {
    /// As root one is asked for; a user has been given one.
    @Test func containersRunInADelegatedScope() throws {
        try withIdle { pid, context in
            guard case .delegated(let directory) = CgroupDelegation.current else {
                Issue.record("nothing was delegated: \(CgroupDelegation.current)")
                return
            }
            #expect(directory.hasSuffix(".scope"))
            #expect(ControlFile.processes(of: directory).isEmpty)
            #expect(Files.line("/proc/self/cgroup")?.hasSuffix(".scope/supervisor") == true)
            let membership = try Files.readText("/proc/\(pid)/cgroup")
            #expect(membership.contains(".scope/lab-\(context.runID)-container/0"), "\(membership)")
            let top = CgroupMounts.current().hierarchies.map(\.mountPoint)
            #expect(top.allSatisfy { Files.list($0).allSatisfy { !$0.hasPrefix("lab-") } })
        }
    }
}
