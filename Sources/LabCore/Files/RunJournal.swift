import Glibc
import Synchronization

/// Something that a run makes and that would outlive a crash.
public struct JournaledResource: Hashable, Sendable {
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
        /// A thing that a container engine keeps for a run: `podman STORE`, or `docker RUN HOST`.
        case peer
        /// A switch of the machine that was changed: `PATH=OLD`, see `MachineSetting`. It is put back, not removed.
        case setting
        /// A System V shared memory segment: its key, see `SharedSegment`.
        case sharedMemory = "shared-memory"
        /// A network interface: its name, see `NetworkLinks`.
        case link = "interface"
    }
    public var kind: Kind
    /// The resource's name, as its kind has it; holds no control character.
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
///
/// A journal is replayed with all that its reader may do, so it is believed only where nobody else can have written it:
/// in a directory that is this user's alone (`OwnDirectory`), and as a file of this user's that only this user may write
/// to. What it names is bounded again by who removes it (`RunPlaces`).
public final class RunJournal: Sendable {
    public let runID: String
    public let path: String
    private let directory: OwnDirectory
    private let file: FileDescriptor
    /// Bytes of complete lines: what a failed write is cut back to, so that the next line is one.
    private let length: Mutex<Int>

    /// Starts the journal of a new run.
    /// - Throws: `.usage` for an id that is no plain word; `.permission` where others may write; else `.output`.
    public init(runID: String, paths: LabPaths) throws(LabError) {
        guard RunPlaces.isRunID(runID) else {
            throw LabError(
                .usage, "\(RunPlaces.shown(runID)) can't be the id of a run",
                cause: "it must be 1 to 64 letters, digits, hyphens and underscores, the first no hyphen")
        }
        self.runID = runID
        directory = try OwnDirectory.make(paths.journals, mode: 0o700)
        let name = runID + Self.suffix
        path = "\(paths.journals)/\(name)"
        // Locked before it gets its name: a journal that can be found without a lock counts as abandoned.
        let unnamed = "\(name)\(Self.unnamedSuffix)\(getpid())"
        let place = directory.file.rawValue
        defer { unlinkat(place, unnamed, 0) }
        let maker = Array("\(Self.makerWord)\t\(getpid())\n".utf8)
        length = Mutex(maker.count)
        do throws(Errno) {
            let flags = O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC
            file = FileDescriptor(owning: try checked { openat(place, unnamed, flags, 0o600) })
            try checked { flock(file.rawValue, LOCK_EX | LOCK_NB) }
            try file.writeAll(maker)
            try checked { linkat(place, unnamed, place, name, 0) }
        } catch {
            throw LabError(
                .output, "cannot write the journal \(path)", cause: error,
                remedy: FullFileSystem.remedy(error, at: path))
        }
    }

    /// Writes resources down, with one write(2).
    /// - Throws: `.usage` for a name that a line can't hold: then the resource must not be made.
    public func record(_ resources: JournaledResource...) throws(LabError) {
        var text: [UInt8] = []
        for resource in resources {
            guard Self.isName(resource.name) else {
                throw LabError(
                    .usage,
                    "the \(resource.kind.rawValue) \(RunPlaces.shown(resource.name)) can't be written down",
                    cause: "its name is empty, too long or holds a control character")
            }
            text += resource.kind.rawValue.utf8
            text.append(0x09)
            text += resource.name.utf8
            text.append(0x0a)
        }
        try length.withLock { (length: inout Int) throws(LabError) in
            do throws(Errno) { try file.writeAll(text) } catch {
                ftruncate(file.rawValue, length)
                throw LabError(
                    .output, "cannot write the journal \(path)", cause: error,
                    remedy: FullFileSystem.remedy(error, at: path))
            }
            length += text.count
        }
    }

    /// A path has at most PATH_MAX bytes, and a domain's connection about as many.
    private static let longestName = 8_192

    private static func isName(_ name: String) -> Bool {
        (1...longestName).contains(name.utf8.count) && !name.utf8.contains { $0 < 0x20 || $0 == 0x7f }
    }

