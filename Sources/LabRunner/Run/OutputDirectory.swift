import Glibc
import LabCore

/// The directory of one run's results: new or empty, so that no run ever overwrites another.
struct OutputDirectory: Equatable {
    let path: String
    /// Whether it was made here: then it goes again when nothing was measured.
    private let made: Bool

    /// Takes the directory that the user named.
    /// - Throws: `.output` when something is in it already, it can't be made or written to, or others have a say in it.
    static func named(_ path: String) throws(LabError) -> OutputDirectory {
        let made = !Files.exists(path)
        if made {
            do throws(LabError) { try Files.makeDirectory(path) } catch {
                throw LabError(
                    error.kind, error.message, cause: error.cause, remedy: error.remedy ?? elsewhere)
            }
        }
        try requireOurs(path)
        guard Files.list(path).isEmpty else {
            throw refusal(path, "it is not empty")
        }
        guard access(path, W_OK | X_OK) == 0 else {
            throw LabError(
                .output, "cannot write the results to \(path)", cause: "\(Errno(errno))", remedy: elsewhere)
        }
        return OutputDirectory(path: path, made: made)
    }

    private static let elsewhere: Message = "name another place with --output"

    private static func refusal(_ path: String, _ cause: Message) -> LabError {
        LabError(
            .output, "cannot write the results to \(path)", cause: cause,
            remedy: "name a directory that is empty or does not exist")
    }

    /// Whoever else may write to a directory decides what is written there, and where: they can put links in it. So can
    /// whoever made a link to it.
    private static func requireOurs(_ path: String) throws(LabError) {
        var status = stat()
        // What a link's name is followed by would let lstat(2) follow it.
        var name = path[...]
        while name.count > 1, name.last == "/" { name.removeLast() }
        guard lstat(String(name), &status) == 0 else {
            throw LabError(
                .output, "cannot write the results to \(path)", cause: "\(Errno(errno))", remedy: elsewhere)
        }
        if status.st_mode & S_IFMT == S_IFLNK {
            guard isOurs(status.st_uid) else {
                throw refusal(path, "it is a link of the user \(status.st_uid)")
            }
            guard stat(path, &status) == 0 else {
                throw LabError(
                    .output, "cannot write the results to \(path)", cause: "\(Errno(errno))",
                    remedy: elsewhere)
            }
        }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw refusal(path, "it is not a directory") }
        guard isOurs(status.st_uid) else { throw refusal(path, "it belongs to the user \(status.st_uid)") }
        guard status.st_mode & S_IWOTH == 0 else { throw refusal(path, "every user may write to it") }
    }

    /// Root's, this user's, or under sudo(8) that of the user who called it.
    private static func isOurs(_ owner: uid_t) -> Bool {
        if owner == geteuid() || owner == 0 { return true }
        return geteuid() == 0 && getenv("SUDO_UID").flatMap { uid_t(String(cString: $0)) } == owner
    }

    /// Makes `results/<time>-<lab>` below the current directory; a second run in the same second gets a number.
    static func below(_ parent: String = "results", time: UTCTime, lab: String) throws(LabError)
        -> OutputDirectory
    {
        try Files.makeDirectory(parent)
        try requireOurs(parent)
        for attempt in 1...99 {
            let path = "\(parent)/\(time.compact)-\(lab)" + (attempt == 1 ? "" : "-\(attempt)")
            if mkdir(path, 0o755) == 0 { return OutputDirectory(path: path, made: true) }
            let code = errno
            guard code == EEXIST else {
                throw LabError(
                    .output, "cannot make the directory \(path)", cause: "\(Errno(code))",
                    remedy: elsewhere)
            }
        }
        throw LabError(.output, "cannot find a free name for the results below \(parent)")
    }

    /// Takes it away again unless something is in it.
    func removeIfEmpty() {
        if made { rmdir(path) }
    }
}
