import LabCore
import OCI
import TestTrees
import Testing

@testable import LabOCI

@Suite("lab-oci: the words that systemd is told") struct SystemdScopeTests {
    @Test("A cgroupsPath names the slice and the unit, and a slice the directories that it is in")
    func names() throws {
        let given = try SystemdScope(path: "machine.slice:libpod:abc", id: "x", isOfUser: false)
        #expect(given.unit == "libpod-abc.scope" && given.slice == "machine.slice")
        let standard = try SystemdScope(path: "", id: "x", isOfUser: false)
        #expect(standard.unit == "lab-oci-x.scope" && standard.slice == "system.slice")
        #expect(try SystemdScope(path: "::n", id: "x", isOfUser: true).slice == "user.slice")
        #expect(try SystemdScope(path: "::n", id: "x", isOfUser: true).unit == "n.scope")
        #expect(try SystemdScope.directory(of: "a-b-c.slice") == "/a.slice/a-b.slice/a-b-c.slice")
        #expect(try SystemdScope.directory(of: "-.slice").isEmpty)
        for path in ["/a/b", "a", "a:b:", "../x.slice:b:c", "a--b.slice:b:c", "x:b:c", "a.slice:b:c/../d"] {
            #expect(throws: Failure.self, "\(path)") {
                try SystemdScope(path: path, id: "x", isOfUser: false)
            }
        }
    }

    @Test("Limits are properties, in systemd's units")
    func properties() {
        func words(_ isUnified: Bool, _ change: (inout RuntimeSpec.Resources) -> Void) -> [String] {
            var resources = RuntimeSpec.Resources()
            change(&resources)
            return SystemdScope.properties(of: resources, isUnified: isUnified).map {
                $0.joined(separator: " ")
            }
        }
        #expect(words(true) { _ in }.isEmpty)
        let memory = RuntimeSpec.Memory { ($0.limit, $0.swap) = (1 << 20, 3 << 20) }
        #expect(words(true) { $0.memory = memory } == ["MemoryMax t 1048576", "MemorySwapMax t 2097152"])
        #expect(words(false) { $0.memory = memory } == ["MemoryLimit t 1048576"])
        // A third of a processor, up to the next 10 ms.
        let cpu = RuntimeSpec.CPU { ($0.quota, $0.period, $0.shares) = (33_333, 100_000, 1_024) }
        #expect(
            words(true) { $0.cpu = cpu } == [
                "CPUWeight t 39", "CPUQuotaPerSecUSec t 340000", "CPUQuotaPeriodUSec t 100000",
            ])
        #expect(words(true) { $0.cpu = RuntimeSpec.CPU { $0.quota = -1 } }[0].hasSuffix(" \(UInt64.max)"))
        #expect(words(true) { $0.pids = RuntimeSpec.Pids { $0.limit = -1 } } == ["TasksMax t \(UInt64.max)"])
        // Nothing overflows.
        #expect(words(true) { $0.cpu = RuntimeSpec.CPU { ($0.quota, $0.period) = (.max, 1) } }.count == 2)
    }
}

@Suite("lab-oci: what is kept of a container") struct ContainerStateTests {
    @Test("A state is the same after it was written and read") func roundTrip() throws {
        var state = ContainerState {
            ($0.id, $0.ociVersion, $0.bundle, $0.rootfs) = ("a", "1.2.0", "/b", "/b/r")
            ($0.created, $0.pid, $0.startTime) = ("2026", 7, .max)
            ($0.cgroups, $0.annotations, $0.hasOwnPIDs) = (["/c", "/d"], ["x": "y\"\n"], true)
        }
        state.scope = try SystemdScope(path: "a.slice:b:c", id: "x", isOfUser: true)
        state.hooks = RuntimeSpec.Hooks {
            $0.poststop = [RuntimeSpec.Hook { ($0.path, $0.args, $0.timeout) = ("/h", ["h"], 3) }]
        }
        #expect(try ContainerState(json: Array(try state.text().utf8), of: "state") == state)
        #expect(try ContainerState(json: Array(try state.line().utf8), of: "state") == state)
    }
}

@Suite(
    "lab-oci: filters that were compiled before",
    .enabled(if: BusyboxTree.isThere, "there is no static busybox")) struct FilterStoreTests
{
    private static let spec = RuntimeSpec.Seccomp {
        $0.defaultAction = "SCMP_ACT_ALLOW"
        $0.syscalls = [
            RuntimeSpec.Syscall { ($0.names, $0.action) = (["mkdir", "mkdirat"], "SCMP_ACT_ERRNO") }
        ]
    }

    @Test("One is compiled once, for its specification alone, and what was spoiled is compiled again")
    func kept() throws {
        let bundle = try Bundle("/bin/true")
        let store = FilterStore(StateStore(root: bundle.state))
        let compiled = try CompiledFilter(Self.spec).instructions
        #expect(try store.filter(Self.spec).instructions == compiled)
        let name = try #require(Files.list(store.directory).first)
        let path = "\(store.directory)/\(name)"
        // Control: the second comes from there.
        var bytes = try Files.read(path)
        bytes[bytes.count - 1] ^= 1
        try Files.write(bytes, to: path)
        #expect(try store.filter(Self.spec).instructions != compiled)
        let shapes: [[UInt8]] = [
            [], Array(bytes.prefix(20)), Array(bytes.dropLast(3)), [UInt8](repeating: 0xff, count: 64),
        ]
        for spoiled in shapes {
            try Files.write(spoiled, to: path)
            #expect(try store.filter(Self.spec).instructions == compiled)
        }
        // Another's key in its place.
        var other = Self.spec
        other.syscalls?[0].names = ["mkdir,mkdirat"]
        try Files.write(bytes, to: path)
        _ = try store.filter(other)
        #expect(Files.list(store.directory).count == 2)
        for number in 0..<50 {
            other.syscalls?[0].errnoRet = UInt32(number)
            _ = try store.filter(other)
        }
        #expect(Files.list(store.directory).count <= 32)
    }
}