    /// Returns what was recorded so far, the newest first.
    public func recorded() throws(LabError) -> [JournaledResource] {
        Self.parse(try Self.read(file, path)).resources.reversed()
    }

    /// Ends the run: call when all that was recorded is gone.
    public func finish() { unlinkat(directory.file.rawValue, runID + Self.suffix, 0) }

    /// A journal whose run is dead, locked by us until it goes out of scope.
    public struct Abandoned: ~Copyable {
        public let runID: String
        public let path: String
        /// The resources that were recorded, the newest first.
        public let resources: [JournaledResource]
        /// An error for each line that is none of a journal, with the line.
        public let malformed: [LabError]
        private let file: FileDescriptor

        fileprivate init(
            runID: String, path: String, contents: Contents, file: consuming FileDescriptor
        ) {
            self.runID = runID
            self.path = path
            resources = contents.resources.reversed()
            malformed = contents.malformed.map { line in
                LabError(
                    .data, "the journal \(path) has a line that nobody wrote: \(RunPlaces.shown(line))",
                    remedy: RunPlaces.remedy)
            }
            self.file = file
        }

        /// Forgets it: call when everything in it is gone.
        public consuming func remove() { unlink(path) }
    }

    /// The ids of the runs that are alive, sorted; one of this process is among them.
    public static func living(in paths: LabPaths) -> [String] {
        guard let directory = try? OwnDirectory.open(paths.journals) else { return [] }
        return ((try? names(in: directory)) ?? []).compactMap { name in
            guard let file = try? believed(name, in: directory) else { return nil }
            // The lock that is taken here goes with the descriptor, at the end of this closure.
            guard flock(file.rawValue, LOCK_EX | LOCK_NB) != 0 else { return nil }
            return String(name.dropLast(suffix.count))
        }
    }

    /// Calls `body` for each journal whose run is dead; the journals of living runs are left alone.
    /// - Parameter refuse: told of each journal that can't be believed, and is left as it is.
    /// - Throws: `.permission` when others may write where the journals lie: then none is looked at.
    public static func forEachAbandoned(
        in paths: LabPaths, refuse: (LabError) -> Void = { _ in },
        _ body: (consuming Abandoned) throws(LabError) -> Void
    ) throws(LabError) {
        guard let directory = try OwnDirectory.open(paths.journals) else { return }
        try forgetUnnamed(in: directory)
        for name in try names(in: directory) {
            let path = "\(paths.journals)/\(name)"
            let bytes: [UInt8]
            let file: FileDescriptor
            do throws(LabError) {
                guard let found = try believed(name, in: directory) else { continue }
                guard flock(found.rawValue, LOCK_EX | LOCK_NB) == 0 || outlives(found) else { continue }
                // Its run may have ended between the two calls: then the file has no name any more.
                var status = stat()
                guard fstat(found.rawValue, &status) == 0, status.st_nlink > 0 else { continue }
                bytes = try read(found, path)
                file = found
            } catch {
                refuse(error)
                continue
            }
            try body(
                Abandoned(
                    runID: String(name.dropLast(suffix.count)), path: path, contents: parse(bytes), file: file
                ))
        }
    }

