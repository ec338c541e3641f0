import CLinux
import Glibc
import LabCore
import OCI

/// One mounted hierarchy of cgroups, of either version. All of them: a runtime puts a container into each, also those that
/// limit nothing.
struct CgroupHierarchy: Equatable {
    let mountPoint: String
    /// The cgroup that is mounted there, of which only what is below can be reached.
    let root: String
    let isUnified: Bool
    /// Those of version 1: `cpu`, `cpuacct`, or `name=systemd`.
    let mountWords: [String]

    var controllers: [String] {
        mountWords.map { $0.hasPrefix("name=") ? String($0.dropFirst(5)) : $0 }
    }

    private static let known: Set<String> = [
        "cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "hugetlb", "net_cls",
        "net_prio", "perf_event", "rdma", "misc",
    ]

    static let all: [CgroupHierarchy] = {
        var found: [CgroupHierarchy] = []
        for entry in MountTable(mountinfo: mounts).entries
        where entry.type == "cgroup" || entry.type == "cgroup2" {
            let words = entry.superOptions.filter { known.contains($0) || $0.hasPrefix("name=") }
            let hierarchy = CgroupHierarchy(
                mountPoint: entry.mountPoint, root: entry.root, isUnified: entry.type == "cgroup2",
                mountWords: entry.type == "cgroup2" ? [] : words)
            let isKnown = found.contains {
                $0.isUnified == hierarchy.isUnified && $0.mountWords == hierarchy.mountWords
            }
            if !isKnown { found.append(hierarchy) }
        }
        return found
    }()

    /// The lines of mountinfo that have a cgroup: to take each of them apart would take longer than all that is made here.
    private static var mounts: String {
        let bytes = (try? Files.read("/proc/self/mountinfo")) ?? []
        let type = " - cgroup".utf8
        let lines = bytes.split(separator: 0x0a).filter { line in
            // The first dash alone: a space in a name is written otherwise.
            let dash = line.indices.dropLast(2).first {
                line[$0] == 0x20 && line[$0 + 1] == 0x2d && line[$0 + 2] == 0x20
            }
            return dash.map { line[$0...].starts(with: type) } ?? false
        }
        return lines.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n")
    }

    /// The lines of /proc/self/cgroup: the number of a hierarchy, what it has, where this process is.
    private static let membership: [(number: String, words: String, path: String)] = {
        let text = (try? Files.readText("/proc/self/cgroup")) ?? ""
        return text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            return fields.count == 3 ? (String(fields[0]), String(fields[1]), String(fields[2])) : nil
        }
    }()

    /// Where this process is in it.
    var ownPath: String {
        let words = mountWords.joined(separator: ",")
        guard let own = Self.membership.first(where: { isUnified ? $0.number == "0" : $0.words == words })
        else { return "/" }
        return own.path.hasPrefix(root) && root != "/" ? String(own.path.dropFirst(root.count)) : own.path
    }
}

/// The container's cgroup in one hierarchy.
struct CgroupPlace: Equatable {
    let hierarchy: CgroupHierarchy
    let directory: String
}

/// The cgroups of a container.
struct Cgroups {
    let places: [CgroupPlace]

    /// - Parameter path: `linux.cgroupsPath`: from the root of each hierarchy where it is absolute, else below this process's.
    init(path: String) throws {
        guard !path.split(separator: "/").contains("..") else {
            throw Failure("cgroupsPath \(ForeignText.line(path, most: 400)) has .. in it")
        }
        places = CgroupHierarchy.all.map { hierarchy in
            let inner = RootFiles.cleaned(path.hasPrefix("/") ? path : "\(hierarchy.ownPath)/\(path)")
            return CgroupPlace(
                hierarchy: hierarchy, directory: hierarchy.mountPoint + (inner == "/" ? "" : inner))
        }
    }

    /// The same by their directories, as a state has them.
    init(directories: [String]) {
        places = directories.compactMap { directory in
            let hierarchy = CgroupHierarchy.all.filter { directory.hasPrefix("\($0.mountPoint)/") }
                .max { $0.mountPoint.utf8.count < $1.mountPoint.utf8.count }
            return hierarchy.map { CgroupPlace(hierarchy: $0, directory: directory) }
        }
    }

    var directories: [String] { places.map(\.directory) }

    private var unified: CgroupPlace? { places.first(where: \.hierarchy.isUnified) }
    var isUnifiedOnly: Bool { places.count == 1 && unified != nil }

    /// The place of a controller; that of version 2 where it has it.
    private func place(_ controller: String) -> CgroupPlace? {
        places.first { $0.hierarchy.controllers.contains(controller) }
            ?? places.first { place in
                guard place.hierarchy.isUnified else { return false }
                let offered = Files.line("\(place.directory)/cgroup.controllers") ?? ""
                return offered.split(separator: " ").contains { $0 == controller }
            }
    }

