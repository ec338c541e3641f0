import LabCore
import OCI

// `linux.resources`, in the files of either version.
extension Cgroups {
    /// - Parameter isNew: whether devices are to be held too, which is done once.
    func apply(_ resources: RuntimeSpec.Resources, isNew: Bool) throws {
        func refuse(_ word: String, _ value: JSON?) throws {
            if value?.isEmpty == false { throw Failure.unsupported("linux.resources.\(word)") }
        }
        try refuse("memory.kernel", resources.memory?.kernel)
        try refuse("memory.kernelTCP", resources.memory?.kernelTCP)
        if let memory = resources.memory { try limit(memory, isNew) }
        if let cpu = resources.cpu { try limit(cpu) }
        // 0 is none, as runc has it.
        if let pids = resources.pids?.limit, pids != 0 {
            try write(pids < 0 ? "max" : "\(pids)", "pids", "pids.max", "pids.max")
        }
        if let block = resources.blockIO { try limit(block) }
        if let network = resources.network { try mark(network) }
        for (device, limit) in (resources.rdma ?? [:]).sorted(by: { $0.key < $1.key }) {
            var text = device
            if let handles = limit.hcaHandles { text += " hca_handle=\(handles)" }
            if let objects = limit.hcaObjects { text += " hca_object=\(objects)" }
            try write(text, "rdma", "rdma.max", "rdma.max")
        }
        for page in resources.hugepageLimits ?? [] {
            try write(
                "\(page.limit)", "hugetlb", "hugetlb.\(page.pageSize).limit_in_bytes",
                "hugetlb.\(page.pageSize).max")
        }
        for member in resources.unified?.members ?? [] {
            guard let unified, !member.name.contains("/") else {
                throw Failure.unsupported("linux.resources.unified: \(member.name)")
            }
            guard isUnifiedOnly else {
                throw Failure(
                    "invalid configuration: linux.resources.unified takes a machine with cgroup v2 alone")
            }
            try put(member.value, "\(unified.directory)/\(member.name)")
        }
        // Who is not the machine's root makes no devices, and may hold none.
        if isNew && !Rootless.isOne {
            try DeviceRules(resources.devices ?? []).apply(v1: place("devices"), v2: unified)
        }
    }

    private func limit(_ memory: RuntimeSpec.Memory, _ isNew: Bool) throws {
        let isUnified = place("memory")?.hierarchy.isUnified == true
        func text(_ bytes: Int64) -> String { bytes < 0 ? (isUnified ? "max" : "-1") : "\(bytes)" }
        let limit = memory.limit ?? 0
        var swap = memory.swap ?? 0
        // No limit of memory is none of both, as runc has it.
        if limit < 0, swap == 0,
            self.text("memory", v1: "memory.memsw.limit_in_bytes", v2: "memory.swap.max") != nil
        {
            swap = -1
        }
        if memory.checkBeforeUpdate == true, isUnified, limit > 0,
            let used = self.text("memory", v1: nil, v2: "memory.current").flatMap({
                Int64($0.trimmingWhitespace())
            }),
            used > limit
        {
            throw Failure("rejecting memory limit \(limit) < usage \(used)")
        }
        if isUnified {
            if limit != 0 { try write(text(limit), "memory", nil, "memory.max") }
            if swap != 0 {
                guard swap < 0 || limit > 0 && swap >= limit else {
                    throw Failure("memory+swap limit must not be below the memory limit")
                }
                try write(swap < 0 ? "max" : "\(swap - limit)", "memory", nil, "memory.swap.max")
            }
        } else {
            let files = [("memory.limit_in_bytes", limit), ("memory.memsw.limit_in_bytes", swap)]
            // Neither may pass the other on the way up or down: the second attempt finds the way free.
            var refused: [(String, Int64)] = []
            for (file, bytes) in files where bytes != 0 {
                do { try write(text(bytes), "memory", file, nil) } catch { refused.append((file, bytes)) }
            }
            for (file, bytes) in refused { try write(text(bytes), "memory", file, nil) }
        }
        if let bytes = memory.reservation, bytes != 0 {
            try write(text(bytes), "memory", "memory.soft_limit_in_bytes", "memory.low")
        }
        if let value = memory.swappiness {
            if isUnified { throw Failure.unsupported("linux.resources.memory.swappiness on cgroup v2") }
            try write("\(value)", "memory", "memory.swappiness", nil)
        }
        if memory.disableOOMKiller == true {
            if isUnified { throw Failure.unsupported("linux.resources.memory.disableOOMKiller on cgroup v2") }
            try write("1", "memory", "memory.oom_control", nil)
        }
    }

    /// The range of one as the range of the other, as every runtime converts it.
    static func weight(of shares: UInt64) -> UInt64 {
        1 + (max(2, min(shares, 262_144)) - 2) * 9_999 / 262_142
    }

