import LabCore

/// `memory-tide`: what the host pays for an instance that is idle, that uses half its memory, and that has given it
/// back; and whether and how soon the host has it again.
///
/// The account is the host's own. Of a VM it is the one mapping of its VMM that is the guest's memory, so that what a
/// VMM takes for itself, and an emulator for its translations, is left out; of anything else all of its processes.
struct MemoryTide: Experiment {
    let id = "memory-tide"

    /// The host looks so often whether memory has come back.
    private static let interval = Duration.milliseconds(100)
    /// Memory that has not moved for so long comes back no more. A guest that reports its free pages waits 2 s before
    /// it does so (PAGE_REPORTING_DELAY in mm/page_reporting.c of Linux).
    private static let stillness = Duration.milliseconds(3_200)
    /// After so long nobody waits for more.
    private static let limit = Duration.seconds(15)
    /// Less than this is no movement.
    private static let grain: UInt64 = 512 << 10

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        let mebibytes = Int(bench.lab.memoryBytes >> 21)
        let request = bench.request(.tide(mebibytes: mebibytes))
        return try bench.with(request, on: engine) { (instance) throws(LabError) in
            guard let instance = instance as? any MemoryAccounting & HostVisible else {
                throw LabError(.unavailable, "what an instance of \(engine.id) takes is unknown to the host")
            }
            let account = Account(
                instance: instance, isMachine: engine.kind == .virtualMachine,
                request: request)
            let idle = try stage(1, account)
            let touched = try stage(2, account)
            try instance.wait(forOutputs: 3, deadline: request.deadline)
            let freed = try recede(from: touched, to: idle, account, bench)
            return finding(idle: idle, touched: touched, freed: freed, request)
        }
    }

    /// The memory that the host pays at one moment, in bytes.
    struct Level {
        var held: UInt64
        /// The charge of the instance's memory cgroup; nil where it has none.
        var charge: UInt64?
        /// The memory that the whole host could still give away; nil where it doesn't say.
        var available: UInt64? = HostMemory.availableBytes()
    }

    /// A reader of the memory of one instance.
    private struct Account {
        let instance: any MemoryAccounting & HostVisible
        let isMachine: Bool
        let request: LaunchRequest

        func read() throws(LabError) -> Level {
            if isMachine { return Level(held: try guestMemory(), charge: nil) }
            let bytes = try instance.memoryBytes()
            guard let held = bytes["host-pss"] else {
                throw LabError(.unavailable, "the memory of an instance is unknown to the host")
            }
            return Level(held: held, charge: bytes["cgroup-charge"])
        }

        /// The mapping that is as large as the guest's memory: a VMM has one of that very size.
        private func guestMemory() throws(LabError) -> UInt64 {
            guard let machine = try instance.hostProcesses().first,
                let mapping = try machine.mappings().first(where: { $0.size == request.memoryBytes })
            else {
                throw LabError(
                    .unavailable, "the guest's memory can't be told from the rest of its VMM",
                    cause: "no mapping has \(request.memoryBytes) bytes")
            }
            return mapping.proportional
        }
    }

    /// Reads the account while the guest waits after its output `number`.
    private func stage(_ number: Int, _ account: Account) throws(LabError) -> Level {
        try account.instance.wait(forOutputs: number, deadline: account.request.deadline)
        let began = MonotonicInstant.now()
        let level = try account.read()
        // The guest goes on by itself.
        guard MonotonicInstant.now() < began.advanced(by: Workload.tideInterval * 0.8) else {
            throw LabError(
                .timeout, "the host was too slow to read the memory of an instance before it went on",
                remedy: "run it again when the machine is less busy")
        }
        return level
    }

    /// The memory that was left, and the time until half of it was back.
    struct Ebb {
        var level: Level
        var halfNanoseconds: UInt64?
        /// True when it still moved when nobody waited any longer.
        var isCutShort = false
    }

    /// Watches the memory go back until it no longer moves.
    private func recede(
        from touched: Level, to idle: Level, _ account: Account, _ bench: Bench
    ) throws(LabError) -> Ebb {
        let began = MonotonicInstant.now()
        if let balloon = account.instance as? any MemoryReclaiming, balloon.isReclaimable {
            // As much as the guest has let go of, and no more.
            try balloon.shrinkMemory(to: account.request.memoryBytes / 2)
        }
        let used = touched.held > idle.held ? touched.held - idle.held : 0
        var ebb = Ebb(level: touched)
        var lastMove = began
        while true {
            let level = try account.read()
            let now = MonotonicInstant.now()
            if max(level.held, ebb.level.held) - min(level.held, ebb.level.held) >= Self.grain {
                lastMove = now
                ebb.level = level
            }
            if ebb.halfNanoseconds == nil, touched.held - min(level.held, touched.held) >= max(used / 2, 1) {
                ebb.halfNanoseconds = now.nanoseconds(since: began)
            }
            let isStill =
                level.held <= idle.held + used / 50 || now >= lastMove.advanced(by: Self.stillness)
            if isStill || now >= began.advanced(by: Self.limit) {
                ebb.level = level
                ebb.isCutShort = !isStill
                return ebb
            }
            try bench.pause(Self.interval)
        }
    }

    private func finding(idle: Level, touched: Level, freed: Ebb, _ request: LaunchRequest) -> Finding {
        var values = [
            "configured-bytes": Double(request.memoryBytes),
            "idle-bytes": Double(idle.held),
            "touched-bytes": Double(touched.held),
            "freed-bytes": Double(freed.level.held),
            "idle-share": Double(idle.held) / Double(request.memoryBytes),
            "freed-share": Double(freed.level.held) / Double(request.memoryBytes),
        ]
        for (name, level) in [("idle", idle), ("touched", touched), ("freed", freed.level)] {
            if let charge = level.charge { values["\(name)-charge-bytes"] = Double(charge) }
        }
        if touched.held > idle.held {
            let used = Double(touched.held) - Double(idle.held)
            values["returned-share"] = (Double(touched.held) - Double(freed.level.held)) / used
        } else {
            // All of it was taken before it was used, and what was never lent can't be returned.
            values["returned-share"] = 0
        }
        if let before = touched.available, let after = freed.level.available {
            // Less than nothing where others on the host took more meanwhile: noise stays in the data.
            values["host-returned-bytes"] = Double(after) - Double(before)
        }
        values["half-returned-ns"] = freed.halfNanoseconds.map { Double($0) }
        var finding = Finding(values: values)
        if freed.isCutShort { finding.stop("returned-share", "host-returned-bytes", by: .deadline) }
        return finding
    }
}
