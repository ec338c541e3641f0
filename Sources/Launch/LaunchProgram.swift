import CLinux
import Glibc
import LabCore

/// The steps of a child between clone3 and execve, in order: flat, immutable, and the very thing that runs.
package struct LaunchProgram: Equatable, Sendable {
    /// CLONE_NEW* flags of the clone3(2) call that starts it.
    package var namespaces: Namespaces
    package var steps: [Step]

    /// One step with the name under which the report times it.
    package struct Step: Equatable, Sendable {
        private let naming: @Sendable () -> Message
        package var operation: Operation
        /// An errno that means "this kernel or file system lacks it" and is passed over.
        package var tolerates: Errno?

        package var name: Message { naming() }

        package init(_ operation: Operation, tolerates: Errno? = nil) {
            self.naming = operation.name
            self.operation = operation
            self.tolerates = tolerates
        }

        /// - Parameter name: what it is for, where its operation does not say it.
        package init(
            _ name: @escaping @autoclosure @Sendable () -> Message, _ operation: Operation,
            tolerates: Errno? = nil
        ) {
            self.naming = name
            self.operation = operation
            self.tolerates = tolerates
        }

        package static func == (left: Self, right: Self) -> Bool {
            left.operation == right.operation && left.tolerates == right.tolerates && left.name == right.name
        }
    }

    /// A terminal that a container is to have.
    package struct TerminalRequest: Equatable, Sendable {
        /// Which of the descriptors 0, 1 and 2 are it, as a mask.
        package var descriptors: UInt32
        package var rows: UInt16
        package var columns: UInt16

        package init(descriptors: UInt32, rows: UInt16, columns: UInt16) {
            self.descriptors = descriptors
            self.rows = rows
            self.columns = columns
        }
    }

    /// A standard descriptor that is a /dev/null of the container's.
    package struct NullDescriptor: Equatable, Sendable {
        package var number: Int32
        /// O_RDONLY, O_WRONLY or O_RDWR, see open(2).
        package var access: Int32

        package init(number: Int32, access: Int32) { (self.number, self.access) = (number, access) }
    }

    package init(namespaces: Namespaces, steps: [Step]) {
        self.namespaces = namespaces
        self.steps = steps
    }

    /// The number of a device, see makedev(3).
    package struct Device: Equatable, Sendable {
        package var major: UInt32
        package var minor: UInt32

        package init(major: UInt32, minor: UInt32) {
            self.major = major
            self.minor = minor
        }
    }
}

extension LaunchProgram {
    /// Returns the steps that each child of ours begins with: it dies with us, has the standard descriptors that it is
    /// given, and a session of its own. Before it executes it must be rid of our other descriptors: by `closeOnExec`, or
    /// where it executes what is not ours, by `closeDescriptors`.
    /// - Parameter nulls: those that a later step gives it.
    package static func child(parent: Int32, nulls: [NullDescriptor] = []) -> [Step] {
        let given = (0...2 as ClosedRange<Int32>).filter { number in !nulls.contains { $0.number == number } }
        return [Step(.dieWithParent(parent: parent))] + given.map { Step(.standardDescriptor($0)) }
            + [Step(.newSession)]
    }

    /// The program of a bare process: what a shell does, fork and exec.
    package static func process(program: String, parent: Int32) -> LaunchProgram {
        LaunchProgram(
            namespaces: [],
            steps: child(parent: parent) + callersLimits() + [
                Step(.closeOnExec(from: 3)), Step(.execute(program)),
            ])
    }

    /// Returns the step that takes back what lab raised for itself; none where the caller's limits were as high.
    package static func callersLimits() -> [Step] {
        let limits = OwnLimits.raised.compactMap { Rlimit($0.name, soft: $0.soft, hard: $0.hard) }
        return limits.isEmpty ? [] : [Step("the caller's limits", .setLimits(limits))]
    }

    /// The same on these processors, from its first step on, with all that it starts; nil leaves it where the caller is.
    package func held(to processors: CPUList?) -> LaunchProgram {
        guard let processors else { return self }
        return LaunchProgram(
            namespaces: namespaces, steps: [Step(.setAffinity(processors))] + steps)
    }

    /// The program as the system calls that it makes, one line a step: what `lab explain` prints.
    package func text(arguments: [String]) -> Message {
        let flags = ["CLONE_VM", "CLONE_VFORK", "CLONE_PIDFD", "CLONE_CLEAR_SIGHAND"] + namespaces.flagNames
        var lines = [Message(verbatim: "clone3({flags=\(flags.joined(separator: "|"))})")]
        for (index, step) in steps.enumerated() {
            let number = String(index + 1)
            let call = step.operation.text(arguments)
            let start = "\(String(repeating: " ", count: max(0, 3 - number.count)))\(number)  \(call)"
            let tolerated: Message = step.tolerates.map { "  // \($0.name) is passed over" } ?? ""
            lines.append("\(start)  // \(step.name)\(tolerated)")
        }
        return "\(lines.joined(separator: "\n"))\n"
    }
}

