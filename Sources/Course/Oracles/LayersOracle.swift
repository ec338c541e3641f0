import ContainerDriver
import LabCore

/// `layers`: the upper directory of an overlay, as an archive, that changes a tree in given ways.
///
/// The oracle unpacks the archive above a tree of its own, lets the kernel mount both as an overlay, and compares what is
/// then seen with what was asked for.
struct LayersOracle: Oracle {
    let id = "layers"
    let mistakes = [
        "too-deep", "oci-whiteout", "whole-tree", "half-file", "still-there", "stray-whiteout",
        "shines-through",
    ]
    let points = 2

    private enum Order {
        /// Appends a line to a file.
        case edit(String, text: String)
        case delete(String)
        /// Puts a new directory with one file in the place of an old one.
        case replace(String, name: String, text: String)

        var words: [String] {
            switch self {
            case .edit(let path, let text): ["edit", path, text]
            case .delete(let path): ["delete", path]
            case .replace(let path, let name, let text): ["replace", path, name, text]
            }
        }
    }

    private struct Task {
        var lower = FileSnapshot()
        var orders: [Order] = []

        init(_ draw: inout Draw) {
            // Three directories: in the first a file is changed and one deleted; the second is replaced; of the third, one
            // inside is deleted.
            let directories = names(3, &draw)
            for directory in directories { fill(directory, &draw) }
            let inner = "\(directories[2])/\(draw.name())"
            fill(inner, &draw)
            let files = lower.nodes.keys.filter { $0.hasPrefix("\(directories[0])/") }.sorted()
                .shuffled(using: &draw)
            let old = lower.nodes.keys.filter { $0.hasPrefix("\(directories[1])/") }.sorted()[0]
            // The new file may have the name of an old one.
            let name =
                Bool.random(using: &draw) ? String(old.dropFirst(directories[1].utf8.count + 1)) : draw.name()
            orders = [
                .edit(files[0], text: draw.nonce()), .delete(files[1]), .delete(inner),
                .replace(directories[1], name: name, text: draw.nonce()),
            ].shuffled(using: &draw)
        }

        private func names(_ count: Int, _ draw: inout Draw) -> [String] {
            var names: [String] = []
            while names.count < count {
                let name = draw.name()
                if !names.contains(name) { names.append(name) }
            }
            return names
        }

        private mutating func fill(_ directory: String, _ draw: inout Draw) {
            lower.nodes[directory] = .directory
            for name in names(4, &draw) {
                let lines = (0..<Int.random(in: 20...60, using: &draw)).map { _ in "\(draw.nonce())\n" }
                lower.nodes["\(directory)/\(name)"] = .file(Array(lines.joined().utf8))
            }
        }

        var words: [String] { ["/lower"] + orders.flatMap(\.words) }

        /// What is to be seen at last.
        var wanted: FileSnapshot {
            var tree = lower
            for order in orders {
                switch order {
                case .edit(let path, let text):
                    guard case .file(let bytes)? = tree.nodes[path] else { continue }
                    tree.nodes[path] = .file(bytes + Array("\(text)\n".utf8))
                case .delete(let path): tree.remove(path)
                case .replace(let path, let name, let text):
                    tree.remove(path)
                    tree.nodes[path] = .directory
                    tree.nodes["\(path)/\(name)"] = .file(Array("\(text)\n".utf8))
                }
            }
            return tree
        }
    }

    func words(_ point: Int, _ draw: inout Draw) -> [String] { Task(&draw).words }

    func judge(
        _ artefact: Artefact, _ point: Int, _ draw: inout Draw, _ bench: CheckBench
    ) throws(LabError) -> Judgement {
        let task = Task(&draw)
        let answer = try bench.answer(
            artefact, task.words, change: { $0.binds.append(.init("lower", at: "/lower")) },
            furnish: { (directory) throws(LabError) in try Self.lay(task.lower, "\(directory)/lower") },
            atEnd: { (room) throws(LabError) in
                guard try FileSnapshot("\(room.files)/lower") == task.lower else {
                    throw LabError(.software, "a tree that is bound read-only was changed")
                }
            })
        let made: [UInt8]
        switch answer.said {
        case .failure(let judgement): return judgement
        case .success(let output): made = output
        }
        let entries: [Archive.Entry]
        do throws(LabError) {
            entries = try Archive.read(made, Archive.Limits(bytes: 8 << 20, entries: 4_096))
        } catch {
            return .wrong(nil, "\(error)")
        }
        if let mistake = Self.mistake(in: entries, task) { return mistake }
        return try merged(entries, task, bench)
    }

