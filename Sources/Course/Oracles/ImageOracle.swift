import Artifacts
import ContainerDriver
import Glibc
import LabCore

/// `image`: two OCI layouts of one recipe.
///
/// The oracle computes every digest again, compares the trees that the layers make, counts the bytes that both images have,
/// looks for a secret in every blob, builds twice, and starts what was built.
struct ImageOracle: Oracle {
    let id = "image"
    let mistakes = [
        "secret-shipped", "other-digest", "nothing-shared", "packed-twice", "packed-diff-id",
        "not-executable",
    ]
    let points = 2

    private static let names = ["a", "b"]
    /// Two images, each with lab-guest in it.
    private static let mostBytes = 12 << 20
    /// Between two builds.
    private static let between = Duration.milliseconds(1_100)

    private struct Task {
        var base = FileSnapshot()
        /// The bytes that both images must have as blobs of their own.
        var shared = 0
        /// A file of each image alone, by its path.
        var own: [String: (path: String, bytes: [UInt8])] = [:]
        var command: [String: [String]] = [:]
        let secret: String

        init(_ draw: inout Draw) {
            let size = Int.random(in: 100_000...200_000, using: &draw)
            // Nothing that packs well.
            let noise = (0..<size / 8).flatMap { _ in withUnsafeBytes(of: draw.next()) { Array($0) } }
            let directory = draw.name()
            base.nodes[directory] = .directory
            base.nodes["\(directory)/\(draw.name())"] = .file(noise)
            shared = noise.count
            for name in ImageOracle.names {
                own[name] = ("etc/\(draw.name())", Array("\(draw.nonce())\n".utf8))
                command[name] = ["/guest", "idle", draw.nonce()]
            }
            secret = draw.nonce() + draw.nonce()
        }

        /// What the files of an image are to be.
        func wanted(_ name: String, guest: [UInt8]) -> FileSnapshot {
            var tree = base
            tree.nodes["guest"] = .file(guest)
            tree.nodes["etc"] = .directory
            tree.nodes["etc/stamp"] = .file(Array("\(Digest.sha256(Array(secret.utf8)))\n".utf8))
            if let own = own[name] { tree.nodes[own.path] = .file(own.bytes) }
            return tree
        }

        /// The recipe's directory.
        func lay(_ directory: String, guest: [UInt8]) throws(LabError) {
            try Files.makeDirectory("\(directory)/base")
            try base.write(to: "\(directory)/base")
            try Files.write(guest, to: "\(directory)/base/guest", mode: 0o755)
            for name in ImageOracle.names {
                guard let own = own[name], let command = command[name] else { continue }
                try Files.makeDirectory("\(directory)/\(name)/etc")
                try Files.write(own.bytes, to: "\(directory)/\(name)/\(own.path)")
                try Files.write(command.map { "\($0)\n" }.joined(), to: "\(directory)/\(name).command")
            }
            try Files.write(secret, to: "\(directory)/secret")
        }
    }

    func words(_ point: Int, _ draw: inout Draw) -> [String] {
        // All else is in the recipe; the word is new each time, so that a stale one names nothing.
        let task = Task(&draw)
        return ["/recipe-\(task.secret.prefix(8))"]
    }

    func judge(
        _ artefact: Artefact, _ point: Int, _ draw: inout Draw, _ bench: CheckBench
    ) throws(LabError) -> Judgement {
        let task = Task(&draw)
        let guest = try Files.read(bench.context.rootFilesystem.hostGuestPath)
        var builds: [[String: ImageLayout]] = []
        // The second time the same files have other times and another path, and it is later by more than a second, which
        // is the unit of most that is written.
        for turn in 0..<2 {
            if turn == 1 { try bench.context.interrupt.wait(until: .now().advanced(by: Self.between)) }
            switch try build(artefact, task, guest, turn, bench) {
            case .failure(let judgement): return judgement
            case .success(let images): builds.append(images)
            }
        }
        for name in Self.names {
            guard let first = builds[0][name], let second = builds[1][name] else { continue }
            if first.digest != second.digest {
                return .wrong(
                    "other-digest", "the image \(name) was built twice of the same files, and has two digests"
                )
            }
        }
        if let judgement = Self.sharing(builds[0], task) { return judgement }
        return try run(builds[0], task, bench)
    }

    /// What is wrong with what both images have; nil when nothing is.
    private static func sharing(_ images: [String: ImageLayout], _ task: Task) -> Judgement? {
        guard let first = images["a"], let second = images["b"] else { return nil }
        let bytes = first.blobs.filter { second.blobs[$0.key] != nil }.reduce(0) { $0 + $1.value.count }
        guard bytes < task.shared else { return nil }
        let unpacked = first.layers.filter(second.layers.contains).reduce(0) { $0 + $1.count }
        guard unpacked < task.shared else {
            return .wrong(
                "packed-twice",
                "the two images have a layer of the same tar, compressed to different bytes: that is two blobs"
            )
        }
        return .wrong(
            "nothing-shared",
            "the two images share \(bytes) bytes of blobs, of \(task.shared) that both need")
    }

