import Glibc
import LabCore
import Launch
import OCI

/// The part of a runtime specification that our runtime does, in the kernel's terms. All else is refused by its name.
struct SupportedSpec {
    let namespaces: Namespaces
    /// The lower layer of its root.
    let root: String
    let mounts: Mounts
    let maskedPaths: [String]
    let readonlyPaths: [String]
    let hostname: String?
    let process: ProcessSettings
    let capabilities: Capabilities?
    let noNewPrivileges: Bool
    let isFiltered: Bool
    /// The caller's ids that are root in its user namespace.
    let mappedIDs: (user: uid_t, group: gid_t)?
    /// The most processes and threads that its PID namespace numbers; nil leaves the kernel's.
    let processes: Int?

    /// Type, flags and data of mount(2).
    struct Mount {
        var source: String
        var type: String
        var flags: MountFlags
        var data: String?
    }

    /// Few enough that to look for one takes no time.
    struct Mounts {
        fileprivate(set) var all: [(target: String, mount: Mount)] = []

        subscript(target: String) -> Mount? { all.first { $0.target == target }?.mount }
    }

    init(_ spec: RuntimeSpec) throws(LabError) {
        let linux = spec.linux ?? .init()
        let process = spec.process ?? .init()
        try Self.refuseUnsupported(spec, process, linux)
        let namespaces = try Self.namespaces(linux)
        let mounts = try Self.mounts(spec, namespaces)
        self.namespaces = namespaces
        self.mounts = mounts
        root = spec.root?.path ?? ""
        // Without a sysfs these paths would be an image's.
        maskedPaths = try Self.paths("linux.maskedPaths", linux.maskedPaths, in: mounts)
        readonlyPaths = try Self.paths("linux.readonlyPaths", linux.readonlyPaths, in: mounts)
        hostname = spec.hostname
        self.process = try ProcessSettings(process)
        capabilities = try Self.capabilities(process)
        noNewPrivileges = process.noNewPrivileges ?? false
        isFiltered = linux.seccomp != nil
        mappedIDs = try Self.mappedIDs(linux, namespaces)
        processes = try Self.processes(linux, namespaces, mounts)
        guard hostname == nil || namespaces.contains(.uts) else {
            throw Self.unsupported("hostname without a UTS namespace")
        }
        guard
            !namespaces.contains(.user)
                || (self.process.user, self.process.group) == (0, 0) && self.process.groups.isEmpty
        else {
            throw Self.unsupported("process.user that is not root in its user namespace")
        }
        try Self.refuseZeros(spec)
    }

    fileprivate static func unsupported(_ word: Message) -> LabError {
        LabError(
            .unavailable, "lab's container runtime does not support \(word)",
            remedy: "leave it out of config.json")
    }

    /// A word of the file as it is safe on a terminal.
    fileprivate static func shown(_ word: String) -> String { ForeignText.line(word, most: 400) }

