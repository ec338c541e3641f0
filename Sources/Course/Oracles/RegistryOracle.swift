import Artifacts
import ContainerDriver
import Glibc
import LabCore

/// `registry`: a client that pulls images into a store.
///
/// The oracle has a registry of its own behind a proxy that breaks a transfer and changes a byte; it reads the proxy's log, and
/// in the store every digest anew.
struct RegistryOracle: Oracle {
    let id = "registry"
    let mistakes = ["trusts-the-tag", "fetches-again", "unverified", "not-resumed"]
    let points = 2

    /// What may be sent twice of a blob whose transfer broke, in bytes.
    private static let slack = 4_096
    private static let most = Archive.Limits(bytes: 4 << 20, entries: 256)

    private struct Task {
        let name: String
        let tag: String
        let otherTag: String
        let (common, first, second, damaged): ([UInt8], [UInt8], [UInt8], [UInt8])
        let old: ServedImage
        let new: ServedImage
        let other: ServedImage
        let breaksAfter: Int

        init(_ draw: inout Draw) {
            (name, tag, otherTag) = (draw.name(), "t-\(draw.name())", "u-\(draw.name())")
            func noise(_ draw: inout Draw) -> [UInt8] {
                (0..<Int.random(in: 4_000...8_000, using: &draw)).flatMap { _ in
                    withUnsafeBytes(of: draw.next()) { Array($0) }
                }
            }
            (common, first, second, damaged) = (
                noise(&draw), noise(&draw), noise(&draw), noise(&draw)
            )
            old = ServedImage([common, first], note: draw.nonce())
            new = ServedImage([common, second], note: draw.nonce())
            other = ServedImage([common, damaged], note: draw.nonce())
            breaksAfter = Int.random(in: first.count / 4...3 * first.count / 4, using: &draw)
        }
    }

    func words(_ point: Int, _ draw: inout Draw) -> [String] {
        let task = Task(&draw)
        return Self.words(task, task.tag)
    }

    private static func words(_ task: Task, _ tag: String) -> [String] {
        ["/registry/socket", "\(task.name):\(tag)", "/store"]
    }

    func judge(
        _ artefact: Artefact, _ point: Int, _ draw: inout Draw, _ bench: CheckBench
    ) throws(LabError) -> Judgement {
        let task = Task(&draw)
        // The second image is there under a name that nobody is told.
        let images = [task.tag: task.old, task.otherTag: task.other, "later": task.new]
        return try RegistryRoom.with(task.name, images, bench) { (registry) throws(LabError) in
            do throws(LabError) {
                return try judge(artefact, task, registry, bench)
            } catch {
                guard error.kind == .data else { throw error }
                return .wrong(nil, "\(error)")
            }
        }
    }

    private func judge(
        _ artefact: Artefact, _ task: Task, _ registry: RegistryRoom, _ bench: CheckBench
    ) throws(LabError) -> Judgement {
        func pull(_ tag: String, _ archive: [UInt8]) throws(LabError) -> Pull {
            try self.pull(artefact, Self.words(task, tag), archive, registry, bench)
        }
        let broken = "sha256:\(Digest.sha256(task.first))"
        registry.proxy.begin(.init(broken: [broken: task.breaksAfter]))
        let first = try pull(task.tag, [])
        let sent = Self.bytes(of: broken, registry.proxy.log)
        if let judgement = first.flaw { return judgement }
        if sent > task.first.count + Self.slack || first.status != 0 && sent == task.breaksAfter {
            return .wrong(
                "not-resumed",
                "a blob of \(task.first.count) bytes broke off after \(task.breaksAfter); \(sent) bytes of it were sent in all, and the program ended with status \(Int(first.status))"
            )
        }
        if let judgement = first.lacks(task.old, task.tag) { return judgement }

        try registry.move(task.tag, to: task.new)
        registry.proxy.begin()
        let second = try pull(task.tag, first.archive)
        if let judgement = second.flaw { return judgement }
        if second.reference(task.tag) == task.old.digest {
            return .wrong(
                "trusts-the-tag",
                "the tag names another image now, and the store still has the old one for it")
        }
        let again = Self.bytes(of: "sha256:\(Digest.sha256(task.common))", registry.proxy.log)
        guard again == 0 else {
            return .wrong(
                "fetches-again", "of a layer that the store had, \(again) bytes were sent a second time")
        }
        if let judgement = second.lacks(task.new, task.tag) { return judgement }

        let damaged = "sha256:\(Digest.sha256(task.damaged))"
        registry.proxy.begin(.init(flipped: [damaged]))
        let third = try pull(task.otherTag, second.archive)
        if let judgement = third.flaw { return judgement }
        if Self.bytes(of: damaged, registry.proxy.log) == 0 {
            return .wrong(
                nil, "the third pull did not ask for a layer that the store has not; \(third.lastWords)")
        }
        guard third.status != 0, third.reference(task.otherTag) == nil else {
            return .wrong(
                "unverified", "a layer came with a byte changed, and the program took the image for pulled")
        }
        return .right(
            "the moved tag was followed, no layer was fetched twice, the broken transfer was resumed and the changed layer refused"
        )
    }

