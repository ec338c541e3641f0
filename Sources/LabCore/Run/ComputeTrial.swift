extension TrialProcedure {
    /// Start, let the workload do its rounds, end it. A command's rounds are the operations that its value `operations`
    /// says, from when it is ready until it ends; all of it is one where it says none. Where a client drives it, they are that
    /// one's, and the work is done when the client has ended: the command is asked to end then.
    ///
    /// Values: `round-ns`, host time of the work over the rounds; `cpu-round-ns`, host CPU time over the
    /// rounds, work done outside the guest included; `throttled-ns`; `host-steal-ns`, which another guest of this
    /// host's own hypervisor took meanwhile; and the guest's metrics, or the command's values.
    func compute(_ trial: Plan.Trial, on engine: any PreparedEngine) throws(LabError) -> Conclusion {
        let began = MonotonicInstant.now()
        let work = work(of: trial)
        var rounds = Double(lab.rounds?.count(for: trial.engine) ?? 1)
        let stealBefore = HostCPU.stealNanoseconds()
        var request = request(work.workload, of: trial, began: .now())
        let address = context?.address(of: request, on: engine)
        request.output = try output(of: trial, nil, at: address)
        let client = try client(of: trial, nil, at: address)
        defer {
            request.output?.removeEmptyFiles()
            client?.output.removeEmptyFiles()
        }
        let instance: any Instance
        do throws(LabError) {
            if let failure = Self.portInUse(request, on: engine) { throw failure }
            instance = try engine.launch(request)
        } catch {
            return Conclusion(observation: Self.failed(trial, error), began: began, ended: .now())
        }
        var values: [String: Double] = [:]
        var failure: LabError?
        let cpu = instance as? any CPUAccounting
        var cpuBefore: UInt64?
        var driven: (span: UInt64, cpu: UInt64?)?
        do throws(LabError) {
            try instance.waitUntilReady(deadline: request.deadline)
            cpuBefore = try cpu?.hostCPUNanoseconds()
            var status: Int32 = 0
            if let client {
                let span = try client.run(deadline: request.deadline)
                driven = (span, try cpu?.hostCPUNanoseconds())
                _ = try Self.endAsked(instance)
            } else if request.output == nil {
                try instance.waitForOutput(deadline: request.deadline)
            } else {
                status = try instance.waitForExit(deadline: request.deadline)
            }
            if let throttled = cpu?.throttledNanoseconds { values["throttled-ns"] = Double(throttled) }
            if let output = request.output {
                failure = Self.failure(.success(status), output, endsByItself: true)
                if failure == nil {
                    rounds = try operations(in: client?.output ?? output, &values) ?? rounds
                }
            } else {
                // Now, because `dispose` may cut it short in the middle of a metric.
                failure = Self.failure(instance.transcript, expected: work.expected)
            }
        } catch {
            failure = error
        }
        let reached = instance.timeline.last
        let disposalFailure = Self.dispose(instance)
        let ended = MonotonicInstant.now()
        // What is known only now says more.
        if failure != nil { failure = request.output?.failure ?? failure }

        if let span = driven?.span ?? instance.timeline.span(from: .ready, to: lab.endOfWork) {
            values["round-ns"] = Double(span) / rounds
        }
        let cpuAtEnd: UInt64? = if let driven { driven.cpu } else { try? cpu?.hostCPUNanoseconds() }
        if let cpuBefore, let cpuAfter = cpuAtEnd, cpuAfter >= cpuBefore {
            values["cpu-round-ns"] = Double(cpuAfter - cpuBefore) / rounds
        }
        if let stealBefore, let stealAfter = HostCPU.stealNanoseconds(), stealAfter >= stealBefore {
            values["host-steal-ns"] = Double(stealAfter - stealBefore)
        }
        values.merge(Self.guestValues(instance.transcript)) { own, _ in own }
        let observation = Observation(
            index: trial.index, engine: trial.engine, parameters: trial.parameters, warmup: trial.warmup,
            outcome: (failure ?? disposalFailure).map { .failed($0, after: reached) } ?? .completed,
            timeline: instance.timeline,
            values: values)
        return Conclusion(
            observation: observation, began: began, ended: ended, disposalFailure: disposalFailure)
    }

    /// Takes the values of a command's output.
    /// - Returns: the number of its operations; nil where none of the values is that.
    private func operations(
        in output: CommandOutput, _ values: inout [String: Double]
    ) throws(LabError) -> Double? {
        for value in lab.command?.values ?? [] {
            values[value.key] = try value.value(in: output, pointed: pointed)
        }
        guard let operations = values[CommandValue.operations] else { return nil }
        guard operations > 0 else {
            throw LabError(.instance, "the command did no operation", cause: output.end(0))
        }
        return operations
    }
}

extension LabDefinition {
    /// The mark at which the work of the method `compute` is done.
    public var endOfWork: Mark { command == nil ? .firstOutput : .exited }
}