    private func limit(_ block: RuntimeSpec.BlockIO) throws {
        // Of two kernels' schedulers, each with files of its own.
        let isUnified = place("blkio")?.hierarchy.isUnified ?? true
        let name = isUnified ? "io" : "blkio"
        let hasBFQ = text(name, v1: "blkio.bfq.weight", v2: "io.bfq.weight") != nil
        func scaled(_ weight: UInt16) -> Int {
            isUnified && !hasBFQ ? 1 + (max(10, Int(weight)) - 10) * 9_999 / 990 : Int(weight)
        }
        func weigh(_ text: String, _ suffix: String) throws {
            try write(
                text, name, "blkio.\(hasBFQ ? "bfq." : "")weight\(suffix)",
                hasBFQ ? "io.bfq.weight" : "io.weight")
        }
        if let weight = block.weight, weight != 0 { try weigh("\(scaled(weight))", "") }
        if let weight = block.leafWeight, weight != 0 {
            try write("\(weight)", name, "blkio.leaf_weight", nil)
        }
        for device in block.weightDevice ?? [] {
            let number = "\(device.major):\(device.minor)"
            if let weight = device.weight, weight != 0 { try weigh("\(number) \(scaled(weight))", "_device") }
            if let weight = device.leafWeight, weight != 0 {
                try write("\(number) \(weight)", name, "blkio.leaf_weight_device", nil)
            }
        }
        for (devices, v1, v2) in [
            (block.throttleReadBpsDevice, "read_bps", "rbps"),
            (block.throttleWriteBpsDevice, "write_bps", "wbps"),
            (block.throttleReadIOPSDevice, "read_iops", "riops"),
            (block.throttleWriteIOPSDevice, "write_iops", "wiops"),
        ] {
            for device in devices ?? [] {
                let number = "\(device.major):\(device.minor)"
                let rate = device.rate == 0 ? "max" : "\(device.rate)"
                try write(
                    isUnified ? "\(number) \(v2)=\(rate)" : "\(number) \(device.rate)", name,
                    "blkio.throttle.\(v1)_device", "io.max")
            }
        }
    }

    private func mark(_ network: RuntimeSpec.Network) throws {
        if let mark = network.classID, mark != 0 { try write("\(mark)", "net_cls", "net_cls.classid", nil) }
        for entry in network.priorities ?? [] {
            try write("\(entry.name) \(entry.priority)", "net_prio", "net_prio.ifpriomap", nil)
        }
    }

    private func limit(_ cpu: RuntimeSpec.CPU) throws {
        let isUnified = place("cpu")?.hierarchy.isUnified == true
        if let shares = cpu.shares, shares != 0 {
            try write(
                isUnified ? "\(Self.weight(of: shares))" : "\(shares)", "cpu", "cpu.shares", "cpu.weight")
        }
        if isUnified {
            if cpu.quota ?? 0 != 0 || cpu.period ?? 0 != 0 {
                let quota = cpu.quota.map { $0 > 0 ? "\($0)" : "max" } ?? "max"
                try write("\(quota) \(cpu.period ?? 100_000)", "cpu", nil, "cpu.max")
            }
            if cpu.realtimeRuntime ?? 0 != 0 || cpu.realtimePeriod ?? 0 != 0 {
                throw Failure.unsupported("linux.resources.cpu.realtimeRuntime on cgroup v2")
            }
        } else {
            if let period = cpu.period, period != 0 {
                try write("\(period)", "cpu", "cpu.cfs_period_us", nil)
            }
            if let quota = cpu.quota, quota != 0 { try write("\(quota)", "cpu", "cpu.cfs_quota_us", nil) }
            if let period = cpu.realtimePeriod, period != 0 {
                try write("\(period)", "cpu", "cpu.rt_period_us", nil)
            }
            if let time = cpu.realtimeRuntime, time != 0 {
                try write("\(time)", "cpu", "cpu.rt_runtime_us", nil)
            }
        }
        if let burst = cpu.burst { try write("\(burst)", "cpu", "cpu.cfs_burst_us", "cpu.max.burst") }
        if let idle = cpu.idle { try write("\(idle)", "cpu", "cpu.idle", "cpu.idle") }
        if let cpus = cpu.cpus, !cpus.isEmpty { try write(cpus, "cpuset", "cpuset.cpus", "cpuset.cpus") }
        if let mems = cpu.mems, !mems.isEmpty { try write(mems, "cpuset", "cpuset.mems", "cpuset.mems") }
    }

    private func write(_ text: String, _ controller: String, _ v1: String?, _ v2: String?) throws {
        guard let place = place(controller), let file = place.hierarchy.isUnified ? v2 : v1 else {
            throw Failure("cannot set a limit of the cgroup controller \(controller): it is not mounted")
        }
        try put(text, "\(place.directory)/\(file)")
    }

    private func put(_ text: String, _ path: String) throws {
        do { try Files.overwrite(text, at: path) } catch {
            throw Failure("failed to write \"\(ForeignText.line(text, most: 200))\" to \"\(path)\"", error)
        }
    }
}
