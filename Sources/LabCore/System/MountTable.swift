import Glibc

/// The mounts that this process sees, in the order in which they were made. See proc_pid_mountinfo(5).
public struct MountTable: Equatable, Sendable {
    public struct Entry: Equatable, Sendable {
        /// The directory of its file system that is mounted: a cgroup, or what a bind mount shows.
        public var root: String
        public var mountPoint: String
        /// Options of this mount: `ro`, `nodev`.
        public var options: [String] = []
        /// Type of the file system: `cgroup2`, `overlay`.
        public var type: String
        /// Options of the file system itself: `lowerdir=/x`, or a v1 cgroup's controllers.
        public var superOptions: [String]
    }

    public var entries: [Entry]

    public static func current() -> MountTable {
        MountTable(mountinfo: (try? Files.readText("/proc/self/mountinfo")) ?? "")
    }

    public init(mountinfo: String) {
        // 36 35 98:0 /root /mount/point options… optional… - type source super-options
        entries = mountinfo.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 6, let dash = fields.dropFirst(6).firstIndex(of: "-"),
                fields.count > dash + 1
            else { return nil }
            return Entry(
                root: Self.unescape(fields[3]), mountPoint: Self.unescape(fields[4]),
                options: fields[5].split(separator: ",").map(String.init), type: String(fields[dash + 1]),
                superOptions: fields.count > dash + 3
                    ? fields[dash + 3].split(separator: ",").map(String.init) : [])
        }
    }

    /// The mount that `path` is on, links aside.
    public func covering(_ path: String) -> Entry? {
        func covers(_ entry: Entry) -> Bool {
            entry.mountPoint == path || path.hasPrefix(entry.mountPoint == "/" ? "/" : entry.mountPoint + "/")
        }
        // Of several at the same place the newest is on top.
        return entries.filter(covers).reduce(nil) { best, entry in
            guard let best, best.mountPoint.utf8.count > entry.mountPoint.utf8.count else { return entry }
            return best
        }
    }

    /// Returns the mount points at `directory` or below it, the newest first.
    public func mountPoints(in directory: String) -> [String] {
        entries.map(\.mountPoint).filter { $0 == directory || $0.hasPrefix(directory + "/") }.reversed()
    }

    /// Takes away what is mounted at `directory` or below it. The corresponding C function is `umount2`.
    public static func detach(in directory: String) throws(LabError) {
        for mountPoint in current().mountPoints(in: directory) {
            do {
                try checked { umount2(mountPoint, Int32(MNT_DETACH)) }
            } catch {
                // Gone already, or hidden below another that went first.
                guard error != Errno(EINVAL), error != Errno(ENOENT) else { continue }
                throw LabError(
                    error == Errno(EPERM) ? .permission : .output, "cannot unmount \(mountPoint)",
                    cause: "\(error)")
            }
        }
    }

    /// Undoes the `\040` escapes of mountinfo.
    private static func unescape(_ field: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = field.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), rest.count >= 3,
                let code = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8)
            {
                bytes.append(code)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
