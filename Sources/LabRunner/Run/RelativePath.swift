import Glibc

/// Paths as they are seen from another directory.
enum RelativePath {
    /// `path`, to be written into a file in `directory`: relative unless the user named it from the root. Both are taken
    /// as they are written; links are not followed.
    static func of(_ path: String, from directory: String) -> String {
        guard !path.hasPrefix("/") || directory.hasPrefix("/") else { return path }
        let target = parts(path)
        let origin = parts(directory)
        let common = zip(target, origin).prefix { $0 == $1 }.count
        let up = Array(repeating: "..", count: origin.count - common)
        return (up + target.dropFirst(common)).joined(separator: "/")
    }

    /// The names on the way from the root.
    private static func parts(_ path: String) -> [String] {
        var parts: [String] = path.hasPrefix("/") ? [] : parts(workingDirectory ?? "/")
        for name in path.split(separator: "/") where name != "." {
            if name == ".." { _ = parts.popLast() } else { parts.append(String(name)) }
        }
        return parts
    }

    /// The directory that relative paths are seen from; nil, with errno, where there is none any more.
    static var workingDirectory: String? {
        guard let path = getcwd(nil, 0) else { return nil }
        defer { free(path) }
        return String(cString: path)
    }
}
