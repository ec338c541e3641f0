import Glibc
import Synchronization

/// Something that a run makes and that would outlive a crash.
public struct JournaledResource: Equatable, Sendable {
    public enum Kind: String, Sendable, CaseIterable {
        /// A libvirt domain: `name connection-URI`.
        case domain
        /// A libvirt storage pool, its files and its directory: `name connection-URI`.
        case pool = "storage-pool"
        /// A QEMU that runs without libvirt: the name that it was given.
        case qemu
        /// A cgroup directory; processes in it are killed before it is removed.
        case cgroup
        case directory
        case file
        /// What a container engine keeps for a run: `podman STORE`, or `docker RUN HOST`.
        case peer
        /// A switch of the machine that was changed: `PATH=OLD`, see `MachineSetting`. It is put back, not removed.
        case setting
        /// A System V shared memory segment: its key, see `SharedSegment`.
        case sharedMemory = "shared-memory"
    }
    public var kind: Kind
    /// What it is, by kind; holds no control character.
    public var name: String

    public init(_ kind: Kind, _ name: String) {
        self.kind = kind
        self.name = name
    }
}

/// The crash journal of one run: each resource is written down before it is made.
///
/// The file is locked (flock(2)) while its run lives; a journal without a lock belongs to a run that died, and is
/// replayed backwards by `lab clean` or the next run. Lines are `kind TAB name LF`; a torn last line is ignored,
/// because its resource had not been made yet.
public final class RunJournal: Sendable {
    public let runID: String
    public let path: String
    private let file: FileDescriptor

    /// Starts the journal of a new run.
    public init(runID: String, paths: LabPaths) throws(LabError) {
        self.runID = runID
        path = "\(paths.journals)/\(runID).journal"
        try Files.makeDirectory(paths.journals, mode: 0o700)
        // Locked before it gets its name: a journal that can be found without a lock counts as abandoned.
        let unnamed = path + Self.unnamedSuffix + "\(getpid())"
        defer { unlink(unnamed) }
        do {
            file = try FileDescriptor.open(unnamed, O_RDWR | O_CREAT | O_EXCL | O_APPEND, mode: 0o600)
            try checked { flock(file.rawValue, LOCK_EX | LOCK_NB) }
            try file.writeAll("\(Self.makerWord)\t\(getpid())\n".utf8)
            try checked { link(unnamed, path) }
        } catch {
            throw LabError(.output, "cannot write the journal \(path)", cause: "\(error)")
        }
    }

    /// Writes resources down, with one write(2).
    public func record(_ resources: JournaledResource...) throws(LabError) {
        var text: [UInt8] = []
        for resource in resources {
            precondition(
                !resource.name.utf8.contains { $0 < 0x20 }, "a journaled name holds a control character")
            text += resource.kind.rawValue.utf8
            text.append(0x09)
            text += resource.name.utf8
            text.append(0x0a)
        }
        do {
            try file.writeAll(text)
        } catch {
            throw LabError(.output, "cannot write the journal \(path)", cause: "\(error)")
        }
    }

    /// What was recorded so far, the newest first.
    public func recorded() throws(LabError) -> [JournaledResource] {
        Self.parse(try Files.read(path)).reversed()
    }

    /// Ends the run: call when all that was recorded is gone.
    public func finish() { unlink(path) }

    /// A journal whose run is dead, locked by us until it goes out of scope.
    public struct Abandoned: ~Copyable {
        public let runID: String
        public let path: String
        /// What was recorded, the newest first.
        public let resources: [JournaledResource]
        private let file: FileDescriptor

        fileprivate init(
            runID: String, path: String, resources: [JournaledResource], file: consuming FileDescriptor
        ) {
            self.runID = runID
            self.path = path
            self.resources = resources
            self.file = file
        }

        /// Forgets it: call when everything in it is gone.
        public consuming func remove() { unlink(path) }
    }

    /// The ids of the runs that are alive, sorted; one of this process is among them.
    public static func living(in paths: LabPaths) -> [String] {
        Files.list(paths.journals).filter { $0.hasSuffix(".journal") }.compactMap { name in
            guard let file = try? FileDescriptor.open("\(paths.journals)/\(name)", O_RDWR | O_NOFOLLOW) else {
                return nil
            }
            // The lock that is taken here goes with the descriptor, at the end of this closure.
            guard flock(file.rawValue, LOCK_EX | LOCK_NB) != 0 else { return nil }
            return String(name.dropLast(".journal".count))
        }
    }

