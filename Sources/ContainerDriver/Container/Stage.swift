import Glibc
import LabCore
import Launch

/// The stage: a mount namespace in which there is nothing but what containers are made from. Every container's mount
/// namespace is a copy of it, covered by the container's own root.
///
///     /lower   the lower layers of its root: the image, and above it the directories that are mounted on
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
/// begins with these steps, and its writable layer is in the stage's memory: one file system less to make and to end.
/// Nothing of the host is left in it, so that it holds nothing which a container that could reach below its root would not
/// have anyway.
extension LaunchProgram {
    /// Makes the stage of `spec`, which has none yet.
    /// - Parameter null: its null device, the standard input of all that is started in it; untouched where it has no devices.
    static func makeStage(
        _ spec: ContainerSpec, null: inout FileDescriptor?
    ) throws(LabError) -> FileDescriptor {
        let steps = stage(spec, try SupportedSpec(spec.oci), bytes: nil)
        return try ProgramBuffer(LaunchProgram(namespaces: .mount, steps: steps), environment: [])
            .makeMountNamespace(opening: "/dev/null", as: &null)
    }

    /// Ends in the root of the stage, with nothing else mounted.
    /// - Parameter bytes: its capacity, where what a container writes is in it.
    static func stage(_ spec: ContainerSpec, _ oci: SupportedSpec, bytes: UInt64?) -> [Step] {
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
                    data: bytes.map(storage) ?? "mode=755")),
        ]
        // The directories of a root on which something is mounted. Everything else is mounted on what was mounted there
        // before, where no image has a say.
        let points =
            ["proc", "sys", "dev"].filter { oci.mounts["/\($0)"] != nil }
            + (spec.channel == nil ? [] : ["run"])
        steps += (["lower", "layer", "root", "lower/points"] + points.map { "lower/points/\($0)" }).map {
            makeDirectory("\(place)/\($0)")
        }
        for (index, layer) in spec.layers(oci).enumerated() {
            let lower = "\(place)/lower/\(index)"
            steps += [
                makeDirectory(lower),
                Step(
                    "lower layer \(index)",
                    .mount(source: layer, target: lower, type: nil, flags: .bind, data: nil)),
            ]
            if spec.writesToRoot { continue }
            // Whoever came below a container's root could not write to what all share.
            steps.append(Step("read-only lower layer \(index)", .addMountFlags(lower, .readOnly)))
        }
        if let layer = spec.layer {
            steps.append(
                Step(
                    "bind the writable layer",
                    .mount(source: layer, target: "\(place)/layer", type: nil, flags: .bind, data: nil)))
        }
        if oci.mounts["/proc"] != nil { steps += mask("\(place)/mask") }
        if oci.mounts["/dev"] != nil { steps += devices("\(place)/dev", spec.channel) }
        if oci.namespaces.contains(.user) { steps += kernelFiles(oci, below: place) }
        return steps + [
            Step(.pivotRoot(place)), Step(.leaveOldRoot),
        ]
    }

    private static func makeDirectory(_ path: String, mode: UInt32 = 0o755) -> Step {
        Step(.makeDirectory(path, mode: mode))
    }

    /// Returns the mounts that a user namespace must make before the host's are out of sight.
    private static func kernelFiles(_ oci: SupportedSpec, below place: String) -> [Step] {
        ["/proc", "/sys"].filter { oci.mounts[$0] != nil }.flatMap { (target) -> [Step] in
            let path = place + target
            // procfs shows the pid namespace it is mounted in; like sysfs, it may be mounted only by that one's owner.
            guard target == "/proc", !oci.namespaces.contains(.pid) else {
                return [makeDirectory(path)] + mount(target, at: path, oci)
            }
            let flags: MountFlags = [.bind, .recursive]
            return [
                makeDirectory(path),
                Step("bind /proc", .mount(source: "/proc", target: path, type: nil, flags: flags, data: nil)),
            ]
        }
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
            Step(.addMountFlags(path, SupportedSpec.strict.union(.readOnly))),
        ]
    }

    /// The devices that the OCI runtime specification asks for (config-linux.md, default devices), with their numbers
    /// from Documentation/admin-guide/devices.txt in Linux.
    static let devices: [(name: String, device: LaunchProgram.Device)] = [
        ("null", Device(major: 1, minor: 3)), ("zero", Device(major: 1, minor: 5)),
        ("full", Device(major: 1, minor: 7)), ("random", Device(major: 1, minor: 8)),
        ("urandom", Device(major: 1, minor: 9)), ("tty", Device(major: 5, minor: 0)),
    ]

    /// The name of the channel below /dev.
    static let channelName = "lab-channel"

    private static func devices(_ path: String, _ channel: String?) -> [Step] {
        var steps = mounted(path, mode: 0o755)
        for (name, device) in devices {
            steps.append(
                Step(.makeDevice("\(path)/\(name)", mode: 0o666, device, orBind: "/dev/\(name)")))
        }
        if let channel {
            let place = "\(path)/\(channelName)"
            steps += [
                Step(.createFile(place, mode: 0o600)),
                Step(
                    "bind the channel",
                    .mount(source: channel, target: place, type: nil, flags: .bind, data: nil)),
            ]
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
