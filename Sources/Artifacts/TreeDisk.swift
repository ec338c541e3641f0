import Glibc
import LabCore

/// The files of a command as a file system in one file: the disk of a VM, which its guest may only read.
///
/// Made once and found again by the tree's digest and its times. Times are no part of what a tree is, but programs go by
/// them (make, Python's compiled files), so that the disk has them as the tree does. The same tree gives the same bytes.
package struct TreeDisk: Equatable, Sendable {
    /// A file system that can be made of a directory without mounting anything, the better first.
    package enum Format: String, CaseIterable, Sendable {
        /// Made to be read and no more: no journal, no free space, nothing to be set up by who mounts it.
        case erofs
        case ext4

        /// The program that makes it, and its package.
        package var tool: (name: String, package: String) {
            switch self {
            case .erofs: ("mkfs.erofs", "erofs-utils")
            case .ext4: ("mke2fs", "e2fsprogs")
            }
        }

        /// The words of its program for a disk at `path` of all below `directory`, and its variables.
        func words(of directory: String, at path: String, _ usage: DiskUsage) -> (
            arguments: [String], variables: [String]
        ) {
            let uuid = "00000000-0000-4000-8000-000000000001"
            switch self {
            // The times of files that are later are set to that, so none is; it becomes the time of making.
            case .erofs:
                return (["--quiet", "-U", uuid, path, directory], ["SOURCE_DATE_EPOCH=\(UInt32.max)"])
            case .ext4:
                // A quarter of room, and inodes for all: the program's own guess is for larger files.
                let bytes = min(usage.allocatedBytes, 1 << 50) * 5 / 4 + UInt64(usage.inodes) * 512
                let mebibytes = bytes >> 20 + 32
                return (
                    [
                        "-q", "-t", "ext4", "-O", "^has_journal", "-m", "0", "-U", uuid,
                        "-N", "\(usage.inodes + 64)",
                        "-E", "hash_seed=00000000-0000-4000-8000-000000000002", "-d", directory, path,
                        "\(mebibytes)M",
                    ], ["E2FSPROGS_FAKE_TIME=\(SystemRecipe.epoch)"]
                )
            }
        }
    }

    /// The file.
    package let path: String
    package let format: Format
    /// SHA-256 of the file.
    package let digest: String
    /// Keeps it from being removed.
    private let hold: DiskHold

    package static func == (left: TreeDisk, right: TreeDisk) -> Bool {
        left.path == right.path && left.digest == right.digest
    }

    private init(path: String, format: Format, digest: String, hold: DiskHold) {
        (self.path, self.format, self.digest, self.hold) = (path, format, digest, hold)
    }

    /// The longest that it may take to make one.
    private static let patience = Duration.seconds(900)

    /// Finds the disk of a tree in the cache, or makes it.
    /// - Parameters:
    ///   - directory: all of the tree.
    ///   - free: the bytes that are free where it is to lie; nil to look.
    /// - Throws: `.unavailable` for the host's own root; `.input` or `.data` for a tree that can't be looked through;
    ///   `.output` where there is no room, or its program failed.
    package static func of(
        _ tree: FileTree, in directory: String, as format: Format, paths: LabPaths, free: UInt64? = nil
    ) throws(LabError) -> TreeDisk {
        guard let digest = tree.digest else {
            throw LabError(
                .unavailable, "the host's own root can't be the disk of a VM",
                cause: "it changes while it is read, and no copy of it is the same",
                remedy: "name a directory with what the command needs: --image rootfs:DIR")
        }
        var usage = DiskUsage()
        var times: [String] = []
        do throws(LabError) {
            try usage.add(directory) { entry in
                let time = entry.status.st_mtim
                times.append("\(time.tv_sec) \(time.tv_nsec) \(entry.path.dropFirst(directory.count))\n")
            }
        } catch {
            var error = error
            if error.kind == .data { error.remedy = "unmount what is mounted in the tree, then try again" }
            throw error
        }
        let name = Digest.sha256((digest + times.sorted().joined()).utf8)
        let place = TreeDisks.directory(paths)
        let path = "\(place)/\(name).\(format.rawValue)"
        if let found = found(at: path, format) { return found }

        try Files.makeDirectory(place)
        let room = free ?? freeBytes(place)
        guard usage.apparentBytes < room else {
            throw LabError(
                .output, "there is no room for the disk of \(tree.reference)",
                cause:
                    "it takes \(usage.apparentBytes >> 20) MiB, and \(room >> 20) MiB are free in \(place)",
                remedy: "free space there, or let LAB_HOME name a directory on a larger file system")
        }
        let building = "\(path)\(TreeDisks.building)\(getpid())-\(UInt32.random(in: 0 ... .max))"
        defer { unlink(building) }
        let words = format.words(of: directory, at: building, usage)
        func run(_ program: String, _ arguments: [String]) throws(LabError) {
            let output = try Tool.run(
                program, arguments, in: "/", variables: words.variables,
                deadline: .now().advanced(by: patience))
            guard output.status != 0 else { return }
            throw LabError(
                .output, "cannot make the disk of \(tree.reference)",
                cause: "\(program): \(ForeignText.line(output.text.trimmingWhitespace(), most: 400))",
                remedy: "free space in \(place), and see that all files of the tree can be read")
        }
        try run(format.tool.name, words.arguments)
        // Every ext4 begins with it, and the tree has none.
        if format == .ext4, !Files.exists("\(directory)/lost+found") {
            try run("debugfs", ["-w", "-R", "rmdir lost+found", building])
        }
        try Files.write(
            "\(try Digest.sha256(file: building)) \(digest)\n", to: TreeDisks.note(beside: path))
        guard rename(building, path) == 0, let made = found(at: path, format) else {
            throw LabError(.output, "cannot make \(path)", cause: "\(Errno(errno))")
        }
        TreeDisks.bound(paths)
        return made
    }

    /// One that somebody else made; nil where there is none.
    package init?(at path: String, _ format: Format) {
        guard let hold = DiskHold(path), let digest = try? Digest.sha256(file: path) else { return nil }
        self.init(path: path, format: format, digest: digest, hold: hold)
    }

    /// One that this program made, at a place where nobody else changes it; nil where there is none any more.
    package init?(at path: String, _ format: Format, digest: String) {
        guard let hold = DiskHold(path) else { return nil }
        self.init(path: path, format: format, digest: digest, hold: hold)
    }

    /// Beside it lie its digest, so that a damaged one is noticed, and the tree's. That it was used now is noted there too.
    private static func found(at path: String, _ format: Format) -> TreeDisk? {
        guard let hold = DiskHold(path), let digest = TreeDisks.digests(beside: path).disk,
            (try? Digest.sha256(file: path)) == digest
        else { return nil }
        utimes(TreeDisks.note(beside: path), nil)
        return TreeDisk(path: path, format: format, digest: digest, hold: hold)
    }

    private static func freeBytes(_ directory: String) -> UInt64 {
        var status = statvfs()
        // What can't be asked is tried.
        guard statvfs(directory, &status) == 0 else { return .max }
        return UInt64(status.f_bavail) * UInt64(status.f_frsize)
    }
}
