import Glibc
import LabCore

/// A workload that a peer runs: the peer's command is our child, and on its standard output the workload speaks.
public final class PeerInstance: Instance {
    let child: ChildInstance
    private let name: PeerName
    private let peer: any PreparedPeer
    private let description: PeerDescription
    private let removal: Removal

    /// The state of an instance that its removal depends on.
    final class Removal {
        /// Descendants of the command when it was broken off.
        var descendants: [HostProcess] = []
        /// True when the command was broken off, or ended without having started the workload.
        var isForced = false
    }

    /// The time that a peer may take to be gone.
    private static let patience = Duration.seconds(10)
    /// The time that one that ended by itself may take, before it is removed by force.
    private static let grace = Duration.seconds(2)

    init(
        child: ChildInstance, name: PeerName, peer: any PreparedPeer, of description: PeerDescription,
        removal: Removal
    ) {
        self.child = child
        self.name = name
        self.peer = peer
        self.description = description
        self.removal = removal
    }

    public var timeline: Timeline { child.timeline }
    public var transcript: GuestTranscript { child.transcript }
    /// Empty: a peer doesn't tell its own steps apart.
    public var stepNanoseconds: [UInt64] { [] }

    public func waitUntilReady(deadline: MonotonicInstant) throws(LabError) {
        try blamingTheCommand { () throws(LabError) in try child.waitUntilReady(deadline: deadline) }
    }

    public func wait(forOutputs count: Int, deadline: MonotonicInstant) throws(LabError) {
        try blamingTheCommand { () throws(LabError) in
            try child.wait(forOutputs: count, deadline: deadline)
        }
    }

    /// Waits; where the workload was never started, the error is in the command's own words.
    private func blamingTheCommand(_ wait: () throws(LabError) -> Void) throws(LabError) {
        do {
            try wait()
        } catch {
            if hasEnded && child.command == nil && timeline[.initStarted] == nil { throw notStarted() }
            throw error
        }
    }

    public func waitForExit(deadline: MonotonicInstant) throws(LabError) -> Int32 {
        let status = try child.waitForExit(deadline: deadline)
        // Of a command it can't be told whether the tool or what it ran has failed.
        if status != 0 && child.command == nil && timeline[.initStarted] == nil { throw notStarted() }
        return status
    }

    public func dispose() throws(LabError) {
        if !hasEnded {
            removal.isForced = true
            removal.descendants = Array(HostProcess(pid: child.pid).family.dropFirst())
        } else if child.command == nil ? timeline[.initStarted] == nil : child.status != 0 {
            removal.isForced = true
        }
        try child.dispose()
    }

    private var hasEnded: Bool { timeline[.exited] != nil }

    /// The command ended, and the workload never spoke.
    private func notStarted() -> LabError {
        LabError(
            .instance, "\(description.build?.path ?? description.command) did not start the workload",
            cause: child.lastOutput(),
            remedy: PeerRemedy.of(child.said))
    }

    /// Removes what is left of an instance whose command has been reaped: what `ChildInstance.dispose` calls.
    static func remove(_ name: PeerName, of peer: any PreparedPeer, _ removal: Removal) throws(LabError) {
        if removal.isForced { try peer.remove(name) }
        if !waitUntilGone(name, peer, removal, limit: removal.isForced ? patience : grace) {
            try peer.remove(name)
            guard waitUntilGone(name, peer, removal, limit: patience) else {
                throw LabError(
                    .output, "something is left of \(name.id)",
                    cause: "it was still there after it was removed",
                    remedy: "lab clean")
            }
        }
        if peer.usesDirectory { try Files.removeTree(name.directory) }
    }

    private static func waitUntilGone(
        _ name: PeerName, _ peer: any PreparedPeer, _ removal: Removal, limit: Duration
    ) -> Bool {
        let deadline = MonotonicInstant.now().advanced(by: limit)
        while true {
            removal.descendants.removeAll { !$0.isRunning }
            if removal.descendants.isEmpty && peer.isGone(name) { return true }
            if MonotonicInstant.now() > deadline { return false }
            usleep(1_000)
        }
    }

    /// Every process that runs for it now: the command and its descendants, and those that name it.
    var processes: Set<HostProcess> {
        guard !hasEnded else { return [] }
        return Set(HostProcess(pid: child.pid).family).union(PeerProcesses.carrying(peer.markers(name)))
    }

    /// The first process of the container.
    private var initProcess: HostProcess? {
        processes.first { (try? $0.status())?.isInit == true }
    }

    /// The process of the workload itself.
    var payload: HostProcess? {
        if child.command != nil { return initProcess }
        return processes.first { $0.commandLine?.first == RootFilesystem.guestPath }
    }
}

extension PeerInstance: SignalReceiving {
    /// To the command itself: not every tool hands a signal on.
    public func send(signal: Int32) {
        guard let payload = initProcess else { return child.deliver(signal) }
        kill(payload.pid, payload.drops(signal) ? SIGKILL : signal)
    }
}

extension PeerInstance: HostVisible {
    public func hostProcesses() throws(LabError) -> [HostProcess] {
        guard let payload else {
            throw LabError(
                .instance, "the processes of \(name.id) are unknown", cause: "its workload is not running")
        }
        return [payload] + processes.subtracting([payload]).sorted { $0.pid < $1.pid }
    }
}

extension PeerInstance: MemoryAccounting {
    public func memoryBytes() throws(LabError) -> [String: UInt64] {
        guard let payload else {
            throw LabError(
                .instance, "the memory of \(name.id) is unknown", cause: "its workload is not running")
        }
        // One that ends in between, a helper, has no memory any more.
        let sizes = processes.compactMap { try? $0.proportionalBytes() }
        var bytes = description.hasCgroups ? CgroupReader(payload).memoryBytes : [:]
        bytes["host-pss"] = sizes.reduce(0, +)
        return bytes
    }
}

extension PeerInstance: LimitAccounting {
    public func limitAccount() throws(LabError) -> LimitAccount? {
        guard description.hasCgroups else { return nil }
        guard let payload else {
            throw LabError(
                .instance, "the limits of \(name.id) are unknown", cause: "its workload is not running")
        }
        return CgroupReader(payload).limits
    }
}

extension PeerInstance: CPUAccounting {
    public func hostCPUNanoseconds() throws(LabError) -> UInt64 {
        guard hasEnded else {
            return processes.reduce(0) { $0 + ((try? $1.cpuNanoseconds()) ?? 0) + $1.reapedNanoseconds }
        }
        guard description.reapsEverything, let total = child.cpuNanoseconds else {
            throw LabError(
                .unavailable, "the CPU time of \(name.id) is not known after its end",
                cause: "not all of its processes descend from the command \(description.command)",
                remedy: "ask while it lives")
        }
        return total
    }

    public var throttledNanoseconds: UInt64? {
        guard description.hasCgroups, let payload else { return nil }
        return CgroupReader(payload).throttledNanoseconds
    }
}
