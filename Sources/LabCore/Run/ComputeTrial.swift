extension TrialProcedure {
    /// Start, let the workload do its rounds, end it.
    ///
    /// Values: `round-ns`, host time from `ready` to the output over the rounds; `cpu-round-ns`, host CPU time over the
    /// rounds, work done outside the guest included; `throttled-ns`; `host-steal-ns`, which another guest of this
    /// host's own hypervisor took meanwhile; and the guest's metrics.
    func compute(_ trial: Plan.Trial, on engine: any PreparedEngine) -> Conclusion {
        let began = MonotonicInstant.now()
        let work = work(of: trial)
        let rounds = lab.rounds?.count(for: trial.engine) ?? 1
        let stealBefore = HostCPU.stealNanoseconds()
        let request = request(work.workload, of: trial, began: .now())
        let instance: any Instance
        do {
            instance = try engine.launch(request)
        } catch {
            return Conclusion(observation: Self.failed(trial, error), began: began, ended: .now())
        }
        var values: [String: Double] = [:]
        var failure: LabError?
        let cpu = instance as? any CPUAccounting
        var cpuBefore: UInt64?
        do throws(LabError) {
            try instance.waitUntilReady(deadline: request.deadline)
            cpuBefore = try cpu?.hostCPUNanoseconds()
            try instance.waitForOutput(deadline: request.deadline)
            if let throttled = cpu?.throttledNanoseconds { values["throttled-ns"] = Double(throttled) }
            // Now, because `dispose` may cut it short in the middle of a metric.
            failure = Self.failure(instance.transcript, expected: work.expected)
        } catch {
            failure = error
        }
        let reached = instance.timeline.last
        let disposalFailure = Self.dispose(instance)
        let ended = MonotonicInstant.now()

        if let span = instance.timeline.span(from: .ready, to: .firstOutput) {
            values["round-ns"] = Double(span) / Double(rounds)
        }
        if let cpuBefore, let cpuAfter = try? cpu?.hostCPUNanoseconds(), cpuAfter >= cpuBefore {
            values["cpu-round-ns"] = Double(cpuAfter - cpuBefore) / Double(rounds)
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
}
