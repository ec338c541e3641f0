import Testing

@testable import LabCore

struct EnvironmentTests {
    @Test func theCPUIsReadFromX86() {
        let info = CPUInfo(
            """
            processor\t: 0
            model name\t: Intel(R) Core(TM) i7-8650U CPU @ 1.90GHz
            microcode\t: 0xf4
            flags\t\t: fpu vme ssse3

            processor\t: 1
            model name\t: another
            flags\t\t: fpu hypervisor
            """)
        #expect(info.model == "Intel(R) Core(TM) i7-8650U CPU @ 1.90GHz")
        #expect(info.microcode == "0xf4")
        #expect(info.count == 2)
        #expect(info.hasHypervisorFlag == false)
    }

    @Test("what another architecture does not print is unknown")
    func whatIsNotPrintedIsUnknown() {
        let info = CPUInfo("processor\t: 0\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\n")
        #expect(info.count == 1)
        #expect(info.model == nil && info.microcode == nil && info.hasHypervisorFlag == nil)
    }

    @Test func stolenTimeIsAShareOfAllTime() throws {
        let before = try #require(CPUTimes("cpu  100 0 100 800 0 0 0 0 50 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n"))
        let after = try #require(CPUTimes("cpu  150 0 100 845 0 0 0 5 90 0\n"))
        #expect(before.total == 1_000)
        #expect(after.stealShare(since: before) == 0.05)
        #expect(before.stealShare(since: before) == nil)
        #expect(before.stealShare(since: after) == nil)
        #expect(CPUTimes("cpu  1 2 3\n") == nil)
        #expect(CPUTimes("cpu  1 2 3 4 5 6 7 18446744073709551615\n") == nil)
    }