    /// Calls `body` for each journal whose run is dead; the journals of living runs are left alone.
    public static func forEachAbandoned(
        in paths: LabPaths, _ body: (consuming Abandoned) throws(LabError) -> Void
    ) throws(LabError) {
        for name in Files.list(paths.journals) {
            forgetUnnamed("\(paths.journals)/\(name)")
            guard name.hasSuffix(".journal") else { continue }
            let path = "\(paths.journals)/\(name)"
            guard let file = try? FileDescriptor.open(path, O_RDWR | O_NOFOLLOW) else { continue }
            guard flock(file.rawValue, LOCK_EX | LOCK_NB) == 0 || outlives(file) else { continue }
            // Its run may have ended between the two calls: then the file has no name any more.
            var status = stat()
            guard fstat(file.rawValue, &status) == 0, status.st_nlink > 0 else { continue }
            let bytes = try read(file, path)
            try body(
                Abandoned(
                    runID: String(name.dropLast(".journal".count)), path: path,
                    resources: parse(bytes).reversed(), file: file))
        }
    }

    /// The first line of a journal: this word and the pid of its maker. It names no resource.
    private static let makerWord = "maker"
    /// How long what a killed run was starting may take to die.
    private static let lastChildren = Duration.seconds(5)

    /// Takes the lock of a journal whose maker is dead, when what it was starting has died too: until it executes its
    /// program, a child shares the descriptor that holds the lock. False when the run lives, or the wait is in vain.
    private static func outlives(_ file: borrowing FileDescriptor) -> Bool {
        var head = [UInt8](repeating: 0, count: 32)
        let length = pread(file.rawValue, &head, head.count, 0)
        let words = head.prefix(max(0, length)).prefix { $0 != 0x0a }.split(separator: 0x09)
        guard words.count == 2, words[0].elementsEqual(makerWord.utf8),
            let maker = pid_t(String(decoding: words[1], as: UTF8.self)), maker > 0,
            kill(maker, 0) == -1, errno == ESRCH
        else { return false }
        let deadline = MonotonicInstant.now().advanced(by: lastChildren)
        while flock(file.rawValue, LOCK_EX | LOCK_NB) != 0 {
            guard MonotonicInstant.now() < deadline else { return false }
            usleep(2_000)
        }
        return true
    }

    /// What a journal's name is followed by until it is locked; then comes the pid of its maker.
    private static let unnamedSuffix = ".new-"

    /// Removes what a process left that was killed before its journal had a name: nothing was recorded in it.
    private static func forgetUnnamed(_ path: String) {
        guard let mark = path.ranges(of: unnamedSuffix).last, let maker = pid_t(path[mark.upperBound...])
        else { return }
        if maker > 0, kill(maker, 0) == -1, errno == ESRCH { unlink(path) }
    }

    private static func read(_ file: borrowing FileDescriptor, _ path: String) throws(LabError) -> [UInt8] {
        var bytes: [UInt8] = []
        do {
            while true {
                let chunk = try file.read(upTo: 1 << 16)
                if chunk.isEmpty { return bytes }
                bytes += chunk
            }
        } catch {
            throw LabError(.input, "cannot read the journal \(path)", cause: "\(error)")
        }
    }

    /// The complete, well-formed lines of a journal, in order.
    public static func parse(_ bytes: [UInt8]) -> [JournaledResource] {
        guard let end = bytes.lastIndex(of: 0x0a) else { return [] }
        return bytes[..<end].split(separator: 0x0a).compactMap { line in
            let parts = line.split(separator: 0x09, maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2,
                let kind = JournaledResource.Kind(rawValue: String(decoding: parts[0], as: UTF8.self)),
                let name = String(validating: parts[1], as: UTF8.self), !name.isEmpty,
                !name.utf8.contains(where: { $0 < 0x20 })
            else { return nil }
            return JournaledResource(kind, name)
        }
    }
}
