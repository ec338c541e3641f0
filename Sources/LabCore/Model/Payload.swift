/// What runs inside an instance.
public enum Payload: Equatable, Sendable {
    /// lab-guest, which does one of its workloads and reports to the host in records, see `GuestRecord`.
    case guest(Workload)
    /// A program of the user's own, of which the host sees what any program shows: its output, its sockets and its end.
    case command(CommandPayload)
}

/// A command of a tree of files, looked up in it and ready to be started.
public struct CommandPayload: Equatable, Sendable {
    public var tree: FileTree
    /// The command and its arguments; the first is the word by which it was named.
    public var arguments: [String]
    /// The absolute path of its program in the tree.
    public var program: String
    /// All of its environment, `NAME=value`.
    public var environment: [String]
    /// Nil for who starts it: root in a container and in a VM, the caller in a bare process.
    public var user: CommandUser?
    /// An absolute path in the tree.
    public var directory: String
    public var readiness: Readiness
    /// The absolute path in the tree of the program that shows that it is ready; nil where something else does.
    public var readyProgram: String?
    /// What it reaches beside itself; nil for nothing.
    public var network: CommandNetwork?

    public init(
        tree: FileTree, arguments: [String], program: String, environment: [String],
        user: CommandUser? = nil, directory: String = "/", readiness: Readiness = .exit,
        network: CommandNetwork? = nil
    ) {
        self.tree = tree
        self.arguments = arguments
        self.program = program
        self.environment = environment
        self.user = user
        self.directory = directory
        self.readiness = readiness
        self.network = network
    }
}

/// The numbers of a user, as the tree's own /etc/passwd and /etc/group have them.
public struct CommandUser: Codable, Equatable, Sendable {
    public var user: UInt32
    public var group: UInt32
    /// Its supplementary groups.
    public var groups: [UInt32]

    public init(user: UInt32, group: UInt32, groups: [UInt32] = []) {
        self.user = user
        self.group = group
        self.groups = groups
    }
}

extension CommandPayload {
    /// The same with one more word at the end; nil for none.
    func told(_ word: String?) -> CommandPayload {
        var told = self
        told.arguments += word.map { [$0] } ?? []
        return told
    }
}

extension LaunchRequest {
    /// The workload of lab-guest that is asked for.
    /// - Parameter engine: that starts nothing else in this way.
    /// - Throws: `.usage` where a command is asked for.
    public func workload(in engine: EngineID) throws(LabError) -> Workload {
        guard case .guest(let workload) = payload else {
            throw LabError(
                .usage, "\(engine) can't start a command of an image so",
                cause: "a complete system, and a VM that is restored, start lab-guest and nothing else",
                remedy: "leave the condition payload=system, and start=restore, out")
        }
        return workload
    }

    /// The words of its command line, the program's own name first.
    public var arguments: [String] {
        switch payload {
        case .guest(let workload): workload.commandLine
        case .command(let command): command.arguments
        }
    }

    /// The command that is asked for; nil for lab-guest.
    public var command: CommandPayload? {
        if case .command(let command) = payload { command } else { nil }
    }

    /// Where a command's output goes, opened so that none of it is part of a start; nil for lab-guest.
    public func commandOutput() throws(LabError) -> CommandOutput? {
        guard let command else { return nil }
        if let output { return output }
        return try CommandOutput(command.readiness)
    }
}
