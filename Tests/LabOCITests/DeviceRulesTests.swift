import Glibc
import LabCore
import OCI
import Testing

@testable import LabOCI

@Suite("lab-oci: devices") struct DeviceRulesTests {
    /// The only hierarchy of version 2, where this user may make cgroups.
    private static let unified = CgroupHierarchy.all.first(where: \.isUnified)

    @Test("Rules are what config.json says between the refusal of all and what every container has")
    func order() throws {
        let rules = try DeviceRules([
            RuntimeSpec.DeviceRule { ($0.allow, $0.type, $0.major, $0.access) = (true, "c", 10, "rw") }
        ]).rules
        #expect(rules.first == DeviceRules.Rule(isAllowed: false, type: "a", access: "rwm"))
        #expect(rules[1] == DeviceRules.Rule(isAllowed: true, type: "c", major: 10, minor: nil, access: "rw"))
        #expect(
            rules.contains(DeviceRules.Rule(isAllowed: true, type: "c", major: 1, minor: 3, access: "rwm")))
        for (type, access) in [("x", "rwm"), ("c", "rx")] {
            #expect(throws: Failure.self) {
                try DeviceRules([RuntimeSpec.DeviceRule { ($0.type, $0.access) = (type, access) }])
            }
        }
    }

    @Test(
        "The program that holds devices on cgroup v2 does what the rules say",
        .enabled(if: geteuid() == 0 && unified != nil, "takes root and a mounted cgroup v2"))
    func program() throws {
        let hierarchy = try #require(Self.unified)
        let directory = "\(hierarchy.mountPoint)/lab-oci-devices-\(getpid())-\(UInt16.random(in: 0 ... .max))"
        try Files.makeDirectory(directory)
        defer { rmdir(directory) }
        func reads(_ device: String) throws -> Bool {
            let output = try Tool.run(
                "/bin/sh", ["-c", "echo 0 > \(directory)/cgroup.procs && head -c 0 < \(device)"], in: "/",
                deadline: .now().advanced(by: .seconds(20)))
            return output.status == 0
        }
        // Control: before there is a program, this device can be opened.
        #expect(try reads("/dev/kmsg"))
        let asked = RuntimeSpec.DeviceRule { ($0.allow, $0.access) = (false, "rwm") }
        let place = CgroupPlace(hierarchy: hierarchy, directory: directory)
        try DeviceRules([asked]).apply(v1: nil, v2: place)
        #expect(try !reads("/dev/kmsg"))
        #expect(try reads("/dev/null") && reads("/dev/urandom"))
    }

    @Test(
        "One that is allowed to be read may not be written to",
        .enabled(if: geteuid() == 0 && unified != nil, "takes root and a mounted cgroup v2"))
    func access() throws {
        let hierarchy = try #require(Self.unified)
        let directory = "\(hierarchy.mountPoint)/lab-oci-devices-\(getpid())-\(UInt16.random(in: 0 ... .max))"
        try Files.makeDirectory(directory)
        defer { rmdir(directory) }
        let rule = RuntimeSpec.DeviceRule {
            ($0.allow, $0.type, $0.major, $0.minor, $0.access) = (true, "c", 1, 11, "r")
        }
        try DeviceRules([rule]).apply(v1: nil, v2: CgroupPlace(hierarchy: hierarchy, directory: directory))
        let output = try Tool.run(
            "/bin/sh",
            [
                "-c",
                "echo 0 > \(directory)/cgroup.procs; head -c 0 < /dev/kmsg && echo read; (: >> /dev/kmsg) 2>/dev/null || echo not written",
            ], in: "/", deadline: .now().advanced(by: .seconds(20)))
        #expect(output.text == "read\nnot written\n", "\(output.text)")
    }
}
