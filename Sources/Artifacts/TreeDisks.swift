import Glibc
import LabCore

/// The disks in the cache: each can be made again from its tree, and is removed when nobody needs it.
package enum TreeDisks {
    /// As many as those that were used last stay when another is made.
    package static let most = 16
    /// In the name of one that is being made.
    static let building = ".building-"
    /// The seconds after which nobody makes it any more.
    private static let longestBuild = 3_600

    static func directory(_ paths: LabPaths) -> String { "\(paths.cache)/disks" }

    static func note(beside disk: String) -> String { "\(disk).sha256" }

    /// The digests of a disk and of its tree.
    static func digests(beside disk: String) -> (disk: String?, tree: String?) {
        let words = Files.line(note(beside: disk))?.split(separator: " ").map(String.init) ?? []
        return (words.first, words.count > 1 ? words[1] : nil)
    }

    /// What was removed.
    package struct Removed: Sendable {
        package var disks = 0
        package var bytes: UInt64 = 0
        /// Disks that a run uses now.
        package var busy = 0
    }

    /// Removes those of trees that are not in `trees`, and what a killed process was making.
    package static func collect(keeping trees: Set<String>, paths: LabPaths) -> Removed {
        remove(paths) { disks in
            disks.filter { path in digests(beside: path).tree.map { !trees.contains($0) } ?? true }
        }
    }

    /// Removes those that were used before the last `most`.
    static func bound(_ paths: LabPaths) {
        _ = remove(paths) { disks in
            disks.sorted { lastUse($0) > lastUse($1) }.dropFirst(most)
        }
    }

    private static func lastUse(_ disk: String) -> Int64 {
        var status = stat()
        guard lstat(note(beside: disk), &status) == 0 else { return 0 }
        return Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    }

    private static func remove(
        _ paths: LabPaths, _ choose: ([String]) -> some Sequence<String>
    ) -> Removed {
        let all = Files.list(directory(paths)).map { "\(directory(paths))/\($0)" }
        for path in all where path.contains(building) {
            var status = stat()
            guard lstat(path, &status) == 0, time(nil) - status.st_mtim.tv_sec > longestBuild else {
                continue
            }
            unlink(path)
        }
        var removed = Removed()
        let endings = TreeDisk.Format.allCases.map { ".\($0.rawValue)" }
        for path in choose(all.filter { path in endings.contains { path.hasSuffix($0) } }) {
            guard let file = try? FileDescriptor.open(path, O_RDONLY | O_NOFOLLOW),
                flock(file.rawValue, LOCK_EX | LOCK_NB) == 0
            else {
                removed.busy += 1
                continue
            }
            var status = stat()
            guard fstat(file.rawValue, &status) == 0, unlink(path) == 0 else { continue }
            unlink(note(beside: path))
            removed.disks += 1
            removed.bytes += UInt64(clamping: status.st_blocks) * 512
        }
        return removed
    }
}

/// A disk in use: whoever removes disks leaves one that somebody has locked.
final class DiskHold: Sendable {
    private let file: FileDescriptor

    /// Nil where it is not there, or is being removed.
    init?(_ path: String) {
        guard let file = try? FileDescriptor.open(path, O_RDONLY | O_NOFOLLOW) else { return nil }
        self.file = file
        var status = stat()
        guard flock(self.file.rawValue, LOCK_SH | LOCK_NB) == 0, fstat(self.file.rawValue, &status) == 0,
            status.st_nlink > 0
        else { return nil }
    }
}
