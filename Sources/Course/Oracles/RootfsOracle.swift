import ContainerDriver
import Glibc
import LabCore
import OCI

/// `rootfs`: the `config.json` of a container whose root is a given tree.
///
/// A runtime of ours does what it says, in a room. The oracle reads the mounts and namespaces of the container's process on
/// the host, and lets a program of ours try to get out of the root.
struct RootfsOracle: Oracle {
    let id = "rootfs"
    let mistakes = ["chroot-only", "old-root", "leaked-descriptor"]
    let points = 2

    private struct Task {
        let tree: String
        let volume: String
        /// Where the volume is to be seen.
        let target: String
        /// The volume's file has it.
        let nonce: String
        /// What nobody in the container may read: it stands beside the tree.
        let secret: String

        init(_ draw: inout Draw) {
            (tree, volume, target) = (
                "/\(draw.name())-tree", "/\(draw.name())-volume", "/\(draw.name())-data"
            )
            (nonce, secret) = (draw.nonce(), draw.nonce())
        }

        var command: [String] { ["/guest", "idle", nonce] }
        var words: [String] { [tree, volume, target, "--"] + command }
        /// The same place as it is seen from the root that the classic way out of a chroot leads to.
        static let outside = "outside/secret"
        var probe: [String] {
            [
                "/guest", "probe", "chroot-escape=\(Self.outside)", "read=/\(Self.outside)",
                "descriptor-escape=\(Self.outside)",
            ]
        }
    }

    /// The namespaces that the process is to have of its own; whether it has others too is not asked.
    private static let kinds = ["ipc", "mnt", "pid", "uts"]

    func words(_ point: Int, _ draw: inout Draw) -> [String] { Task(&draw).words }

    func judge(
        _ artefact: Artefact, _ point: Int, _ draw: inout Draw, _ bench: CheckBench
    ) throws(LabError) -> Judgement {
        let task = Task(&draw)
        return try bench.answer(artefact, task.words).judged { (said) throws(LabError) in
            try judge(said, task, bench)
        }
    }

    private func judge(_ said: [UInt8], _ task: Task, _ bench: CheckBench) throws(LabError) -> Judgement {
        var spec: RuntimeSpec
        let bundle: RoomBundle
        let probing: RoomBundle
        do throws(LabError) {
            spec = try RuntimeSpec(json: said, of: "config.json")
            bundle = try RoomBundle(spec)
            spec.process?.args = task.probe
            probing = try RoomBundle(spec)
        } catch {
            return .wrong(nil, "\(error)")
        }
        guard bundle.arguments == task.command else {
            return .wrong(nil, "process.args is not the command that was asked for")
        }
        let flaw = try run(bundle, task, bench) { (room, process) throws(LabError) in
            try Self.flaw(of: process, in: room, task)
        }
        if let flaw, flaw.mistake == "old-root" { return flaw }
        let way = try run(probing, task, bench) { (room, _) throws(LabError) in
            try Self.way(out: room, task, bench)
        }
        // A flaw that nobody got out by is told only when nobody did.
        if let way, way.mistake != nil || flaw == nil { return way }
        if let flaw { return flaw }
        return .right("the container has a root of its own, nothing of the old one, and no way out was found")
    }

    /// The way by which a program of ours got out of its root; nil when it found none.
    private static func way(
        out room: Room, _ task: Task, _ bench: CheckBench
    ) throws(LabError) -> Judgement? {
        var lines: [Substring] = []
        let wait = try room.wait(until: bench.deadline) {
            lines = String(decoding: room.output, as: UTF8.self).split(separator: "\n")
            return lines.contains("output done")
        }
        let out = lines.filter { $0.hasSuffix(" ok \(task.secret)") }
        if out.contains(where: { !$0.hasPrefix("output descriptor-escape ") }) {
            return .wrong(
                "chroot-only",
                "a program in the container got out of its root, and read a file beside the tree")
        }
        if !out.isEmpty {
            return .wrong(
                "leaked-descriptor",
                "a program in the container read a file beside the tree through /proc: by what a process outside has for its root, works in or has open"
            )
        }
        return wait == .met
            ? nil : .wrong(nil, "a probe in the container did not end; \(room.lastWords)")
    }

