import Glibc
import LabCore
import OCI

/// A bundle's config.json, looked through before anything is made: what is asked for and not done here is an error with its
/// name, never passed over.
struct Configuration {
    let spec: RuntimeSpec
    /// The file as it is.
    let bytes: [UInt8]
    /// Absolute, without links.
    let bundle: String
    let rootfs: String
    let namespaces: ContainerNamespaces
    let filter: CompiledFilter?
    let personality: Int?
    let capabilities: CapabilitySets
    /// Names of capabilities that this kernel has not.
    let unknownCapabilities: [String]

    init(bundle given: String, file: String, filters: FilterStore) throws {
        do { bundle = try Files.realPath(given) } catch { throw Failure("stat \(given)", error) }
        let path = file.hasPrefix("/") ? file : "\(bundle)/\(file)"
        guard Files.exists(path) else {
            throw Failure("JSON specification file \(ForeignText.line(file, most: 400)) not found")
        }
        bytes = try Files.read(path, limit: 8 << 20, step: 1 << 14)
        spec = try RuntimeSpec(json: bytes, of: path)
        guard let root = spec.root, !root.path.isEmpty else { throw Failure("root must be specified") }
        do {
            rootfs = try Files.realPath(root.path.hasPrefix("/") ? root.path : "\(bundle)/\(root.path)")
        } catch { throw Failure("invalid rootfs: \(ForeignText.line(root.path, most: 400))", error) }
        guard Files.isDirectory(rootfs), rootfs != "/" else {
            throw Failure("invalid rootfs: \(rootfs) is no directory of a container's own")
        }
        let linux = spec.linux ?? .init()
        try Self.check(spec, linux)
        namespaces = try ContainerNamespaces(linux)
        try Self.check(spec, linux, namespaces)
        filter = try linux.seccomp.map { try filters.filter($0) }
        personality = try Self.personality(linux.personality)
        (capabilities, unknownCapabilities) = CapabilitySets.read(spec.process?.capabilities)
    }

    /// A process of `exec`, held to the same.
    static func check(_ process: RuntimeSpec.Process) throws {
        try Scheduling.check(process)
        try Labels.check(process)
        guard process.cwd.hasPrefix("/") else { throw Failure("cwd must be an absolute path") }
        guard !(process.args ?? []).isEmpty else { throw Failure("args must not be empty") }
        try Limits.check(process.rlimits)
        let strings = (process.args ?? []) + (process.env ?? []) + [process.cwd]
        guard !strings.contains(where: { $0.utf8.contains(0) }) else {
            throw Failure("a text of process has a zero byte in it")
        }
        // To the kernel that is nobody, and leaves who it was.
        guard process.user?.uid != .max, process.user?.gid != .max else {
            throw Failure("process.user 4294967295 is nobody")
        }
        if let score = process.oomScoreAdj, !(-1_000...1_000).contains(score) {
            throw Failure("oomScoreAdj \(score) is not from -1000 to 1000")
        }
    }

    private static func check(_ spec: RuntimeSpec, _ linux: RuntimeSpec.Linux) throws {
        guard spec.ociVersion.hasPrefix("1.") else {
            throw Failure.unsupported("ociVersion \(spec.ociVersion)")
        }
        guard let process = spec.process else { throw Failure("process property must not be empty") }
        try check(process)
        func refuse(_ word: String, _ value: JSON?) throws {
            if value?.isEmpty == false { throw Failure.unsupported(word) }
        }
        try refuse("linux.netDevices", linux.netDevices)
        try refuse("linux.intelRdt", linux.intelRdt)
        if linux.mountLabel?.isEmpty == false, !Labels.hasSELinux {
            throw Failure("mountLabel is specified in config, but SELinux is disabled or not supported")
        }
        var strings = [spec.hostname, spec.domainname, spec.root?.path, linux.cgroupsPath].compactMap { $0 }
        for mount in spec.mounts ?? [] {
            strings += [mount.destination, mount.source ?? "", mount.type ?? ""] + (mount.options ?? [])
        }
        strings += (linux.maskedPaths ?? []) + (linux.readonlyPaths ?? []) + (linux.devices ?? []).map(\.path)
        guard !strings.contains(where: { $0.utf8.contains(0) }) else {
            throw Failure("a text of config.json has a zero byte in it")
        }
        for path in (linux.maskedPaths ?? []) + (linux.readonlyPaths ?? []) where !path.hasPrefix("/") {
            throw Failure("the path \(ForeignText.line(path, most: 400)) must be absolute")
        }
        for device in linux.devices ?? [] where !device.path.hasPrefix("/") {
            throw Failure(
                "linux.devices: the path \(ForeignText.line(device.path, most: 400)) must be absolute")
        }
    }

    private static func check(
        _ spec: RuntimeSpec, _ linux: RuntimeSpec.Linux, _ namespaces: ContainerNamespaces
    ) throws {
        guard geteuid() == 0 || namespaces.has(.user) else {
            throw Failure("rootless container requires user namespaces")
        }
        guard namespaces.has(.mount) else {
            throw Failure.unsupported("a container without a mount namespace")
        }
        guard spec.hostname?.isEmpty != false || namespaces.has(.uts) else {
            throw Failure("unable to set hostname without a private UTS namespace")
        }
        guard spec.domainname?.isEmpty != false || namespaces.has(.uts) else {
            throw Failure("unable to set domainname without a private UTS namespace")
        }
        let hasMappings = linux.uidMappings?.isEmpty == false || linux.gidMappings?.isEmpty == false
        if namespaces.new.contains(.user) {
            guard linux.uidMappings?.isEmpty == false, linux.gidMappings?.isEmpty == false else {
                throw Failure("user namespaces enabled, but no uid mappings found")
            }
        } else if hasMappings && !namespaces.has(.user) {
            throw Failure("user namespace mappings specified, but user namespace isn't enabled in the config")
        }
        if linux.timeOffsets?.monotonic != nil || linux.timeOffsets?.boottime != nil,
            !namespaces.new.contains(.time)
        {
            throw Failure("time namespace offsets specified, but time namespace isn't enabled in the config")
        }
        try SystemControl.check(spec, namespaces)
    }

    private static func personality(_ spec: RuntimeSpec.Personality?) throws -> Int? {
        guard let spec else { return nil }
        guard spec.flags?.isEmpty != false else { throw Failure.unsupported("linux.personality.flags") }
        switch spec.domain {
        case "LINUX": return 0
        case "LINUX32": return 8
        default: throw Failure.unsupported("linux.personality: \(spec.domain)")
        }
    }
}
