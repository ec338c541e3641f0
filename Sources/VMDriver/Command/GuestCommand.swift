import Artifacts
import LabCore

/// What lab-guest is told of the command that it starts: a file of the initramfs, which is the same in all starts of a run.
/// A kernel's command line would be too short for it. CommandFile.swift of lab-guest reads it.
enum GuestCommand {
    /// Its path, without the slash at the beginning.
    static let file = "command"
    /// That of the file with its standard input, where it has one.
    static let input = "input"

    /// Texts with a NUL behind each: file system, program, directory, user, group, a count and so many groups, the port on
    /// which it listens when it is ready or 0, a count and so many arguments, a count and so many variables; then the program and
    /// the arguments, with their count, of the command that says whether it is ready, or nothing.
    static func bytes(of command: CommandPayload, on format: TreeDisk.Format) -> [UInt8] {
        let user = command.user ?? CommandUser(user: 0, group: 0)
        var port: UInt16 = 0
        // Over a network the host sees it itself.
        if case .port(let number) = command.readiness, command.network == nil { port = number }
        let texts =
            [format.rawValue, command.program, command.directory, "\(user.user)", "\(user.group)"]
            + counted(user.groups.map(String.init)) + ["\(port)"] + counted(command.arguments)
            + counted(command.environment) + check(of: command)
        return texts.flatMap { Array($0.utf8) + [0] }
    }

    private static func check(of command: CommandPayload) -> [String] {
        guard case .command(let words) = command.readiness, let program = command.readyProgram else {
            return []
        }
        return [program] + counted(words)
    }

    private static func counted(_ texts: [String]) -> [String] { ["\(texts.count)"] + texts }
}

/// A command of an image, with what VMs start it from.
struct VMCommand: Hashable, Sendable {
    let payload: CommandPayload
    let disk: TreeDisk
    /// See `GuestCommand`.
    let file: [UInt8]
    /// A directory of the run's for copies that QEMU can read.
    let place: String
    /// For a command that makes containers.
    let ground: Ground?

    /// What a command that makes containers finds beside its tree: cgroups that are its to make, the links of their
    /// networks, a disk that it may write to, and words that it is told.
    struct Ground: Equatable, Sendable {
        /// The directory of that disk, which is the request's `storage`.
        var home: String
        /// Its standard input. It stays in `place`, and goes with it.
        var input: [UInt8]

        /// Modules of the kernel that it needs.
        static let modules = ["bridge", "veth"]
    }

    init(_ payload: CommandPayload, on disk: TreeDisk, place: String, ground: Ground? = nil) {
        self.payload = payload
        self.disk = disk
        self.place = place
        self.ground = ground
        file = GuestCommand.bytes(of: payload, on: disk.format)
    }

    /// The workload of lab-guest that starts it.
    var workload: Workload {
        Workload(name: "command", arguments: ground.map { [$0.home] } ?? [])
    }

    static func == (left: VMCommand, right: VMCommand) -> Bool {
        left.disk == right.disk && left.file == right.file && left.ground == right.ground
    }

    func hash(into hasher: inout Hasher) { hasher.combine(disk.path) }

    /// What lab-guest does with it in the VM, as strace(1) would show it.
    var text: String {
        let words = payload.arguments.map(\.debugDescription).joined(separator: ", ")
        let user = payload.user ?? CommandUser(user: 0, group: 0)
        return """
            lab-guest, in the VM:
              chdir(\(payload.directory.debugDescription))
              setresgid(\(user.group)), setresuid(\(user.user))
              execve(\(payload.program.debugDescription), [\(words)])

            """
    }
}