    /// Makes what is missing. A cgroup that is there already is used as it is.
    /// - Returns: those that there are: who is not the machine's root makes few, and a limit in another is an error then.
    func make() throws -> Cgroups {
        var made: [CgroupPlace] = []
        for place in places {
            do {
                try Self.make(place)
                made.append(place)
            } catch {
                let isForbidden = [Errno(EACCES), Errno(EPERM), Errno(EROFS)].contains(error.error)
                if Rootless.isOne && isForbidden { continue }
                throw Failure("unable to apply cgroup configuration: mkdir \(error.directory)", error.error)
            }
        }
        return Cgroups(places: made)
    }

    private init(places: [CgroupPlace]) { self.places = places }

    private static func make(_ place: CgroupPlace) throws(Refusal) {
        var made = place.hierarchy.mountPoint
        for name in place.directory.dropFirst(made.utf8.count).split(separator: "/") {
            if place.hierarchy.isUnified { enableControllers(in: made) }
            made += "/\(name)"
            if mkdir(made, 0o755) != 0, errno != EEXIST {
                throw Refusal(error: Errno(errno), directory: made)
            }
            if place.hierarchy.controllers.contains("cpuset") { fillCpuset(made) }
        }
    }

    private struct Refusal: Error {
        let error: Errno
        let directory: String
    }

    /// A cgroup takes no process before it has processors and memory of its own.
    private static func fillCpuset(_ directory: String) {
        for file in ["cpuset.cpus", "cpuset.mems"] where Files.line("\(directory)/\(file)") == nil {
            guard let above = Files.line("\(directory.parent)/\(file)") else { continue }
            try? Files.overwrite(above, at: "\(directory)/\(file)")
        }
    }

    /// What can't be had is missed where a limit asks for it.
    private static func enableControllers(in directory: String) {
        let offered = (Files.line("\(directory)/cgroup.controllers") ?? "").split(separator: " ")
        for controller in offered {
            try? Files.overwrite("+\(controller)", at: "\(directory)/cgroup.subtree_control")
        }
    }

    /// How a new process gets into them.
    struct Entry {
        /// The directory of version 2, open, in which it is born; -1 for none.
        let birthplace: Int32
        /// The files `tasks` of version 1, open.
        var tasks: [Int32] = []
        /// Those that are not made yet.
        var paths: [String] = []

        /// For the process itself, as a thread, of which it has one: to move a process the kernel waits until no other forks
        /// or exits, which takes longer than all that is made here.
        func join() throws {
            defer { close() }
            for file in tasks {
                do { try Kernel.check { Glibc.write(file, "0", 1) } } catch {
                    throw Failure("unable to apply cgroup configuration: write 0 to tasks", error)
                }
            }
            for path in paths {
                do { try Files.overwrite("0", at: path) } catch {
                    throw Failure("unable to apply cgroup configuration: write 0 to \(path)", error)
                }
            }
        }

        func close() {
            for file in tasks { Glibc.close(file) }
            if birthplace >= 0 { Glibc.close(birthplace) }
        }
    }

    /// Those below them that `exec --cgroup` names: `PATH`, or `CONTROLLER,…:PATH` for some.
    func below(_ words: [String]) throws -> Cgroups {
        var changed = places
        for word in words {
            let parts = word.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let inner = RootFiles.cleaned("/\(parts[parts.count - 1])")
            let controllers = parts.count == 2 ? parts[0].split(separator: ",").map(String.init) : nil
            for (index, place) in places.enumerated()
            where controllers.map({ !$0.filter(place.hierarchy.controllers.contains).isEmpty }) ?? true {
                let directory = place.directory + (inner == "/" ? "" : inner)
                guard Files.isDirectory(directory) else {
                    throw Failure(
                        "bad sub cgroup \(ForeignText.line(word, most: 200)): \(directory) is not there")
                }
                changed[index] = CgroupPlace(hierarchy: place.hierarchy, directory: directory)
            }
        }
        return Cgroups(places: changed)
    }

    /// - Parameter isLate: whether those of version 1 are made while the process begins.
    /// - Returns: what the caller closes when the process is there.
    func entry(isLate: Bool) throws -> Entry {
        var (birthplace, tasks, paths) = (-1 as Int32, [Int32](), [String]())
        do {
            for place in places {
                let file = "\(place.directory)/tasks"
                if place.hierarchy.isUnified {
                    birthplace = try FileDescriptor.openPath(place.directory, O_DIRECTORY).release()
                } else if isLate {
                    paths.append(file)
                } else {
                    tasks.append(try FileDescriptor.open(file, O_WRONLY).release())
                }
            }
        } catch {
            Entry(birthplace: birthplace, tasks: tasks).close()
            throw Failure("unable to apply cgroup configuration: \(error.words)")
        }
        return Entry(birthplace: birthplace, tasks: tasks, paths: paths)
    }

