import LabCore

/// Where the cgroup hierarchies of a machine are mounted, read from /proc/self/mountinfo (proc(5)).
public struct CgroupMounts: Equatable, Sendable {
    /// A controller that this project sets a limit with.
    public enum Controller: String, Sendable, CaseIterable { case memory, cpu, pids }

    /// One mounted hierarchy and those of our controllers that live in it.
    public struct Hierarchy: Equatable, Sendable {
        public enum Version: Sendable { case v1, v2 }
        public var version: Version
        public var mountPoint: String
        public var controllers: [Controller]
    }

    public var layout: CgroupLayout
    /// The hierarchies with at least one of our controllers, each once.
    public var hierarchies: [Hierarchy]

    /// Those of this machine.
    public static func current() -> CgroupMounts {
        let mounts = (try? Files.readText("/proc/self/mountinfo")) ?? ""
        return CgroupMounts(mountinfo: mounts) { mountPoint in
            (try? Files.readText("\(mountPoint)/cgroup.controllers")) ?? ""
        }
    }

    /// - Parameter v2Controllers: the text of `cgroup.controllers` at a v2 mount point.
    init(mountinfo: String, v2Controllers: (_ mountPoint: String) -> String) {
        var v1: [Hierarchy] = []
        var v2: Hierarchy?
        for line in mountinfo.split(separator: "\n") {
            // 36 35 98:0 /root /mount/point options… optional… - type source super-options
            let fields = line.split(separator: " ")
            guard let dash = fields.firstIndex(of: "-"), fields.count > dash + 3, fields.count > 4 else {
                continue
            }
            let mountPoint = CgroupMounts.unescape(fields[4])
            switch fields[dash + 1] {
            case "cgroup2" where v2 == nil:
                let names = v2Controllers(mountPoint).split { $0.isWhitespace }.map(String.init)
                v2 = Hierarchy(
                    version: .v2, mountPoint: mountPoint,
                    controllers: Controller.allCases.filter { names.contains($0.rawValue) })
            case "cgroup":
                let options = fields[dash + 3].split(separator: ",").map(String.init)
                let here = Controller.allCases.filter { options.contains($0.rawValue) }
                let known = v1.contains { !Set($0.controllers).isDisjoint(with: here) }
                if !here.isEmpty && !known {
                    v1.append(Hierarchy(version: .v1, mountPoint: mountPoint, controllers: here))
                }
            default: break
            }
        }
        layout = CgroupLayout(mountinfo: mountinfo)
        hierarchies = v1 + (v2.map { $0.controllers.isEmpty ? [] : [$0] } ?? [])
    }

    /// - Throws: `.unavailable` unless every controller that this project sets a limit with is mounted.
    func requireControllers() throws(LabError) {
        let found = hierarchies.flatMap(\.controllers)
        guard Set(found).count < Controller.allCases.count else { return }
        throw LabError(
            .unavailable, "the cgroup controllers memory, cpu and pids are not all mounted",
            cause:
                "layout \(layout.rawValue) offers "
                + (found.isEmpty ? "none" : found.map(\.rawValue).joined(separator: ", ")),
            remedy: "mount the cgroup2 file system on /sys/fs/cgroup")
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
