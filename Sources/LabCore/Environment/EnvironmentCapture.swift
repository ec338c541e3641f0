import Glibc

extension Environment {
    /// Looks at this machine. Never fails: what can't be read is nil.
    ///
    /// - Parameters:
    ///   - root: where /proc, /sys and /etc are looked for; another one than `/` is for tests.
    ///   - stealLook: how long to watch for stolen CPU time; zero looks at no such thing.
    ///   - placement: the processors of the run.
    public static func capture(
        root: String = "/", stealLook: Duration = .milliseconds(500), placement: Placement? = nil
    ) -> Environment {
        let files = RootedFiles(root: root)
        let cpu = CPUInfo(files.text("proc/cpuinfo"))
        let memory = MemoryInfo(files.text("proc/meminfo"))
        let vulnerabilities = "sys/devices/system/cpu/vulnerabilities"
        var environment = Environment()
        environment.cpuModel = cpu.model
        environment.cpuCount = max(1, cpu.count)
        environment.microcode = cpu.microcode
        environment.memoryBytes = memory.total
        environment.kernel = files.line("proc/sys/kernel/osrelease")
        environment.distribution =
            ["etc/os-release", "usr/lib/os-release"].lazy
            .compactMap { OSRelease.prettyName(files.text($0)) }.first
        for name in files.list(vulnerabilities) {
            environment.mitigations[name] = files.line("\(vulnerabilities)/\(name)")
        }
        environment.cgroupLayout = CgroupLayout(mountinfo: files.text("proc/self/mountinfo")).rawValue
        environment.governor = governor(
            files.list("sys/devices/system/cpu").filter(MachineSetting.isProcessor).compactMap {
                files.line("sys/devices/system/cpu/\($0)/cpufreq/scaling_governor")
            })
        environment.turbo = turbo(
            noTurbo: files.line("sys/devices/system/cpu/intel_pstate/no_turbo"),
            boost: files.line("sys/devices/system/cpu/cpufreq/boost"))
        environment.smt = smt(
            active: files.line("sys/devices/system/cpu/smt/active"),
            control: files.line("sys/devices/system/cpu/smt/control"))
        environment.swapBytes = memory.swapTotal
        environment.load = files.line("proc/loadavg")?.split(separator: " ").first.flatMap { Double($0) }
        environment.hypervisor = HypervisorName.find(
            flag: cpu.hasHypervisorFlag,
            type: files.line("sys/hypervisor/type"),
            vendor: files.line("sys/class/dmi/id/sys_vendor"),
            product: files.line("sys/class/dmi/id/product_name"),
            clocksources: files.line("sys/devices/system/clocksource/clocksource0/available_clocksource"))
        environment.emulator =
            root == "/" ? Emulator.current : Emulator.find(signature: "", model: cpu.model)
        environment.root = geteuid() == 0
        environment.placement = placement
        let before = thermalState(files)
        environment.stealShare = stealShare(files, over: stealLook)
        let thermal = thermalState(files)
        environment.throttleEvents = thermal.events
        environment.warnings = EnvironmentWarnings.all(
            environment, swapUsed: memory.swapUsed, thermal: thermal, before: before)
        environment.warnings += EnvironmentWarnings.placement(
            ProcessorTopology { files.line("sys/devices/\($0)") }, placement,
            smtIsOff: files.line("sys/devices/system/cpu/smt/control")?.hasSuffix("off") ?? false)
        return environment
    }

    /// Returns the disturbances of the run between `self` and now, to be asked when it has ended.
    public func disturbances(root: String = "/") -> [Warning] {
        let thermal = Self.thermalState(RootedFiles(root: root))
        return [EnvironmentWarnings.throttled(before: throttleEvents, after: thermal.events)].compactMap {
            $0
        }
    }

    /// One governor when all processors have the same, else each that occurs.
    static func governor(_ governors: [String]) -> String? {
        governors.isEmpty ? nil : Set(governors).sorted().joined(separator: ", ")
    }

    private static func thermalState(_ files: RootedFiles) -> ThermalState {
        let processors = "sys/devices/system/cpu"
        let counters = files.list(processors).filter(MachineSetting.isProcessor).flatMap { name in
            ["core_throttle_count", "package_throttle_count"].compactMap {
                files.line("\(processors)/\(name)/thermal_throttle/\($0)")
            }
        }
        let devices = files.list("sys/class/thermal").filter { $0.hasPrefix("cooling_device") }.map { name in
            let path = "sys/class/thermal/\(name)"
            return (
                type: files.line("\(path)/type"), state: files.line("\(path)/cur_state"),
                most: files.line("\(path)/max_state")
            )
        }
        return ThermalState(counters: counters, devices: devices)
    }

    /// `on`, `off`, or nil when the machine has neither switch. intel_pstate's is inverted.
    static func turbo(noTurbo: String?, boost: String?) -> String? {
        switch (noTurbo, boost) {
        case ("0", _), (nil, "1"): "on"
        case ("1", _), (nil, "0"): "off"
        default: nil
        }
    }

    /// `on` when two threads share a core now, else what the kernel says: `off`, `notsupported`.
    static func smt(active: String?, control: String?) -> String? {
        if active == "1" { return "on" }
        return control == "on" ? "off" : control
    }

    private static func stealShare(_ files: RootedFiles, over look: Duration) -> Double? {
        guard look > .zero, let before = CPUTimes(files.text("proc/stat")) else { return nil }
        usleep(UInt32(clamping: look.nanoseconds / 1_000))
        return CPUTimes(files.text("proc/stat"))?.stealShare(since: before)
    }
}

/// Files of the machine below a root directory.
struct RootedFiles {
    let root: String

    private func path(_ relative: String) -> String {
        root.hasSuffix("/") ? root + relative : "\(root)/\(relative)"
    }

    /// The text of a file, empty when it can't be read.
    func text(_ relative: String) -> String { (try? Files.readText(path(relative), limit: 4 << 20)) ?? "" }
    func line(_ relative: String) -> String? { Files.line(path(relative)) }
    func list(_ relative: String) -> [String] { Files.list(path(relative)) }
    func isDirectory(_ relative: String) -> Bool { Files.isDirectory(path(relative)) }
}