    @Test func memoryIsReadInBytes() {
        let info = MemoryInfo(
            "MemTotal:       1024 kB\nSwapTotal:  8 kB\nSwapFree: 6 kB\nHugePages_Total: 3\n")
        #expect(info.total == 1_048_576)
        #expect(info.swapUsed == 2_048)
        #expect(
            MemoryInfo("MemTotal: 99999999999999999999 kB\nMemTotal: 18446744073709551615 kB").total == nil)
        #expect(MemoryInfo("SwapTotal: 1 kB\nSwapFree: 2 kB").swapUsed == nil)
    }

    @Test(arguments: [
        ("", CgroupLayout.none),
        ("24 1 0:20 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate", .v2),
        ("32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu", .v1),
        (
            """
            31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
            32 31 0:29 / /sys/fs/cgroup/cpu rw shared:1 master:2 - cgroup cgroup rw,cpu
            41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
            """, .hybrid
        ),
        // Those of a container elsewhere in the table do not count.
        ("32 31 0:29 / /var/lib/x/rootfs/sys/fs/cgroup rw - cgroup2 cgroup2 rw", .none),
        ("32 31 0:29 / /sys/fs/cgroup rw -", .none), ("1 2 3 -", .none),
    ])
    func cgroupLayoutsAreTold(mountinfo: String, layout: CgroupLayout) {
        #expect(CgroupLayout(mountinfo: mountinfo) == layout)
    }

    @Test(arguments: [
        ("PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=x\n", "Debian GNU/Linux 12 (bookworm)"),
        ("NAME='Void'\n", "Void"), ("NAME=Alpine\nVERSION_ID=3.20\n", "Alpine 3.20"),
        ("# PRETTY_NAME=no\nPRETTY_NAME=\"a \\\"b\\\"\"\n", "a \"b\""), ("ID=x\n", nil), ("", nil),
        ("PRETTY_NAME=\"\n", "\""),
    ])
    func theDistributionIsReadFromOSRelease(text: String, name: String?) {
        #expect(OSRelease.prettyName(text) == name)
    }

    @Test func theHypervisorIsNamedOnlyAsFarAsKnown() {
        func find(
            _ flag: Bool?, type: String? = nil, _ vendor: String? = nil, _ product: String? = nil,
            clocks: String? = nil
        )
            -> String?
        {
            HypervisorName.find(
                flag: flag, type: type, vendor: vendor, product: product, clocksources: clocks)
        }
        #expect(find(false, "Dell Inc.", clocks: "tsc hpet acpi_pm") == nil)
        #expect(find(false, "Amazon EC2") == nil, "a cloud rents out bare metal too")
        #expect(find(true, "Amazon EC2", clocks: "kvm-clock tsc") == "KVM (Amazon EC2)")
        #expect(find(true, "QEMU") == "QEMU")
        #expect(find(true, "QEMU", clocks: "kvm-clock tsc") == "KVM")
        #expect(find(true) == HypervisorName.unnamed)
        #expect(find(nil) == nil)
        #expect(find(nil, "QEMU") == "QEMU", "ARM has no flag")
        #expect(find(nil, type: "xen") == "Xen")
        #expect(find(true, "Microsoft Corporation", "Virtual Machine") == "Hyper-V")
        #expect(find(nil, "Microsoft Corporation", "Surface Laptop") == nil)
    }

    @Test(arguments: [
        ("TCGTCGTCGTCG", "AMD EPYC-Rome Processor", "QEMU TCG"),
        ("TCGTCGTCGTCG", nil, "QEMU TCG"),
        // A KVM inside TCG signs by its own name and hands the processor's through.
        ("KVMKVMKVM", "QEMU TCG CPU version 2.5+", "QEMU TCG"),
        // The model of QEMU's default processor says nothing: KVM offers it too.
        ("KVMKVMKVM", "QEMU Virtual CPU version 2.5+", nil), ("", "AMD EPYC 7B13", nil), ("", nil, nil),
    ])
    func emulationIsToldBySignatureOrModel(signature: String, model: String?, emulator: String?) {
        #expect(Emulator.find(signature: signature, model: model) == emulator)
    }

    @Test func anEmulatedMachineIsWarnedOf() throws {
        try withTemporaryDirectory { root in
            try Files.makeDirectory("\(root)/proc")
            try Files.write(
                "processor : 0\nmodel name : QEMU TCG CPU version 2.5+\nflags : hypervisor\n",
                to: "\(root)/proc/cpuinfo")
            let machine = Environment.capture(root: root, stealLook: .zero)
            #expect(machine.emulator == "QEMU TCG")
            #expect(
                machine.warnings.map(\.text.english) == [
                    "this machine is nested in emulation (QEMU TCG): times are not those of hardware"
                ])
        }
    }

    @Test func switchesAreReadTheRightWayRound() {
        #expect(Environment.turbo(noTurbo: "0", boost: nil) == "on")
        #expect(Environment.turbo(noTurbo: "1", boost: nil) == "off")
        #expect(Environment.turbo(noTurbo: nil, boost: "1") == "on")
        #expect(Environment.turbo(noTurbo: nil, boost: "0") == "off")
        #expect(Environment.turbo(noTurbo: nil, boost: nil) == nil)
        #expect(Environment.smt(active: "1", control: "on") == "on")
        #expect(Environment.smt(active: "0", control: "on") == "off")
        #expect(Environment.smt(active: "0", control: "notsupported") == "notsupported")
        #expect(Environment.smt(active: nil, control: nil) == nil)
    }

    @Test func eachDisturbanceIsAWarningWithARemedy() {
        var machine = Environment(cpuCount: 4, governor: "performance", turbo: "off", smt: "off", load: 2)
        machine.stealShare = 0.01
        #expect(EnvironmentWarnings.all(machine, swapUsed: 0).isEmpty)
        machine.load = 2.1
        machine.governor = "powersave"
        machine.turbo = "on"
        machine.smt = "on"
        machine.hypervisor = "KVM"
        machine.stealShare = 0.02
        let hot = ThermalState(counters: [], devices: [("Processor", "3", "10")])
        let warnings = EnvironmentWarnings.all(machine, swapUsed: 2 << 20, thermal: hot)
        #expect(warnings.count == 8)
        #expect(warnings.allSatisfy { $0.remedy?.isEmpty == false })
        #expect(Set(warnings.map(\.text)).count == 8)
        #expect(warnings.contains { $0.text.english.hasPrefix("2 % of the CPU time is stolen") })
    }

    @Test func heatIsReadFromCountersAndCoolingDevices() {
        let cool = ThermalState(
            counters: ["3", "4", ""], devices: [("Fan", "5", "9"), ("Processor", "0", "10"), (nil, "1", nil)])
        #expect(cool.events == 7 && cool.active.isEmpty)
        let hot = ThermalState(
            counters: ["18446744073709551615", "1"],
            devices: [("intel_powerclamp", "-1", "50"), ("cpufreq-cpu0", "2", nil), ("Processor", "x", "1")])
        #expect(hot.events == .max && hot.active.map(\.english) == ["cpufreq-cpu0 at 2"])
        #expect(ThermalState(counters: [], devices: []).events == nil, "unknown, not none")
        #expect(
            EnvironmentWarnings.throttled(before: 3, after: 5)?.text.english.hasSuffix("rose by 2") == true)
        #expect(EnvironmentWarnings.throttled(before: 5, after: 5) == nil)
        #expect(EnvironmentWarnings.throttled(before: nil, after: 5) == nil)
        #expect(EnvironmentWarnings.throttled(before: 5, after: 3) == nil, "counters that were reset")
    }

    @Test func throttlingDuringARunIsToldAfterIt() throws {
        try withTemporaryDirectory { root in
            let counters = "\(root)/sys/devices/system/cpu/cpu0/thermal_throttle"
            try Files.makeDirectory(counters)
            try Files.write("7\n", to: "\(counters)/core_throttle_count")
            let machine = Environment.capture(root: root, stealLook: .zero)
            #expect(machine.throttleEvents == 7 && machine.disturbances(root: root).isEmpty)
            try Files.write("9\n", to: "\(counters)/core_throttle_count")
            let told = machine.disturbances(root: root)
            #expect(told.count == 1 && told[0].text.english.hasSuffix("rose by 2") && told[0].remedy != nil)
        }
    }

    @Test func governorsThatDifferAreAllNamed() {
        #expect(Environment.governor([]) == nil)
        #expect(Environment.governor(["schedutil", "schedutil"]) == "schedutil")
        #expect(Environment.governor(["powersave", "performance"]) == "performance, powersave")
    }

    @Test func aMachineIsReadFromItsFiles() throws {
        try withTemporaryDirectory { root in
            func put(_ path: String, _ text: String) throws {
                try Files.makeDirectory(
                    "\(root)/\(path.split(separator: "/").dropLast().joined(separator: "/"))")
                try Files.write(text, to: "\(root)/\(path)")
            }
            try put("proc/cpuinfo", "processor : 0\nmodel name : A\nmicrocode : 0x1\nflags : hypervisor\n")
            try put("proc/sys/kernel/osrelease", "6.1.0-37-amd64\n")
            try put("proc/loadavg", "1.50 0.5 0.1 1/100 1234\n")
            try put("etc/os-release", "PRETTY_NAME=Test\n")
            try put("sys/devices/system/cpu/vulnerabilities/meltdown", "Mitigation: PTI\n")
            try put("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n")
            let machine = Environment.capture(root: root, stealLook: .zero)
            #expect(machine.cpuModel == "A")
            #expect(machine.kernel == "6.1.0-37-amd64")
            #expect(machine.load == 1.5)
            #expect(machine.distribution == "Test")
            #expect(machine.mitigations == ["meltdown": "Mitigation: PTI"])
            #expect(machine.governor == "powersave")
            #expect(machine.hypervisor == HypervisorName.unnamed)
            #expect(machine.cgroupLayout == "none")
            #expect(machine.memoryBytes == nil)
            #expect(machine.warnings.count == 3)
        }
    }

    @Test func thisMachineIsRead() {
        let machine = Environment.capture(stealLook: .zero)
        #expect(machine.cpuCount >= 1)
        #expect((machine.memoryBytes ?? 0) > 1 << 20)
        #expect(machine.kernel?.isEmpty == false)
        #expect(machine.load != nil)
    }

    @Test func anyTextIsReadWithoutATrap() {
        var fuzzer = Fuzzer(seed: 8)
        let seed = Array(
            """
            cpu  1 2 3 4 5 6 7 8 9 10
            processor : 0
            flags : hypervisor
            MemTotal: 12 kB
            NAME="a\\b"
            24 1 0:20 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw
            """.utf8)
        let dictionary = [
            "-", "- ", ":", "=", "\"", "\\", " kB", "99999999999999999999", "\n", "\r\n", "cpu  ",
        ]
        for _ in 0..<2_000 {
            let text = String(decoding: fuzzer.mutated(seed, dictionary: dictionary), as: UTF8.self)
            #expect(CPUInfo(text).count >= 0)
            let times = CPUTimes(text)
            #expect(times.map { $0.total >= $0.steal } ?? true)
            _ = MemoryInfo(text).swapUsed
            _ = OSRelease.prettyName(text)
            _ = CgroupLayout(mountinfo: text)
        }
    }
}
