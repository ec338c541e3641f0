import Artifacts
import CArchive
import CLinux
import Glibc
import LabCore
import OCI

/// Unpacks a layer into a directory of its own, as overlayfs takes it: whiteouts become devices 0:0, opaque directories
/// the attribute `trusted.overlay.opaque` (Documentation/filesystems/overlayfs.rst; layer.md of the image specification).
///
/// The archive is somebody else's. Each name is walked below the directory by openat2(2), never through a link, so that
/// no entry gets out; what can't be in a layer is refused with the entry's name. Contained are: names from `/` on (they
/// are below the layer), links to anywhere (nobody follows them here), setuid and capabilities (the store can be entered
/// by root alone), a second entry of a name (the last one counts, as for tar), and devices in `/dev`, which are passed
/// over, since every engine mounts a /dev of its own. Of the extended attributes `user.*` and file capabilities are kept;
/// what overlayfs itself reads is not the archive's to say. ACLs and the times of directories are passed over.
struct LayerUnpacker: ~Copyable {
    private let root: FileDescriptor
    private let limits: LayerLimits
    private let interrupt: Interrupt
    private var entries = 0
    private var bytes: UInt64 = 0
    /// True when the archive ended with a file's contents. umoci leaves away what fills the last block, and Go's archive/tar,
    /// by which container tools read, doesn't miss it.
    private var isCut = false
    /// The directory of the last entry: most have the same as the one before.
    private var parent: Held?

    private final class Held {
        let path: [[UInt8]]
        let file: FileDescriptor
        init(_ path: [[UInt8]], _ file: consuming FileDescriptor) {
            self.path = path
            self.file = file
        }
    }

    /// Unpacks a blob.
    /// - Parameters:
    ///   - directory: empty; half-filled when this throws.
    ///   - blob: what it must be.
    ///   - diffID: what its archive must be.
    static func unpack(
        _ path: String, _ blob: Descriptor, diffID: BlobDigest, into directory: String,
        limits: LayerLimits = LayerLimits(), interrupt: Interrupt = .ofProcess
    ) throws(LabError) {
        let file: FileDescriptor
        let root: FileDescriptor
        do throws(Errno) { file = try .openRegular(path) } catch {
            throw LabError(
                .input, "cannot read the blob \(blob.digest)", cause: error,
                remedy: "import or pull the image again")
        }
        do throws(Errno) { root = try .open(directory, O_RDONLY | O_DIRECTORY) } catch {
            throw LabError(.output, "cannot unpack into \(directory)", cause: error)
        }
        let source = BlobSource(file, name: path)
        let stream = try ExpandedStream(source, limits)
        var unpacker = LayerUnpacker(root: root, limits: limits, interrupt: interrupt)
        try unpacker.unpack(stream)
        try stream.finish(diffID)
        try source.finish(blob)
        withExtendedLifetime(file) {}
    }

    private init(root: consuming FileDescriptor, limits: LayerLimits, interrupt: Interrupt) {
        self.root = root
        self.limits = limits
        self.interrupt = interrupt
    }

    private mutating func unpack(_ stream: ExpandedStream) throws(LabError) {
        guard let reader = archive_read_new() else { throw Archive.exhausted }
        defer { archive_read_free(reader) }
        archive_read_support_format_tar(reader)
        archive_read_support_format_empty(reader)
        let code = archive_read_open(
            reader, Unmanaged.passUnretained(stream).toOpaque(), nil,
            { _, client, place in
                guard let client, let place else { return -1 }
                let stream = Unmanaged<ExpandedStream>.fromOpaque(client).takeUnretainedValue()
                guard let bytes = stream.next() else { return -1 }
                place.pointee = bytes.baseAddress
                return bytes.count
            }, nil)
        guard code == ARCHIVE_OK else { throw stream.failure ?? Archive.failure(reader) }
        while !isCut {
            try interrupt.check()
            var entry: OpaquePointer?
            switch archive_read_next_header(reader, &entry) {
            case ARCHIVE_EOF: return
            // A warning: of a name that is no text in this locale, which we take as bytes.
            case ARCHIVE_OK, ARCHIVE_WARN: break
            default: throw stream.failure ?? Archive.failure(reader)
            }
            guard let entry else { return }
            entries += 1
            guard entries <= limits.entries else {
                throw LayerLimits.refusal("it has more than \(limits.entries) entries")
            }
            try add(Entry(entry, reader, stream))
        }
    }