    /// A tree in a new directory.
    private static func lay(_ tree: FileSnapshot, _ directory: String) throws(LabError) {
        try Files.makeDirectory(directory)
        try tree.write(to: directory)
        try RoomUser.current().own(directory)
    }

    /// What can be seen from the archive alone, and explains what would be seen of the mount.
    private static func mistake(in entries: [Archive.Entry], _ task: Task) -> Judgement? {
        // All of it below one name that LOWER has not, and what would be right without that name.
        let tops = Set(entries.compactMap { $0.path.split(separator: "/").first })
        if let top = tops.first, tops.count == 1, task.lower.nodes["\(top)"] == nil,
            entries.contains(where: { task.lower.nodes["\($0.path.dropFirst(top.utf8.count + 1))"] != nil })
        {
            return .wrong(
                "too-deep",
                "all of the archive is below \(ForeignText.quoted("\(top)")), which LOWER has not: its paths are to be relative to LOWER"
            )
        }
        for entry in entries {
            let name = entry.path.split(separator: "/").last ?? ""
            if name.hasPrefix(".wh.") {
                return .wrong("oci-whiteout", "the archive has a file \(ForeignText.quoted(entry.path))")
            }
        }
        let copies = entries.filter { entry in
            guard case .file(let bytes) = entry.kind else { return false }
            return task.lower.nodes[entry.path] == .file(bytes)
        }
        if let first = copies.first {
            return .wrong(
                "whole-tree",
                "the archive has \(copies.count) files that are as they were below, among them \(ForeignText.quoted(first.path))"
            )
        }
        for case .edit(let path, let text) in task.orders {
            let own = entries.last { $0.path == path }
            if own?.kind == .file(Array("\(text)\n".utf8)) {
                return .wrong("half-file", "\(path) has the new line in it and nothing else")
            }
        }
        return nil
    }

    /// What the kernel makes of it.
    private func merged(
        _ entries: [Archive.Entry], _ task: Task, _ bench: CheckBench
    ) throws(LabError) -> Judgement {
        var request = RoomRequest(["\(CheckBench.guest)", "idle"])
        request.binds = [
            .init("upper", at: "/upper"), .init("lower", at: "/lower"), .init("lab", at: "/lab"),
        ]
        request.overlay = .init(["/upper", "/lower"], at: "/merged")
        let guest = bench.context.rootFilesystem.hostGuestPath
        var refused: LabError?
        let seen: FileSnapshot
        do throws(LabError) {
            seen = try Room.with(
                request, bench.context,
                furnish: { (directory) throws(LabError) in
                    try Files.makeDirectory("\(directory)/lab")
                    try Files.write(try Files.read(guest), to: "\(directory)\(CheckBench.guest)", mode: 0o755)
                    Files.waitUntilUnwritten("\(directory)\(CheckBench.guest)")
                    try Self.lay(task.lower, "\(directory)/lower")
                    do throws(LabError) { try UpperDirectory.unpack(entries, to: "\(directory)/upper") } catch
                    {
                        if error.kind == .data { refused = error }
                        throw error
                    }
                }
            ) { (room) throws(LabError) in
                do throws(LabError) { return try FileSnapshot("/proc/\(room.pid)/root/merged") } catch {
                    // Every name there is the archive's choice, or LOWER's, which can be read.
                    if HostProcess(pid: room.pid).isRunning { refused = error }
                    throw error
                }
            }
        } catch {
            if let refused { return .wrong(nil, "\(refused)") }
            throw error
        }
        return Self.judge(seen, task)
    }

    private static func judge(_ seen: FileSnapshot, _ task: Task) -> Judgement {
        if let path = seen.nodes.filter({ $0.value == .unseen }).keys.min() {
            return .wrong(
                "stray-whiteout",
                "the whiteout \(ForeignText.quoted(path)) hides nothing: LOWER has no such directory, or an opaque one hides it already"
            )
        }
        for order in task.orders {
            switch order {
            case .delete(let path) where seen.nodes[path] != nil:
                return .wrong(
                    "still-there", "\(path) was to be deleted, and is still seen in the mounted overlay")
            case .replace(let path, let name, _):
                let old = seen.nodes.keys.filter { $0.hasPrefix("\(path)/") && $0 != "\(path)/\(name)" }
                    .sorted()
                guard let first = old.first else { continue }
                return .wrong(
                    "shines-through",
                    "\(path) was to be replaced, and \(ForeignText.quoted(first)) is still seen in it")
            default: continue
            }
        }
        guard let first = seen.difference(from: task.wanted) else {
            return .right("the mounted overlay shows all \(task.orders.count) changes and nothing else")
        }
        return .wrong(nil, "in the mounted overlay \(first)")
    }
}
