import Glibc

/// What helps where something could not be written for want of room.
public enum FullFileSystem {
    /// That there must be room on the file system of a path, which is named as df(1) names it.
    /// - Parameter path: what was to be written; it need not be there.
    /// - Returns: nil when the error is another one.
    public static func remedy(_ error: Errno, at path: String) -> Message? {
        guard error == Errno(ENOSPC) || error == Errno(EDQUOT) else { return nil }
        return remedy(at: path)
    }

    /// The same where a program has said it.
    public static func remedy(at path: String) -> Message {
        let place = existing(path)
        let mount = MountTable.current().covering(place)
        let name = ForeignText.line(mount?.mountPoint ?? place, most: 200)
        let type = mount?.type ?? "?"
        var status = statvfs()
        guard statvfs(place, &status) == 0 else { return "make room on the file system at \(name) (\(type))" }
        // Such as tmpfs counts files too.
        if status.f_files > 0, status.f_favail == 0 {
            return "remove files from the file system at \(name) (\(type)): it has as many as it can hold"
        }
        func shown(_ blocks: some BinaryInteger) -> String {
            Self.shown(UInt64(blocks).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
        }
        return
            "make room on the file system at \(name) (\(type), \(shown(status.f_blocks)), \(shown(status.f_bavail)) free)"
    }

    /// The line by which a program says that it had no room; nil where none does. strerror(ENOSPC), which Go begins with a small
    /// letter.
    public static func line(in text: String) -> String? {
        text.split(separator: "\n").first {
            $0.contains("No space left on device") || $0.contains("no space left on device")
        }.map(String.init)
    }

    /// Where a tool makes something, that lies in the cache, and what it needs on the way in /tmp.
    public static let remedyOfTools: Message =
        "make room in the file systems of lab's cache and of /tmp, or say with LAB_HOME where there is more"

    /// The nearest directory on the way to a path that is there, without links.
    private static func existing(_ path: String) -> String {
        var path = path[...]
        while !path.isEmpty {
            if let real = try? Files.realPath(String(path)) { return real }
            path = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
        }
        return (try? Files.realPath(".")) ?? "/"
    }

    /// In whole units: nobody needs to know it to the byte.
    private static func shown(_ bytes: UInt64) -> String {
        let scale: UInt64 = [30, 20].first { bytes >> $0 >= 10 } ?? 10
        return Units.format(bytes: (bytes >> scale) << scale)
    }
}
