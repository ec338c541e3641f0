import Glibc
import LabCore

/// A directory on the disk that holds LAB_HOME, for the files of one trial.
enum ScratchDirectory {
    /// Makes it, hands its path to `body` and removes it with all that is in it, whatever happens. It is journaled
    /// first, so that `lab clean` removes what a crash left.
    static func with<Value>(
        _ bench: Bench, _ body: (String) throws(LabError) -> Value
    ) throws(LabError) -> Value {
        let run = bench.context.paths.run(bench.context.runID)
        let path = "\(run)/\(bench.nonce().prefix(12))"
        try bench.context.journal.record(JournaledResource(.directory, path))
        try Files.makeDirectory(path)
        let value: Value
        do throws(LabError) {
            // As the kernel names it in its table of mounts.
            value = try body((try? Files.realPath(path)) ?? path)
        } catch {
            try? Files.removeTree(path)
            throw error
        }
        try Files.removeTree(path)
        return value
    }
}

/// The space that files take on the disk.
enum Disk {
    /// Bytes that are allocated for a file, without its inode; 0 when there is none. See stat(2), `st_blocks`.
    static func allocatedBytes(_ path: String) -> UInt64 {
        var status = stat()
        return lstat(path, &status) == 0 ? UInt64(status.st_blocks) * 512 : 0
    }

    /// The same of a directory and all below it.
    static func allocatedBytes(below path: String) -> UInt64 {
        var status = stat()
        guard lstat(path, &status) == 0 else { return 0 }
        let own = UInt64(status.st_blocks) * 512
        guard status.st_mode & S_IFMT == S_IFDIR else { return own }
        return Files.list(path).reduce(own) { $0 + allocatedBytes(below: "\(path)/\($1)") }
    }

    /// Writes a file of `bytes` random bytes, so that no file system stores less than that, and waits until the disk
    /// has it.
    static func fill(
        _ path: String, bytes: Int, _ generator: inout SeededGenerator
    ) throws(LabError) {
        var chunk = [UInt64](repeating: 0, count: min(max(bytes, 8), 1 << 20) / 8)
        do throws(Errno) {
            let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW)
            var left = bytes
            while left > 0 {
                for index in chunk.indices { chunk[index] = generator.next() }
                let written = try checked {
                    chunk.withUnsafeBytes { write(file.rawValue, $0.baseAddress, min(left, $0.count)) }
                }
                left -= written
            }
            try checked { fsync(file.rawValue) }
        } catch {
            throw LabError(.output, "cannot write \(path)", cause: "\(error)")
        }
    }
}
