import Glibc
import LabCore

/// The difference between two files, in blocks: what a tool that knows the old one would send of the new one.
struct ChangedBlocks {
    static let blockBytes = 4_096
    private static let chunkBytes = 1 << 20

    /// The number of blocks that differ, those that only the new file has among them.
    private(set) var count = 0

    /// Compares `new` with `old`, and writes the blocks of `new` that differ to a new file at `path`, one after another.
    /// - Throws: `.input` when one can't be read, `.output` when they can't be written.
    init(of new: String, since old: String, to path: String) throws(LabError) {
        do throws(Errno) {
            let before = try FileDescriptor.open(old, O_RDONLY)
            let after = try FileDescriptor.open(new, O_RDONLY)
            let differing = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_EXCL)
            let end = try checked { lseek(after.rawValue, 0, SEEK_END) }
            var place: off_t = 0
            while let next = try Self.data(in: before, after, from: place), next < end {
                // A chunk at a time, from the block in which either has data again.
                place = next / off_t(Self.blockBytes) * off_t(Self.blockBytes)
                let chunk = try Self.read(after, at: place)
                try compare(chunk, with: try Self.read(before, at: place), differing)
                place += off_t(Self.chunkBytes)
            }
        } catch {
            throw LabError(.input, "cannot compare \(new) with \(old)", cause: "\(error)")
        }
    }

    private mutating func compare(
        _ chunk: [UInt8], with other: [UInt8], _ output: borrowing FileDescriptor
    ) throws(Errno) {
        var start = 0
        while start < chunk.count {
            let end = min(start + Self.blockBytes, chunk.count)
            let isSame = end <= other.count && Self.areSame(chunk, other, from: start, to: end)
            if !isSame {
                count += 1
                try output.writeAll(chunk[start..<end])
            }
            start = end
        }
    }

    /// By memcmp(3): an unoptimised loop over the bytes of a disk takes a minute.
    private static func areSame(_ first: [UInt8], _ second: [UInt8], from start: Int, to end: Int) -> Bool {
        first.withUnsafeBytes { first in
            second.withUnsafeBytes { second in
                guard let left = first.baseAddress, let right = second.baseAddress else { return true }
                return memcmp(left + start, right + start, end - start) == 0
            }
        }
    }

    /// Returns the next place where either file has data; nil when neither has any more. The corresponding C function
    /// is `lseek`, with SEEK_DATA.
    private static func data(
        in first: borrowing FileDescriptor, _ second: borrowing FileDescriptor, from place: off_t
    ) throws(Errno) -> off_t? {
        // SEEK_DATA, which Glibc's module lacks without _GNU_SOURCE.
        let seekData: Int32 = 3
        var nearest: off_t?
        for number in [first.rawValue, second.rawValue] {
            do throws(Errno) {
                let found = try checked { lseek(number, place, seekData) }
                nearest = min(nearest ?? found, found)
            } catch {
                // Nothing but a hole up to the end, or beyond it.
                guard error == Errno(ENXIO) else { throw error }
            }
        }
        return nearest
    }

    private static func read(_ file: borrowing FileDescriptor, at place: off_t) throws(Errno) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: chunkBytes)
        var filled = 0
        while filled < chunkBytes {
            let got = try checked {
                bytes.withUnsafeMutableBytes { buffer in
                    pread(
                        file.rawValue, buffer.baseAddress.map { $0 + filled }, chunkBytes - filled,
                        place + off_t(filled))
                }
            }
            if got == 0 { break }
            filled += got
        }
        bytes.removeLast(chunkBytes - filled)
        return bytes
    }
}
