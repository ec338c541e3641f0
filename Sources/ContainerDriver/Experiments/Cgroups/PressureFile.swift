import LabCore

/// The kernel's account of the time that a cgroup's processes had to wait for a resource (PSI, see
/// Documentation/accounting/psi.rst): `cpu.pressure` or `memory.pressure`.
struct PressureFile {
    let path: String

    /// Returns their wait from now on, as a share of time: the value `name`, and the fact `fact` with the file's words.
    func share(
        of window: Duration, as name: String, _ fact: String, _ bench: Bench
    ) throws(LabError) -> Finding {
        let (began, before) = (MonotonicInstant.now(), try waited())
        try bench.pause(window)
        let (ended, after) = (MonotonicInstant.now(), try waited())
        let microseconds = Double(ended.nanoseconds(since: began)) / 1_000
        var finding = Finding(values: [name: Double(after.grown(since: before)) / microseconds])
        finding.facts[fact] = Fact(
            answer: Files.line(path).map { "\($0.prefix { $0 != "\n" })" } ?? "", mechanism: .cgroup,
            evidence: "\(path)")
        return finding
    }

    /// Microseconds in which at least one task waited so far: `total` of the line `some`.
    private func waited() throws(LabError) -> UInt64 {
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
