import CLinux
import Glibc
import LabCore
import OCI

/// The making of a container's root, by its first process in its own mount namespace.
struct ContainerRoot {
    let spec: RuntimeSpec
    /// The directory of the root file system, absolute.
    let directory: String
    /// The directory that relative sources are in.
    let bundle: String
    let hasUserNamespace: Bool
    let hasCgroupNamespace: Bool
    /// The container's cgroups, for a mount of theirs.
    let cgroups: [CgroupPlace]
    let mapped: MappedMounts

    private var linux: RuntimeSpec.Linux { spec.linux ?? .init() }
    private var mounts: [RuntimeSpec.Mount] { spec.mounts ?? [] }

    /// A bind of the host's /dev has all that there is to have.
    private var makesDevices: Bool {
        !mounts.contains { mount in
            RootFiles.cleaned(mount.destination) == "/dev"
                && (mount.type == "bind" || (mount.options ?? []).contains { $0 == "bind" || $0 == "rbind" })
        }
    }

    /// Makes everything but the step into it.
    func prepare(_ step: CgroupStep) throws -> FileDescriptor {
        try propagate()
        let root = try attachRoot()
        let files = RootFiles(root: root.rawValue)
        for (index, mount) in mounts.enumerated() {
            do {
                if mount.type == "cgroup" || mount.type == "cgroup2" { try step.take() }
                try make(mount, at: index, in: files)
            } catch {
                throw Failure(
                    "error mounting \"\(mount.source ?? "")\" to rootfs at \"\(mount.destination)\": \(error.words)"
                )
            }
        }
        if makesDevices { try makeDevices(files) }
        if let cwd = spec.process?.cwd, cwd != "/" {
            // A root that can't be written to need not have it: the process says so then.
            _ = try? files.place(cwd, isDirectory: true)
        }
        return root
    }

    /// A mount of its own, which pivot_root(2) asks for.
    private func attachRoot() throws -> FileDescriptor {
        do {
            let root = try Mounting.clone(of: directory, isRecursive: true)
            let place = try FileDescriptor.openPath(directory)
            try Mounting.attach(root, to: place.rawValue)
            return root
        } catch { throw Failure("error preparing rootfs: mount \(directory): \(error.words)") }
    }

    /// Whether mounts of the host's come in, and the container's go out. pivot_root(2) refuses a root whose parent shares.
    private func propagate() throws {
        let wanted = try propagation
        let isShared = wanted?.kind == 1 << 20
        let first = isShared ? nil : wanted?.kind == 1 << 18 ? wanted?.kind : 1 << 19
        if let first {
            // None below it shares any more.
            return try Self.setPropagation("/", first | UInt64(MS_REC))
        }
        guard let parent = MountTable.current().covering(directory) else {
            throw Failure("error preparing rootfs: no mount has \(directory)")
        }
        try Self.setPropagation(parent.mountPoint, 1 << 18)
    }

    private var propagation: (kind: UInt64, isRecursive: Bool)? {
        get throws {
            guard let word = linux.rootfsPropagation, !word.isEmpty else { return nil }
            guard
                let (_, kind) = MountOptions.propagation.first(where: {
                    word == $0.word || word == "r\($0.word)"
                })
            else { throw Failure("rootfsPropagation=\(ForeignText.line(word, most: 100)) is not supported") }
            return (kind, word.hasPrefix("r"))
        }
    }

    private static func setPropagation(_ path: String, _ flags: UInt64) throws {
        do {
            try Kernel.check { mount("", path, nil, UInt(flags), nil) }
        } catch { throw Failure("error preparing rootfs: change the propagation of \(path)", error) }
    }

    // MARK: mounts

