import Glibc
import LabCore

/// A tree with busybox in it, made of this machine's own, removed with the last reference.
package final class BusyboxTree {
    /// Debian's busybox-static, or a busybox that is static.
    package static let program = ["/bin/busybox", "/usr/bin/busybox"].first { path in
        guard let bytes = try? Files.read(path, limit: 64 << 20) else { return false }
        // A dynamic one names its loader in its first page.
        return !bytes.prefix(4_096).split(separator: 0).contains {
            String(decoding: $0, as: UTF8.self).contains("/ld-")
        }
    }
    package static let isThere = program != nil
    private static let names = [
        "cat", "dd", "echo", "env", "false", "id", "kill", "ls", "mount", "nc", "pwd", "seq", "sh", "sleep",
        "stat", "true", "wc",
    ]

    package let path: String

    package init() throws {
        var template = Array("/tmp/lab-busybox-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Errno(errno) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        chmod(path, 0o755)
        for name in ["bin", "etc", "proc", "sys", "dev", "tmp", "srv"] {
            try Files.makeDirectory("\(path)/\(name)")
        }
        try Files.write(
            try Files.read(Self.program ?? "", limit: 64 << 20), to: "\(path)/bin/busybox", mode: 0o755)
        Files.waitUntilUnwritten("\(path)/bin/busybox")
        for name in Self.names { try checked { symlink("busybox", "\(path)/bin/\(name)") } }
        try Files.write(
            "root:x:0:0::/root:/bin/sh\nguest:x:1000:1001::/srv:/bin/sh\n", to: "\(path)/etc/passwd")
        try Files.write("guest:x:1001:\nplay:x:1002:guest\n", to: "\(path)/etc/group")
        try Files.write("of the tree\n", to: "\(path)/etc/motd")
    }

    deinit { try? Files.removeTree(path) }
}
