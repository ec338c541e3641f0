/// What is done in one trial, by the lab's method.
///
/// Everything that can be done before `launch` or after `dispose` is done there: between the marks stand only the
/// calls of the instance.
struct TrialProcedure {
    let lab: LabDefinition

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
    func perform(_ trial: Plan.Trial, on engine: any Engine) -> Conclusion {
        switch lab.method {
        case .lifecycle: lifecycle(trial, on: engine)
        }
    }

    /// Start, wait for the end, clean up.
    private func lifecycle(_ trial: Plan.Trial, on engine: any Engine) -> Conclusion {
        let (workload, expected) = freshWorkload()
        let began = MonotonicInstant.now()
        let deadline = began.advanced(by: .seconds(lab.timeoutSeconds))
        let request = LaunchRequest(
            index: trial.index, workload: workload, memoryBytes: lab.memoryBytes, cpus: lab.cpus,
            deadline: deadline)

        let instance: any Instance
        do {
            instance = try engine.launch(request)
        } catch {
            let ended = MonotonicInstant.now()
            let observation = Observation(
                index: trial.index, engine: trial.engine, warmup: trial.warmup,
                outcome: .failed(error, after: nil), timeline: Timeline())
            return Conclusion(observation: observation, began: began, ended: ended)
        }
        let end: Result<Int32, LabError>
        var reached = Mark.exited
        do {
            end = .success(try instance.waitForExit(deadline: deadline))
        } catch {
            end = .failure(error)
            // Now, because `dispose` goes on to stamp marks of its own.
            reached = instance.timeline.last ?? .requested
        }
        var disposalFailure: LabError?
        do {
            try instance.dispose()
        } catch {
            disposalFailure = error
        }
        let ended = MonotonicInstant.now()

        let failure = Self.failure(end, instance.transcript, expected: expected) ?? disposalFailure
        var values: [String: Double] = [:]
        for (name, value) in instance.transcript.metrics { values["guest-\(name)"] = Double(value) }
        let observation = Observation(
            index: trial.index, engine: trial.engine, warmup: trial.warmup,
            outcome: failure.map { .failed($0, after: reached) } ?? .completed,
            timeline: instance.timeline, stepNanoseconds: instance.stepNanoseconds, values: values)
        return Conclusion(
            observation: observation, began: began, ended: ended, disposalFailure: disposalFailure)
    }

    /// The lab's workload and what it must say. The nonce of `hello` is new for each trial, so that nothing but a
    /// guest that really ran can send it back.
    private func freshWorkload() -> (workload: Workload, expected: [String]) {
        guard lab.workload == Workload.hello(nonce: "").name else {
            return (Workload(name: lab.workload), [])
        }
        let nonce =
            String(UInt64.random(in: .min ... .max), radix: 16)
            + String(UInt64.random(in: .min ... .max), radix: 16)
        return (.hello(nonce: nonce), [nonce])
    }

    /// Why the trial does not count, nil when the guest did exactly what it was told.
    static func failure(
        _ end: Result<Int32, LabError>, _ transcript: GuestTranscript, expected: [String]
    ) -> LabError? {
        switch end {
        case .failure(let error): return error
        case .success(let status):
            if let violation = transcript.violation {
                return LabError(.instance, "the guest broke the protocol", cause: violation)
            }
            guard status == 0 else {
                return LabError(.instance, "the workload failed", cause: "exit status \(status)")
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
}
