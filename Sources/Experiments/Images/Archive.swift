import Glibc
import LabCore

/// Files as they travel: a tar archive, compressed as layers of container images are by default.
enum Archive {
    /// gzip(1) with its default level, and without a time or a name, so that the same files give the same bytes.
    static let compressor = "gzip -6 -n"
    private static let patience = Duration.seconds(300)

    /// Writes the archive of these files and trees, in their order, and returns its length in bytes.
    /// - Throws: `.unavailable` where there is no tar or gzip, `.output` when they fail.
    static func write(_ paths: [String], to path: String) throws(LabError) -> UInt64 {
        var words = [
            "--create", "--sparse", "--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0",
            "--file", path, "--use-compress-program", compressor,
        ]
        for source in paths {
            if Files.isDirectory(source) {
                words += ["--directory", source, "."]
            } else {
                let place = source.split(separator: "/", omittingEmptySubsequences: false)
                // A name that begins with a hyphen is no option.
                words += [
                    "--directory", "/" + place.dropLast().joined(separator: "/"), "./\(place.last ?? "")",
                ]
            }
        }
        let output = try Tool.run("tar", words, in: "/", deadline: .now().advanced(by: patience))
        guard output.status == 0 else {
            throw LabError(
                .output, "cannot make the archive \(path)", cause: "\(Shown.lastLine(output.text))",
                remedy: "install tar and gzip")
        }
        return try bytes(of: path)
    }

    /// The length of a file.
    static func bytes(of path: String) throws(LabError) -> UInt64 {
        var usage = DiskUsage()
        try usage.add(path)
        return usage.apparentBytes
    }
}

/// The output of tools, made fit to be shown.
enum Shown {
    /// The last line that says something, safe on any terminal and not too long.
    static func lastLine(_ text: String) -> String {
        let line = text.split { $0.isNewline }.last { !$0.allSatisfy(\.isWhitespace) } ?? ""
        return plain(line)
    }

    /// Text of others as printable ASCII, at most 160 bytes of it.
    static func plain(_ text: some StringProtocol) -> String {
        GuestTranscript.printable(text.utf8.prefix(160)).trimmingWhitespace()
    }
}
