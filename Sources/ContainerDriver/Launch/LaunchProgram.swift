import Glibc
import LabCore

/// What a child does between clone3 and execve, in order: flat, immutable, and the very thing that runs.
public struct LaunchProgram: Equatable, Sendable {
    /// CLONE_NEW* flags of the clone3(2) call that starts it.
    public var namespaces: Namespaces
    public var steps: [Step]

    /// One step with the name under which the report times it.
    public struct Step: Equatable, Sendable {
        public var name: Message
        public var action: Action
        /// An errno that means "this kernel or file system lacks it" and is passed over.
        public var tolerates: Errno?

        public init(_ name: Message, _ action: Action, tolerates: Errno? = nil) {
            self.name = name
            self.action = action
            self.tolerates = tolerates
        }
    }

    /// One system call, or one short fixed sequence of them. The C side is `clinux_operation`.
    public enum Action: Equatable, Sendable {
        case mount(source: String?, target: String, type: String?, flags: MountFlags, data: String?)
        /// After it, absolute paths are the container's and relative ones the host's.
        case pivotRoot(String)
        case leaveOldRoot
        /// Like `pivotRoot`, but what was the root stays below, covered, and there is nothing to unmount.
        case moveRoot(String)
        case changeDirectory(String)
        case enterNamespace(descriptor: Int32, Namespaces)
        case makeDirectory(String, mode: UInt32)
        case symlink(target: String, path: String)
        case createFile(String, mode: UInt32)
        /// A node of our own, whatever the umask; for whom the kernel lets make none, a bind of the caller's.
        case makeDevice(String, mode: UInt32, Device, orBind: String)
        /// Adds flags to a mount and to all below it, and takes none away, see mount_setattr(2).
        case addMountFlags(String, MountFlags)
        /// Covers a path by the one, or where it is a directory and that is none, or the other way round, by the other.
        case mask(String, by: String, orBy: String)
        /// The same for every number of a processor in the place of the path's `*`.
        case maskEach(String, by: String, orBy: String)
        case write(String, to: String)
        case unshare(Namespaces)
        /// Writes to the `tasks` file of the directory, which is open: number `index` of a start's parameters.
        case joinCgroup(index: Int, directory: String)
        case setHostname(String)
        case loopbackUp
        /// Gives the child its descriptor 0, 1, 2 or 3, one of a start's parameters.
        case standardDescriptor(Int32)
        case closeOnExec(from: Int32)
        case closeDescriptors(from: Int32)
        /// Makes a terminal of /dev/pts the child's own, and its descriptors those of a mask; the master goes to us.
        case openTerminal(TerminalRequest)
        case newSession
        case boundCapabilities(Capabilities)
        case setCapabilities(Capabilities)
        case noNewPrivileges
        case loadFilter(SeccompFilter)
        case dieWithParent(signal: Int32, parent: Int32)
        case setLimits([Rlimit])
        /// Bit N - 1 stands for signal N.
        case defaultSignals(UInt64)
        case setSchedulingPolicy(Int32)
        case call(SystemCall)
        case execute(String)
    }

    /// A terminal that a container is to have.
    public struct TerminalRequest: Equatable, Sendable {
        /// Which of the descriptors 0, 1 and 2 are it, as a mask.
        public var descriptors: UInt32
        public var rows: UInt16
        public var columns: UInt16
    }

    public init(namespaces: Namespaces, steps: [Step]) {
        self.namespaces = namespaces
        self.steps = steps
    }

    /// The number of a device, see makedev(3).
    public struct Device: Equatable, Sendable {
        public var major: UInt32
        public var minor: UInt32
    }

    /// A system call that takes nothing but numbers.
    public struct SystemCall: Equatable, Sendable {
        /// Its own, then five arguments.
        public var numbers: [Int64]
        /// In the notation of strace(1).
        public var text: String

        init(_ number: Int32, _ arguments: [Int], _ text: String) {
            precondition(arguments.count <= 5, "a step has room for five arguments")
            numbers = ([Int(number)] + arguments + [0, 0, 0, 0, 0]).prefix(6).map(Int64.init)
            self.text = text
        }
    }

    /// The name of the call that starts it, for the report's table of steps.
    var cloneName: String { "clone3 (\(namespaces.names.joined(separator: ", ")))" }
}

/// Linux namespaces as clone(2) flags.
public struct Namespaces: OptionSet, Hashable, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Made by unshare(2) and entered by execve(2): clone3(2) refuses it to a child that shares our memory.
    public static let time = Namespaces(rawValue: 0x0000_0080)
    public static let mount = Namespaces(rawValue: 0x0002_0000)
    public static let cgroup = Namespaces(rawValue: 0x0200_0000)
    public static let uts = Namespaces(rawValue: 0x0400_0000)
    public static let ipc = Namespaces(rawValue: 0x0800_0000)
    public static let user = Namespaces(rawValue: 0x1000_0000)
    public static let pid = Namespaces(rawValue: 0x2000_0000)
    public static let network = Namespaces(rawValue: 0x4000_0000)

    /// Each kind with the name of its file in `/proc/PID/ns`, see namespaces(7).
    public static let named: [(name: String, namespace: Namespaces)] = [
        ("user", .user), ("pid", .pid), ("mnt", .mount), ("net", .network), ("ipc", .ipc), ("uts", .uts),
        ("cgroup", .cgroup),
    ]

    /// `named`, and the time namespace, which no container of ours has: every kind that Linux knows.
    static let kinds: [(name: String, namespace: Namespaces)] = named + [("time", .time)]

    /// The names of the set's files in `/proc/PID/ns`.
    public var names: [String] { Namespaces.named.filter { contains($0.namespace) }.map(\.name) }

    /// The flags by name, as the C constants spell them.
    public var flagNames: [String] {
        let constants = ["mnt": "CLONE_NEWNS"]
        return Namespaces.named.filter { contains($0.namespace) }
            .map { constants[$0.name] ?? "CLONE_NEW\($0.name.uppercased())" }
    }
}

/// Flags of mount(2).
public struct MountFlags: OptionSet, Hashable, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    public static let readOnly = MountFlags(rawValue: 1)
    public static let noSetUID = MountFlags(rawValue: 2)
    public static let noDevices = MountFlags(rawValue: 4)
    public static let noExecute = MountFlags(rawValue: 8)
    public static let remount = MountFlags(rawValue: 32)
    public static let bind = MountFlags(rawValue: 4_096)
    public static let move = MountFlags(rawValue: 8_192)
    public static let recursive = MountFlags(rawValue: 16_384)
    public static let makePrivate = MountFlags(rawValue: 1 << 18)

    private static let names: [(MountFlags, String)] = [
        (.readOnly, "MS_RDONLY"), (.noSetUID, "MS_NOSUID"), (.noDevices, "MS_NODEV"),
        (.noExecute, "MS_NOEXEC"),
        (.remount, "MS_REMOUNT"), (.bind, "MS_BIND"), (.move, "MS_MOVE"), (.recursive, "MS_REC"),
        (.makePrivate, "MS_PRIVATE"),
    ]

    /// The flags as C spells them; `0` when there are none.
    public var text: String {
        let set = Self.names.filter { contains($0.0) }.map(\.1)
        return set.isEmpty ? "0" : set.joined(separator: "|")
    }

    /// The same as attributes of mount_setattr(2), whose numbers are those of the flags as far as they are here.
    public var attributeText: String {
        text.split(separator: "|").map { "MOUNT_ATTR_\($0.dropFirst(3))" }.joined(separator: "|")
    }
}
