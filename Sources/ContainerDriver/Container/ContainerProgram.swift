import LabCore

extension LaunchProgram {
    /// The program of a container: a pure function of its specification, used by launch and explain alike.
    ///
    /// Order matters: cgroups before the cgroup namespace; the root before what is mounted in it; all mounts before
    /// capabilities go; the filter last, because it forbids nearly all of the above. Only where new privileges are not
    /// given up must it come before the capabilities go, because then seccomp(2) asks for one of them.
    static func container(_ spec: ContainerSpec) -> LaunchProgram {
        let isolation = spec.isolation
        var steps: [Step] = [
            Step("die with the parent", .dieWithParent(signal: 9, parent: spec.parent)),
            Step("stdin", .standardDescriptor(0)),
            Step("stdout", .standardDescriptor(1)),
            Step("stderr", .standardDescriptor(2)),
            Step("close descriptors", .closeOnExec(from: 3)),
            Step("new session", .newSession),
        ]
        if isolation.contains(.user) { steps += userMapping(spec) }
        for (index, directory) in spec.cgroupsToJoin.enumerated() {
            // Not cgroup.procs: to move a whole process, the kernel locks out every fork and exit of the machine and
            // waits for an RCU grace period (up to 20 ms). A thread that moves itself needs no lock, and this is one.
            steps.append(
                Step(
                    "join cgroup \(hierarchyName(directory))", .joinCgroup(index: index, directory: directory)
                ))
        }
        if isolation.contains(.cgroupNamespace) { steps.append(Step("cgroup namespace", .unshare(.cgroup))) }
        if isolation.contains(.root) {
            steps += root(spec)
            if isolation.contains(.kernelFiles) { steps += kernelFiles(spec) }
            if isolation.contains(.devices) { steps += devices(spec) }
            if isolation.contains(.kernelFiles) {
                steps += masks(spec.kernelFiles, sysIsMounted: mountsSys(spec))
            }
            steps.append(Step("leave the old root", .leaveOldRoot))
        }
        if isolation.contains(.uts) { steps.append(Step("hostname", .setHostname(spec.hostname))) }
        if isolation.contains(.network) { steps.append(Step("loopback up", .loopbackUp)) }
        var filter: [Step] = []
        if isolation.contains(.seccomp), let compiled = spec.filter {
            filter = [Step("seccomp filter", .loadFilter(compiled))]
        }
        if !isolation.contains(.noNewPrivileges) { steps += filter }
        if isolation.contains(.capabilities) {
            steps.append(Step("bounding set", .boundCapabilities(.containerDefault)))
            steps.append(Step("capabilities", .setCapabilities(.containerDefault)))
        }
        if isolation.contains(.noNewPrivileges) {
            steps.append(Step("no new privileges", .noNewPrivileges))
            steps += filter
        }
        steps.append(Step("execve", .execute(spec.program)))
        return LaunchProgram(namespaces: isolation.cloned, steps: steps)
    }

    /// The program of a bare process: what a shell does, fork and exec.
    static func process(program: String, parent: Int32) -> LaunchProgram {
        LaunchProgram(
            namespaces: [],
            steps: [
                Step("die with the parent", .dieWithParent(signal: 9, parent: parent)),
                Step("stdin", .standardDescriptor(0)),
                Step("stdout", .standardDescriptor(1)),
                Step("stderr", .standardDescriptor(2)),
                Step("close descriptors", .closeOnExec(from: 3)),
                Step("new session", .newSession),
                Step("execve", .execute(program)),
            ])
    }

    /// See user_namespaces(7): an unprivileged writer maps one id, its own, and must first give up setgroups(2).
    private static func userMapping(_ spec: ContainerSpec) -> [Step] {
        [
            Step("deny setgroups", .write("deny", to: "/proc/self/setgroups")),
            Step("uid map", .write("0 \(spec.user) 1", to: "/proc/self/uid_map")),
            Step("gid map", .write("0 \(spec.group) 1", to: "/proc/self/gid_map")),
        ]
    }

    private static func root(_ spec: ContainerSpec) -> [Step] {
        let lower = spec.lowerDirectories.map(escaped).joined(separator: ":")
        let layer = spec.mountPoint
        var options = "lowerdir=\(lower),upperdir=\(escaped(layer))/upper,workdir=\(escaped(layer))/work"
        if spec.isolation.contains(.user) { options += ",userxattr" }
        return [
            Step(
                "private mounts",
                .mount(source: nil, target: "/", type: nil, flags: [.makePrivate, .recursive], data: nil)),
            // The writable layer is a tmpfs of the container's own: its pages are charged to the container, and it
            // goes with the mount namespace, so that a start leaves no file to remove, whatever becomes of us.
            Step(
                "writable layer",
                .mount(source: "tmpfs", target: layer, type: "tmpfs", flags: [.noDevices], data: "mode=755")),
            Step("mkdir upper", .makeDirectory("\(layer)/upper", mode: 0o755)),
            Step("mkdir work", .makeDirectory("\(layer)/work", mode: 0o755)),
            Step("mkdir root", .makeDirectory("\(layer)/root", mode: 0o755)),
            // nodev everywhere a container may write: a device node that it makes opens nothing. This is what the
            // devices controller is for, and it holds on v1, v2 and without root alike.
            Step(
                "overlay root",
                .mount(
                    source: "overlay", target: "\(layer)/root", type: "overlay", flags: [.noDevices],
                    data: options)),
            Step("pivot_root", .pivotRoot("\(layer)/root")),
        ]
    }