    private func make(_ mount: RuntimeSpec.Mount, at index: Int, in files: RootFiles) throws {
        var options = try MountOptions(mount.options ?? [])
        if mount.type == "bind" { options.isBind = true }
        let target = RootFiles.cleaned(mount.destination)
        guard target != "/" else { throw Failure.unsupported("a mount on the root itself") }
        if target == "/dev" && !options.isBind { options.set &= ~1 }
        if options.isBind { return try bind(mount, mapped.descriptor(of: index), options, target, files) }
        switch mount.type {
        case "cgroup", "cgroup2": try mountCgroups(options, target, files)
        case "proc", "sysfs":
            let place = try files.place(target, isDirectory: true)
            // Reached by a link it would be covered elsewhere, and what is masked below it would stay open.
            guard
                let real = try? Kernel.openInRoot(
                    files.root, String(target.dropFirst()), clinux_o_path | O_NOFOLLOW, isBeneath: true),
                try Kernel.isDirectory(real.rawValue)
            else { throw Failure("filesystem \"\(mount.type ?? "")\" must be mounted on ordinary directory") }
            try attachNew(mount, options, to: place)
        case nil, "": throw Failure("no type is given, and it is no bind")
        default:
            let mode = Self.mode(of: target, in: files)
            let place = try files.place(target, isDirectory: true)
            try Self.refuseKernelPlace(place, target, source: nil)
            try attachNew(mount, options, to: place, like: mode)
        }
    }

    /// - Parameter mode: of a directory of the image's that is covered; a memory without a mode of its own has it too.
    private func attachNew(
        _ mount: RuntimeSpec.Mount, _ options: MountOptions, to place: borrowing FileDescriptor,
        like mode: mode_t? = nil
    ) throws {
        let type = mount.type ?? ""
        var words = options.data
        // Of a disk the superblock must be told too; memory and the kernel's own may be written to elsewhere.
        let isVirtual = ["tmpfs", "proc", "sysfs", "mqueue", "devpts", "cgroup2", "ramfs", "bpf"].contains(
            type)
        if options.set & Mounting.readOnly != 0 && !isVirtual { words.append("ro") }
        let made = try Mounting.make(type, source: mount.source, words, attributes: 0)
        if options.copiesUp {
            guard type == "tmpfs" else { throw Failure("tmpcopyup is of a tmpfs only") }
            let top = try Kernel.openInRoot(made.rawValue, ".", O_RDONLY | O_DIRECTORY, isBeneath: true)
            try CopyUp.copy(from: place, to: top)
        } else if let mode, type == "tmpfs", !words.contains(where: { $0.hasPrefix("mode=") }) {
            let top = try Kernel.openInRoot(made.rawValue, ".", O_RDONLY | O_DIRECTORY, isBeneath: true)
            try Kernel.check { fchmod(top.rawValue, mode & 0o7777) }
        }
        try finish(made, options)
        try Mounting.attach(made, to: place.rawValue)
        try propagate(made, options)
    }

    private static func mode(of target: String, in files: RootFiles) -> mode_t? {
        guard let there = try? files.open(target) else { return nil }
        return try? Kernel.status(there.rawValue).st_mode
    }

    /// - Parameter mapped: its copy, with other owners; nil where it has none.
    private func bind(
        _ mount: RuntimeSpec.Mount, _ mapped: Int32?, _ options: MountOptions, _ target: String,
        _ files: RootFiles
    ) throws {
        guard let source = mount.source, !source.isEmpty else { throw Failure("a bind without a source") }
        guard options.data.isEmpty else {
            throw Failure.unsupported("mounts: the option \(options.data.joined(separator: ",")) of a bind")
        }
        let path = source.hasPrefix("/") ? source : "\(bundle)/\(source)"
        let origin =
            if let mapped { FileDescriptor(owning: mapped) } else {
                try FileDescriptor.openPath(path, options.isNotFollowed ? O_NOFOLLOW : 0)
            }
        let isDirectory = try Kernel.isDirectory(origin.rawValue)
        let place = try files.place(target, isDirectory: isDirectory)
        try Self.refuseKernelPlace(place, target, source: origin.rawValue)
        let copy =
            if mapped != nil { origin } else {
                try Mounting.clone(of: "", at: origin.rawValue, isRecursive: options.isRecursive)
            }
        try finish(copy, options)
        try Mounting.attach(copy, to: place.rawValue)
        try propagate(copy, options)
    }

