import CArchive
import Glibc
import LabCore

/// Archives as tar(5), by libarchive(3): read as what somebody means harm with, written so that the same files give the same
/// bytes.
package enum Archive {
    /// An entry by its path, whose names are plain: no empty one, no `.`, no `..`.
    package struct Entry: Equatable, Sendable {
        package enum Kind: Equatable, Sendable {
            case directory(isOpaque: Bool)
            case file([UInt8])
            case link(to: String)
            /// A character device with the number 0, 0.
            case whiteout
        }
        package var path: String
        package var kind: Kind
        /// Of a file: whether its mode lets anybody execute it.
        package var isExecutable = false
    }

    /// What an archive may have at most.
    package struct Limits: Sendable {
        package var bytes: Int
        package var entries: Int
        /// Whether it may be compressed with gzip.
        package var isPacked = false

        package init(bytes: Int, entries: Int, isPacked: Bool = false) {
            (self.bytes, self.entries, self.isPacked) = (bytes, entries, isPacked)
        }
    }

    private static let longestPath = 1_024
    /// The first bytes of what gzip wrote (RFC 1952).
    static let gzipMagic: [UInt8] = [0x1f, 0x8b]

    /// The entries of an archive, in their order.
    /// - Throws: `.data`, naming what is wrong with it.
    package static func read(_ archive: [UInt8], _ limits: Limits) throws(LabError) -> [Entry] {
        guard !archive.isEmpty else { throw damaged("it has not a single byte") }
        guard limits.isPacked || !archive.starts(with: gzipMagic) else {
            throw damaged("it is compressed with gzip, and a plain tar is wanted")
        }
        guard let reader = archive_read_new() else { throw damaged("there is no memory") }
        defer { archive_read_free(reader) }
        archive_read_support_format_tar(reader)
        if limits.isPacked { archive_read_support_filter_gzip(reader) }
        return try archive.withUnsafeBytes { (bytes) -> Result<[Entry], LabError> in
            Result { () throws(LabError) in try entries(of: reader, bytes, limits) }
        }.get()
    }

    private static func entries(
        of reader: OpaquePointer, _ bytes: UnsafeRawBufferPointer, _ limits: Limits
    ) throws(LabError) -> [Entry] {
        guard archive_read_open_memory(reader, bytes.baseAddress, bytes.count) == ARCHIVE_OK else {
            throw damaged(words(of: reader))
        }
        var entries: [Entry] = []
        var total = 0
        while true {
            var header: OpaquePointer?
            let result = archive_read_next_header(reader, &header)
            if result == ARCHIVE_EOF { return entries }
            guard result == ARCHIVE_OK || result == ARCHIVE_WARN, let header else {
                throw damaged(entries.isEmpty ? "it is no tar" : words(of: reader))
            }
            guard entries.count < limits.entries else {
                throw damaged("it has more than \(limits.entries) entries")
            }
            guard let raw = archive_entry_pathname(header) else { throw damaged("an entry has no name") }
            guard let path = try plain(String(cString: raw)) else { continue }
            let kind = try kind(of: header, path, reader, limits, &total)
            entries.append(Entry(path: path, kind: kind, isExecutable: isExecutable(header)))
        }
    }

    private static func isExecutable(_ header: OpaquePointer) -> Bool {
        mode_t(archive_entry_filetype(header)) == S_IFREG && archive_entry_perm(header) & 0o111 != 0
    }

    /// The path without what means nothing; nil for the directory itself.
    private static func plain(_ path: String) throws(LabError) -> String? {
        var rest = path[...]
        while rest.hasPrefix("./") { rest = rest.dropFirst(2) }
        while rest.hasSuffix("/") { rest = rest.dropLast() }
        if rest.isEmpty || rest == "." { return nil }
        let names = rest.split(separator: "/", omittingEmptySubsequences: false)
        guard rest.utf8.count <= longestPath, names.allSatisfy({ $0.utf8.count <= 255 }) else {
            throw damaged("the name \(ForeignText.quoted(path)) is too long")
        }
        guard !path.hasPrefix("/"), names.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }),
            // A name that was no UTF-8 was repaired, and is another one now.
            !rest.unicodeScalars.contains("\u{fffd}")
        else {
            throw damaged(
                "the name \(ForeignText.quoted(path)) is not taken: names are UTF-8, relative and without \(".." as String)"
            )
        }
        return String(rest)
    }

    private static func kind(
        of header: OpaquePointer, _ path: String, _ reader: OpaquePointer, _ limits: Limits,
        _ total: inout Int
    ) throws(LabError) -> Entry.Kind {
        guard archive_entry_hardlink(header) == nil else {
            throw damaged("\(ForeignText.quoted(path)) is a hard link")
        }
        // The constants of libarchive are those of stat(2).
        switch mode_t(archive_entry_filetype(header)) {
        case S_IFDIR: return .directory(isOpaque: isOpaque(header))
        case S_IFREG: return .file(try bytes(of: reader, path, limits, &total))
        case S_IFLNK: return .link(to: archive_entry_symlink(header).map { String(cString: $0) } ?? "")
        case S_IFCHR where archive_entry_rdevmajor(header) == 0 && archive_entry_rdevminor(header) == 0:
            return .whiteout
        default:
            throw damaged("\(ForeignText.quoted(path)) is neither a file, a directory, a link nor a whiteout")
        }
    }

    /// Whether overlayfs looks no further below a directory, by either name of the attribute: the second is what a mounter
    /// without privileges may set (Documentation/filesystems/overlayfs.rst in Linux).
    private static func isOpaque(_ header: OpaquePointer) -> Bool {
        archive_entry_xattr_reset(header)
        var (name, value, size): (UnsafePointer<CChar>?, UnsafeRawPointer?, Int) = (nil, nil, 0)
        while archive_entry_xattr_next(header, &name, &value, &size) == ARCHIVE_OK {
            guard let name, let value, size == 1 else { continue }
            let isNamed = ["trusted.overlay.opaque", "user.overlay.opaque"].contains(String(cString: name))
            if isNamed, value.load(as: UInt8.self) == UInt8(ascii: "y") { return true }
        }
        return false
    }

    private static func bytes(
        of reader: OpaquePointer, _ path: String, _ limits: Limits, _ total: inout Int
    ) throws(LabError) -> [UInt8] {
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = archive_read_data(reader, &chunk, chunk.count)
            if count == 0 { return content }
            guard count > 0 else { throw damaged(words(of: reader)) }
            total += count
            guard total <= limits.bytes else {
                throw damaged("its files are larger than \(limits.bytes) bytes")
            }
            content += chunk.prefix(count)
        }
    }

    /// What was packed with gzip, or the bytes themselves when they were not.
    /// - Throws: `.data` when it is damaged or unpacks to more than `most` bytes.
    package static func unpacked(_ packed: [UInt8], most: Int) throws(LabError) -> [UInt8] {
        guard packed.starts(with: gzipMagic) else {
            guard packed.count <= most else { throw damaged("its files are larger than \(most) bytes") }
            return packed
        }
        guard let reader = archive_read_new() else { throw damaged("there is no memory") }
        defer { archive_read_free(reader) }
        archive_read_support_filter_gzip(reader)
        archive_read_support_format_raw(reader)
        return try packed.withUnsafeBytes { (packed) -> Result<[UInt8], LabError> in
            Result { () throws(LabError) in
                var header: OpaquePointer?
                guard archive_read_open_memory(reader, packed.baseAddress, packed.count) == ARCHIVE_OK,
                    archive_read_next_header(reader, &header) == ARCHIVE_OK
                else { throw damaged(words(of: reader)) }
                var total = 0
                return try bytes(of: reader, "", Limits(bytes: most, entries: 1), &total)
            }
        }.get()
    }

    private static func words(of archive: OpaquePointer) -> Message {
        archive_error_string(archive).map {
            Message(verbatim: ForeignText.line(String(cString: $0), most: 200))
        }
            ?? "libarchive does not say why"
    }

    private static func damaged(_ cause: Message) -> LabError {
        LabError(.data, "the archive can't be read", cause: cause)
    }

    /// An archive of regular files, compressed with gzip: without times, owners or anything else of this machine's.
    package static func write(_ files: [(path: String, bytes: [UInt8])]) throws(LabError) -> [UInt8] {
        guard let writer = archive_write_new() else { throw unwritten("there is no memory") }
        defer { archive_write_free(writer) }
        func check(_ result: Int32) throws(LabError) {
            if result < ARCHIVE_WARN { throw unwritten(words(of: writer)) }
        }
        try check(archive_write_set_format_ustar(writer))
        try check(archive_write_add_filter_gzip(writer))
        try check(archive_write_set_filter_option(writer, "gzip", "timestamp", nil))
        let room = files.reduce(1 << 16) { $0 + $1.bytes.count + 4_096 }
        let memory = UnsafeMutableRawPointer.allocate(byteCount: room, alignment: 1)
        defer { memory.deallocate() }
        var used = 0
        try check(archive_write_open_memory(writer, memory, room, &used))
        for file in files {
            guard let entry = archive_entry_new() else { throw unwritten("there is no memory") }
            defer { archive_entry_free(entry) }
            archive_entry_set_pathname(entry, file.path)
            archive_entry_set_mode(entry, S_IFREG as mode_t | 0o644)
            archive_entry_set_size(entry, Int64(file.bytes.count))
            archive_entry_set_mtime(entry, 0, 0)
            try check(archive_write_header(writer, entry))
            let written = file.bytes.withUnsafeBytes { archive_write_data(writer, $0.baseAddress, $0.count) }
            guard written == file.bytes.count else { throw unwritten(words(of: writer)) }
        }
        try check(archive_write_close(writer))
        return Array(UnsafeRawBufferPointer(start: memory, count: used))
    }

    private static func unwritten(_ cause: Message) -> LabError {
        LabError(.software, "the archive can't be written", cause: cause)
    }
}