    /// An entry of the archive as it says itself.
    private struct Entry {
        let entry: OpaquePointer
        let reader: OpaquePointer
        let stream: ExpandedStream
        /// Its path as it stands.
        let name: [UInt8]

        init(_ entry: OpaquePointer, _ reader: OpaquePointer, _ stream: ExpandedStream) {
            (self.entry, self.reader, self.stream) = (entry, reader, stream)
            name = Self.bytes(archive_entry_pathname(entry)) ?? []
        }

        static func bytes(_ text: UnsafePointer<CChar>?) -> [UInt8]? {
            text.map { UnsafeRawBufferPointer(start: $0, count: strlen($0)).map { $0 } }
        }

        func refused(_ cause: Message) -> LabError {
            LabError(
                .data, "cannot unpack the layer's entry \"\(ForeignText.line(name, most: 200))\"",
                cause: cause,
                remedy: ImageLimits.remedy)
        }

        /// - Parameter root: the directory that it is unpacked into.
        func failed(_ error: Errno, in root: Int32) -> LabError {
            let remedy = FullFileSystem.remedy(error, at: "/proc/self/fd/\(root)")
            return LabError(
                remedy == nil ? .data : .output,
                "cannot unpack the layer's entry \"\(ForeignText.line(name, most: 200))\"",
                cause: error, remedy: remedy)
        }

        /// The names on the way to it, and its own.
        func walk(_ path: [UInt8]) throws(LabError) -> [[UInt8]] {
            let names = path.split(separator: UInt8(ascii: "/")).map(Array.init).filter { $0 != [0x2e] }
            guard !names.contains([0x2e, 0x2e]) else {
                throw refused("\"..\" would lead out of the layer")
            }
            guard path.count < Int(PATH_MAX), names.count <= DiskUsage.deepest else {
                throw refused("its path is too long or too deep")
            }
            return names
        }
    }

    private mutating func add(_ entry: Entry) throws(LabError) {
        var names = try entry.walk(entry.name)
        guard let own = names.popLast() else {
            // The root itself.
            guard archive_entry_filetype(entry.entry) == S_IFDIR else {
                throw entry.refused("the root of a layer is a directory")
            }
            return try complete(root.rawValue, entry)
        }
        let directory = try parent(names, entry)
        let whiteout = Array(".wh.".utf8)
        do {
            if own.starts(with: whiteout) {
                try hide(Array(own.dropFirst(whiteout.count)), in: directory)
            } else {
                try make(Self.text(own), in: directory, entry)
            }
        } catch let error as LabError {
            throw error
        } catch {
            throw entry.failed(error as? Errno ?? Errno(EIO), in: root.rawValue)
        }
    }

    private static func text(_ bytes: [UInt8]) -> [CChar] { bytes.map { CChar(bitPattern: $0) } + [0] }

    /// Opens the directory that an entry is in; what is missing on the way is made as tar(1) does.
    private mutating func parent(_ names: [[UInt8]], _ entry: Entry) throws(LabError) -> Int32 {
        if names.isEmpty { return root.rawValue }
        if let parent, parent.path == names { return parent.file.rawValue }
        let path = Self.text(Array(names.joined(separator: [UInt8(ascii: "/")])))
        var opened = clinux_open_beneath(root.rawValue, path, O_RDONLY | O_DIRECTORY)
        if opened < 0, errno == ENOENT {
            var here = root.rawValue
            for name in names.map(Self.text) {
                // The umask is the user's.
                if mkdirat(here, name, 0o755) == 0 { fchmodat(here, name, 0o755, 0) }
                opened = clinux_open_beneath(here, name, O_RDONLY | O_DIRECTORY)
                let code = errno
                if here != root.rawValue { close(here) }
                errno = code
                here = opened
                if opened < 0 { break }
            }
        }
        guard opened >= 0 else {
            let code = errno
            guard ![ENOTDIR, ELOOP, EXDEV].contains(code) else {
                throw entry.refused("the way to it is no directory of the layer")
            }
            throw entry.failed(Errno(code), in: root.rawValue)
        }
        let held = Held(names, FileDescriptor(owning: opened))
        parent = held
        return held.file.rawValue
    }

