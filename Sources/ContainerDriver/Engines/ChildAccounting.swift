import LabCore

extension ChildInstance: HostVisible {
    public func hostProcesses() throws(LabError) -> [HostProcess] {
        guard cpuNanoseconds == nil else {
            throw LabError(.instance, "the workload has no process", cause: "it has ended")
        }
        return HostProcess(pid: pid).family
    }
}

extension ChildInstance: MemoryAccounting {
    public func memoryBytes() throws(LabError) -> [String: UInt64] {
        // A pid that was reaped may be somebody else's by now.
        guard cpuNanoseconds == nil else {
            throw LabError(
                .instance, "the workload's memory is unknown", cause: "it has ended",
                remedy: command.map { _ in CommandOutput.foreground })
        }
        var bytes = accounts?.memoryBytes ?? [:]
        var sum = try HostProcess(pid: pid).proportionalBytes()
        for process in descendants { sum += (try? process.proportionalBytes()) ?? 0 }
        bytes["host-pss"] = sum
        return bytes
    }
}

extension ChildInstance: LimitAccounting {
    public func limitAccount() -> LimitAccount? { accounts?.limits }
}

extension ChildInstance: CPUAccounting {
    public func hostCPUNanoseconds() throws(LabError) -> UInt64 {
        if let cpuNanoseconds { return cpuNanoseconds }
        let family = HostProcess(pid: pid).family
        let own = try family[0].cpuNanoseconds()
        return family.dropFirst().reduce(own) { $0 + ((try? $1.cpuNanoseconds()) ?? 0) }
            + family.reduce(0) { $0 + $1.reapedNanoseconds }
    }

    public var throttledNanoseconds: UInt64? { accounts?.throttledNanoseconds }

    /// The processes that it has started and still runs. One that ends while it is looked at is left out of the sum.
    private var descendants: ArraySlice<HostProcess> { HostProcess(pid: pid).family.dropFirst() }
}
