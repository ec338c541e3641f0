import CLinux
import Glibc
import LabCore
import Launch

extension LaunchProgram {
    /// The program of a container: a pure function of its specification, used by launch and explain alike.
    ///
    /// Order matters: cgroups before the cgroup namespace; the root before what is mounted in it; all mounts before
    /// capabilities go; the filter last, because it forbids nearly all of the above. Only where new privileges are not
    /// given up must it come before the capabilities go, because then seccomp(2) asks for one of them.
    /// - Throws: `.unavailable` for what the specification asks for and this runtime does not do.
    static func container(_ spec: ContainerSpec) throws(LabError) -> LaunchProgram {
        let oci = try SupportedSpec(spec.oci)
        let namespaces = oci.namespaces
        let process = spec.inheritsAll ? nil : oci.process
        precondition(spec.nulls.isEmpty || oci.mounts["/dev"] != nil, "a null device without a /dev")
        var steps = process?.identity(inUserNamespace: namespaces.contains(.user), spec.caller) ?? []
        steps += child(parent: spec.parent, nulls: spec.nulls)
        if let watcher = spec.watcher { steps.append(Step(.announce(to: watcher))) }
        if let ids = oci.mappedIDs { steps += mapping(ids.user, ids.group) }
        steps += process?.oomScore(spec.caller) ?? []
        for (index, directory) in spec.cgroupsToJoin.enumerated() {
            // Not cgroup.procs: to move a whole process, the kernel locks out every fork and exit of the machine and
            // waits for an RCU grace period (up to 20 ms). A thread that moves itself needs no lock, and this is one.
            steps.append(
                Step(
                    "join cgroup \(hierarchyName(directory))", .joinCgroup(index: index, directory: directory)
                ))
        }
        if namespaces.contains(.cgroup) { steps.append(Step("cgroup namespace", .unshare(.cgroup))) }
        // Before /sys is mounted, which shows the network of who mounts it.
        if let network = spec.network {
            steps.append(Step("enter the network", .enterNamespace(descriptor: network, .network)))
        }
        if namespaces.contains(.mount) {
            steps += root(spec, oci)
            steps += kernelFiles(oci) + devices(oci)
            if spec.channel != nil { steps += roomForInit }
            for null in spec.nulls { steps.append(Step(.nullDevice(null.number, access: null.access))) }
            if let terminal = spec.terminal { steps.append(Step(.openTerminal(terminal))) }
            if let processes = oci.processes { steps.append(limit(processes: processes)) }
            steps += masks(oci)
            steps.append(Step("leave the stage", .changeDirectory("/")))
        }
        if let hostname = oci.hostname { steps.append(Step(.setHostname(hostname))) }
        if namespaces.contains(.network), spec.network == nil { steps.append(Step(.loopbackUp)) }
        steps += try end(spec, oci)
        // The cgroup namespace must be unshared after the child has joined its cgroup, or its root would be the parent's. In
        // a stage the mount namespace is made from that of the stage.
        var own: Namespaces = spec.stage == nil ? [.cgroup] : [.cgroup, .mount]
        if spec.network != nil { own.insert(.network) }
        return LaunchProgram(namespaces: namespaces.subtracting(own), steps: steps).held(to: spec.processors)
    }

    /// From where all is mounted and entered to the program: what it may do, and where it stands.
    private static func end(_ spec: ContainerSpec, _ oci: SupportedSpec) throws(LabError) -> [Step] {
        let process = spec.inheritsAll ? nil : oci.process
        // One for all is enough where no system call reaches it: the kernel spends more on a keyring's end than on its making.
        let keyring = spec.filter == nil ? nil : spec.sessionKeyring
        var steps = process?.steps(spec.caller, keyring: keyring) ?? callersLimits()
        // Closed and not only closed on exec: while execve looks for the command, a link of the image's, or the
        // interpreter that a script names, may lead through /proc/self/fd to a directory of the host's.
        steps.append(Step(.closeDescriptors(from: 3)))
        steps += oci.process.place
        if oci.isFiltered && spec.filter == nil {
            throw LabError(.software, "the seccomp filter of a container was not compiled")
        }
        let filter = spec.filter.map { [Step(.loadFilter($0))] } ?? []
        if !oci.noNewPrivileges { steps += filter }
        if let kept = oci.capabilities {
            if process != nil && spec.caller.securebits != 0 { steps.append(ProcessSettings.securebits) }
            steps.append(Step(.boundCapabilities(kept)))
            steps.append(Step(.setCapabilities(kept)))
        }
        steps += oci.process.otherIdentity
        if oci.noNewPrivileges {
            steps.append(Step(.noNewPrivileges))
            steps += filter
        }
        steps.append(Step(.execute(spec.program)))
        return steps
    }

