import LabCore
import Launch

/// What is to run in a room, and in what surroundings.
package struct RoomRequest: Sendable {
    /// A directory of the host's that is in the room.
    package struct Bind: Sendable {
        /// An absolute path, or one below the room's own directory on the host.
        package var source: String
        package var target: String
        package var isWritable = false

        package init(_ source: String, at target: String, isWritable: Bool = false) {
            (self.source, self.target, self.isWritable) = (source, target, isWritable)
        }
    }

    /// An overlay of directories that are in the room, read-only.
    package struct Overlay: Sendable {
        /// Paths in the room, the highest first.
        package var layers: [String]
        package var target: String

        package init(_ layers: [String], at target: String) { (self.layers, self.target) = (layers, target) }
    }

    /// The first process: an absolute path in the room, and its words.
    package var command: [String]
    package var directory = "/"
    package var binds: [Bind] = []
    package var overlay: Overlay?
    /// For all that runs in it together, where this user may set limits.
    package var limits = ResourceLimits(memoryBytes: 512 << 20, cpus: 1, pids: 256)
    /// What may be written to its root, in bytes.
    package var storageBytes: UInt64 = 64 << 20
    /// The most that each of its two streams may say, in bytes.
    package var mostOutput = 4 << 20
    /// Whether it has a cgroup of each controller to set limits in, at `/cgroup/<controller>`: then it needs one.
    package var hasOwnCgroup = false
    /// The capabilities that are left to it in its user namespace; nil leaves all.
    package var capabilities: Capabilities?
    /// A filter of its own beside the room's.
    package var filter: SeccompFilter?

    package init(_ command: [String]) { self.command = command }

    /// A limit of each process, for where no cgroup limits them together.
    func limited(_ limit: Rlimit) -> Rlimit {
        let most: UInt64? =
            switch limit.name {
            case "RLIMIT_NPROC": UInt64(limits.pids)
            case "RLIMIT_FSIZE": storageBytes
            case "RLIMIT_CORE": 0
            case "RLIMIT_NOFILE": 1_024
            default: nil
            }
        guard let most else { return limit }
        return Rlimit(limit.name, soft: most, hard: most) ?? limit
    }
}