    /// The directory of version 2 that a process is in, open.
    static func directory(of process: pid_t) throws -> FileDescriptor {
        let text = try Files.readText("/proc/\(process)/cgroup")
        guard let hierarchy = CgroupHierarchy.all.first(where: \.isUnified),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("0::") })
        else { throw Errno(ENOENT) }
        return try FileDescriptor.openPath(hierarchy.mountPoint + line.dropFirst(3), O_DIRECTORY)
    }

    /// That of version 2 alone, in which a process is born.
    var unifiedPart: Cgroups { Cgroups(places: places.filter(\.hierarchy.isUnified)) }

    /// Moves a process that could not be born there into that of version 2, or into all.
    func add(_ process: pid_t, toAll: Bool) throws {
        for place in places where toAll || place.hierarchy.isUnified {
            do throws(Errno) {
                try Files.overwrite("\(process)", at: "\(place.directory)/cgroup.procs")
            } catch {
                throw Failure(
                    "unable to apply cgroup configuration: failed to write \(process) to "
                        + "\(place.directory)/cgroup.procs", error)
            }
        }
    }

    /// The processes in them and below, each once.
    var processes: [pid_t] {
        // Each hierarchy has them all; that of version 2 can't be without one of them.
        guard let place = unified ?? places.first else { return [] }
        return Self.processes(below: place.directory)
    }

    private static func processes(below directory: String) -> [pid_t] {
        let text = (try? Files.readText("\(directory)/cgroup.procs")) ?? ""
        let own = text.split(separator: "\n").compactMap { pid_t($0) }.filter { $0 > 0 }
        return own + inner(directory).flatMap { processes(below: $0) }
    }

    private static func inner(_ directory: String) -> [String] {
        Files.list(directory).map { "\(directory)/\($0)" }.filter { path in
            var status = stat()
            return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        }
    }

    /// Removes them, with what the container made in them. One that still has a process, which is about to be gone, is tried
    /// again for a while.
    func remove() throws {
        for place in places where place.directory != place.hierarchy.mountPoint {
            for attempt in 0... {
                guard let error = Self.remove(place.directory) else { break }
                guard error == Errno(EBUSY), attempt < 200 else {
                    throw Failure("unable to remove container's cgroup: rmdir \(place.directory)", error)
                }
                usleep(attempt < 20 ? 1_000 : 10_000)
            }
        }
    }

    private static func remove(_ directory: String) -> Errno? {
        if rmdir(directory) == 0 || errno == ENOENT { return nil }
        for inner in inner(directory) { if let error = remove(inner) { return error } }
        if rmdir(directory) == 0 || errno == ENOENT { return nil }
        return Errno(errno)
    }

    /// What a file of a controller's says; nil where there is none.
    func text(_ controller: String, v1: String?, v2: String?) -> String? {
        guard let place = place(controller), let file = place.hierarchy.isUnified ? v2 : v1 else {
            return nil
        }
        return try? Files.readText("\(place.directory)/\(file)", limit: 1 << 20)
    }

    // MARK: the freezer

    private var freezer: CgroupPlace? {
        places.first { $0.hierarchy.controllers.contains("freezer") } ?? unified
    }

    var isFrozen: Bool {
        guard let freezer else { return false }
        if freezer.hierarchy.isUnified { return Files.line("\(freezer.directory)/cgroup.freeze") == "1" }
        return ["FROZEN", "FREEZING"].contains(Files.line("\(freezer.directory)/freezer.state"))
    }

    /// Thaws the freezer of version 1 that a process is in, whosever that is.
    static func thaw(_ process: pid_t) {
        guard let hierarchy = CgroupHierarchy.all.first(where: { $0.controllers.contains("freezer") }) else {
            return
        }
        let text = (try? Files.readText("/proc/\(process)/cgroup")) ?? ""
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3, fields[1] == "freezer" else { continue }
            try? Files.overwrite("THAWED", at: "\(hierarchy.mountPoint)\(fields[2])/freezer.state")
        }
    }

    func freeze(_ isFrozen: Bool) throws {
        guard let freezer else { throw Failure("cannot pause without a freezer cgroup") }
        let isUnified = freezer.hierarchy.isUnified
        let file = "\(freezer.directory)/\(isUnified ? "cgroup.freeze" : "freezer.state")"
        do {
            try Files.overwrite(
                isUnified ? (isFrozen ? "1" : "0") : (isFrozen ? "FROZEN" : "THAWED"), at: file)
        } catch { throw Failure("unable to freeze: write \(file)", error) }
        for _ in 0..<1_000 {
            let now =
                isUnified
                ? (try? Files.readText("\(freezer.directory)/cgroup.events"))?.contains(
                    isFrozen ? "frozen 1" : "frozen 0") == true
                : Files.line(file) == (isFrozen ? "FROZEN" : "THAWED")
            if now { return }
            // Who forks meanwhile is caught by another write.
            if !isUnified && isFrozen { try? Files.overwrite("FROZEN", at: file) }
            usleep(1_000)
        }
        throw Failure("unable to freeze")
    }

    // MARK: limits

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
