import Artifacts
import CArchive
import Glibc
import LabCore

/// The root file system as a VM gets it: a cpio archive in the `newc` format, which the kernel unpacks into RAM
/// (Documentation/driver-api/early-userspace/buffer-format.rst in Linux).
struct Initramfs: Equatable, Sendable {
    let path: String
    /// SHA-256 of the archive.
    let digest: String

    /// Writes the archive of `root` to the cache. The same root gives the same bytes: owner 0, time 0, sorted names.
    /// - Parameter modules: what lab-guest finds below `/lib/modules`, as `NAME.ko`.
    /// - Parameter command: what it is told of a command, see `GuestCommand`; nil for none. One whose command has input is
    ///   that command's alone: it is written to the command's place, for nobody but this user.
    static func make(
        of root: RootFilesystem, modules: [KernelModule] = [], command: VMCommand? = nil, paths: LabPaths
    ) throws(LabError) -> Initramfs {
        let bytes = try archive(
            directory: root.directory, modules: modules, command: command?.file,
            input: command?.ground?.input)
        let digest = Digest.sha256(bytes)
        let isPrivate = command?.ground != nil
        let directory = if let command, isPrivate { command.place } else { "\(paths.cache)/initramfs" }
        let path = "\(directory)/\(digest).cpio"
        if (try? Digest.sha256(file: path)) != digest {
            try Files.makeDirectory(directory)
            try Files.write(bytes, to: path, mode: isPrivate ? 0o600 : 0o644)
        }
        return Initramfs(path: path, digest: digest)
    }

    /// The archive of everything below `directory`, and of the console that the kernel opens for init.
    static func archive(
        directory: String, modules: [KernelModule] = [], command: [UInt8]? = nil, input: [UInt8]? = nil
    ) throws(LabError) -> [UInt8] {
        let writer = try CpioWriter()
        try add(directory, "", to: writer)
        if !modules.isEmpty {
            for path in ["lib", "lib/modules"] { try writer.add(path, mode: S_IFDIR | 0o755) }
        }
        for module in modules {
            try writer.add("lib/modules/\(module.name).ko", mode: S_IFREG | 0o644, content: module.bytes)
        }
        if let command { try writer.add(GuestCommand.file, mode: S_IFREG | 0o444, content: command) }
        if let input { try writer.add(GuestCommand.input, mode: S_IFREG | 0o400, content: input) }
        // 5:1, Documentation/admin-guide/devices.txt.
        try writer.add("dev/console", mode: S_IFCHR | 0o600, device: (5, 1))
        return try writer.finish()
    }

    private static func add(_ root: String, _ relative: String, to writer: CpioWriter) throws(LabError) {
        for name in Files.list(relative.isEmpty ? root : "\(root)/\(relative)") {
            let inner = relative.isEmpty ? name : "\(relative)/\(name)"
            let path = "\(root)/\(inner)"
            var status = stat()
            guard lstat(path, &status) == 0 else {
                throw LabError(.input, "cannot read \(path)", cause: "\(Errno(errno))")
            }
            switch status.st_mode & S_IFMT {
            case S_IFDIR:
                try writer.add(inner, mode: status.st_mode)
                try add(root, inner, to: writer)
            case S_IFREG:
                try writer.add(inner, mode: status.st_mode, content: try Files.read(path))
            case S_IFLNK:
                try writer.add(inner, mode: status.st_mode, link: try target(of: path))
            default:
                throw LabError(
                    .data, "\(path) can't go into an initramfs",
                    cause: "it is neither file, directory nor link")
            }
        }
    }

    private static func target(of link: String) throws(LabError) -> String {
        guard let target = Files.target(ofLink: link) else {
            throw LabError(.input, "cannot read \(link)", cause: "\(Errno(errno))")
        }
        return target
    }
}

/// Writes a `newc` archive in memory with libarchive(3).
private final class CpioWriter {
    private let archive: OpaquePointer
    private var bytes: [UInt8] = []

    init() throws(LabError) {
        guard let archive = archive_write_new() else {
            throw LabError(.output, "cannot make an archive", cause: "out of memory")
        }
        self.archive = archive
        archive_write_set_format_cpio_newc(archive)
        archive_write_add_filter_none(archive)
        archive_write_set_bytes_in_last_block(archive, 1)
        let opaque = Unmanaged.passUnretained(self).toOpaque()
        let status = archive_write_open(
            archive, opaque, nil,
            { _, context, bytes, count in
                guard let context, let bytes else { return -1 }
                Unmanaged<CpioWriter>.fromOpaque(context).takeUnretainedValue().bytes +=
                    UnsafeRawBufferPointer(start: bytes, count: count)
                return count
            }, nil)
        try check(status)
    }

    deinit { archive_write_free(archive) }

    /// Adds one entry; `content` belongs to a file, `link` to a symbolic link, `device` to a character device.
    func add(
        _ path: String, mode: mode_t, content: [UInt8] = [], link: String? = nil, device: (UInt, UInt)? = nil
    ) throws(LabError) {
        guard let entry = archive_entry_new() else {
            throw LabError(.output, "cannot make an archive", cause: "out of memory")
        }
        defer { archive_entry_free(entry) }
        archive_entry_set_pathname(entry, path)
        archive_entry_set_mode(entry, mode)
        archive_entry_set_mtime(entry, 0, 0)
        archive_entry_set_nlink(entry, 1)
        archive_entry_set_size(entry, Int64(content.count))
        if let link { archive_entry_set_symlink(entry, link) }
        if let device {
            archive_entry_set_rdevmajor(entry, device.0)
            archive_entry_set_rdevminor(entry, device.1)
        }
        try check(archive_write_header(archive, entry))
        if !content.isEmpty {
            let written = content.withUnsafeBytes { archive_write_data(archive, $0.baseAddress, $0.count) }
            guard written == content.count else { throw failure() }
        }
    }

    func finish() throws(LabError) -> [UInt8] {
        try check(archive_write_close(archive))
        return bytes
    }

    private func check(_ status: Int32) throws(LabError) {
        if status != ARCHIVE_OK { throw failure() }
    }

    private func failure() -> LabError {
        LabError(
            .output, "cannot write an initramfs",
            cause: archive_error_string(archive).map { "\(String(cString: $0))" })
    }
}
