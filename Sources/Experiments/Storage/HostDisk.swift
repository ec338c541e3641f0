import CLinux
import Glibc
import LabCore

/// The disk that holds a directory of the host's.
struct HostDisk {
    private let directory: String
    /// Its file system, where it is mounted from.
    let title: String

    private static let blockBytes = 4_096
    private static let blocks = 4_096
    private static let reads = 256
    private static let writes = 16
    /// Of blocks that are written at once.
    private static let chunkBytes = 1 << 20

    /// - Parameter bytes: what has to be free on it.
    /// - Throws: `.unavailable` where there is no disk, or no room on it.
    init(holding directory: String, bytes: UInt64) throws(LabError) {
        self.directory = directory
        var (system, room) = (statfs(), statvfs())
        guard statfs(directory, &system) == 0, statvfs(directory, &room) == 0 else {
            throw LabError(.output, "cannot examine \(directory)", cause: "\(Errno(errno))")
        }
        let remedy: Message = "let a disk hold \(directory)"
        // TMPFS_MAGIC and RAMFS_MAGIC of <linux/magic.h>.
        guard ![0x0102_1994, 0x8584_58f6].contains(Int(system.f_type)) else {
            throw LabError(
                .unavailable, "there is no disk to read and to write",
                cause: "\(directory) is in memory: tmpfs", remedy: remedy)
        }
        let free = UInt64(room.f_bavail) * UInt64(room.f_frsize)
        guard free > bytes else {
            throw LabError(
                .unavailable, "there is no room for the files of this lab",
                cause: "they take \(bytes >> 20) MiB, and \(free >> 20) MiB are free in \(directory)",
                remedy: FullFileSystem.remedy(at: directory))
        }
        let mount = MountTable.current().covering(directory)
        title = "\(mount?.type ?? "?") on \(mount?.mountPoint ?? "?"), \(free >> 20) MiB free"
    }

    /// What the host itself takes past its page cache, in nanoseconds each.
    struct Pace {
        /// A read of 4 KiB at a random offset.
        var read: Double
        /// A write of 4 KiB and fsync(2).
        var fsync: Double
    }

    /// Measures it in a file of 16 MiB, which is gone then.
    /// - Throws: `.unavailable` on a file system without O_DIRECT.
    func pace(_ generator: inout SeededGenerator) throws(LabError) -> Pace {
        let path = "\(directory)/read"
        defer { unlink(path) }
        var chunk = [UInt64](repeating: 0, count: Self.chunkBytes / 8)
        do throws(Errno) {
            let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
            for _ in 0..<(Self.blocks * Self.blockBytes / Self.chunkBytes) {
                for index in chunk.indices { chunk[index] = generator.next() }
                let written = try checked {
                    chunk.withUnsafeBytes { write(file.rawValue, $0.baseAddress, $0.count) }
                }
                if written != Self.chunkBytes { throw Errno(ENOSPC) }
            }
            try checked { fsync(file.rawValue) }
        } catch {
            throw LabError(
                .output, "cannot write \(path)", cause: error, remedy: FullFileSystem.remedy(error, at: path))
        }
        do throws(Errno) {
            let file = try FileDescriptor.open(path, O_RDWR | clinux_direct())
            let block = UnsafeMutableRawPointer.allocate(
                byteCount: Self.blockBytes, alignment: Self.blockBytes)
            defer { block.deallocate() }
            let read = try Self.nanoseconds(Self.reads, &generator) { (offset) throws(Errno) in
                let count = try checked { pread(file.rawValue, block, Self.blockBytes, offset) }
                if count != Self.blockBytes { throw Errno(EIO) }
            }
            let fsync = try Self.nanoseconds(Self.writes, &generator) { (offset) throws(Errno) in
                let count = try checked { pwrite(file.rawValue, block, Self.blockBytes, offset) }
                if count != Self.blockBytes { throw Errno(ENOSPC) }
                try checked { Glibc.fsync(file.rawValue) }
            }
            return Pace(read: read, fsync: fsync)
        } catch {
            throw LabError(
                .unavailable, "the disk can't be read past the page cache",
                cause: "O_DIRECT on \(title): \(error)", remedy: "let another disk hold \(directory)")
        }
    }

    private static func nanoseconds(
        _ count: Int, _ generator: inout SeededGenerator, _ access: (Int) throws(Errno) -> Void
    ) throws(Errno) -> Double {
        let offsets = (0..<count).map { _ in Int.random(in: 0..<blocks, using: &generator) * blockBytes }
        let began = MonotonicInstant.now()
        for offset in offsets { try access(offset) }
        return Double(MonotonicInstant.now().nanoseconds(since: began)) / Double(count)
    }
}