    /// Does what a bundle says, and looks at the process.
    private func run(
        _ bundle: RoomBundle, _ task: Task, _ bench: CheckBench,
        _ look: (Room, HostProcess) throws(LabError) -> Judgement?
    ) throws(LabError) -> Judgement? {
        let deadline = bench.deadline
        var request = RoomRequest(["/bin/sh", "-c", "(\(bundle.script)); exit $?"])
        request.binds = [
            .init("tree", at: task.tree, isWritable: true),
            .init("volume", at: task.volume, isWritable: true), .init("outside", at: "/outside"),
        ]
        var isLate = false
        let judgement = try Room.with(
            request, bench.context,
            furnish: { (directory) throws(LabError) in
                for name in [
                    "tree", "tree/proc", "tree/dev", "tree/tmp", "tree\(task.target)", "volume", "outside",
                ] {
                    try Files.makeDirectory("\(directory)/\(name)")
                }
                // Who is root in the room makes directories to mount on, and writes to the volume.
                for name in ["tree", "volume"] { chmod("\(directory)/\(name)", 0o777) }
                try bench.layGuest("\(directory)/tree/guest")
                try Files.write("\(task.nonce)\n", to: "\(directory)/volume/id")
                try Files.write("\(task.secret)\n", to: "\(directory)/\(Task.outside)")
            }
        ) { (room) throws(LabError) -> Judgement? in
            var found: HostProcess?
            let wait = try room.wait(until: deadline) {
                found = room.processes.first {
                    $0.executes("\(room.files)/tree/guest") && $0.commandLine == bundle.arguments
                }
                return found != nil
            }
            if let found { return try look(room, found) }
            isLate = wait == .late
            return .wrong(nil, "the container's process never ran; \(room.lastWords)")
        }
        guard isLate, let judgement else { return judgement }
        return try bench.late(judgement)
    }

    /// What is wrong with the process's namespaces and mounts; nil when nothing is.
    private static func flaw(
        of process: HostProcess, in room: Room, _ task: Task
    ) throws(LabError) -> Judgement? {
        let own = room.ownKinds(of: process)
        let missing = kinds.filter { !own.contains($0) }
        guard missing.isEmpty else {
            return .wrong(
                missing.contains("mnt") ? "chroot-only" : nil,
                "the process lacks a namespace of its own of the kinds \(missing.listed)")
        }
        let mounts = MountTable(mountinfo: try Files.readText("/proc/\(process.pid)/mountinfo")).entries
        let outermost = "/proc/\(room.pid)/root"
        for mount in mounts where !["/", task.target].contains(mount.mountPoint) {
            let path = "/proc/\(process.pid)/root\(mount.mountPoint)"
            guard ["proc", "tmpfs"].contains(mount.type), device(path) != device(outermost) else {
                let place = ForeignText.quoted(mount.mountPoint)
                return Files.exists("\(path)/\(Task.outside)")
                    ? .wrong("old-root", "the old root is mounted at \(place), with all that is in it")
                    : .wrong(nil, "something of the host is mounted at \(place) that was not asked for")
            }
        }
        guard mounts.first(where: { $0.mountPoint == "/" })?.options.contains("ro") == true else {
            return .wrong(nil, "the container's root is not mounted read-only")
        }
        let volume = mounts.last { $0.mountPoint == task.target }
        guard let volume, Files.line("/proc/\(process.pid)/root\(task.target)/id") == task.nonce else {
            return .wrong(nil, "the volume is not seen at \(task.target)")
        }
        guard !volume.options.contains("ro") else {
            return .wrong(nil, "the volume at \(task.target) can't be written")
        }
        guard process.shownNamespace == process.namespace("pid") else {
            return .wrong(nil, "the container's /proc is not that of its own PID namespace")
        }
        return nil
    }

    /// The number of the file system that a path is on; nil when it can't be reached.
    private static func device(_ path: String) -> dev_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_dev : nil
    }
}