    private func finish(_ mount: borrowing FileDescriptor, _ options: MountOptions) throws {
        if options.set | options.clear != 0 {
            try Mounting.change(mount, set: options.set, clear: options.clear)
        }
        if options.recursiveSet | options.recursiveClear != 0 {
            try Mounting.change(
                mount, isRecursive: true, set: options.recursiveSet, clear: options.recursiveClear)
        }
    }

    private func propagate(_ mount: borrowing FileDescriptor, _ options: MountOptions) throws {
        for (kind, isRecursive) in options.propagations {
            try Mounting.change(mount, isRecursive: isRecursive, propagation: kind)
        }
    }

    /// Files of /proc that stand for what the container is told of the machine, as LXCFS has them.
    private static let replaceable = [
        "/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo", "/proc/stat", "/proc/swaps", "/proc/uptime",
        "/proc/loadavg", "/proc/slabinfo", "/proc/net/dev", "/proc/sys/kernel/ns_last_pid",
        "/proc/sys/crypto/fips_enabled",
    ]

    /// Nothing covers a part of the kernel's /proc: it would take labels and masks for itself (CVE-2019-16884). The place is
    /// judged by what it is, wherever the path led.
    private static func refuseKernelPlace(
        _ place: borrowing FileDescriptor, _ target: String, source: Int32?
    ) throws {
        guard clinux_type_of(place.rawValue) == Kernel.procMagic, !replaceable.contains(target) else {
            return
        }
        // A whole /proc on another, which podman does for a container that shares the host's PIDs.
        if target == "/proc", let source, clinux_type_of(source) == Kernel.procMagic { return }
        throw Failure("\"\(target)\" cannot be mounted because it is inside /proc")
    }

    /// Version 2 as it is; the hierarchies of version 1 side by side in a tmpfs, as on the host.
    private func mountCgroups(_ options: MountOptions, _ target: String, _ files: RootFiles) throws {
        let place = try files.place(target, isDirectory: true)
        try Self.refuseKernelPlace(place, target, source: nil)
        let hierarchies = CgroupHierarchy.all
        func one(_ hierarchy: CgroupHierarchy) throws -> FileDescriptor {
            if hasCgroupNamespace {
                return try hierarchy.isUnified
                    ? Mounting.make("cgroup2", source: "cgroup", [], attributes: 0)
                    : Mounting.make("cgroup", source: "cgroup", hierarchy.mountWords, attributes: 0)
            }
            let own = cgroups.first { $0.hierarchy == hierarchy }?.directory ?? hierarchy.mountPoint
            return try Mounting.clone(of: own, isRecursive: false)
        }
        if let only = hierarchies.first, hierarchies.count == 1, only.isUnified {
            let mount = try one(only)
            try finish(mount, options)
            try Mounting.attach(mount, to: place.rawValue)
            return try propagate(mount, options)
        }
        let top = try Mounting.make("tmpfs", source: "tmpfs", ["mode=755"], attributes: 0)
        try Mounting.attach(top, to: place.rawValue)
        // Beside those of version 1 that of version 2 limits nothing, and neither runc nor crun shows it.
        for hierarchy in hierarchies where !hierarchy.isUnified {
            let name = hierarchy.mountPoint.lastName
            try Kernel.check { mkdirat(top.rawValue, name, 0o755) }
            let inner = try Kernel.openInRoot(top.rawValue, name, clinux_o_path, isBeneath: true)
            let mount = try one(hierarchy)
            try finish(mount, options)
            try Mounting.attach(mount, to: inner.rawValue)
            // cpu,cpuacct are found by either name.
            for alias in hierarchy.controllers where alias != name && hierarchy.controllers.count > 1 {
                symlinkat(name, top.rawValue, alias)
            }
        }
        try finish(top, options)
        try propagate(top, options)
    }

