import Glibc

/// A program of this host that drives a command over its network, once it is ready.
///
/// It finds in its environment `LAB_ADDRESS`, where the command is; `LAB_PORT`, where a port shows that it is ready;
/// `LAB_ARGUMENT`, the word that a series put behind the command's own; and lab-guest in `PATH`.
struct CommandClient: Sendable {
    let words: [String]
    /// `NAME=value`.
    let variables: [String]
    /// What it says, both its streams as one.
    let output: CommandOutput

    /// Runs it to its end.
    /// - Returns: nanoseconds of host time.
    /// - Throws: `.instance` where it failed; else as `Tool.run`.
    func run(deadline: MonotonicInstant) throws(LabError) -> UInt64 {
        // Nothing else ends it when this process is killed.
        let tether = Tool.find("setpriv") == nil ? [] : ["setpriv", "--pdeathsig", "KILL", "--"]
        let command = tether + words
        let began = MonotonicInstant.now()
        let ended = try Tool.run(
            command[0], Array(command.dropFirst()), in: "/", variables: variables, deadline: deadline,
            limit: CommandOutput.mostBytes)
        let span = MonotonicInstant.now().nanoseconds(since: began)
        Array(ended.text.utf8).withUnsafeBytes { _ = output.receive($0, of: .output) }
        if let failure = output.failure { throw failure }
        guard ended.status == 0 else {
            throw LabError(
                .instance, "the client of the command failed", cause: output.end(ended.status),
                remedy: "see that this host has it, and that it ends by itself")
        }
        return span
    }
}

extension TrialProcedure {
    /// The client of a trial's command, with the file of its output; nil where it has none.
    /// - Parameter address: of the command; nil for this host's own.
    func client(
        of trial: Plan.Trial, _ place: Int?, at address: InstanceAddress?
    ) throws(LabError) -> CommandClient? {
        guard let command = lab.command, let words = command.client, !words.isEmpty, let context else {
            return nil
        }
        let path = getenv("PATH").map { String(cString: $0) } ?? SearchPath.standard
        var variables = [
            "LAB_ADDRESS=\(address?.text ?? "127.0.0.1")", "LAB_ARGUMENT=\(trial.parameters.argument ?? "")",
            "PATH=\(path):\(context.rootFilesystem.directory)",
        ]
        if case .port(let number) = command.readiness { variables.append("LAB_PORT=\(number)") }
        return CommandClient(
            words: words, variables: variables,
            output: try CommandOutput(.exit, path: outputPath(of: trial, place).map { "\($0)-client" }))
    }
}

extension RunContext {
    /// The address at which this host reaches an instance over its run's network; nil where it has none.
    public func address(of request: LaunchRequest, on engine: any PreparedEngine) -> InstanceAddress? {
        guard engine.kind != .process, request.command?.network == .bridge,
            case .success(let network)? = network
        else { return nil }
        return network.address(of: request.index)
    }
}
