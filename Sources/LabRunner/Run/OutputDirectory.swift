import Glibc
import LabCore

/// The directory of one run's results: new or empty, so that no run ever overwrites another.
struct OutputDirectory: Equatable {
    let path: String
    /// True when it was made here: then it goes again when nothing was measured.
    private let made: Bool

    /// Takes the directory that the user named.
    /// - Throws: `.output` when something is in it already, it can't be made or written to, or others have a say in it.
    static func named(_ path: String) throws(LabError) -> OutputDirectory {
        let isThere = try own(path)
        if !isThere {
            guard !Files.exists(path) else {
                throw LabError(
                    .output, "cannot write the results to \(path)", cause: "it is a link that leads nowhere",
                    remedy: elsewhere)
            }
            try own(path, making: 0o755)
        }
        guard Files.list(path).isEmpty else {
            throw LabError(
                .output, "cannot write the results to \(path)", cause: "it is not empty",
                remedy: "name a directory that is empty or does not exist")
        }
        guard access(path, W_OK | X_OK) == 0 else {
            throw LabError(
                .output, "cannot write the results to \(path)", cause: "\(Errno(errno))", remedy: elsewhere)
        }
        return OutputDirectory(path: path, made: !isThere)
    }

    private static let elsewhere: Message = "name another place with --output"

    /// Returns true when the directory is there. Who else may write to it, or to a directory or link above it, decides
    /// what is written there, and where: nobody may but the user, root, and who called sudo(8).
    /// - Parameter mode: to make it with when it is not.
    /// - Parameter toHold: whether it is only to hold a file.
    @discardableResult
    static func own(
        _ path: String, making mode: mode_t? = nil, toHold: Bool = false
    ) throws(LabError) -> Bool {
        do throws(LabError) {
            let place = path.hasPrefix("/") ? path : try here() + "/" + path
            if toHold { return try OwnDirectory.mayHold(place, owners: .caller) }
            return try OwnDirectory.open(place, making: mode, owners: .caller) != nil
        } catch {
            throw LabError(
                .output, "cannot write the results to \(path)", cause: error.cause ?? error.message,
                remedy: error.remedy ?? elsewhere)
        }
    }

    private static func here() throws(LabError) -> String {
        guard let path = RelativePath.workingDirectory else {
            throw LabError(.output, "cannot tell the current directory", cause: "\(Errno(errno))")
        }
        return path
    }

    /// Makes `results/<time>-<lab>` below the current directory; a second run in the same second gets a number.
    static func below(_ parent: String = "results", time: UTCTime, lab: String) throws(LabError)
        -> OutputDirectory
    {
        try own(parent, making: 0o755)
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