    // MARK: devices

    private static let standardDevices: [(path: String, major: UInt32, minor: UInt32)] = [
        ("/dev/null", 1, 3), ("/dev/zero", 1, 5), ("/dev/full", 1, 7), ("/dev/random", 1, 8),
        ("/dev/urandom", 1, 9), ("/dev/tty", 5, 0),
    ]

    private func makeDevices(_ files: RootFiles) throws {
        let asked = linux.devices ?? []
        for device in asked {
            guard let kind = Self.kinds[device.type] else {
                throw Failure(
                    "linux.devices: \(ForeignText.line(device.type, most: 40)) is no type of device")
            }
            let number = gnu_dev_makedev(
                UInt32(clamping: device.major ?? 0), UInt32(clamping: device.minor ?? 0))
            try makeDevice(
                device.path, kind | mode_t((device.fileMode ?? 0o666) & 0o7777), dev_t(number),
                device.uid ?? 0, device.gid ?? 0, files)
        }
        for device in Self.standardDevices where !asked.contains(where: { $0.path == device.path }) {
            try makeDevice(
                device.path, S_IFCHR | 0o666, dev_t(gnu_dev_makedev(device.major, device.minor)), 0, 0, files)
        }
        do {
            var links = [
                ("/dev/fd", "/proc/self/fd"), ("/dev/stdin", "/proc/self/fd/0"),
                ("/dev/stdout", "/proc/self/fd/1"), ("/dev/stderr", "/proc/self/fd/2"),
                ("/dev/ptmx", "pts/ptmx"),
            ]
            if Files.exists("/proc/kcore") { links.append(("/dev/core", "/proc/kcore")) }
            for (path, target) in links { try files.makeLink(path, to: target) }
        } catch { throw Failure("error creating device links: \(error.words)") }
    }

    private static let kinds: [String: mode_t] = [
        "c": S_IFCHR, "u": S_IFCHR, "b": S_IFBLK, "p": S_IFIFO,
    ]

    private func makeDevice(
        _ path: String, _ mode: mode_t, _ number: dev_t, _ user: uid_t, _ group: gid_t, _ files: RootFiles
    ) throws {
        do {
            try files.makeNode(path, mode: mode, device: number, user: user, group: group)
        } catch { throw Failure("error creating device nodes: mknod \(path): \(error.words)") }
    }

    // MARK: the step into it

    /// The root becomes `/`, and nothing of the host's is left.
    func enter(_ root: borrowing FileDescriptor, byMoving: Bool) throws {
        do {
            if byMoving {
                try move(root)
            } else {
                let old = try FileDescriptor.open("/", O_RDONLY | O_DIRECTORY)
                try Kernel.check { fchdir(root.rawValue) }
                let dot: StaticString = "."
                let path = Int(bitPattern: dot.utf8Start)
                try Kernel.call(SYS_pivot_root, path, path)
                try Kernel.check { fchdir(old.rawValue) }
                // What is unmounted here stays where it came from.
                try Kernel.check { mount("", ".", nil, UInt(MS_SLAVE | MS_REC), nil) }
                try Kernel.check { umount2(".", Int32(MNT_DETACH)) }
            }
            try Kernel.check { chdir("/") }
        } catch { throw Failure("error jailing process inside rootfs: pivot_root: \(error.words)") }
        if let (kind, isRecursive) = try propagation {
            try Self.setPropagation("/", kind | (isRecursive ? UInt64(MS_REC) : 0))
        }
    }

