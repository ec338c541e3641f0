import LabCore

/// Which resources this kernel can limit at all: the controllers that are mounted.
///
/// Values: `controllers-count`, and a truth for each resource that the document names: `limits-cpu`, `limits-memory`,
/// `limits-disk-io`, `limits-network-bandwidth`.
struct ControllerList: Experiment {
    let id = "controllers"

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        let names = ControllerMounts.current().names
        var finding = Finding(values: ["controllers-count": Double(names.count)])
        for (value, belongs) in Self.resources {
            let found = names.filter(belongs)
            finding.note(
                value, !found.isEmpty, answer: .names(found),
                mechanism: found.isEmpty ? nil : .cgroup, evidence: "\(names.joined(separator: " "))")
        }
        return finding
    }

    /// net_cls and net_prio only mark packets and set priorities (Documentation/admin-guide/cgroup-v1): how many bytes
    /// a second may pass is decided by a queueing discipline of the interface, see tc(8), and by no controller.
    private static let resources: [(String, @Sendable (String) -> Bool)] = [
        ("limits-cpu", { $0 == "cpu" }), ("limits-memory", { $0 == "memory" }),
        ("limits-disk-io", { $0 == "io" || $0 == "blkio" }),
        ("limits-network-bandwidth", { $0.hasPrefix("net") && !["net_cls", "net_prio"].contains($0) }),
    ]
}
