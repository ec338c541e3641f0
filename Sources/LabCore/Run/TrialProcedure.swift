/// What is done in one trial, by the lab's method.
///
/// Everything that can be done before `launch` or after `dispose` is done there: between the marks stand only the
/// calls of the instance.
struct TrialProcedure {
    let lab: LabDefinition
    /// The digest that `compute` must arrive at, by kind and rounds, made by the host itself.
    let digests: ComputeDigests
    /// Instances started so far: together with the run's id it names every resource.
    private(set) var instances = 0

    init(lab: LabDefinition, digests: ComputeDigests = ComputeDigests()) {
        self.lab = lab
        self.digests = digests
    }

    /// What a trial left behind.
    struct Conclusion {
        var observation: Observation
        /// When `launch` was called and when `dispose` returned.
        var began: MonotonicInstant
        var ended: MonotonicInstant
        /// Set when the instance could not be removed: its journal entries must be replayed.
        var disposalFailure: LabError?
    }

    /// Makes one trial. Does not throw: a failure is what the trial yields.
    mutating func perform(_ trial: Plan.Trial, on engine: any Engine) -> Conclusion {
        do {
            switch lab.method {
            case .lifecycle: return try lifecycle(trial, on: engine)
            case .memory: return memory(trial, on: engine)
            case .compute: return compute(trial, on: engine)
            }
        } catch {
            let now = MonotonicInstant.now()
            return Conclusion(observation: Self.failed(trial, error), began: now, ended: now)
        }
    }

    /// Takes the next number for an instance.
    mutating func nextInstance() -> Int {
        defer { instances += 1 }
        return instances
    }

    mutating func request(
        _ workload: Workload, began: MonotonicInstant, isolation: String? = nil
    ) -> LaunchRequest {
        LaunchRequest(
            index: nextInstance(), workload: workload, memoryBytes: lab.memoryBytes, cpus: lab.cpus,
            deadline: began.advanced(by: .seconds(lab.timeoutSeconds)), isolation: isolation)
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

    /// What the guest counted, under names of its own.
    static func guestValues(_ transcript: GuestTranscript) -> [String: Double] {
        Dictionary(uniqueKeysWithValues: transcript.metrics.map { ("guest-\($0.key)", Double($0.value)) })
    }

    /// Why what a guest said does not count, nil when it is exactly what it was told to say.
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