    private func build(
        _ artefact: Artefact, _ task: Task, _ guest: [UInt8], _ turn: Int, _ bench: CheckBench
    ) throws(LabError) -> Result<[String: ImageLayout], Judgement> {
        let recipe = "/recipe-\(task.secret.dropFirst(8 * turn).prefix(8))"
        let answer = try bench.answer(
            artefact, [recipe],
            change: {
                $0.binds.append(.init("recipe", at: recipe))
                $0.mostOutput = Self.mostBytes
            },
            furnish: { (directory) throws(LabError) in
                try task.lay("\(directory)/recipe", guest: guest)
                Self.setTimes(1_000_000_000 + 86_400 * turn, below: "\(directory)/recipe")
                try RoomUser.current().own("\(directory)/recipe")
            })
        let made: [UInt8]
        switch answer.said {
        case .failure(let judgement): return .failure(judgement)
        case .success(let output): made = output
        }
        do throws(LabError) {
            return try images(made, task, guest)
        } catch {
            guard error.kind == .data else { throw error }
            return .failure(.wrong(nil, "\(error)"))
        }
    }

    private func images(
        _ archive: [UInt8], _ task: Task, _ guest: [UInt8]
    ) throws(LabError) -> Result<[String: ImageLayout], Judgement> {
        var files: [String: [String: [UInt8]]] = [:]
        for entry in try Archive.read(archive, Archive.Limits(bytes: Self.mostBytes, entries: 256)) {
            let parts = entry.path.split(separator: "/", maxSplits: 1).map(String.init)
            if case .file(let bytes) = entry.kind, parts.count == 2 {
                files[parts[0], default: [:]][parts[1]] = bytes
            }
        }
        func wrong(_ mistake: String? = nil, _ seen: Message) -> Result<[String: ImageLayout], Judgement> {
            .failure(.wrong(mistake, seen))
        }
        var images: [String: ImageLayout] = [:]
        for name in Self.names {
            let image: ImageLayout
            do throws(ImageLayout.Flaw) {
                image = try ImageLayout(files[name] ?? [:], most: Self.mostBytes)
            } catch {
                return wrong(error.isPackedDiffID ? "packed-diff-id" : nil, "image \(name): \(error.seen)")
            }
            let tree = try image.tree()
            for (path, node) in tree.nodes.sorted(by: { $0.key < $1.key }) {
                guard case .file(let bytes) = node, Self.has(task.secret, in: bytes) else { continue }
                return wrong(
                    "secret-shipped", "image \(name) has the secret in its file \(ForeignText.quoted(path))")
            }
            for bytes in image.layers + image.blobs.values where Self.has(task.secret, in: bytes) {
                return wrong(
                    "secret-shipped", "no file of image \(name) has the secret, but one of its blobs has")
            }
            if let difference = tree.difference(from: task.wanted(name, guest: guest)) {
                return wrong(nil, "the layers of image \(name) do not make its files: \(difference)")
            }
            let command = task.command[name] ?? []
            guard image.command == command else {
                return wrong(
                    nil,
                    "the command of image \(name) is \(ForeignText.line(ShellText.join(image.command), most: 100)), and is to be \(ShellText.join(command))"
                )
            }
            guard try image.mayExecute("guest") else {
                return wrong("not-executable", "nobody may execute /guest in the layers of image \(name)")
            }
            images[name] = image
        }
        return .success(images)
    }

    /// The times of all files in a tree, in seconds since 1970.
    private static func setTimes(_ time: Int, below directory: String) {
        for name in Files.list(directory) {
            let path = "\(directory)/\(name)"
            if Files.isDirectory(path) { setTimes(time, below: path) }
            let both = [timeval(tv_sec: time, tv_usec: 0), timeval(tv_sec: time, tv_usec: 0)]
            utimes(path, both)
        }
    }

    private static func has(_ word: String, in bytes: [UInt8]) -> Bool {
        let word = Array(word.utf8)
        return bytes.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return false }
            var place = 0
            // memchr(3) and memcmp(3), because there are megabytes of it.
            while place + word.count <= bytes.count,
                let found = memchr(start + place, Int32(word[0]), bytes.count - place - word.count + 1)
            {
                if memcmp(found, word, word.count) == 0 { return true }
                place = UnsafeRawPointer(found) - start + 1
            }
            return false
        }
    }

    /// Starts both, each in its own files.
    private func run(
        _ images: [String: ImageLayout], _ task: Task, _ bench: CheckBench
    ) throws(LabError) -> Judgement {
        for name in Self.names {
            guard let image = images[name] else { continue }
            let tree = try image.tree()
            var request = RoomRequest(["/usr/sbin/chroot", "/image"] + image.command)
            request.binds = [.init("image", at: "/image")]
            let isRunning = try Room.with(
                request, bench.context,
                furnish: { (directory) throws(LabError) in
                    try Files.makeDirectory("\(directory)/image")
                    try tree.write(to: "\(directory)/image", mode: 0o755)
                    Files.waitUntilUnwritten("\(directory)/image/guest")
                }
            ) { (room) throws(LabError) in
                let first = HostProcess(pid: room.pid)
                return try room.wait(until: bench.deadline) {
                    first.commandLine == image.command && first.executes("\(room.files)/image/guest")
                }
            }
            guard isRunning == .met else {
                let judgement = Judgement.wrong(nil, "image \(name) does not run")
                return isRunning == .late ? try bench.late(judgement) : judgement
            }
        }
        return .right(
            "both images run, their digests are right and the same each time, and no blob has the secret")
    }
}