    /// The names of the journals in a directory, sorted.
    private static func names(in directory: borrowing OwnDirectory) throws(LabError) -> [String] {
        try directory.names().map {
            String(decoding: $0.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        .filter { $0.hasSuffix(suffix) }.sorted()
    }

    /// Opens a journal that only this user can have written; nil when it is gone by now.
    /// - Throws: `.permission` for a file of another kind, owner or mode; `.data` for a name that is no run's.
    private static func believed(
        _ name: String, in directory: borrowing OwnDirectory
    ) throws(LabError) -> FileDescriptor? {
        let path = "\(directory.path)/\(name)"
        guard RunPlaces.isRunID(String(name.dropLast(suffix.count))) else {
            throw LabError(
                .data, "the journal \(RunPlaces.shown(path)) is not replayed", cause: "its name is no run's",
                remedy: RunPlaces.remedy)
        }
        let file: FileDescriptor
        do throws(Errno) {
            // Should it be a FIFO, its opening does not wait.
            let flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
            file = FileDescriptor(owning: try checked { openat(directory.file.rawValue, name, flags) })
        } catch {
            if error == Errno(ENOENT) { return nil }
            throw LabError(
                .permission, "the journal \(path) is not replayed",
                cause: error == Errno(ELOOP) ? "it is a link" : "\(error)", remedy: RunPlaces.remedy)
        }
        var status = stat()
        guard fstat(file.rawValue, &status) == 0 else {
            throw LabError(.input, "cannot look at \(path)", cause: "\(Errno(errno))")
        }
        let flaw: Message? =
            if status.st_mode & S_IFMT != S_IFREG {
                "it is no regular file"
            } else if status.st_uid != geteuid() {
                "it belongs to another user (uid \(status.st_uid))"
            } else if status.st_mode & 0o022 != 0 {
                "others can write to it (mode \(String(status.st_mode & 0o7777, radix: 8)))"
            } else {
                nil
            }
        if let flaw {
            throw LabError(
                .permission, "the journal \(path) is not replayed", cause: flaw, remedy: RunPlaces.remedy)
        }
        return file
    }

    private static let suffix = ".journal"
    /// The first line of a journal: this word and the pid of its maker. It names no resource.
    private static let makerWord = "maker"
    /// The time that what a killed run was starting may take to die.
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

    /// The part of a journal's name, until it is locked, that stands before the pid of its maker.
    private static let unnamedSuffix = ".new-"

    /// Removes what a process left that was killed before its journal had a name: nothing was recorded in it.
    private static func forgetUnnamed(in directory: borrowing OwnDirectory) throws(LabError) {
        for bytes in try directory.names() {
            let name = String(decoding: bytes.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            guard let mark = name.ranges(of: suffix + unnamedSuffix).last,
                let maker = pid_t(name[mark.upperBound...])
            else { continue }
            if maker > 0, kill(maker, 0) == -1, errno == ESRCH { unlinkat(directory.file.rawValue, bytes, 0) }
        }
    }

    /// A run writes some thousand lines.
    private static let mostBytes = 16 << 20

    private static func read(_ file: borrowing FileDescriptor, _ path: String) throws(LabError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 1 << 12)
        var length = 0
        do throws(Errno) {
            while true {
                let read = try checked {
                    bytes.withUnsafeMutableBytes {
                        pread(file.rawValue, $0.baseAddress.map { $0 + length }, $0.count - length, length)
                    }
                }
                if read == 0 { return Array(bytes.prefix(length)) }
                length += read
                guard length <= mostBytes else { break }
                if length == bytes.count { bytes += [UInt8](repeating: 0, count: bytes.count) }
            }
        } catch {
            throw LabError(.input, "cannot read the journal \(path)", cause: "\(error)")
        }
        throw LabError(
            .data, "the journal \(path) is not replayed", cause: "it is larger than \(mostBytes) bytes",
            remedy: RunPlaces.remedy)
    }

    /// The lines of a journal.
    struct Contents: Equatable {
        /// The well-formed lines, in order.
        var resources: [JournaledResource] = []
        /// The others, as repaired UTF-8; the maker's own is none of them.
        var malformed: [String] = []
    }

    /// The complete lines of a journal.
    static func parse(_ bytes: [UInt8]) -> Contents {
        var contents = Contents()
        guard let end = bytes.lastIndex(of: 0x0a) else { return contents }
        for (place, line) in bytes[..<end].split(separator: 0x0a, omittingEmptySubsequences: false)
            .enumerated()
        {
            let parts = line.split(separator: 0x09, maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2,
                let kind = JournaledResource.Kind(rawValue: String(decoding: parts[0], as: UTF8.self)),
                let name = String(validating: parts[1], as: UTF8.self), isName(name)
            {
                contents.resources.append(JournaledResource(kind, name))
            } else if place > 0 || parts.count != 2 || !parts[0].elementsEqual(makerWord.utf8) {
                contents.malformed.append(String(decoding: line, as: UTF8.self))
            }
        }
        return contents
    }
}