    /// What a pull left in the store.
    private struct Pull {
        var status: Int32 = 0
        var lastWords: Message = ""
        var archive: [UInt8] = []
        var files: [String: [UInt8]] = [:]
        /// Why nothing else counts.
        var flaw: Judgement?

        /// The digest that the store has for a tag.
        func reference(_ tag: String) -> String? {
            files["refs/\(tag)"].map { String(decoding: $0, as: UTF8.self).trimmingWhitespace() }
        }

        /// What is missing of an image; nil when nothing is.
        func lacks(_ image: ServedImage, _ tag: String) -> Judgement? {
            guard status == 0 else {
                return .wrong(nil, "the program ended with status \(Int(status)); \(lastWords)")
            }
            guard reference(tag) == image.digest else {
                return .wrong(nil, "the store has not the digest of the manifest in refs/\(tag)")
            }
            let missing = (Array(image.blobs.keys) + [image.digest]).filter {
                files["blobs/sha256/\($0.dropFirst("sha256:".utf8.count))"] == nil
            }
            guard missing.isEmpty else {
                return .wrong(nil, "blobs of the image that are not in the store: \(missing.count)")
            }
            return nil
        }
    }

    /// Runs the program on a store with these files, and packs what it is then: with the room it would be gone.
    private func pull(
        _ artefact: Artefact, _ words: [String], _ archive: [UInt8], _ registry: RegistryRoom,
        _ bench: CheckBench
    ) throws(LabError) -> Pull {
        let script = """
            mkdir /store
            [ ! -s /before/store ] || tar -C /store -xf /before/store
            "$@" >&2
            status=$?
            tar -C /store -cf - .
            exit $status
            """
        let answer = try bench.answer(
            artefact, words,
            change: {
                $0.command = ["/bin/sh", "-c", script] + $0.command.dropFirst(3)
                $0.binds += [.init("before", at: "/before"), .init(registry.front, at: "/registry")]
            },
            furnish: { (directory) throws(LabError) in
                try Files.makeDirectory("\(directory)/before")
                try Files.write(archive, to: "\(directory)/before/store")
            })
        guard case .ended(let status, let output, let words) = answer else {
            guard case .unfinished(let judgement) = answer else { return Pull() }
            return Pull(flaw: judgement)
        }
        var pull = Pull(status: status, lastWords: words, archive: output)
        for entry in try Archive.read(output, Self.most) {
            if case .file(let bytes) = entry.kind { pull.files[entry.path] = bytes }
        }
        let directory = "blobs/sha256/"
        let damaged = pull.files.first {
            $0.key.hasPrefix(directory) && Digest.sha256($0.value) != $0.key.dropFirst(directory.utf8.count)
        }
        if let damaged {
            let name = ForeignText.quoted(String(damaged.key.dropFirst(directory.utf8.count)))
            pull.flaw = .wrong("unverified", "the blob \(name) has another digest than its name")
        }
        return pull
    }

    /// How many bytes of a blob were sent.
    private static func bytes(of digest: String, _ log: [RegistryProxy.Entry]) -> Int {
        log.filter { $0.method == "GET" && $0.path.hasSuffix("/blobs/\(digest)") }.reduce(0) { $0 + $1.bytes }
    }
}
