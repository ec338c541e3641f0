/// The procedure of one trial, by the lab's method.
///
/// Everything that can be done before `launch` or after `dispose` is done there: between the marks stand only the
/// calls of the instance.
struct TrialProcedure {
    let lab: LabDefinition
    /// The digests that the workloads of `compute` must arrive at.
    var digests = ComputeDigests()
    /// The experiments that the method `experiment` can make.
    var experiments: [any Experiment] = []
    /// The run that experiments work in; nil outside one.
    var context: RunContext?
    /// Where the outputs of commands go, a file for each; nil keeps them no longer than a trial.
    var outputs: String?
    /// Follows the JSON pointers of a command's values.
    var pointed: PointedNumber = { _, _ in nil }
    /// The seed of the run.
    var seed: UInt64 = 0
    let counter = InstanceCounter()

    /// The outcome of a trial.
    struct Conclusion {
        var observation: Observation
        /// Samples of other cells that came with it; they have the places of trials that are yet to be made.
        var others: [Observation] = []
        /// The moments at which `launch` was called and `dispose` returned.
        var began: MonotonicInstant
        var ended: MonotonicInstant
        /// Set when the instance could not be removed: its journal entries must be replayed.
        var disposalFailure: LabError?
    }

    /// Makes one trial. Does not throw: a failure is what the trial yields.
    func perform(_ trial: Plan.Trial, on engine: any PreparedEngine) -> Conclusion {
        do {
            switch lab.method {
            case .lifecycle: return try lifecycle(trial, on: engine)
            case .memory: return memory(trial, on: engine)
            case .compute: return try compute(trial, on: engine)
            case .experiment: return try experiment(trial, on: engine)
            }
        } catch {
            let now = MonotonicInstant.now()
            return Conclusion(observation: Self.failed(trial, error), began: now, ended: now)
        }
    }

    /// Takes the next number for an instance: together with the run's id it names every resource.
    func nextInstance() -> Int { counter.next() }

    /// The work that an instance of this trial is asked to do, and the output it must give.
    struct Work {
        var workload: Workload
        var expected: [String] = []
    }

    /// - Parameter nonce: new for each instance, so that nothing but a guest that really ran can send it back.
    func work(of trial: Plan.Trial, nonce: () -> String = TrialProcedure.freshNonce) -> Work {
        switch lab.method {
        case .lifecycle, .experiment:
            let nonce = nonce()
            return switch lab.workload {
            case "hello": Work(workload: .hello(nonce: nonce), expected: [nonce])
            case "release": Work(workload: .release(nonce: nonce))
            case "tide": Work(workload: .tide(mebibytes: 64))
            default: Work(workload: Workload(name: lab.workload))
            }
        case .memory:
            let mebibytes = trial.parameters.touch ?? 0
            return Work(workload: .touch(mebibytes: mebibytes), expected: ["\(mebibytes)"])
        case .compute:
            let kind = trial.parameters.compute ?? lab.workload
            let rounds = lab.rounds?.count(for: trial.engine) ?? 1
            return Work(
                workload: .compute(kind: kind, rounds: rounds),
                expected: [digests.digest(kind, rounds: rounds) ?? ""])
        }
    }

    /// A word that nobody can know who was not told it: 32 hexadecimal digits.
    static func freshNonce() -> String {
        let words = (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 16) }
        return words.map { $0.zeroPadded(to: 16) }.joined()
    }

    func request(_ workload: Workload, of trial: Plan.Trial, began: MonotonicInstant) -> LaunchRequest {
        LaunchRequest(
            index: nextInstance(),
            payload: context?.command.map { .command($0.told(trial.parameters.argument)) }
                ?? .guest(workload),
            memoryBytes: trial.parameters.memory ?? lab.memoryBytes,
            cpus: trial.parameters.cpus ?? lab.cpus,
            deadline: began.advanced(by: .seconds(lab.timeoutSeconds(at: trial.parameters))),
            condition: trial.parameters)
    }

    /// A trial that has no instance to speak of.
    static func failed(_ trial: Plan.Trial, _ error: LabError) -> Observation {
        Observation(
            index: trial.index, engine: trial.engine, parameters: trial.parameters, warmup: trial.warmup,
            outcome: .failed(error, after: nil), timeline: Timeline())
    }

    /// Removes an instance; the error when that failed.
    static func dispose(_ instance: any Instance) -> LabError? {
        do {
            try instance.dispose()
            return nil
        } catch {
            return error
        }
    }

    /// Returns the guest's counts, under names of its own.
    static func guestValues(_ transcript: GuestTranscript) -> [String: Double] {
        Dictionary(uniqueKeysWithValues: transcript.metrics.map { ("guest-\($0.key)", Double($0.value)) })
    }

    /// Returns the reason why a guest's output does not count, nil when it is exactly what it was told to say.
    static func failure(_ transcript: GuestTranscript, expected: [String]) -> LabError? {
        if let violation = transcript.violation {
            return LabError(.instance, "the guest broke the protocol", cause: violation)
        }
        guard transcript.outputs == expected else {
            let said = transcript.outputs.map { GuestTranscript.excerpt(Array($0.utf8)) }
            return LabError(
                .instance, "the guest did not do its workload",
                cause: "expected the output \(expected), received [\(said.joined(separator: ", "))]")
        }
        return nil
    }
}

/// Counts the instances of a run.
final class InstanceCounter {
    private(set) var made = 0

    func next() -> Int {
        defer { made += 1 }
        return made
    }
}

extension LabDefinition {
    /// Returns the first request of an engine's trials, for who wants to see it: its nonce is recognised as an example.
    /// - Parameters:
    ///   - variant: another one than the trial's.
    ///   - context: of the run that would make it.
    public func firstRequest(
        of engine: EngineID, variant: VMVariant? = nil, in context: RunContext? = nil
    ) -> LaunchRequest {
        // The factors that a lab varies are for the engines of its series alone.
        let point = series.first { engines(of: $0).contains(engine) }?.points.first ?? [:]
        let trial = Plan.Trial(index: 0, engine: engine, parameters: point, warmup: false)
        let procedure = TrialProcedure(lab: self, context: context)
        var request = procedure.request(
            procedure.work(of: trial) { "NONCE" }.workload, of: trial, began: .now())
        if let variant { request.condition.variant = variant }
        return request
    }
}
