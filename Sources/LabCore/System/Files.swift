import Glibc

/// Small whole-file helpers. Every failure is a `LabError` that names the path.
public enum Files {
    /// The bytes of a regular file, at most `limit`; a longer file is an error, and so is what is no file on a disk: a
    /// FIFO would keep us waiting for its writer.
    ///
    /// - Parameter step: the most that is read at once.
    public static func read(
        _ path: String, limit: Int = 64 << 20, step: Int = 1 << 16
    ) throws(LabError) -> [UInt8] {
        do {
            let file = try FileDescriptor.openRegular(path)
            var bytes: [UInt8] = []
            while true {
                let chunk = try file.read(upTo: step)
                if chunk.isEmpty { return bytes }
                bytes += chunk
                if bytes.count > limit {
                    throw LabError(.data, "\(path) is larger than \(limit) bytes")
                }
            }
        } catch let error as LabError {
            throw error
        } catch let error as Errno {
            throw unreadable(path, error)
        } catch {
            throw LabError(.input, "cannot read \(path)", cause: "\(error)")
        }
    }

    /// Makes the error for a file that can't be read.
    package static func unreadable(_ path: String, _ error: Errno) -> LabError {
        guard error == Errno(EINVAL) else {
            return LabError(.input, "cannot read \(path)", cause: error)
        }
        return LabError(
            .input, "cannot read \(path)", cause: "it is no regular file",
            remedy: "name a file on a disk: copy what comes through a pipe into one")
    }

    /// The text of a file, invalid UTF-8 repaired.
    public static func readText(_ path: String, limit: Int = 64 << 20) throws(LabError) -> String {
        String(decoding: try read(path, limit: limit), as: UTF8.self)
    }

    /// Returns the target of a symbolic link, nil when it can't be read. The corresponding C function is `readlink`.
    public static func target(ofLink path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let length = readlink(path, &buffer, buffer.count)
        return length < 0 ? nil : String(decoding: buffer[..<length], as: UTF8.self)
    }

    /// The absolute path of what is there, without links. The corresponding C function is `realpath`.
    public static func realPath(_ path: String) throws(Errno) -> String {
        let text = realpath(path, nil)
        let code = errno
        guard let text else { throw Errno(code) }
        defer { free(text) }
        return String(cString: text)
    }

    /// The trimmed text of a small file, nil when it can't be read: for /proc and /sys.
    public static func line(_ path: String) -> String? {
        guard let bytes = try? read(path, limit: 1 << 20, step: 1 << 10) else { return nil }
        let trimmed = String(decoding: bytes, as: UTF8.self).trimmingWhitespace()
        return trimmed.isEmpty ? nil : trimmed
    }

    /// Replaces a file whole: a reader sees the old bytes or the new, never half.
    public static func write(_ bytes: some Collection<UInt8>, to path: String, mode: mode_t = 0o644)
        throws(LabError)
    {
        let temporary = path + ".new-\(getpid())"
        do {
            // The file that a dead process of our number left, or somebody laid in our way.
            unlink(temporary)
            let file = try FileDescriptor.open(
                temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: mode)
            try file.writeAll(bytes)
            try checked { rename(temporary, path) }
        } catch {
            let remedy = FullFileSystem.remedy(error, at: path)
            unlink(temporary)
            throw LabError(.output, "cannot write \(path)", cause: error, remedy: remedy)
        }
    }

    public static func write(_ text: String, to path: String, mode: mode_t = 0o644) throws(LabError) {
        try write(Array(text.utf8), to: path, mode: mode)
    }

    /// Waits, a second at most, until nobody has a program of this user's open for writing: a child that another thread
    /// has just cloned has our descriptors until it executes, and to execute such a file is ETXTBSY. Nothing but a lease
    /// tells, see fcntl(2); where there is none nothing is waited for.
    public static func waitUntilUnwritten(_ path: String) {
        guard let file = try? FileDescriptor.open(path, O_RDONLY) else { return }
        for _ in 0..<1_000 {
            if fcntl(file.rawValue, 1_024 /* F_SETLEASE */, F_RDLCK) == 0 || errno != EAGAIN { return }
            usleep(1_000)
        }
    }

    /// Writes to a file that exists, with one write(2): for files of /proc and /sys.
    public static func overwrite(_ text: String, at path: String) throws(Errno) {
        let file = try FileDescriptor.open(path, O_WRONLY)
        var text = text
        try checked { text.withUTF8 { Glibc.write(file.rawValue, $0.baseAddress, $0.count) } }
    }

    /// Makes a directory and its parents.
    public static func makeDirectory(_ path: String, mode: mode_t = 0o755) throws(LabError) {
        if mkdir(path, mode) == 0 { return }
        let code = errno
        if code == EEXIST {
            var status = stat()
            if stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR { return }
        }
        if code == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex {
            try makeDirectory(String(path[..<slash]), mode: mode)
            if mkdir(path, mode) == 0 || errno == EEXIST { return }
        }
        throw LabError(
            .output, "cannot make the directory \(path)", cause: "\(Errno(code))",
            remedy: FullFileSystem.remedy(Errno(code), at: path))
    }

    /// Returns true when anything is at `path`, a dangling link included.
    public static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    /// Returns true when a directory is at `path`, or a link to one.
    public static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Names in a directory, sorted; empty when it can't be read.
    public static func list(_ path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}

extension StringProtocol {
    /// This text without white space at either end.
    public func trimmingWhitespace() -> String {
        // To tell characters apart takes tables; mostly both ends are ASCII.
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }
        let bytes = String(self).utf8
        guard let start = bytes.firstIndex(where: { !isBlank($0) }),
            let last = bytes.lastIndex(where: { !isBlank($0) })
        else { return "" }
        if bytes[start] < 0x80, bytes[last] < 0x80 { return String(bytes[start...last]) ?? "" }
        var slice = self[...]
        while let first = slice.first, first.isWhitespace { slice = slice.dropFirst() }
        while let last = slice.last, last.isWhitespace { slice = slice.dropLast() }
        return String(slice)
    }
}
