import ContainerDriver
import LabCore
import VMDriver

/// What outlives one run of several in a process: what was proved of an engine holds for the labs that follow.
///
/// A VM engine is used again as it is: its kernel is unpacked and hashed, its hypervisor proved by a boot, once. Every
/// other is made anew, since it belongs to its run; of a peer the answer of its probe is kept.
final class EnginePool {
    private var machines: [EngineID: VMEngine] = [:]
    private var peers: [EngineID: Availability] = [:]

    /// The VM engine of this name, made by the first call.
    func machine(_ id: EngineID, _ make: () -> VMEngine) -> VMEngine {
        if let known = machines[id] { return known }
        let made = make()
        machines[id] = made
        return made
    }

    /// What a peer's probe found in an earlier run.
    func answer(of peer: EngineID) -> Availability? { peers[peer] }

    /// Remembers what a run found out about the peers.
    func note(_ records: [EngineRecord]) {
        for record in records where EngineID.peers.contains(record.id) {
            peers[record.id] = record.availability
        }
    }
}
