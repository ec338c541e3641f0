import Synchronization

/// The digests at which the workloads of `compute` must arrive, worked out by the host itself: each once in a run, since
/// that takes about as long as the work.
public final class ComputeDigests: Sendable {
    private struct Work: Hashable {
        var kind: String
        var rounds: Int
    }
    private let known = Mutex<[Work: String?]>([:])

    public init() {}

    /// Works out those of the trials of a plan, so that no trial has to.
    init(_ lab: LabDefinition, engines: [EngineID]) {
        guard lab.method == .compute else { return }
        for kind in lab.values(of: .compute) {
            for rounds in Set(engines.map { lab.rounds?.count(for: $0) ?? 1 }) {
                _ = digest(kind, rounds: rounds)
            }
        }
    }

    /// 16 hexadecimal digits; nil for a kind that nobody knows.
    public func digest(_ kind: String, rounds: Int) -> String? {
        known.withLock { known in
            let work = Work(kind: kind, rounds: rounds)
            if let digest = known[work] { return digest }
            let digest = ComputeReference.digest(kind: kind, rounds: rounds)
            known[work] = .some(digest)
            return digest
        }
    }
}