/// Linux namespaces as clone(2) flags.
package struct Namespaces: OptionSet, Hashable, Sendable {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Not the one for any set, which a program that starts a single container would spend 40 µs on.
    package init(arrayLiteral elements: Self...) {
        self.init(rawValue: elements.reduce(0) { $0 | $1.rawValue })
    }

    /// Made by unshare(2) and entered by execve(2): clone3(2) refuses it to a child that shares our memory.
    package static let time = Namespaces(rawValue: 0x0000_0080)
    package static let mount = Namespaces(rawValue: 0x0002_0000)
    package static let cgroup = Namespaces(rawValue: 0x0200_0000)
    package static let uts = Namespaces(rawValue: 0x0400_0000)
    package static let ipc = Namespaces(rawValue: 0x0800_0000)
    package static let user = Namespaces(rawValue: 0x1000_0000)
    package static let pid = Namespaces(rawValue: 0x2000_0000)
    package static let network = Namespaces(rawValue: 0x4000_0000)

    /// Each kind with the name of its file in `/proc/PID/ns`, see namespaces(7).
    package static let named: [(name: String, namespace: Namespaces)] = [
        ("user", .user), ("pid", .pid), ("mnt", .mount), ("net", .network), ("ipc", .ipc), ("uts", .uts),
        ("cgroup", .cgroup),
    ]

    /// `named`, and the time namespace, which no container of ours has: every kind that Linux knows.
    package static let kinds: [(name: String, namespace: Namespaces)] = named + [("time", .time)]

    /// The names of the set's files in `/proc/PID/ns`.
    package var names: [String] { Namespaces.named.filter { contains($0.namespace) }.map(\.name) }

    /// The flags by name, as the C constants spell them.
    package var flagNames: [String] {
        let constants = ["mnt": "CLONE_NEWNS"]
        return Namespaces.named.filter { contains($0.namespace) }
            .map { constants[$0.name] ?? "CLONE_NEW\($0.name.uppercased())" }
    }

    package var flagText: String { flagNames.joined(separator: "|") }
}

/// Flags of mount(2).
package struct MountFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// See `Namespaces.init(arrayLiteral:)`.
    package init(arrayLiteral elements: Self...) {
        self.init(rawValue: elements.reduce(0) { $0 | $1.rawValue })
    }

    package static let readOnly = MountFlags(rawValue: 1)
    package static let noSetUID = MountFlags(rawValue: 2)
    package static let noDevices = MountFlags(rawValue: 4)
    package static let noExecute = MountFlags(rawValue: 8)
    package static let remount = MountFlags(rawValue: 32)
    package static let bind = MountFlags(rawValue: 4_096)
    package static let move = MountFlags(rawValue: 8_192)
    package static let recursive = MountFlags(rawValue: 16_384)
    package static let makePrivate = MountFlags(rawValue: 1 << 18)

    private static let names: [(MountFlags, String)] = [
        (.readOnly, "MS_RDONLY"), (.noSetUID, "MS_NOSUID"), (.noDevices, "MS_NODEV"),
        (.noExecute, "MS_NOEXEC"),
        (.remount, "MS_REMOUNT"), (.bind, "MS_BIND"), (.move, "MS_MOVE"), (.recursive, "MS_REC"),
        (.makePrivate, "MS_PRIVATE"),
    ]

    /// The flags as C spells them; `0` when there are none.
    package var text: String {
        let set = Self.names.filter { contains($0.0) }.map(\.1)
        return set.isEmpty ? "0" : set.joined(separator: "|")
    }

    /// The same as attributes of mount_setattr(2), whose numbers are those of the flags as far as they are here.
    package var attributeText: String {
        text.split(separator: "|").map { "MOUNT_ATTR_\($0.dropFirst(3))" }.joined(separator: "|")
    }
}

extension FileDescriptor {
    /// A pidfd of this process, by which a child that is to die with it sees whether it is there.
    package static func ofThisProcess() throws(LabError) -> FileDescriptor {
        do {
            return FileDescriptor(owning: try checked { clinux_pidfd_open(getpid()) })
        } catch {
            throw LabError(.unavailable, "cannot watch over this process", cause: error)
        }
    }
}
