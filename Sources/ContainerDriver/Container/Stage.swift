import Glibc
import LabCore

/// The stage: a mount namespace in which there is nothing but what containers are made from. Every container's mount
/// namespace is a copy of it, covered by the container's own root.
///
///     /lower   the lower layers of its root
///     /dev     its /dev with the devices that it may use, read-only, because all containers share it
///     /empty   what covers a directory that is to be hidden
///     /null    what covers a file that is to be hidden
///     /layer   where the container's writable layer goes
///     /root    where its root is put together
///
/// An engine makes it once, so that a start copies ten mounts instead of the host's, has none of them to unmount (an
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
                .mount(source: "tmpfs", target: place, type: "tmpfs", flags: strict, data: "mode=755")),
        ]
        steps += ["lower", "layer", "root"].map { makeDirectory("\(place)/\($0)") }
        for (index, directory) in spec.lowerDirectories.enumerated() {
            let target = "\(place)/lower/\(index)"
            steps += [
                makeDirectory(target),
                Step(
                    "lower layer \(index)",
                    .mount(source: directory, target: target, type: nil, flags: .bind, data: nil)),
                // Whoever came below a container's root could not write to what all share. A user namespace may not
                // take away what flags the host's mount has, and owns nothing there to write to.
                Step(
                    "read-only lower layer \(index)",
                    .mount(
                        source: nil, target: target, type: nil, flags: [.bind, .remount, .readOnly],
                        data: nil), tolerates: Errno(EPERM)),
            ]
        }
        if spec.isolation.contains(.kernelFiles) {
            steps += emptyDirectory("\(place)/empty") + device("null", in: place)
        }
        if spec.isolation.contains(.devices) { steps += devices("\(place)/dev") }
        if spec.isolation.isSuperset(of: [.user, .kernelFiles]) { steps += kernelFiles(spec) }
        return steps + [
            Step("pivot_root", .pivotRoot(place)), Step("leave the old root", .leaveOldRoot),
        ]
    }

    private static func makeDirectory(_ path: String, mode: UInt32 = 0o755) -> Step {
        Step("mkdir \(path)", .makeDirectory(path, mode: mode))
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

    private static func remount(_ path: String, _ flags: MountFlags) -> Step {
        let all = flags.union([.bind, .remount, .readOnly])
        return Step("read-only \(path)", .mount(source: nil, target: path, type: nil, flags: all, data: nil))
    }

    private static func emptyDirectory(_ path: String) -> [Step] {
        mounted(path, mode: 0o555) + [remount(path, strict)]
    }

    private static func device(_ name: String, in directory: String) -> [Step] {
        let target = "\(directory)/\(name)"
        return [
            Step("create \(target)", .createFile(target, mode: 0o666)),
            Step(
                "bind \(target)",
                .mount(source: "/dev/\(name)", target: target, type: nil, flags: .bind, data: nil)),
        ]
    }

    private static func devices(_ path: String) -> [Step] {
        var steps = mounted(path, mode: 0o755)
        for name in ["null", "zero", "full", "random", "urandom", "tty"] { steps += device(name, in: path) }
        for (name, target) in [
            ("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"),
            ("stderr", "/proc/self/fd/2"), ("ptmx", "pts/ptmx"),
        ] {
            steps.append(Step("link \(path)/\(name)", .symlink(target: target, path: "\(path)/\(name)")))
        }
        return steps + ["pts", "shm", "mqueue"].map { makeDirectory("\(path)/\($0)") }
            + [remount(path, [.noSetUID, .noExecute])]
    }
}
