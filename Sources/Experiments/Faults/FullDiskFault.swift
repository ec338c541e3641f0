import LabCore

/// A program that writes to a file until there is no room.
struct FullDiskFault: Fault {
    let id = "fault-full-disk"

    /// The limit where nothing else holds it, in MiB.
    private static let ownLimit: UInt64 = 64

    func workload(_ place: FaultPlace) -> Workload {
        // In a container and in a VM here, files that are written lie in memory.
        let held = place.isHeld(by: place.limits?.memoryLimitBytes)
        let mebibytes = held ? (place.memoryBytes >> 20) * 3 / 2 : min(Self.ownLimit, place.memoryBytes >> 20)
        let directory = place.kind == .process ? place.directory : "/tmp"
        return Workload(name: "fill-disk", arguments: [directory, "\(mebibytes)"])
    }

    func examine(_ culprit: any Instance, _ scene: FaultScene) throws(LabError) -> Containment {
        let word = culprit.transcript.outputs.first ?? ""
        let written = culprit.transcript.metrics["written-mib"] ?? 0
        let account = culprit.account
        let isCounted = account.map { ($0.outOfMemoryKills ?? 0) > 0 || ($0.memoryLimitHits ?? 0) > 0 }
        return Containment(
            said: word, kind: scene.place.kind, isOnTheAccount: isCounted ?? false,
            isBeyond: scene.place.isHeld(by: scene.place.limits?.memoryLimitBytes),
            evidence: "\(written) MiB written; \(culprit.hostEvidence)",
            values: ["culprit-written-bytes": Double(written << 20)])
    }
}
