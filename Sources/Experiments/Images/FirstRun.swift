import Artifacts
import Glibc
import Images
import LabCore

/// What `docker run` of an image that is not there does: it is pulled from a registry of this host, unpacked, a command of
/// it is started, another program is run in the instance, and it is ended. For a VM the same tree is an ext4 file system in
/// a file, which is the image's one file and pulled in the same way.
///
/// `setting` is a number of MiB that no compression makes smaller, beside lab-guest in the image.
///
/// Values: `wire-bytes` (over the connections to the registry, in both directions), `unpacked-bytes` (on the disk), and
/// `pull-ns`, `unpack-ns`, `start-ns`, `exec-ns`, `stop-ns` and `total-ns` of `ImageRun`.
struct FirstRun: Experiment {
    let id = "first-run"

    private static let mostMebibytes = 1_024
    private static let name = "lab/first-run:1"
    private static let program = RootFilesystem.guestPath
    private static let command = [program, "--channel=none", "idle"]
    private static let beside = [program, "--channel=none", "noop"]
    private static let diskName = "disk.img"

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        guard let mebibytes = bench.setting.flatMap({ Int($0) }), (0...Self.mostMebibytes).contains(mebibytes)
        else {
            throw LabError(.usage, "first-run needs a number of MiB as its setting")
        }
        guard engine is any TreeStarting || engine is any ImageRunning else {
            throw LabError(.unavailable, "\(engine.id) starts no image that has just arrived")
        }
        return try bench.withDirectoryForAnybody(id) { (place) throws(LabError) in
            _ = try HostDisk(holding: place, bytes: UInt64(mebibytes + 64) << 23)
            let registry = try LoopbackRegistry(in: place)
            defer { registry.end() }
            let tree = try fill(place, engine, mebibytes, bench)
            try push(tree, place, to: registry)
            let way: CountedWay
            do throws(Errno) { way = try CountedWay(to: registry.port) } catch {
                throw LabError(.output, "cannot listen on the loopback", cause: error)
            }
            defer { way.end() }
            let reference = "127.0.0.1:\(way.port)/\(Self.name)"
            var run: ImageRun
            if let engine = engine as? any ImageRunning {
                run = try engine.run(
                    pulling: reference, bench.request(.idle), command: Self.command, beside: Self.beside)
            } else {
                run = try self.run(pulling: reference, place, on: engine, bench)
            }
            var finding = Finding(values: [
                "wire-bytes": Double(way.bytes), "unpacked-bytes": Double(run.unpackedBytes),
                "pull-ns": Double(run.pull), "start-ns": Double(run.start), "exec-ns": Double(run.exec),
                "stop-ns": Double(run.stop),
            ])
            finding.values["unpack-ns"] = run.unpack.map { Double($0) }
            finding.values["total-ns"] = Double(
                run.pull + (run.unpack ?? 0) + run.start + run.exec + run.stop)
            finding.facts["unpacked"] = Fact(
                answer: run.unpack == nil ? "while it is pulled" : "after it was pulled")
            return finding
        }
    }

    /// Makes the image's tree: lab-guest's own with as many MiB beside it; for a VM a disk of it.
    private func fill(
        _ place: String, _ engine: any PreparedEngine, _ mebibytes: Int, _ bench: Bench
    ) throws(LabError) -> String {
        let tree = "\(place)/tree"
        let program = try Files.read(bench.context.rootFilesystem.hostGuestPath)
        try RootFilesystem.make(program, at: tree)
        if mebibytes > 0 {
            var words = [UInt64](repeating: 0, count: mebibytes << 17)
            for index in words.indices { words[index] = bench.generator.next() }
            try Files.write(words.withUnsafeBytes { Array($0) }, to: "\(tree)/data")
        }
        guard engine.kind == .virtualMachine else { return tree }
        let disk = try TreeDisk.of(
            FileTree(reference: Self.name, layers: [tree], digest: try MergedTree.digest([tree])), in: tree,
            as: .ext4, paths: Self.paths("\(place)/disks"))
        let image = "\(place)/image"
        try Files.makeDirectory(image)
        guard rename(disk.path, "\(image)/\(Self.diskName)") == 0 else {
            throw LabError(.output, "cannot move \(disk.path)", cause: Errno(errno))
        }
        return image
    }

    private static func paths(_ directory: String) -> LabPaths {
        LabPaths(cache: directory, state: directory)
    }

    private func push(_ tree: String, _ place: String, to registry: LoopbackRegistry) throws(LabError) {
        let store = try ImageStore(paths: Self.paths("\(place)/source"))
        let image = try store.add(.directory(tree), as: Self.name)
        try store.push(
            image.name, to: "127.0.0.1:\(registry.port)/\(Self.name)", tlsVerify: false, compresses: true)
    }

    private func run(
        pulling reference: String, _ place: String, on engine: any PreparedEngine, _ bench: Bench
    ) throws(LabError) -> ImageRun {
        guard let engine = engine as? any TreeStarting else {
            throw LabError(.software, "\(engine.id) starts no tree")
        }
        let store = try ImageStore(paths: Self.paths("\(place)/here"))
        let began = MonotonicInstant.now()
        let image = try store.pull(reference, as: Self.name, tlsVerify: false)
        let pulled = MonotonicInstant.now()
        let stored = try store.tree(of: image)
        var disk: String?
        if engine.kind == .virtualMachine {
            // Out of the store, which only its user may enter, to where QEMU's may read it.
            let path = "\(place)/\(Self.diskName)"
            guard let layer = stored.layers.first, rename("\(layer)/\(Self.diskName)", path) == 0,
                chmod(path, 0o444) == 0
            else {
                throw LabError(.output, "cannot move \(Self.diskName)", cause: Errno(errno))
            }
            disk = path
        }
        let unpacked = MonotonicInstant.now()
        var usage = DiskUsage()
        for path in disk.map({ [$0] }) ?? stored.layers { try usage.add(path) }

        var command = CommandPayload(
            tree: FileTree(
                reference: image.name, layers: stored.layers, digest: stored.digest, hold: stored.hold),
            arguments: Self.command, program: Self.program, environment: [],
            readiness: .command(Self.beside))
        command.readyProgram = Self.program
        var request = bench.request(.idle)
        request.payload = .command(command)
        let context = bench.context.starting(command, number: request.index)
        let other = try engine.starting(from: disk, in: context)
        defer {
            other.shutDown()
            try? Files.removeTree(context.paths.run(context.runID))
        }
        let standing: Mark = disk == nil ? .created : .initStarted
        let instance = try other.launch(request)
        defer { bench.dispose(instance) }
        try instance.waitUntilReady(deadline: request.deadline)
        let ending = MonotonicInstant.now()
        bench.dispose(instance)
        let ended = MonotonicInstant.now()
        guard let start = instance.timeline.span(from: .requested, to: standing),
            let exec = instance.timeline.span(from: standing, to: .ready)
        else {
            throw LabError(.instance, "the start of an image was not seen")
        }
        return ImageRun(
            pull: pulled.nanoseconds(since: began), unpack: unpacked.nanoseconds(since: pulled),
            start: start, exec: exec, stop: ended.nanoseconds(since: ending),
            unpackedBytes: usage.allocatedBytes)
    }
}
