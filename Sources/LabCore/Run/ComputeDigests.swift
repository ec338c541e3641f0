/// The digests at which the workloads of `compute` must arrive, worked out by the host itself before the first trial.
struct ComputeDigests: Sendable {
    private struct Work: Hashable {
        var kind: String
        var rounds: Int
    }
    private var known: [Work: String] = [:]

    /// None: for labs of other methods.
    init() {}

    /// Those that the trials of a plan need.
    init(_ lab: LabDefinition, engines: [EngineID]) {
        guard lab.method == .compute else { return }
        for kind in lab.values(of: .compute) {
            for rounds in Set(engines.map { lab.rounds?.count(for: $0) ?? 1 }) {
                known[Work(kind: kind, rounds: rounds)] = ComputeReference.digest(kind: kind, rounds: rounds)
            }
        }
    }

    /// 16 hexadecimal digits; empty for what was not worked out, which no guest says.
    func digest(_ kind: String, rounds: Int) -> String { known[Work(kind: kind, rounds: rounds)] ?? "" }
}
