import LabCore

/// The kernel's account of the time that a cgroup's processes had to wait for a processor: a program that never rests,
/// with a quota of a fifth of a processor (`quota`) or with none (`free`).
///
/// Value: `pressure-ratio`, the share of the time in which somebody waited, by `cpu.pressure` of the cgroup.
struct CPUPressure: Experiment {
    let id = "cpu-pressure"

    private static let window = Duration.milliseconds(500)

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        guard let setting = bench.setting, ["quota", "free"].contains(setting) else {
            throw LabError(.usage, "cpu-pressure needs the setting quota or free")
        }
        return try TrialCgroup.with(.init(controllers: ["cpu"], isUnified: true), bench) {
            (cgroup) throws(LabError) in
            if setting == "quota" {
                try cgroup.set("cpu", v1: ("cpu.cfs_quota_us", "20000"), v2: ("cpu.max", "20000 100000"))
            }
            let pressure = PressureFile(path: "\(cgroup.unified ?? "")/cpu.pressure")
            return try TrialChild.with(.burn, .init(cgroup: cgroup), bench) { (child) throws(LabError) in
                try child.waitUntilReady(deadline: bench.deadline)
                return try pressure.share(of: Self.window, as: "pressure-ratio", "pressure", bench)
            }
        }
    }
}
