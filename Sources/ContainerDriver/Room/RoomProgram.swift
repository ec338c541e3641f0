import Glibc
import LabCore
import Launch

/// Who the program in a room is on the host: never root. Inside it is root of a user namespace.
package struct RoomUser: Equatable, Sendable {
    package let uid: uid_t
    package let gid: gid_t

    /// This user, or where that is root an id that nobody else has.
    package static func current() -> RoomUser {
        geteuid() == 0
            ? RoomUser(uid: Credentials.unusedID, gid: Credentials.unusedID)
            : RoomUser(uid: getuid(), gid: getgid())
    }
}

extension LaunchProgram {
    /// The program of a room: everything that a user without privileges may unshare, a root in memory with the host's /usr in
    /// it, read-only, and nothing else of the host's. It goes through names of the host's only before anything foreign runs.
    ///
    /// Other than in a container there are no masks on /proc, and the filter lets namespaces be made and mounts: that is what
    /// the program in it is to learn. What the kernel then lets it do is what it lets any user do.
    /// - Parameters:
    ///   - place: the directory that carries its root.
    ///   - cgroups: directories that it joins, one for each descriptor of a start.
    static func room(
        _ request: RoomRequest, at place: String, user: RoomUser, cgroups: [String], parent: Int32
    ) throws(LabError) -> LaunchProgram {
        var steps = child(parent: parent) + mapping(user.uid, user.gid)
        for (index, directory) in cgroups.enumerated() {
            steps.append(Step(.joinCgroup(index: index, directory: directory)))
        }
        steps += root(at: place, bytes: request.storageBytes) + hostFiles(at: place) + devices(at: place)
        for bind in request.binds {
            steps += directories(bind.target, at: place) + [bound(bind.source, "\(place)\(bind.target)")]
            if !bind.isWritable { steps.append(readOnly("\(place)\(bind.target)")) }
        }
        steps += [Step(.pivotRoot(place)), Step(.leaveOldRoot)]
        if let overlay = request.overlay {
            steps += directories(overlay.target, at: "")
            steps.append(
                Step(
                    .mount(
                        source: "overlay", target: overlay.target, type: "overlay",
                        flags: [.readOnly, .noDevices, .noSetUID],
                        data: "lowerdir=\(overlay.layers.joined(separator: ":")),userxattr")))
        }
        steps += [Step(.setHostname("room")), Step(.loopbackUp)]
        var settings = ProcessSettings()
        settings.limits = Rlimit.containerDefault.map { request.limited($0) }
        steps += settings.steps(.unknown)
        steps += [Step(.closeDescriptors(from: 3)), Step(.changeDirectory(request.directory))]
        if let kept = request.capabilities {
            steps += [
                ProcessSettings.securebits, Step(.boundCapabilities(kept)), Step(.setCapabilities(kept)),
            ]
        }
        steps += [Step(.noNewPrivileges), Step(.loadFilter(try SeccompFilter(profile: .room)))]
        if let filter = request.filter { steps.append(Step(.loadFilter(filter))) }
        steps.append(Step(.execute(request.command.first ?? "")))
        return LaunchProgram(namespaces: [.user, .pid, .mount, .network, .ipc, .uts], steps: steps)
    }

    private static func root(at place: String, bytes: UInt64) -> [Step] {
        [
            Step(
                "private mounts",
                .mount(source: nil, target: "/", type: nil, flags: [.makePrivate, .recursive], data: nil)),
            Step(
                .mount(
                    source: "tmpfs", target: place, type: "tmpfs", flags: [.noSetUID],
                    data: "mode=755,size=\(bytes),nr_inodes=\(max(1_024, bytes >> 12))")),
            Step(.makeDirectory("\(place)/tmp", mode: 0o1777)),
            Step(.makeDirectory("\(place)/proc")),
            // Before the host's is out of sight: user_namespaces(7) lets procfs be mounted only beside another that shows all.
            Step(
                .mount(
                    source: "proc", target: "\(place)/proc", type: "proc",
                    flags: [.noSetUID, .noDevices, .noExecute], data: nil)),
        ]
    }

    private static func bound(_ source: String, _ target: String) -> Step {
        Step(.mount(source: source, target: target, type: nil, flags: [.bind, .recursive], data: nil))
    }

    private static func readOnly(_ path: String) -> Step {
        Step(.addMountFlags(path, [.readOnly, .noSetUID, .noDevices]))
    }

    /// A directory and those above it.
    private static func directories(_ path: String, at place: String) -> [Step] {
        var steps: [Step] = []
        var whole = place
        for name in path.split(separator: "/") {
            whole += "/\(name)"
            steps.append(Step(.makeDirectory(whole)))
        }
        return steps
    }

    /// The host's programs, and the few files without which they don't run.
    private static func hostFiles(at place: String) -> [Step] {
        var steps: [Step] = []
        for name in ["usr", "bin", "sbin", "lib", "lib32", "lib64"] where Files.exists("/\(name)") {
            let path = "\(place)/\(name)"
            if let target = Files.target(ofLink: "/\(name)") {
                steps.append(Step(.symlink(target: target, path: path)))
            } else {
                steps += [Step(.makeDirectory(path)), bound("/\(name)", path), readOnly(path)]
            }
        }
        steps.append(Step(.makeDirectory("\(place)/etc")))
        for (name, text) in [
            ("passwd", "root:x:0:0:root:/tmp:/bin/sh\n"), ("group", "root:x:0:\n"),
            ("hosts", "127.0.0.1 localhost\n"),
        ] {
            steps += [
                Step(.createFile("\(place)/etc/\(name)", mode: 0o644)),
                Step(.write(text, to: "\(place)/etc/\(name)")),
            ]
        }
        for name in ["alternatives", "ld.so.cache"] where Files.exists("/etc/\(name)") {
            let path = "\(place)/etc/\(name)"
            steps += [
                Step(
                    Files.isDirectory("/etc/\(name)") ? .makeDirectory(path) : .createFile(path, mode: 0o644)),
                bound("/etc/\(name)", path), readOnly(path),
            ]
        }
        return steps
    }

    private static func devices(at place: String) -> [Step] {
        var steps = [
            Step(.makeDirectory("\(place)/dev")), Step(.makeDirectory("\(place)/dev/shm", mode: 0o1777)),
        ]
        for name in ["null", "zero", "full", "random", "urandom"] {
            let path = "\(place)/dev/\(name)"
            steps += [Step(.createFile(path, mode: 0o644)), bound("/dev/\(name)", path)]
        }
        for (name, target) in [("fd", "fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")] {
            steps.append(Step(.symlink(target: "/proc/self/\(target)", path: "\(place)/dev/\(name)")))
        }
        return steps
    }
}

extension SeccompProfile {
    /// What ordinary programs need, and what makes and enters namespaces and mounts. Not what loads code into the kernel, keys,
    /// and what looks into other processes' memory from the side.
    package static let room: SeccompProfile = {
        var profile = containerDefault
        profile.rules.removeAll { $0.systemCalls == [.clone3] }
        profile.rules.append(
            Rule([
                .clone, .clone3, .unshare, .setns, .mount, .umount2, .pivot_root, .sethostname,
                .setdomainname, .open_tree, .move_mount, .fsopen, .fsconfig, .fsmount, .fspick,
                .mount_setattr,
            ]))
        return profile
    }()
}
