import Artifacts
import CArchive
import Glibc
import LabCore
import OCI

/// Writes a directory as a layer: a pax archive, not compressed, so that it has one digest whatever wrote it. Entries are
/// in the order of the walk, times in whole seconds; owners are numbers.
enum LayerWriter {
    /// - Parameters:
    ///   - latest: the last time that a file may have, in seconds since 1970: `SOURCE_DATE_EPOCH`.
    /// - Throws: `.data` for what no layer can hold, `.output` when it can't be written.
    static func write(_ directory: String, to path: String, latest: time_t?) throws(LabError) {
        guard let archive = archive_write_new(), let entry = archive_entry_new() else {
            throw Archive.exhausted
        }
        defer {
            archive_entry_free(entry)
            archive_write_free(archive)
        }
        func failed() -> LabError {
            let words = archive_error_string(archive).map { String(cString: $0) } ?? ""
            return LabError(
                .output, "cannot write the layer of \(directory)",
                cause: "\(ForeignText.line(words, most: 200))")
        }
        archive_write_set_format_pax(archive)
        // A file of nothing but the archive: no padding to a tape's record.
        archive_write_set_bytes_in_last_block(archive, 1)
        guard archive_write_open_filename(archive, path) == ARCHIVE_OK else { throw failed() }
        var links: [ino_t: [UInt8]] = [:]
        var device: dev_t?
        try MergedTree.walk([directory]) { found throws(LabError) in
            let status = found.status
            func refused(_ cause: Message) -> LabError {
                LabError(
                    .data, "\"/\(ForeignText.line(found.path, most: 200))\" can't be in a layer",
                    cause: cause,
                    remedy: "leave it out of the directory")
            }
            if device == nil { device = status.st_dev }
            guard status.st_dev == device else { throw refused("something is mounted there") }
            let own = found.path.split(separator: UInt8(ascii: "/")).last ?? []
            guard !own.starts(with: ".wh.".utf8) else {
                throw refused("there its name would take another file away")
            }
            archive_entry_clear(entry)
            set(archive_entry_copy_pathname, entry, found.path)
            archive_entry_set_mode(entry, status.st_mode)
            archive_entry_set_uid(entry, la_int64_t(status.st_uid))
            archive_entry_set_gid(entry, la_int64_t(status.st_gid))
            archive_entry_set_mtime(entry, min(status.st_mtim.tv_sec, latest ?? .max), 0)
            var contents = false
            do {
                switch found.type {
                case S_IFDIR, S_IFIFO: break
                case S_IFLNK: set(archive_entry_copy_symlink, entry, try found.target())
                case S_IFREG:
                    if let first = links[status.st_ino] {
                        set(archive_entry_copy_hardlink, entry, first)
                    } else {
                        if status.st_nlink > 1 { links[status.st_ino] = found.path }
                        archive_entry_set_size(entry, la_int64_t(status.st_size))
                        contents = true
                    }
                case S_IFCHR, S_IFBLK:
                    // Every engine mounts a /dev of its own.
                    guard found.path.starts(with: "dev/".utf8) else {
                        throw refused("it is a device, and those are in /dev alone")
                    }
                    return
                default: throw refused("it is a socket")
                }
                for (name, value) in try found.attributes() {
                    archive_entry_xattr_add_entry(entry, name, value, value.count)
                }
                // A warning: its name is no text in this locale, and was written as bytes.
                guard archive_write_header(archive, entry) >= ARCHIVE_WARN else { throw failed() }
                if contents {
                    let file = try found.open()
                    var left = Int(status.st_size)
                    while left > 0 {
                        let chunk = try file.read(upTo: min(left, 1 << 20))
                        guard !chunk.isEmpty else { throw refused("it became shorter meanwhile") }
                        guard archive_write_data(archive, chunk, chunk.count) == chunk.count else {
                            throw failed()
                        }
                        left -= chunk.count
                        try Interrupt.ofProcess.check()
                    }
                }
            } catch let error as LabError {
                throw error
            } catch {
                throw LabError(
                    .input, "cannot read \"/\(ForeignText.line(found.path, most: 200))\" of \(directory)",
                    cause: "\(error)")
            }
        }
        guard archive_write_close(archive) == ARCHIVE_OK else { throw failed() }
    }

    private static func set(
        _ setter: (OpaquePointer?, UnsafePointer<CChar>?) -> Void, _ entry: OpaquePointer, _ bytes: [UInt8]
    ) {
        setter(entry, bytes.map { CChar(bitPattern: $0) } + [0])
    }
}
