import Glibc
import LabCore
import Launch

/// The stage: a mount namespace in which there is nothing but what containers are made from. Every container's mount
/// namespace is a copy of it, covered by the container's own root.
///
///     /lower   the lower layers of its root
///     /dev     its /dev with the devices that it may use, read-only, because all containers share it
///     /mask    an empty file and an empty directory, which cover what is to be hidden
///     /layer   where the container's writable layer goes
///     /root    where its root is put together
///
/// All of it is our own, so that no inode of the host's is in a container: not even its owner or mode could be changed
/// from there, and what one container did to a shared file another would see. All of it is read-only too. Only where the
/// kernel makes no device nodes, without root, are those of the host bound, read-only each.
///
/// An engine makes it once, so that a start copies four mounts instead of the host's, has none of them to unmount (an
/// RCU grace period, 50 µs) and need not make what is the same in all. It belongs to no process and has no path: it is
/// gone with its descriptor. Where that can't be, without root or for a single container, the container's own program
/// begins with these steps. Nothing of the host is left in it, so that it holds nothing which a container that could
/// reach below its root would not have anyway.
extension LaunchProgram {
    /// Makes the stage of `spec`, which has none yet.
    static func makeStage(_ spec: ContainerSpec) throws(LabError) -> FileDescriptor {
        try ProgramBuffer(LaunchProgram(namespaces: .mount, steps: stage(spec)), environment: [])
            .makeMountNamespace()
    }

    /// Ends in the root of the stage, with nothing else mounted.
    static func stage(_ spec: ContainerSpec) -> [Step] {
        let place = spec.mountPoint
        var steps: [Step] = [
            Step(
                "private mounts",
                .mount(source: nil, target: "/", type: nil, flags: [.makePrivate, .recursive], data: nil)),
            Step(
                "stage",
                // Not nodev: it holds the devices.
                .mount(
                    source: "tmpfs", target: place, type: "tmpfs", flags: [.noSetUID, .noExecute],
                    data: "mode=755")),
        ]
        steps += ["lower", "layer", "root"].map { makeDirectory("\(place)/\($0)") }
        for (index, directory) in spec.lowerDirectories.enumerated() {
            let target = "\(place)/lower/\(index)"
            steps += [
                makeDirectory(target),
                Step(
                    "lower layer \(index)",
                    .mount(source: directory, target: target, type: nil, flags: .bind, data: nil)),
                // Whoever came below a container's root could not write to what all share.
                Step("read-only lower layer \(index)", .addMountFlags(target, .readOnly)),
            ]
        }
        if spec.isolation.contains(.kernelFiles) {
            steps += mask("\(place)/mask")
        }
        if spec.isolation.contains(.devices) { steps += devices("\(place)/dev") }
        if spec.isolation.isSuperset(of: [.user, .kernelFiles]) { steps += kernelFiles(spec) }
        return steps + [
            Step(.pivotRoot(place)), Step(.leaveOldRoot),
        ]
    }

    private static func makeDirectory(_ path: String, mode: UInt32 = 0o755) -> Step {
        Step(.makeDirectory(path, mode: mode))
    }

    /// What a user namespace must mount before the host's are out of sight.
    private static func kernelFiles(_ spec: ContainerSpec) -> [Step] {
        let (proc, sys) = ("\(spec.mountPoint)/proc", "\(spec.mountPoint)/sys")
        var steps = [makeDirectory(proc)]
        // procfs shows the pid namespace it is mounted in; like sysfs, it may be mounted only by that one's owner.
        if spec.isolation.contains(.pid) {
            steps.append(mountProc(proc))
        } else {
            let flags: MountFlags = [.bind, .recursive]
            steps.append(
                Step("bind /proc", .mount(source: "/proc", target: proc, type: nil, flags: flags, data: nil)))
        }
        return mountsSys(spec) ? steps + [makeDirectory(sys), mountSys(sys)] : steps
    }

    /// A directory that is a mount of its own, so that a bind of it has its flags.
    private static func mounted(_ path: String, mode: UInt32) -> [Step] {
        [
            makeDirectory(path, mode: mode),
            Step("bind \(path)", .mount(source: path, target: path, type: nil, flags: .bind, data: nil)),
        ]
    }

    private static func mask(_ path: String) -> [Step] {
        mounted(path, mode: 0o755) + [
            Step(.createFile("\(path)/file", mode: 0o444)),
            makeDirectory("\(path)/directory", mode: 0o555),
            Step(.addMountFlags(path, strict.union(.readOnly))),
        ]
    }

    /// The devices that the OCI runtime specification asks for (config-linux.md, default devices), with their numbers
    /// from Documentation/admin-guide/devices.txt in Linux.
    static let devices: [(name: String, device: LaunchProgram.Device)] = [
        ("null", Device(major: 1, minor: 3)), ("zero", Device(major: 1, minor: 5)),
        ("full", Device(major: 1, minor: 7)), ("random", Device(major: 1, minor: 8)),
        ("urandom", Device(major: 1, minor: 9)), ("tty", Device(major: 5, minor: 0)),
    ]

    private static func devices(_ path: String) -> [Step] {
        var steps = mounted(path, mode: 0o755)
        for (name, device) in devices {
            steps.append(
                Step(.makeDevice("\(path)/\(name)", mode: 0o666, device, orBind: "/dev/\(name)")))
        }
        for (name, target) in [
            ("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"),
            ("stderr", "/proc/self/fd/2"), ("ptmx", "pts/ptmx"),
        ] {
            steps.append(Step(.symlink(target: target, path: "\(path)/\(name)")))
        }
        return steps + ["pts", "shm", "mqueue"].map { makeDirectory("\(path)/\($0)") }
            + [Step(.addMountFlags(path, [.noSetUID, .noExecute, .readOnly]))]
    }
}
