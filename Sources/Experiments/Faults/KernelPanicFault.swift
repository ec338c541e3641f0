import LabCore

/// A program that brings its kernel down: in a VM it does so; elsewhere, where that kernel is the host's, it only asks
/// whether it could. See `panic` in lab-guest, which can't do it to a host.
struct KernelPanicFault: Fault {
    let id = "fault-kernel-panic"

    func workload(_ place: FaultPlace) -> Workload { Workload(name: "panic") }

    func examine(_ culprit: any Instance, _ scene: FaultScene) throws(LabError) -> Containment {
        scene.place.kind == .virtualMachine
            ? try deadMachine(culprit, scene.deadline) : try attempts(culprit, scene)
    }

    /// The VM has to end without having said so: nobody in it was left to.
    private func deadMachine(
        _ culprit: any Instance, _ deadline: MonotonicInstant
    ) throws(LabError) -> Containment {
        do throws(LabError) {
            let status = try culprit.waitForExit(deadline: deadline)
            throw LabError(
                .data, "the guest's kernel did not panic", cause: "its init ended with \(status)")
        } catch {
            guard error.kind == .instance, culprit.transcript.violation == nil else { throw error }
            return Containment(
                true, answer: "kernel panic", mechanism: .guestKernel,
                evidence: error.cause.map { "the VM ended; its console: \($0)" } ?? "the VM ended")
        }
    }

    /// Which of the two ways to bring the kernel down stand open.
    private func attempts(_ culprit: any Instance, _ scene: FaultScene) throws(LabError) -> Containment {
        try culprit.wait(forOutputs: 2, deadline: scene.deadline)
        var words: [String: String] = [:]
        for output in culprit.transcript.outputs {
            let parts = output.split(separator: " ").map(String.init)
            if parts.count == 2 { words[parts[0]] = parts[1] }
        }
        guard let sysrq = words["sysrq"], let reboot = words["reboot"] else {
            throw LabError(.instance, "the guest did not say what its attempts came to")
        }
        // EINVAL: the kernel had no objection but to the numbers, which were made to be refused.
        let isContained = sysrq != "opened" && reboot == "EPERM"
        let mechanism: Mechanism =
            !isContained
            ? .none
            : scene.place.kind == .process
                ? .hostKernel : sysrq == "EROFS" ? .readOnlyMount : .capability
        return Containment(
            isContained, answer: "sysrq-trigger: \(sysrq), reboot: \(reboot)", mechanism: mechanism,
            evidence: evidence(culprit, isContained: isContained))
    }

    /// Returns what /proc says of the culprit: its effective capabilities (CAP_SYS_BOOT is bit 22) and its filter.
    private func evidence(_ culprit: any Instance, isContained: Bool) -> Message {
        guard
            let process = (try? (culprit as? any HostVisible)?.hostProcesses())?.first,
            let status = try? process.status()
        else { return "asked, not done" }
        let lines = ["CapEff", "Seccomp"].compactMap { key in status[key].map { "\(key) \($0)" as Message } }
        return (["asked, not done"] + lines).joined(separator: "; ")
    }
}