    /// What is at a name already: 0 for nothing.
    private func type(of name: [CChar], in directory: Int32) -> (mode: mode_t, isWhiteout: Bool) {
        var status = stat()
        guard fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return (0, false) }
        let type = status.st_mode & S_IFMT
        return (type, type == S_IFCHR && status.st_rdev == 0)
    }

    /// Hides what lower layers have, and never what this one has.
    private func hide(_ hidden: [UInt8], in directory: Int32) throws {
        if hidden == Array(".wh..opq".utf8) { return try Self.makeOpaque(directory) }
        // Other names with two prefixes are aufs's own.
        if hidden.starts(with: Array(".wh.".utf8)) || hidden.isEmpty { return }
        if hidden == [0x2e] || hidden == [0x2e, 0x2e] { throw Errno(EINVAL) }
        let name = Self.text(hidden)
        switch type(of: name, in: directory).mode {
        case 0: try checked { mknodat(directory, name, S_IFCHR, 0) }
        case S_IFDIR: try makeOpaque(name, in: directory)
        default: break
        }
    }

    private func makeOpaque(_ name: [CChar], in directory: Int32) throws(Errno) {
        let file = try Self.open(name, in: directory, O_RDONLY | O_DIRECTORY)
        try Self.makeOpaque(file.rawValue)
    }

    private static func makeOpaque(_ file: Int32) throws(Errno) {
        try checked { fsetxattr(file, MergedTree.opaque, "y", 1, 0) }
    }

    private static func open(
        _ name: [CChar], in directory: Int32, _ flags: Int32, mode: mode_t = 0
    ) throws(Errno) -> FileDescriptor {
        FileDescriptor(
            owning: try checked { openat(directory, name, flags | O_NOFOLLOW | O_CLOEXEC, mode) })
    }

    private mutating func make(_ name: [CChar], in directory: Int32, _ entry: Entry) throws {
        let target = Entry.bytes(archive_entry_hardlink(entry.entry))
        let kind = target == nil ? archive_entry_filetype(entry.entry) : S_IFREG
        let found = type(of: name, in: directory)
        if found.mode != 0, found.mode != S_IFDIR || kind != S_IFDIR {
            // The last entry of a name counts. A directory goes only while it is empty: what is in it is an entry too.
            parent = found.mode == S_IFDIR ? nil : parent
            try checked { unlinkat(directory, name, found.mode == S_IFDIR ? AT_REMOVEDIR : 0) }
        }
        if let target { return try link(target, name, in: directory, entry) }
        switch kind {
        case S_IFREG: try write(name, in: directory, entry)
        case S_IFDIR:
            if found.mode != S_IFDIR { try checked { mkdirat(directory, name, 0o700) } }
            let file = try Self.open(name, in: directory, O_RDONLY | O_DIRECTORY)
            // What it hid as a whiteout it still hides.
            if found.isWhiteout { try Self.makeOpaque(file.rawValue) }
            try complete(file.rawValue, entry)
        case S_IFLNK:
            guard let words = archive_entry_symlink(entry.entry) else { throw Errno(EINVAL) }
            try checked { symlinkat(words, directory, name) }
            let (user, group) = try owner(entry)
            try checked { fchownat(directory, name, user, group, AT_SYMLINK_NOFOLLOW) }
        case S_IFIFO:
            try checked { mknodat(directory, name, S_IFIFO | 0o600, 0) }
            let (user, group) = try owner(entry)
            try checked { fchownat(directory, name, user, group, AT_SYMLINK_NOFOLLOW) }
            try checked { fchmodat(directory, name, archive_entry_perm(entry.entry), 0) }
        case S_IFCHR, S_IFBLK:
            let names = try entry.walk(entry.name)
            guard names.first == Array("dev".utf8), names.count > 1 else {
                throw entry.refused("it is a device, and those are in /dev alone")
            }
        default: throw entry.refused("it is neither file, directory, link nor FIFO")
        }
    }

    private func link(_ target: [UInt8], _ name: [CChar], in directory: Int32, _ entry: Entry) throws {
        var names = try entry.walk(target)
        guard let own = names.popLast() else { throw entry.refused("it is a hard link to the layer itself") }
        let shown = ForeignText.line(target, most: 200)
        var above = root.rawValue
        if !names.isEmpty {
            let path = Self.text(Array(names.joined(separator: [UInt8(ascii: "/")])))
            above = clinux_open_beneath(root.rawValue, path, clinux_path_only)
        }
        defer { if above >= 0, above != root.rawValue { close(above) } }
        let kind = above < 0 ? 0 : type(of: Self.text(own), in: above).mode
        guard [S_IFREG, S_IFLNK, S_IFIFO].contains(kind) else {
            throw entry.refused("it is a hard link to \(shown), and the layer has no such file")
        }
        try checked { linkat(above, Self.text(own), directory, name, 0) }
    }

    private mutating func write(_ name: [CChar], in directory: Int32, _ entry: Entry) throws {
        let size = UInt64(clamping: archive_entry_size(entry.entry))
        // As the archive says it, so that nothing is written of one that is too large.
        guard size <= limits.bytes - min(bytes, limits.bytes) else {
            throw entry.refused(
                "with it the layer's files have more than \(Units.format(bytes: limits.bytes))")
        }
        bytes += size
        let file = try Self.open(name, in: directory, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
        var end: UInt64 = 0
        reading: while true {
            var block: UnsafeRawPointer?
            var count = 0
            var offset: la_int64_t = 0
            switch archive_read_data_block(entry.reader, &block, &count, &offset) {
            case ARCHIVE_EOF: break reading
            case ARCHIVE_OK, ARCHIVE_WARN: break
            default:
                if entry.stream.failure == nil, entry.stream.isEnded, end == size {
                    isCut = true
                    break reading
                }
                throw entry.stream.failure ?? Archive.failure(entry.reader)
            }
            try interrupt.check()
            guard offset >= 0, UInt64(offset) + UInt64(count) <= size else {
                throw entry.refused("it has more bytes than it says")
            }
            end = UInt64(offset) + UInt64(count)
            var done = 0
            while done < count {
                done += try checked {
                    pwrite(file.rawValue, block.map { $0 + done }, count - done, off_t(offset) + off_t(done))
                }
            }
        }
        // What no block wrote is a hole.
        try checked { ftruncate(file.rawValue, off_t(size)) }
        try complete(file.rawValue, entry)
        var times = [timespec(), timespec()]
        times[0].tv_nsec = 1_073_741_822  // UTIME_OMIT
        times[1].tv_sec = archive_entry_mtime(entry.entry)
        times[1].tv_nsec = archive_entry_mtime_nsec(entry.entry)
        try checked { futimens(file.rawValue, times) }
    }

    private func owner(_ entry: Entry) throws(LabError) -> (uid_t, gid_t) {
        // The largest number stands for no change, chown(2).
        guard let user = uid_t(exactly: archive_entry_uid(entry.entry)), user != .max,
            let group = gid_t(exactly: archive_entry_gid(entry.entry)), group != .max
        else { throw entry.refused("its owner is no user's number") }
        return (user, group)
    }

    /// Gives an open file its owner, its mode and its attributes, in this order: chown(2) takes setuid away.
    private func complete(_ file: Int32, _ entry: Entry) throws(LabError) {
        let (user, group) = try owner(entry)
        do throws(Errno) {
            try checked { fchown(file, user, group) }
            try checked { fchmod(file, archive_entry_perm(entry.entry)) }
            archive_entry_xattr_reset(entry.entry)
            var name: UnsafePointer<CChar>?
            var value: UnsafeRawPointer?
            var size = 0
            while archive_entry_xattr_next(entry.entry, &name, &value, &size) == ARCHIVE_OK {
                guard let name, MergedTree.isKept(attribute: String(cString: name)) else { continue }
                try checked { fsetxattr(file, name, value, size, 0) }
            }
        } catch {
            throw entry.failed(error, in: root.rawValue)
        }
    }
}