    private static func refuseUnsupported(
        _ spec: RuntimeSpec, _ process: RuntimeSpec.Process, _ linux: RuntimeSpec.Linux
    ) throws(LabError) {
        let (user, sets) = (process.user, process.capabilities)
        let (filter, resources) = (linux.seccomp, linux.resources)
        let (memory, cpu) = (resources?.memory, resources?.cpu)
        // One after the other: a table of them would be made in each start.
        func refuse(_ word: String, _ value: JSON?) throws(LabError) {
            if value?.isEmpty == false { throw unsupported("\(word)") }
        }
        func refuse(_ word: String, _ value: (some Collection)?) throws(LabError) {
            if value?.isEmpty == false { throw unsupported("\(word)") }
        }
        func refuse(_ word: String, _ value: (some SpecPart)?) throws(LabError) {
            if let value, value != .init() { throw unsupported("\(word)") }
        }
        func refuse(_ word: String, _ value: (some FixedWidthInteger)?) throws(LabError) {
            if value != nil { throw unsupported("\(word)") }
        }
        try refuse("domainname", spec.domainname)
        try refuse("hooks", spec.hooks)
        try refuse("process.apparmorProfile", process.apparmorProfile)
        try refuse("process.selinuxLabel", process.selinuxLabel)
        try refuse("process.scheduler", process.scheduler)
        try refuse("process.ioPriority", process.ioPriority)
        try refuse("process.execCPUAffinity", process.execCPUAffinity)
        try refuse("linux.timeOffsets", linux.timeOffsets)
        try refuse("linux.devices", linux.devices)
        try refuse("linux.netDevices", linux.netDevices)
        try refuse("linux.intelRdt", linux.intelRdt)
        try refuse("linux.rootfsPropagation", linux.rootfsPropagation)
        try refuse("linux.mountLabel", linux.mountLabel)
        try refuse("linux.personality", linux.personality)
        try refuse("linux.seccomp.flags", filter?.flags)
        try refuse("linux.seccomp.listenerPath", filter?.listenerPath)
        try refuse("linux.resources.blockIO", resources?.blockIO)
        try refuse("linux.resources.network", resources?.network)
        try refuse("linux.resources.hugepageLimits", resources?.hugepageLimits)
        try refuse("linux.resources.rdma", resources?.rdma)
        try refuse("linux.resources.unified", resources?.unified?.members)
        try refuse("linux.resources.memory.reservation", memory?.reservation)
        try refuse("linux.resources.memory.swappiness", memory?.swappiness)
        try refuse("linux.resources.memory.kernel", memory?.kernel)
        try refuse("linux.resources.memory.kernelTCP", memory?.kernelTCP)
        try refuse("linux.resources.cpu.shares", cpu?.shares)
        try refuse("linux.resources.cpu.burst", cpu?.burst)
        try refuse("linux.resources.cpu.realtimeRuntime", cpu?.realtimeRuntime)
        try refuse("linux.resources.cpu.realtimePeriod", cpu?.realtimePeriod)
        try refuse("linux.resources.cpu.cpus", cpu?.cpus)
        try refuse("linux.resources.cpu.mems", cpu?.mems)
        try refuse("linux.resources.cpu.idle", cpu?.idle)
        func refuse(_ word: @autoclosure () -> Message, if isAsked: Bool) throws(LabError) {
            if isAsked { throw unsupported(word()) }
        }
        try refuse("ociVersion \(shown(spec.ociVersion))", if: !spec.ociVersion.hasPrefix("1."))
        try refuse("root.readonly", if: spec.root?.readonly == true)
        try refuse("process.cwd that is relative", if: !process.cwd.hasPrefix("/"))
        // To the kernel that is nobody, and leaves who it was.
        try refuse("process.user 4294967295", if: user?.uid == .max || user?.gid == .max)
        try refuse("process.capabilities.inheritable", if: sets?.inheritable?.isEmpty == false)
        try refuse("process.capabilities.ambient", if: sets?.ambient?.isEmpty == false)
    }

    /// C strings end at the first zero: what comes behind it would be passed over.
    private static func refuseZeros(_ spec: RuntimeSpec) throws(LabError) {
        var strings = [spec.hostname ?? "", spec.root?.path ?? "", spec.process?.cwd ?? ""]
        strings += (spec.process?.args ?? []) + (spec.process?.env ?? [])
        for mount in spec.mounts ?? [] { strings += (mount.options ?? []) + [mount.source ?? ""] }
        strings += (spec.linux?.maskedPaths ?? []) + (spec.linux?.readonlyPaths ?? [])
        if strings.contains(where: { $0.utf8.contains(0) }) {
            throw unsupported("a text with a zero byte in it")
        }
    }

    /// The words of the specification for the kinds whose files in `/proc/PID/ns` have others.
    static func word(_ name: String) -> String {
        switch name {
        case "mnt": "mount"
        case "net": "network"
        default: name
        }
    }

    private static func namespaces(_ linux: RuntimeSpec.Linux) throws(LabError) -> Namespaces {
        var result: Namespaces = []
        for wanted in linux.namespaces ?? [] {
            guard let (_, kind) = Namespaces.named.first(where: { word($0.name) == wanted.type }),
                !result.contains(kind)
            else { throw unsupported("linux.namespaces: \(shown(wanted.type))") }
            if let path = wanted.path {
                throw unsupported("linux.namespaces: \(wanted.type) of \(shown(path))")
            }
            result.insert(kind)
        }
        return result
    }

    private static func mounts(
        _ spec: RuntimeSpec, _ namespaces: Namespaces
    ) throws(LabError) -> Mounts {
        var result = Mounts()
        for mount in spec.mounts ?? [] {
            let target = mount.destination
            guard namespaces.contains(.mount), let (type, least) = known(target), mount.type == type,
                result[target] == nil, mount.uidMappings == nil, mount.gidMappings == nil
            else { throw unsupported("mounts: \(shown(mount.type ?? "bind")) on \(shown(target))") }
            var (flags, data): (MountFlags, String?) = (least, nil)
            for option in mount.options ?? [] {
                if let flag = flag(option) {
                    flags.formUnion(flag)
                } else {
                    data = data.map { "\($0),\(option)" } ?? option
                }
            }
            let made = Mount(
                source: mount.source ?? type, type: type, flags: flags, data: data)
            result.all.append((target, made))
        }
        for (target, _) in result.all where target.hasPrefix("/dev/") && result["/dev"] == nil {
            throw unsupported("mounts: \(target) without /dev")
        }
        return result
    }

    static let strict: MountFlags = [.noSetUID, .noDevices, .noExecute]

