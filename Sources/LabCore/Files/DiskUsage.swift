import Glibc

/// The space that files take on disk, counted the way the kernel charges them: each inode once, whatever names it has.
///
/// Trees are walked by descriptors, so that nobody can lead the walk elsewhere while it goes on: links are counted and
/// never followed, mounts are refused, and no tree is deeper than `deepest`.
public struct DiskUsage: Equatable, Sendable {
    /// `st_size` of every file and symbolic link: what a reader of them all would get, holes as zeros. Directories
    /// have no such size: what stat(2) says of theirs depends on the file system.
    public private(set) var apparentBytes: UInt64 = 0
    /// `st_blocks` of everything, directories too, in bytes: what is gone from the disk.
    public private(set) var allocatedBytes: UInt64 = 0
    /// The number of inodes that were counted.
    public private(set) var inodes = 0
    private var seen: Set<Inode> = []

    /// The deepest tree that is walked: each level holds a descriptor open.
    public static let deepest = 128
    /// `st_blocks` counts in this unit, whatever the file system's blocks are. See stat(3type).
    private static let blockBytes: UInt64 = 512

    private struct Inode: Hashable {
        let device: UInt64
        let number: UInt64
    }

    public init() {}

    /// One inode, at the first of its names.
    public struct Entry {
        /// Its path, repaired UTF-8: to be shown.
        public let path: String
        public let status: stat
        fileprivate let directory: Int32
        fileprivate let name: [CChar]

        public var isFile: Bool { status.st_mode & S_IFMT == S_IFREG }

        /// The first bytes of a file, at most `count`.
        /// - Throws: `.input` when it may not be read.
        public func head(_ count: Int) throws(LabError) -> [UInt8] {
            do throws(Errno) {
                // Should a FIFO be there by now, its opening does not wait.
                let number = try checked {
                    openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
                }
                let file = FileDescriptor(owning: number)
                return try file.read(upTo: count)
            } catch {
                throw LabError(.input, "cannot read \(path)", cause: "\(error)")
            }
        }
    }

    /// Adds the file or the tree at `path`; what was added before is not counted again.
    /// - Parameter visit: sees each inode that is new.
    /// - Throws: `.input` when something can't be looked at; `.data` when something is mounted in the tree, or it is too
    ///   deep. Then what was counted is a part of it.
    public mutating func add(
        _ path: String, visit: (Entry) throws(LabError) -> Void = { (_) throws(LabError) in }
    ) throws(LabError) {
        let name = Array(path.utf8CString)
        guard let status = try Self.status(AT_FDCWD, name, path) else {
            throw LabError(.input, "cannot look at \(path)", cause: "\(Errno(ENOENT))")
        }
        let entry = Entry(path: path, status: status, directory: AT_FDCWD, name: name)
        try add(entry, device: status.st_dev, depth: 0, visit)
    }

    private mutating func add(
        _ entry: Entry, device: dev_t, depth: Int, _ visit: (Entry) throws(LabError) -> Void
    ) throws(LabError) {
        let status = entry.status
        guard status.st_dev == device else {
            throw LabError(
                .data, "the size of \(entry.path) can't be told", cause: "something is mounted there")
        }
        let type = status.st_mode & S_IFMT
        if seen.insert(Inode(device: UInt64(status.st_dev), number: UInt64(status.st_ino))).inserted {
            inodes += 1
            // A file system of somebody's own program says what it likes.
            allocatedBytes &+= UInt64(clamping: status.st_blocks) &* Self.blockBytes
            if type == S_IFREG || type == S_IFLNK { apparentBytes &+= UInt64(clamping: status.st_size) }
            try visit(entry)
        }
        guard type == S_IFDIR else { return }
        guard depth < Self.deepest else {
            throw LabError(
                .data, "\(entry.path) can't be walked", cause: "it is deeper than \(Self.deepest) directories"
            )
        }
        try walk(entry, device: device, depth: depth, visit)
    }

    private mutating func walk(
        _ entry: Entry, device: dev_t, depth: Int, _ visit: (Entry) throws(LabError) -> Void
    ) throws(LabError) {
        let number: Int32
        do throws(Errno) {
            number = try checked {
                openat(entry.directory, entry.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            }
        } catch {
            throw LabError(.input, "cannot read the directory \(entry.path)", cause: "\(error)")
        }
        guard let stream = fdopendir(number) else {
            let code = errno
            close(number)
            throw LabError(.input, "cannot read the directory \(entry.path)", cause: "\(Errno(code))")
        }
        // It owns the descriptor.
        defer { closedir(stream) }
        while let next = readdir(stream) {
            // As bytes: a name need not be UTF-8.
            let name = withUnsafePointer(to: &next.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { text in
                    Array(UnsafeBufferPointer(start: text, count: strlen(text) + 1))
                }
            }
            let shown = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            guard shown != ".", shown != ".." else { continue }
            let path = "\(entry.path)/\(shown)"
            // A file that is gone by now takes nothing.
            guard let status = try Self.status(number, name, path) else { continue }
            let inner = Entry(path: path, status: status, directory: number, name: name)
            try add(inner, device: device, depth: depth + 1, visit)
        }
    }

    /// Nil when nothing is there.
    private static func status(
        _ directory: Int32, _ name: [CChar], _ path: String
    ) throws(LabError) -> stat? {
        var status = stat()
        guard fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0 else { return status }
        let code = errno
        if code == ENOENT { return nil }
        throw LabError(.input, "cannot look at \(path)", cause: "\(Errno(code))")
    }

    public static func == (left: DiskUsage, right: DiskUsage) -> Bool {
        left.apparentBytes == right.apparentBytes && left.allocatedBytes == right.allocatedBytes
            && left.seen == right.seen
    }
}