    /// The program of another process of a container that runs: in its cgroups and namespaces, and no more than the first may
    /// do. It is born in the PID namespace that its parent's thread was told of.
    /// - Parameter entering: descriptors of the namespaces, in the order in which they are entered.
    /// - Throws: as `container`.
    static func beside(
        _ spec: ContainerSpec, entering: [(descriptor: Int32, namespace: Namespaces)]
    ) throws(LabError) -> LaunchProgram {
        let oci = try SupportedSpec(spec.oci)
        let process = spec.inheritsAll ? nil : oci.process
        let nulls = (0...2 as ClosedRange<Int32>).map { NullDescriptor(number: $0, access: O_RDWR) }
        // Who is in the container sees it before it has memory of its own: nobody may look into ours.
        var steps = [Step(.call(SYS_prctl, [4, 0], "undumpable", "prctl(PR_SET_DUMPABLE, 0)"))]
        steps += process?.identity(inUserNamespace: false, spec.caller) ?? []
        steps += child(parent: spec.parent, nulls: nulls) + (process?.oomScore(spec.caller) ?? [])
        for (index, directory) in spec.cgroupsToJoin.enumerated() {
            steps.append(Step(.joinCgroup(index: index, directory: directory)))
        }
        steps += entering.map { Step(.enterNamespace(descriptor: $0.descriptor, $0.namespace)) }
        steps += nulls.map { Step(.nullDevice($0.number, access: $0.access)) }
        return LaunchProgram(namespaces: [], steps: steps + (try end(spec, oci))).held(to: spec.processors)
    }

    /// See user_namespaces(7): an unprivileged writer maps one id, its own, and must first give up setgroups(2).
    static func mapping(_ user: uid_t, _ group: gid_t) -> [Step] {
        [
            Step("deny setgroups", .write("deny", to: "/proc/self/setgroups")),
            Step("uid map", .write("0 \(user) 1", to: "/proc/self/uid_map")),
            Step("gid map", .write("0 \(group) 1", to: "/proc/self/gid_map")),
        ]
    }

    private static func root(_ spec: ContainerSpec, _ oci: SupportedSpec) -> [Step] {
        // The points to mount on are ours: the layer above hides whatever the image has there, or has in a moment.
        var options = "lowerdir=/lower/points"
        // No joined(): the first use of it costs a start 25 µs.
        for index in spec.layers(oci).indices.reversed() { options += ":/lower/\(index)" }
        options += ",upperdir=/layer/upper,workdir=/layer/work"
        if oci.namespaces.contains(.user) { options += ",userxattr" }
        let isInStage = spec.stage == nil && spec.layer == nil && !spec.writesToRoot
        var steps =
            spec.stage.map {
                [
                    Step(.enterNamespace(descriptor: $0, .mount)),
                    Step("own mounts", .unshare(.mount)),
                ]
            } ?? stage(spec, oci, bytes: isInStage ? spec.storageBytes : nil)
        if spec.writesToRoot {
            return steps + [
                Step(
                    "bind root",
                    .mount(source: "/lower/0", target: "/root", type: nil, flags: .bind, data: nil)),
                Step(.addMountFlags("/root", .noDevices)), Step(.moveRoot("/root")),
            ]
        }
        precondition(spec.layer == nil || spec.stage == nil, "a layer on a disk in a stage that others share")
        if spec.layer == nil && !isInStage {
            // The writable layer is a tmpfs of the container's own: its pages are charged to the container, and it
            // goes with the mount namespace, so that a start leaves no file to remove, whatever becomes of us.
            steps.append(
                Step(
                    "writable layer",
                    .mount(
                        source: "tmpfs", target: "/layer", type: "tmpfs", flags: [.noDevices],
                        data: storage(spec.storageBytes))))
        }
        steps += [
            Step("mkdir upper", .makeDirectory("/layer/upper")),
            Step("mkdir work", .makeDirectory("/layer/work")),
        ]
        return steps + [
            // nodev everywhere a container may write: a device node that it makes opens nothing. This is what the
            // devices controller is for, and it holds on v1, v2 and without root alike.
            Step(
                "overlay root",
                .mount(
                    source: "overlay", target: "/root", type: "overlay", flags: [.noDevices], data: options)
            ),
            Step(.moveRoot("/root")),
        ]
    }

