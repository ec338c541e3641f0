import Glibc
import LabCore
import Launch

extension LaunchProgram {
    /// The program of a container: a pure function of its specification, used by launch and explain alike.
    ///
    /// Order matters: cgroups before the cgroup namespace; the root before what is mounted in it; all mounts before
    /// capabilities go; the filter last, because it forbids nearly all of the above. Only where new privileges are not
    /// given up must it come before the capabilities go, because then seccomp(2) asks for one of them.
    static func container(_ spec: ContainerSpec) -> LaunchProgram {
        let isolation = spec.isolation
        var steps = spec.process?.identity(isolation, spec.caller) ?? []
        steps += child(parent: spec.parent)
        if isolation.contains(.user) { steps += userMapping(spec) }
        steps += spec.process?.oomScore(spec.caller) ?? []
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
            if let terminal = spec.terminal { steps.append(Step(.openTerminal(terminal))) }
            if isolation.contains(.kernelFiles) {
                if let processes = spec.processes { steps.append(limit(processes: processes)) }
                steps += masks(spec.kernelFiles, sysIsMounted: mountsSys(spec))
            }
            steps.append(Step("leave the stage", .changeDirectory("/")))
        }
        if isolation.contains(.uts) { steps.append(Step(.setHostname(spec.hostname))) }
        if isolation.contains(.network) { steps.append(Step(.loopbackUp)) }
        steps += spec.process?.steps(spec.caller) ?? []
        // Closed and not only closed on exec: while execve looks for the command, a link of the image's, or the
        // interpreter that a script names, may lead through /proc/self/fd to a directory of the host's.
        steps.append(Step(.closeDescriptors(from: 3)))
        var filter: [Step] = []
        if isolation.contains(.seccomp), let compiled = spec.filter {
            filter = [Step(.loadFilter(compiled))]
        }
        if !isolation.contains(.noNewPrivileges) { steps += filter }
        if isolation.contains(.capabilities) {
            if spec.process != nil { steps.append(ProcessSettings.securebits) }
            steps.append(Step(.boundCapabilities(.containerDefault)))
            steps.append(Step(.setCapabilities(.containerDefault)))
        }
        if isolation.contains(.noNewPrivileges) {
            steps.append(Step(.noNewPrivileges))
            steps += filter
        }
        steps.append(Step(.execute(spec.program)))
        // In a stage the mount namespace is made from that of the stage.
        let cloned = spec.stage == nil ? isolation.cloned : isolation.cloned.subtracting(.mount)
        return LaunchProgram(namespaces: cloned, steps: steps)
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
        let lower = spec.lowerDirectories.indices.map { "/lower/\($0)" }.joined(separator: ":")
        var options = "lowerdir=\(lower),upperdir=/layer/upper,workdir=/layer/work"
        if spec.isolation.contains(.user) { options += ",userxattr" }
        var steps =
            spec.stage.map {
                [
                    Step(.enterNamespace(descriptor: $0, .mount)),
                    Step("own mounts", .unshare(.mount)),
                ]
            } ?? stage(spec)
        steps += [
            // The writable layer is a tmpfs of the container's own: its pages are charged to the container, and it
            // goes with the mount namespace, so that a start leaves no file to remove, whatever becomes of us.
            Step(
                "writable layer",
                .mount(
                    source: "tmpfs", target: "/layer", type: "tmpfs", flags: [.noDevices],
                    data: storage(spec.storageBytes))),
            Step("mkdir upper", .makeDirectory("/layer/upper")),
            Step("mkdir work", .makeDirectory("/layer/work")),
        ]
        // What is mounted on is ours: whatever a lower layer has by this name, or has in a moment, a directory of the
        // writable layer hides it.
        steps += mountPoints(spec).map {
            Step("mkdir /\($0)", .makeDirectory("/layer/upper/\($0)"))
        }
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

    /// The directories of its root on which something is mounted. Everything else is mounted on what was mounted there
    /// before, where no image has a say.
    static func mountPoints(_ spec: ContainerSpec) -> [String] {
        var names: [String] = []
        if spec.isolation.contains(.kernelFiles) { names += mountsSys(spec) ? ["proc", "sys"] : ["proc"] }
        if spec.isolation.contains(.devices) { names.append("dev") }
        return names
    }

