import Glibc

extension TrialProcedure {
    /// The time that a command may take to end once it was asked to; then it is killed with its instance.
    private static let grace = Duration.seconds(2)
    /// The time that a command which is ready has to write the figures that are read from its output, before it is asked to
    /// end; and how often they are looked for.
    static let patience = Duration.seconds(1)
    private static let interval = Duration.milliseconds(20)
    /// The name of the directory in a run's results that holds the outputs of a command.
    static let outputDirectory = "output"

    /// The files of a trial's output, made before it begins.
    /// - Parameters:
    ///   - place: its place among those that are started together.
    ///   - address: where this host reaches the command over a network.
    func output(
        of trial: Plan.Trial, _ place: Int?, at address: InstanceAddress?
    ) throws(LabError) -> CommandOutput? {
        guard let command = context?.command else { return nil }
        return try CommandOutput(
            command.readiness, path: outputPath(of: trial, place), address: address)
    }

    /// The beginning of the names of these files.
    func outputPath(of trial: Plan.Trial, _ place: Int?) -> String? {
        outputs.map {
            "\($0)/\(Self.outputName(trial.index, trial.engine))\(place.map { "-\($0)" } ?? "")"
        }
    }

    fileprivate static func outputName(_ index: Int, _ engine: EngineID) -> String {
        "\(String(index).zeroPadded(to: 6))-\(engine)"
    }

    /// Waits for the end of an instance. A command whose end is not what makes it ready is asked to end when it is ready and
    /// its client is done, which has the figures; without one when it has written them itself, or had the time to: many a
    /// server prints what it is behind the moment at which it listens.
    static func end(
        of instance: any Instance, _ request: LaunchRequest, _ client: CommandClient?,
        hasFigures: (CommandOutput) -> Bool
    ) throws(LabError) -> Int32 {
        guard let output = request.output, output.readiness != .exit else {
            return try instance.waitForExit(deadline: request.deadline)
        }
        try instance.waitUntilReady(deadline: request.deadline)
        if let client {
            _ = try client.run(deadline: request.deadline)
            return try endAsked(instance)
        }
        let last = MonotonicInstant.now().advanced(by: patience)
        while !hasFigures(output), MonotonicInstant.now() < last {
            do { return try instance.waitForExit(deadline: .now().advanced(by: interval)) } catch {
                guard error.kind == .timeout else { throw error }
            }
        }
        return try endAsked(instance)
    }

    /// Asks a command to end, and waits for it.
    static func endAsked(_ instance: any Instance) throws(LabError) -> Int32 {
        (instance as? any SignalReceiving)?.send(signal: SIGTERM)
        do {
            return try instance.waitForExit(deadline: .now().advanced(by: grace))
        } catch {
            guard error.kind == .timeout else { throw error }
            return 128 + SIGKILL
        }
    }

    /// The reason why a command's trial has no result, nil when it has.
    /// - Parameter endsByItself: whether it was to end, and well; else it was only to be ready.
    static func failure(
        _ end: Result<Int32, LabError>, _ output: CommandOutput, endsByItself: Bool
    ) -> LabError? {
        if let failure = output.failure { return failure }
        switch end {
        case .failure(let error): return error
        case .success(let status):
            guard status != 0, endsByItself else { return nil }
            return LabError(
                .instance, "the command failed", cause: output.end(status),
                remedy: status == 128 + SIGKILL
                    ? "where it wanted more memory than it may have, raise --memory; see its output beside the samples"
                    : FullFileSystem.line(in: output.lastWords) != nil
                        ? "let it write less: what it writes to its root is kept in memory, in a VM in half of its --memory"
                        : output.sharedPorts
                            ?? "see its output beside the samples; try it with: --entrypoint '' -- sh -c 'COMMAND'"
            )
        }
    }

    /// That a port which is to show that a bare process is ready shows nothing: somebody else of this host listens on it.
    static func portInUse(_ request: LaunchRequest, on engine: any PreparedEngine) -> LabError? {
        guard let port = request.output?.port, engine.kind == .process,
            ListeningPorts.has(port, seenBy: getpid())
        else { return nil }
        return LabError(
            .unavailable, "port \(Int(port)) can't show that the command is ready",
            cause:
                "another process of this host listens on it already, and a bare process has no network of its own",
            remedy: "stop that one, or let the command listen on another port")
    }
}

extension Observation {
    /// The file in which the trial's command says why it failed: its standard error, else its standard output; nil where it
    /// said nothing.
    /// - Parameter results: the directory of the run's results.
    public func output(in results: String) -> String? {
        let directory = "\(results)/\(TrialProcedure.outputDirectory)"
        let name = TrialProcedure.outputName(index, engine)
        let files = Files.list(directory).filter { $0.hasPrefix("\(name).") || $0.hasPrefix("\(name)-") }
        return (files.first { $0.hasSuffix(".stderr") } ?? files.first).map { "\(directory)/\($0)" }
    }
}
