import CLinux
import Glibc

/// The places and names of what a run makes and its journal lists: a journal is a file like any other, so nothing is
/// removed because it stands there, but because it lies where runs make such things, with the name of that run.
public struct RunPlaces: Sendable {
    public let runID: String
    public let paths: LabPaths

    /// - Throws: `.data` when no run is called so.
    public init(_ runID: String, _ paths: LabPaths) throws(LabError) {
        guard Self.isRunID(runID) else {
            throw LabError(.data, "\(String(reflecting: runID)) is no run's id", remedy: Self.remedy)
        }
        self.runID = runID
        self.paths = paths
    }

    /// Ids go into paths, names of domains and command lines of other programs, so they are made of few letters.
    public static func isRunID(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && !text.hasPrefix("-") && text.utf8.allSatisfy(isPlain)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }

    /// Returns true when a thing of some run may be called so.
    static func isAnyRuns(_ name: String) -> Bool {
        name.hasPrefix("lab-") && name.utf8.count <= 200 && name.utf8.allSatisfy(isPlain)
    }

    /// Returns true when a thing of this run may be called so: `lab-RUN`, or `lab-RUN-…` with letters, digits, hyphens
    /// and underscores.
    public func owns(_ name: some StringProtocol) -> Bool {
        let own = "lab-\(runID)"
        guard name.hasPrefix(own), name.utf8.count <= 200, name.utf8.allSatisfy(Self.isPlain) else {
            return false
        }
        return name.utf8.count == own.utf8.count || name.dropFirst(own.count).hasPrefix("-")
    }

    /// The error about an entry that no run would have written.
    public func stranger(_ kind: JournaledResource.Kind, _ name: String) -> LabError {
        LabError(
            .data, "the journal names the \(kind.rawValue) \(Self.shown(name)), which is not this run's",
            cause: "the run \(runID) made nothing there, or nothing of that name", remedy: Self.remedy)
    }

    static let remedy: Message = "look into the journal, then delete it"

    /// A foreign text on one line, as it may be shown.
    static func shown(_ text: String) -> String { "\"\(ForeignText.line(text, most: 200))\"" }

    /// Removes a directory that the journal names.
    /// - Throws: `.data` for one that lies elsewhere, and then nothing is removed.
    public func removeDirectory(_ name: String) throws(LabError) {
        let (base, names) = try place(.directory, name)
        try Self.remove(names, below: base, shown: name)
    }

    /// The same of a file, or of a queue, mq_overview(7).
    public func removeFile(_ name: String) throws(LabError) {
        if try removeQueue(name) { return }
        let (base, names) = try place(.file, name)
        try Self.remove(names, below: base, shown: name)
    }

    /// The directory of ours below which a name lies, and the names on the way from there.
    private func place(
        _ kind: JournaledResource.Kind, _ name: String
    ) throws(LabError) -> (base: String, names: [String]) {
        // The state may have been named by another way when the run was made; it counts that it is the same directory.
        for mark in name.ranges(of: "/runs/") where isState(String(name[..<mark.lowerBound])) {
            let names = name[mark.upperBound...].split(separator: "/", omittingEmptySubsequences: false)
            guard let first = names.first, isDirectory(first), names.allSatisfy({ Self.isEntry($0) }),
                kind == .directory || names.count > 1
            else { break }
            return ("\(paths.state)/runs", names.map(String.init))
        }
        let machines = "\(paths.machines)/"
        if name.hasPrefix(machines), case let machine = name.dropFirst(machines.count), owns(machine) {
            return (paths.machines, [String(machine)])
        }
        let made = "\(paths.cache)/distribution/"
        let names = name.dropFirst(made.count)
        if kind == .directory, name.hasPrefix(made), Self.isEntry(names),
            names.hasSuffix(".building-\(runID)")
        {
            return (String(made.dropLast()), [String(names)])
        }
        throw stranger(kind, name)
    }

    /// `RUN`, or `RUN-N`: of an instance that was given a run's place of its own.
    private func isDirectory(_ name: Substring) -> Bool {
        guard name.hasPrefix(runID) else { return false }
        let rest = name.dropFirst(runID.count)
        return rest.isEmpty
            || rest.hasPrefix("-") && (2...20).contains(rest.utf8.count)
                && rest.utf8.dropFirst().allSatisfy { (0x30...0x39).contains($0) }
    }

    private static func isEntry(_ name: some StringProtocol) -> Bool {
        !name.isEmpty && name != "." && name != ".." && !name.utf8.contains(0x2f)
    }

    private func isState(_ path: String) -> Bool {
        if path == paths.state { return true }
        var one = stat()
        var other = stat()
        return stat(path, &one) == 0 && stat(paths.state, &other) == 0 && one.st_dev == other.st_dev
            && one.st_ino == other.st_ino
    }

    private static func remove(_ names: [String], below base: String, shown: String) throws(LabError) {
        guard let base = try OwnDirectory.open(base), let last = names.last else { return }
        let way = names.dropLast().joined(separator: "/")
        let parent: FileDescriptor
        do throws(Errno) {
            parent = FileDescriptor(
                owning: try checked {
                    clinux_open_beneath(base.file.rawValue, way.isEmpty ? "." : way, clinux_path_only)
                })
        } catch {
            if error == Errno(ENOENT) || error == Errno(ENOTDIR) { return }
            throw LabError(
                .output, "cannot remove \(shown)",
                cause: error == Errno(ELOOP) || error == Errno(EXDEV)
                    ? "a link or a mount is on the way" : "\(error)")
        }
        try Files.removeTree(last, in: parent, shown: shown)
    }

    /// Removes a queue of this run's; false for what is none.
    private func removeQueue(_ name: String) throws(LabError) -> Bool {
        guard let slash = name.lastIndex(of: "/"), owns(name[name.index(after: slash)...]),
            MountTable.current().entries.contains(where: {
                $0.type == "mqueue" && $0.mountPoint == name[..<slash]
            }),
            let queues = try? FileDescriptor.open(String(name[..<slash]), clinux_path_only | O_NOFOLLOW),
            clinux_file_system(queues.rawValue) == Self.queueFileSystem
        else { return false }
        try Files.removeTree(String(name[name.index(after: slash)...]), in: queues, shown: name)
        return true
    }

    /// MQUEUE_MAGIC of Linux, ipc/mqueue.c.
    private static let queueFileSystem = 0x1980_0202
}