    /// For a root of memory, which pivot_root(2) refuses: what is fully visible of the kernel goes, so that it can't be mounted
    /// anew without what masks it.
    private func move(_ root: borrowing FileDescriptor) throws {
        for entry in MountTable.current().entries.reversed()
        where (entry.type == "proc" || entry.type == "sysfs") && !entry.mountPoint.hasPrefix(directory) {
            try Kernel.check { mount("", entry.mountPoint, nil, UInt(MS_SLAVE | MS_REC), nil) }
            guard umount2(entry.mountPoint, Int32(MNT_DETACH)) != 0 else { continue }
            try Kernel.check { mount("tmpfs", entry.mountPoint, "tmpfs", 0, "") }
        }
        try Kernel.check { fchdir(root.rawValue) }
        try Kernel.check { mount(".", "/", nil, UInt(MS_MOVE), nil) }
        try Kernel.check { chroot(".") }
    }

    /// What may be changed and seen of it. In the root, before privileges go.
    func close(_ root: borrowing FileDescriptor) throws {
        let files = RootFiles(root: root.rawValue)
        for mount in mounts where RootFiles.cleaned(mount.destination) == "/dev" {
            if try MountOptions(mount.options ?? []).set & Mounting.readOnly != 0 {
                try Mounting.change(try files.open("/dev"), set: Mounting.readOnly)
            }
        }
        for path in linux.readonlyPaths ?? [] { try makeReadOnly(path, files) }
        // One memory for all: each would take as long as ten mounts of one.
        var empty: Int32 = -1
        defer { if empty >= 0 { Glibc.close(empty) } }
        for path in linux.maskedPaths ?? [] { try mask(path, files, &empty) }
        if spec.root?.readonly == true {
            do { try Mounting.change(root, set: Mounting.readOnly) } catch {
                throw Failure("error setting rootfs as readonly", error)
            }
        }
    }

    private func makeReadOnly(_ path: String, _ files: RootFiles) throws {
        do {
            let place = try files.open(path)
            let copy = try Mounting.clone(of: "", at: place.rawValue, isRecursive: true)
            try Mounting.change(copy, isRecursive: true, set: Mounting.readOnly)
            try Mounting.attach(copy, to: place.rawValue)
        } catch Errno(ENOENT) {
            return
        } catch { throw Failure("can't make \"\(path)\" read-only: \(error.words)") }
    }

    /// - Parameter empty: an empty directory that can't be written to, open; -1 before the first is needed.
    private func mask(_ path: String, _ files: RootFiles, _ empty: inout Int32) throws {
        do {
            let place = try files.open(path)
            if try Kernel.isDirectory(place.rawValue) {
                if empty >= 0 {
                    let copy = try Mounting.clone(of: "", at: empty, isRecursive: false)
                    return try Mounting.attach(copy, to: place.rawValue)
                }
                let made = try Mounting.make(
                    "tmpfs", source: "tmpfs", ["size=0k"], attributes: Mounting.readOnly)
                try Mounting.attach(made, to: place.rawValue)
                // Only what is attached can be copied.
                empty = made.release()
                return
            }
            let null = try nullDevice(files)
            try Mounting.attach(
                try Mounting.clone(of: "", at: null.rawValue, isRecursive: false), to: place.rawValue)
        } catch Errno(ENOENT) {
            return
        } catch { throw Failure("can't mask path \"\(path)\": \(error.words)") }
    }

    /// The container's /dev/null, which an image may have put something else in place of (CVE-2025-31133).
    private func nullDevice(_ files: RootFiles) throws -> FileDescriptor {
        let null = try Kernel.openInRoot(
            files.root, "dev/null", clinux_o_path | O_NOFOLLOW, isBeneath: true)
        let status = try Kernel.status(null.rawValue)
        guard status.st_mode & S_IFMT == S_IFCHR, status.st_rdev == dev_t(gnu_dev_makedev(1, 3)) else {
            throw Failure("/dev/null of the container is not the null device")
        }
        return null
    }
}
