import LabCore

/// The kernel's account of the time that a cgroup's processes had to wait for memory: a program that reads a file of
/// 4 MiB over and over, with 3 MiB in all (`limit`) or without a limit (`free`). Nobody is killed, since what a file
/// holds can be dropped and read again; the time that this takes is the pressure.
///
/// Value: `memory-pressure-ratio`, the share of the time in which somebody waited, by `memory.pressure` of the cgroup.
struct MemoryPressure: Experiment {
    let id = "memory-pressure"

    private static let window = Duration.milliseconds(500)
    private static let limit = 3 << 20
    /// Never done within the window.
    private static let rounds = 1_000_000

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        guard let setting = bench.setting, ["limit", "free"].contains(setting) else {
            throw LabError(.usage, "memory-pressure needs the setting limit or free")
        }
        return try ScratchDirectory.with(bench) { (directory) throws(LabError) in
            // Pages of a file that is on no disk can't be dropped.
            _ = try BlockDevice.holding(directory)
            return try TrialCgroup.with(.init(controllers: ["memory"], isUnified: true), bench) {
                (cgroup) throws(LabError) in
                let pressure = PressureFile(path: "\(cgroup.unified ?? "")/memory.pressure")
                let workload = Workload.compute(kind: "file-read", rounds: Self.rounds, directory: directory)
                return try TrialChild.with(workload, .init(cgroup: cgroup), bench) {
                    (child) throws(LabError) in
                    // The file is on the disk by then, so that its pages can be dropped at once.
                    try child.waitUntilReady(deadline: bench.deadline)
                    if setting == "limit" {
                        try cgroup.set(
                            "memory", v1: ("memory.limit_in_bytes", "\(Self.limit)"),
                            v2: ("memory.max", "\(Self.limit)"))
                    }
                    return try pressure.share(
                        of: Self.window, as: "memory-pressure-ratio", "memory-pressure", bench)
                }
            }
        }
    }
}
