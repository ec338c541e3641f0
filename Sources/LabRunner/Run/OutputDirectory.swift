import Glibc
import LabCore

/// The directory of one run's results: new or empty, so that no run ever overwrites another.
struct OutputDirectory: Equatable {
    let path: String
    /// Whether it was made here: then it goes again when nothing was measured.
    private let made: Bool

    /// Takes the directory that the user named.
    /// - Throws: `.output` when something is in it already or it can't be made or written to.
    static func named(_ path: String) throws(LabError) -> OutputDirectory {
        var status = stat()
        guard stat(path, &status) == 0 else {
            try Files.makeDirectory(path)
            return OutputDirectory(path: path, made: true)
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw LabError(
                .output, "cannot write the results to \(path)", cause: "it is not a directory",
                remedy: "name a directory that is empty or does not exist")
        }
        guard Files.list(path).isEmpty else {
            throw LabError(
                .output, "cannot write the results to \(path)", cause: "it is not empty",
                remedy: "name a directory that is empty or does not exist")
        }
        guard access(path, W_OK | X_OK) == 0 else {
            throw LabError(.output, "cannot write the results to \(path)", cause: "\(Errno(errno))")
        }
        return OutputDirectory(path: path, made: false)
    }

    /// Makes `results/<time>-<lab>` below the current directory; a second run in the same second gets a number.
    static func below(_ parent: String = "results", time: UTCTime, lab: String) throws(LabError)
        -> OutputDirectory
    {
        try Files.makeDirectory(parent)
        for attempt in 1...99 {
            let path = "\(parent)/\(time.compact)-\(lab)" + (attempt == 1 ? "" : "-\(attempt)")
            if mkdir(path, 0o755) == 0 { return OutputDirectory(path: path, made: true) }
            let code = errno
            guard code == EEXIST else {
                throw LabError(
                    .output, "cannot make the directory \(path)", cause: "\(Errno(code))",
                    remedy: "name another place with --output")
            }
        }
        throw LabError(.output, "cannot find a free name for the results below \(parent)")
    }

    /// Takes it away again unless something is in it.
    func removeIfEmpty() {
        if made { rmdir(path) }
    }
}
