import LabCore

/// A program that makes processes until it is refused, and goes on trying.
struct ForkBombFault: Fault {
    let id = "fault-fork-bomb"

    /// The number of processes where nothing else holds it: the machine may be anybody's.
    private static let ownLimit = 200
    /// Beyond what a small VM's kernel allows, and beyond a container's limit.
    private static let most = 4_096

    func workload(_ place: FaultPlace) -> Workload {
        let count = place.isHeld(by: place.limits?.processLimit) ? Self.most : Self.ownLimit
        return Workload(name: "fork-bomb", arguments: ["\(count)"])
    }

    func examine(_ culprit: any Instance, _ scene: FaultScene) throws(LabError) -> Containment {
        let word = culprit.transcript.outputs.first ?? ""
        let made = culprit.transcript.metrics["processes"] ?? 0
        let account = culprit.account
        // Out of memory is another way to be refused.
        let isCounted = account.map { ($0.refusedProcesses ?? 0) > 0 || ($0.memoryLimitHits ?? 0) > 0 }
        var values = ["culprit-processes-count": Double(made)]
        if let count = account?.processes.map(Int.init) ?? culprit.hostProcessCount {
            values["host-processes-count"] = Double(count)
        }
        return Containment(
            said: word, kind: scene.place.kind, isOnTheAccount: isCounted ?? false,
            isBeyond: (scene.place.limits?.processLimit).map { $0 < UInt64(Self.most) } ?? false,
            evidence: "\(made) processes made; \(culprit.hostEvidence)", values: values)
    }
}
