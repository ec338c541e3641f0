import LabCore

/// What the kernel says of the time that a cgroup's processes had to wait for a processor (PSI, see
/// Documentation/accounting/psi.rst): a program that never rests, with a quota of a fifth of a processor (`quota`) or
/// with none (`free`).
///
/// Value: `pressure-ratio`, the share of the time in which somebody waited, by `cpu.pressure` of the cgroup.
struct CPUPressure: Experiment {
    let id = "cpu-pressure"

    private static let window = Duration.milliseconds(500)

    func perform(on engine: any Engine, _ bench: Bench) throws(LabError) -> Finding {
        guard let setting = bench.setting, ["quota", "free"].contains(setting) else {
            throw LabError(.usage, "cpu-pressure needs the setting quota or free")
        }
        return try TrialCgroup.with(.init(controllers: ["cpu"], isUnified: true), bench) {
            (cgroup) throws(LabError) in
            if setting == "quota" {
                try cgroup.set("cpu", v1: ("cpu.cfs_quota_us", "20000"), v2: ("cpu.max", "20000 100000"))
            }
            let path = "\(cgroup.unified ?? "")/cpu.pressure"
            return try TrialChild.with(.burn, .init(cgroup: cgroup), bench) { (child) throws(LabError) in
                try child.waitUntilReady(deadline: bench.deadline)
                let (began, before) = (MonotonicInstant.now(), try waited(path))
                try bench.pause(Self.window)
                let (ended, after) = (MonotonicInstant.now(), try waited(path))
                let microseconds = Double(ended.nanoseconds(since: began)) / 1_000
                var finding = Finding(values: ["pressure-ratio": Double(after - before) / microseconds])
                finding.facts["pressure"] = Fact(
                    answer: Files.line(path).map { String($0.prefix { $0 != "\n" }) } ?? "",
                    mechanism: .cgroup, evidence: path)
                return finding
            }
        }
    }

    /// Microseconds in which at least one task waited so far: `total` of the line `some`.
    private func waited(_ path: String) throws(LabError) -> UInt64 {
        guard let line = Files.line(path), let total = Self.total(some: line) else {
            throw LabError(
                .unavailable, "this kernel keeps no account of pressure", cause: "cannot read \(path)",
                remedy: "boot it with psi=1")
        }
        return total
    }

    static func total(some text: String) -> UInt64? {
        text.split(separator: "\n").first { $0.hasPrefix("some ") }?.split(separator: " ")
            .first { $0.hasPrefix("total=") }.flatMap { UInt64($0.dropFirst("total=".count)) }
    }
}