    /// The mounts that can be made, with the flags that each has whatever the specification says. `nodev` everywhere a
    /// container may write: a device node that it makes opens nothing. This is what the devices controller is for, and
    /// it holds on v1, v2 and without root alike.
    private static func known(_ target: String) -> (type: String, flags: MountFlags)? {
        switch target {
        case "/proc": ("proc", strict)
        case "/sys": ("sysfs", strict.union(.readOnly))
        case "/dev": ("tmpfs", [.noSetUID, .noExecute, .readOnly])
        case "/dev/pts": ("devpts", [.noSetUID, .noExecute])
        case "/dev/shm": ("tmpfs", strict)
        case "/dev/mqueue": ("mqueue", strict)
        default: nil
        }
    }

    private static func flag(_ option: String) -> MountFlags? {
        switch option {
        case "ro": .readOnly
        case "nosuid": .noSetUID
        case "nodev": .noDevices
        case "noexec": .noExecute
        default: nil
        }
    }

    /// Paths of procfs and sysfs: everything else would lead through names of the image's.
    private static func paths(
        _ word: String, _ all: [String]?, in mounts: Mounts
    ) throws(LabError) -> [String] {
        let (hasProc, hasSys) = (mounts["/proc"] != nil, mounts["/sys"] != nil)
        for path in all ?? [] {
            let isKnown = hasProc && path.hasPrefix("/proc/") || hasSys && path.hasPrefix("/sys/")
            guard isKnown, path.utf8.count < 200, !hasParent(path), !path.utf8.contains(UInt8(ascii: "*"))
            else {
                throw unsupported("\(word): \(shown(path))")
            }
        }
        return all ?? []
    }

    /// True when one of its names is `..`.
    private static func hasParent(_ path: String) -> Bool {
        var dots = 0
        for byte in path.utf8 {
            if byte == UInt8(ascii: "/") {
                if dots == 2 { return true }
                dots = 0
            } else {
                dots = byte == UInt8(ascii: ".") && dots >= 0 ? dots + 1 : -1
            }
        }
        return dots == 2
    }

    private static func capabilities(_ process: RuntimeSpec.Process) throws(LabError) -> Capabilities? {
        guard let sets = process.capabilities else { return nil }
        let names = sets.bounding ?? []
        // Mostly they are in the same order too.
        guard [sets.effective, sets.permitted].allSatisfy({ $0 == names || Set($0 ?? []) == Set(names) })
        else {
            throw unsupported("process.capabilities that differ from one set to the other")
        }
        for name in names where Capabilities(named: name) == nil {
            throw unsupported("process.capabilities: \(shown(name))")
        }
        return names.reduce(into: Capabilities()) { $0.formUnion(Capabilities(named: $1) ?? []) }
    }

    private static func mappedIDs(
        _ linux: RuntimeSpec.Linux, _ namespaces: Namespaces
    ) throws(LabError) -> (user: uid_t, group: gid_t)? {
        let (users, groups) = (linux.uidMappings ?? [], linux.gidMappings ?? [])
        guard namespaces.contains(.user) else {
            if users.isEmpty && groups.isEmpty { return nil }
            throw unsupported("linux.uidMappings without a user namespace")
        }
        // An unprivileged writer maps one id, see user_namespaces(7).
        guard users.count == 1, groups.count == 1,
            [users[0], groups[0]].allSatisfy({ $0.containerID == 0 && $0.size == 1 })
        else { throw unsupported("linux.uidMappings of other ids than root's") }
        return (users[0].hostID, groups[0].hostID)
    }

    /// Returns the limit of processes. One that no namespace holds is refused: it would change the whole machine's.
    private static func processes(
        _ linux: RuntimeSpec.Linux, _ namespaces: Namespaces, _ mounts: Mounts
    ) throws(LabError) -> Int? {
        var processes: Int?
        for member in linux.sysctl?.members ?? [] {
            let (name, value) = (member.name, member.value)
            guard name == ProcessLimit.sysctl, namespaces.contains(.pid), mounts["/proc"] != nil,
                let first = Int(value), first > 1, ProcessLimit.isHeldByNamespace(first - 1)
            else { throw unsupported("linux.sysctl: \(shown(name))=\(shown(value))") }
            processes = first - 1
        }
        return processes
    }
}

extension ProcessSettings {
    fileprivate init(_ process: RuntimeSpec.Process) throws(LabError) {
        self.init()
        if let given = process.user {
            (user, group, groups) = (given.uid, given.gid, given.additionalGids ?? [])
            umask = given.umask ?? umask
        }
        oomScoreAdjustment = process.oomScoreAdj ?? oomScoreAdjustment
        directory = process.cwd
        guard let given = process.rlimits else { return }
        limits = []
        for limit in given {
            guard let known = Rlimit(limit.type, soft: limit.soft, hard: limit.hard) else {
                throw SupportedSpec.unsupported("process.rlimits: \(SupportedSpec.shown(limit.type))")
            }
            limits.append(known)
        }
    }
}