    /// A file takes memory that `size` does not count, even when it is empty: so their number is bounded too.
    static func storage(_ bytes: UInt64) -> String {
        "mode=755,size=\(bytes),nr_inodes=\(max(1_024, bytes >> 12))"
    }

    private static func kernelFiles(_ oci: SupportedSpec) -> [Step] {
        // In a user namespace they may be mounted only beside others of the kind, and so were before the stage was left.
        guard oci.namespaces.contains(.user) else {
            return ["/proc", "/sys"].flatMap { mount($0, at: $0, oci) }
        }
        return ["proc", "sys"].filter { oci.mounts["/\($0)"] != nil }.map { move($0) }
    }

    /// Returns the steps that mount what the specification has there, if anything.
    static func mount(_ target: String, at path: String, _ oci: SupportedSpec) -> [Step] {
        guard let mount = oci.mounts[target] else { return [] }
        return [
            Step(
                "mount \(target)",
                .mount(
                    source: mount.source, target: path, type: mount.type, flags: mount.flags, data: mount.data
                ),
                // A kernel without message queues.
                tolerates: mount.type == "mqueue" ? Errno(ENODEV) : nil)
        ]
    }

    /// Not a bind: this copy of the stage is the container's own, and what is moved need not be copied again.
    private static func move(_ name: String) -> Step {
        Step("move /\(name)", .mount(source: name, target: "/\(name)", type: nil, flags: .move, data: nil))
    }

    private static func devices(_ oci: SupportedSpec) -> [Step] {
        guard oci.mounts["/dev"] != nil else { return [] }
        return [move("dev")] + ["/dev/pts", "/dev/shm", "/dev/mqueue"].flatMap { mount($0, at: $0, oci) }
    }

    /// The mounts that systemd makes by itself, or ends where it may not: its own cgroup, in which it makes others for its
    /// services, and memory for /run. See https://systemd.io/CONTAINER_INTERFACE.
    private static let roomForInit = [
        Step(
            .mount(
                source: "tmpfs", target: "/run", type: "tmpfs", flags: [.noSetUID, .noDevices],
                data: "mode=755,size=64m")),
        Step(.makeDirectory("/run/lock")),
        Step(
            .mount(
                source: "tmpfs", target: "/run/lock", type: "tmpfs", flags: SupportedSpec.strict,
                data: "mode=1777,size=5m")),
        Step(
            .mount(
                source: "cgroup2", target: "/sys/fs/cgroup", type: "cgroup2", flags: SupportedSpec.strict,
                data: nil)),
    ]

    /// Passed over is only what this kernel does not have: a mask that fails for any other reason ends the start.
    private static func masks(_ oci: SupportedSpec) -> [Step] {
        var steps = readOnly(oci)
        // Relative to the stage, where we still stand. What it is on this kernel is tried first: the kernel takes back a
        // mount of the wrong kind only after an RCU grace period (70 µs).
        for path in KernelFiles.folded(oci.maskedPaths) {
            let isDirectory = KernelFiles.directories.contains(path)
            let (first, otherwise) =
                isDirectory ? ("mask/directory", "mask/file") : ("mask/file", "mask/directory")
            steps.append(Step(.mask(path, by: first, orBy: otherwise), tolerates: Errno(ENOENT)))
        }
        return steps
    }

    /// A mount of a part of another has that one's flags: below /proc, which most are, it is read-only itself meanwhile, and a
    /// step each is saved.
    private static func readOnly(_ oci: SupportedSpec) -> [Step] {
        let isStrict = oci.mounts["/proc"]?.flags.isSuperset(of: SupportedSpec.strict) == true
        let inside = isStrict ? oci.readonlyPaths.filter { $0.hasPrefix("/proc/") } : []
        let others = oci.readonlyPaths.filter { !inside.contains($0) }
        let own = others.map { Step(.bindReadOnly($0, SupportedSpec.strict), tolerates: Errno(ENOENT)) }
        guard !inside.isEmpty else { return own }
        return [Step(.addMountFlags("/proc", .readOnly))]
            + inside.map { Step(.bindItself($0), tolerates: Errno(ENOENT)) }
            + [Step(.removeMountFlags("/proc", .readOnly))] + own
    }

    /// `memory` of `/sys/fs/cgroup/memory/lab-…/3`.
    private static func hierarchyName(_ directory: String) -> String {
        let parts = directory.split(separator: "/")
        return parts.count >= 3 ? String(parts[parts.count - 3]) : directory
    }
}
