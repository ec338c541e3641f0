import LabCore

/// A program that takes memory until it is refused or killed, and is started again.
struct MemoryHogFault: Fault {
    let id = "fault-memory-hog"

    /// The limit where nothing else holds it, in MiB.
    private static let ownLimit: UInt64 = 192

    func workload(_ place: FaultPlace) -> Workload {
        let held = place.isHeld(by: place.limits?.memoryLimitBytes)
        // Half as much again as it may have.
        let mebibytes = held ? (place.memoryBytes >> 20) * 3 / 2 : min(Self.ownLimit, place.memoryBytes >> 20)
        return Workload(name: "hog-memory", arguments: ["\(mebibytes)"])
    }

    func examine(_ culprit: any Instance, _ scene: FaultScene) throws(LabError) -> Containment {
        let word = culprit.transcript.outputs.first ?? ""
        let account = culprit.account
        let isCounted = account.map { ($0.outOfMemoryKills ?? 0) > 0 || ($0.memoryLimitHits ?? 0) > 0 }
        let bytes = (try? (culprit as? any MemoryAccounting)?.memoryBytes()) ?? nil
        let taken = bytes?["cgroup-charge"] ?? bytes?["host-pss"]
        var containment = Containment(
            said: word, kind: scene.place.kind, isOnTheAccount: isCounted ?? false,
            isBeyond: scene.place.isHeld(by: scene.place.limits?.memoryLimitBytes),
            evidence: culprit.hostEvidence)
        if let taken { containment.values["culprit-memory-bytes"] = Double(taken) }
        guard scene.place.kind == .virtualMachine, let taken else { return containment }
        // Beside the guest's memory a VM's process may take as much as that of its neighbour takes, in which no guest
        // has touched more than it needed.
        let others = (try? (scene.neighbour as? any MemoryAccounting)?.memoryBytes())?["host-pss"] ?? 0
        let bound = scene.place.memoryBytes + others
        containment.isContained = containment.isContained && taken <= bound
        containment.evidence =
            "PSS of the VM's process \(taken) of at most \(bound) (configured \(scene.place.memoryBytes))"
        if taken > bound { containment.mechanism = .none }
        return containment
    }
}