    private static let strict: MountFlags = [.noSetUID, .noDevices, .noExecute]

    private static func kernelFiles(_ spec: ContainerSpec) -> [Step] {
        // procfs shows the pid namespace it is mounted in; like sysfs, it may be mounted only by that one's owner.
        let isOwner = spec.isolation.contains(.pid) || !spec.isolation.contains(.user)
        var steps = [
            isOwner
                ? Step(
                    "mount /proc",
                    .mount(source: "proc", target: "/proc", type: "proc", flags: strict, data: nil))
                : Step(
                    "bind /proc",
                    .mount(source: "proc", target: "/proc", type: nil, flags: [.bind, .recursive], data: nil))
        ]
        if mountsSys(spec) {
            steps.append(
                Step(
                    "mount /sys",
                    .mount(
                        source: "sysfs", target: "/sys", type: "sysfs", flags: strict.union(.readOnly),
                        data: nil)))
        }
        return steps
    }

    /// sysfs shows the network namespace it is mounted in, and only its owner may mount it.
    private static func mountsSys(_ spec: ContainerSpec) -> Bool {
        spec.isolation.contains(.network) || !spec.isolation.contains(.user)
    }

    private static func devices(_ spec: ContainerSpec) -> [Step] {
        var steps = [
            Step(
                "mount /dev",
                .mount(
                    source: "tmpfs", target: "/dev", type: "tmpfs",
                    flags: [.noSetUID, .noDevices, .noExecute],
                    data: "mode=755,size=65536k"))
        ]
        for name in ["null", "zero", "full", "random", "urandom", "tty"] {
            steps.append(Step("create /dev/\(name)", .createFile("/dev/\(name)", mode: 0o666)))
            steps.append(
                Step(
                    "bind /dev/\(name)",
                    .mount(source: "dev/\(name)", target: "/dev/\(name)", type: nil, flags: .bind, data: nil))
            )
        }
        for (path, target) in [
            ("/dev/fd", "/proc/self/fd"), ("/dev/stdin", "/proc/self/fd/0"),
            ("/dev/stdout", "/proc/self/fd/1"),
            ("/dev/stderr", "/proc/self/fd/2"), ("/dev/ptmx", "pts/ptmx"),
        ] {
            steps.append(Step("link \(path)", .symlink(target: target, path: path)))
        }
        steps += [
            Step("mkdir /dev/pts", .makeDirectory("/dev/pts", mode: 0o755)),
            Step(
                "mount /dev/pts",
                .mount(
                    source: "devpts", target: "/dev/pts", type: "devpts", flags: [.noSetUID, .noExecute],
                    data: "newinstance,ptmxmode=0666,mode=0620")),
            Step("mkdir /dev/shm", .makeDirectory("/dev/shm", mode: 0o1777)),
            Step(
                "mount /dev/shm",
                .mount(
                    source: "shm", target: "/dev/shm", type: "tmpfs",
                    flags: [.noSetUID, .noDevices, .noExecute],
                    data: "mode=1777,size=65536k")),
        ]
        if spec.kernelFiles.messageQueues && spec.isolation.contains(.ipc) {
            steps += [
                Step("mkdir /dev/mqueue", .makeDirectory("/dev/mqueue", mode: 0o1777)),
                Step(
                    "mount /dev/mqueue",
                    .mount(source: "mqueue", target: "/dev/mqueue", type: "mqueue", flags: strict, data: nil)),
            ]
        }
        return steps
    }

    private static func masks(_ all: KernelFiles, sysIsMounted: Bool) -> [Step] {
        let files = sysIsMounted ? all : all.below("/proc")
        var steps: [Step] = []
        for path in files.readOnly {
            steps.append(
                Step(
                    "bind \(path)",
                    .mount(source: path, target: path, type: nil, flags: [.bind, .recursive], data: nil)))
            steps.append(
                Step(
                    "read-only \(path)",
                    .mount(
                        source: nil, target: path, type: nil,
                        flags: strict.union([.bind, .remount, .readOnly]),
                        data: nil)))
        }
        for path in files.maskedFiles {
            steps.append(
                Step(
                    "mask \(path)",
                    .mount(source: "dev/null", target: path, type: nil, flags: .bind, data: nil)))
        }
        for path in files.maskedDirectories {
            steps.append(
                Step(
                    "mask \(path)",
                    .mount(
                        source: "tmpfs", target: path, type: "tmpfs", flags: strict.union(.readOnly),
                        data: "size=0k,nr_inodes=1")))
        }
        return steps
    }

    /// `memory` of `/sys/fs/cgroup/memory/lab-…/3`.
    private static func hierarchyName(_ directory: String) -> String {
        let parts = directory.split(separator: "/")
        return parts.count >= 3 ? String(parts[parts.count - 3]) : directory
    }

    /// Commas and colons separate in overlayfs options; a backslash takes their meaning away.
    static func escaped(_ path: String) -> String {
        var result = ""
        for character in path {
            if character == "\\" || character == ":" || character == "," { result.append("\\") }
            result.append(character)
        }
        return result
    }
}