    /// A file takes memory that `size` does not count, even when it is empty: so their number is bounded too.
    private static func storage(_ bytes: UInt64) -> String {
        "mode=755,size=\(bytes),nr_inodes=\(max(1_024, bytes >> 12))"
    }

    static let strict: MountFlags = [.noSetUID, .noDevices, .noExecute]

    private static func kernelFiles(_ spec: ContainerSpec) -> [Step] {
        // In a user namespace they may be mounted only beside others of the kind, and so were before the stage was left.
        let areThere = spec.isolation.contains(.user)
        var steps = [
            areThere
                ? Step(
                    "move /proc", .mount(source: "proc", target: "/proc", type: nil, flags: .move, data: nil))
                : mountProc("/proc")
        ]
        if mountsSys(spec) {
            steps.append(
                areThere
                    ? Step(
                        "move /sys", .mount(source: "sys", target: "/sys", type: nil, flags: .move, data: nil)
                    )
                    : mountSys("/sys"))
        }
        return steps
    }

    static func mountProc(_ path: String) -> Step {
        Step("mount /proc", .mount(source: "proc", target: path, type: "proc", flags: strict, data: nil))
    }

    static func mountSys(_ path: String) -> Step {
        let flags = strict.union(.readOnly)
        return Step(
            "mount /sys", .mount(source: "sysfs", target: path, type: "sysfs", flags: flags, data: nil))
    }

    /// sysfs shows the network namespace it is mounted in, and only its owner may mount it.
    static func mountsSys(_ spec: ContainerSpec) -> Bool {
        spec.isolation.contains(.network) || !spec.isolation.contains(.user)
    }

    private static func devices(_ spec: ContainerSpec) -> [Step] {
        var steps = [
            // Not a bind: this copy of the stage is the container's own, and what is moved need not be copied again.
            Step("move /dev", .mount(source: "dev", target: "/dev", type: nil, flags: .move, data: nil)),
            Step(
                "mount /dev/pts",
                .mount(
                    source: "devpts", target: "/dev/pts", type: "devpts", flags: [.noSetUID, .noExecute],
                    data: "newinstance,ptmxmode=0666,mode=0620")),
            Step(
                "mount /dev/shm",
                .mount(
                    source: "shm", target: "/dev/shm", type: "tmpfs", flags: strict,
                    data: "mode=1777,size=65536k")),
        ]
        if spec.isolation.contains(.ipc) {
            steps.append(
                Step(
                    "mount /dev/mqueue",
                    .mount(source: "mqueue", target: "/dev/mqueue", type: "mqueue", flags: strict, data: nil),
                    // A kernel without message queues.
                    tolerates: Errno(ENODEV)))
        }
        return steps
    }

    /// Passed over is only what this kernel does not have: a mask that fails for any other reason ends the start.
    private static func masks(_ all: KernelFiles, sysIsMounted: Bool) -> [Step] {
        let files = sysIsMounted ? all : all.below("/proc")
        var steps: [Step] = []
        for path in files.readOnly {
            steps += [
                Step(
                    "bind \(path)",
                    .mount(source: path, target: path, type: nil, flags: [.bind, .recursive], data: nil),
                    tolerates: Errno(ENOENT)),
                Step(.addMountFlags(path, strict.union(.readOnly)), tolerates: Errno(ENOENT)),
            ]
        }
        // Relative to the stage, where we still stand.
        let (file, directory) = ("mask/file", "mask/directory")
        // What it is on this kernel is tried first: the kernel takes back a mount of the wrong kind only after an RCU grace
        // period (70 µs).
        let masks =
            files.maskedFiles.map { ($0, file, directory) }
            + files.maskedDirectories.map { ($0, directory, file) }
        for (path, first, otherwise) in masks {
            steps.append(Step(.mask(path, by: first, orBy: otherwise), tolerates: Errno(ENOENT)))
        }
        return steps
    }

    /// `memory` of `/sys/fs/cgroup/memory/lab-…/3`.
    private static func hierarchyName(_ directory: String) -> String {
        let parts = directory.split(separator: "/")
        return parts.count >= 3 ? String(parts[parts.count - 3]) : directory
    }
}
