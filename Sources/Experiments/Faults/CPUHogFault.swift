import LabCore

/// A program that keeps more processors busy than it was given.
struct CPUHogFault: Fault {
    let id = "fault-cpu-hog"
    let takesCPUTime = true

    private static let processes = 8
    /// The factor by which a culprit may seem to exceed its share: periods and clock ticks don't end with the window.
    private static let tolerance = 1.25

    func workload(_ place: FaultPlace) -> Workload {
        Workload(name: "hog-cpu", arguments: ["\(Self.processes)"])
    }

    func examine(_ culprit: any Instance, _ scene: FaultScene) throws(LabError) -> Containment {
        guard let taken = scene.cpuNanoseconds, scene.elapsedNanoseconds > 0 else {
            throw LabError(.unavailable, "the CPU time of the culprit is not known on this engine")
        }
        let share = Double(taken) / Double(scene.elapsedNanoseconds)
        let hundredths = (share * 100).rounded() / 100
        let account = culprit.account
        let isHeld = scene.place.kind == .virtualMachine || account?.cpus != nil
        let isWithin = share <= Double(scene.cpus) * Self.tolerance
        let throttled: Message = account?.throttledPeriods.map { "; nr_throttled \($0)" } ?? ""
        let evidence: Message =
            "\(hundredths) CPUs used, \(scene.cpus) given, \(Self.processes) wanted\(throttled)"
        let mechanism: Mechanism =
            !isHeld ? .none : scene.place.kind == .virtualMachine ? .guestKernel : .cgroup
        return Containment(
            isHeld && isWithin,
            answer: "\(hundredths) CPUs\(isHeld ? "" : ", as many as were free: nothing contained it")",
            mechanism: isWithin ? mechanism : .none, evidence: evidence,
            values: ["culprit-cpus-ratio": share])
    }
}
