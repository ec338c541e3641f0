import Glibc

extension TrialProcedure {
    /// Start the instances one after another, read what they take while all of them live, end them.
    ///
    /// Values, in bytes and summed over the instances but for the guest's own: `configured-bytes`, `host-bytes` (by
    /// how much the host's available memory fell), one for each source of `MemoryAccounting` (`host-pss-bytes` …) and
    /// `guest-used-bytes` (the mean of what each guest takes for used).
    func memory(_ trial: Plan.Trial, on engine: any PreparedEngine) -> Conclusion {
        let count = trial.parameters.instances ?? 1
        let work = work(of: trial)
        var requests = (0..<count).map { _ in request(work.workload, of: trial, began: .now()) }
        let began = MonotonicInstant.now()
        let before = HostMemory.settledBytes()
        var instances: [any Instance] = []
        var failure: LabError?
        var values: [String: Double] = [:]
        do throws(LabError) {
            for place in requests.indices {
                requests[place].output = try output(
                    of: trial, place, at: context?.address(of: requests[place], on: engine))
            }
            for var request in requests {
                request.deadline = MonotonicInstant.now().advanced(by: .seconds(lab.timeoutSeconds))
                instances.append(try engine.launch(request))
            }
            let deadline = MonotonicInstant.now().advanced(by: .seconds(lab.timeoutSeconds))
            // The output comes after what the guest says of its memory.
            for (instance, request) in zip(instances, requests) {
                try request.command == nil
                    ? instance.waitForOutput(deadline: deadline) : instance.waitUntilReady(deadline: deadline)
            }
            for instance in instances where context?.command == nil {
                if let failure = Self.failure(instance.transcript, expected: work.expected) {
                    throw failure
                }
            }
            let after = HostMemory.settledBytes()
            values = try Self.memoryValues(instances)
            values["configured-bytes"] = Double(trial.parameters.memory ?? lab.memoryBytes) * Double(count)
            if let before, let after {
                // Less than nothing where others on the host gave memory back: noise, and noise stays in the data.
                values["host-bytes"] = Double(before) - Double(after)
            }
        } catch {
            failure = error
        }
        let reached = instances.last?.timeline.last
        let disposalFailure = instances.reversed().compactMap(Self.dispose).last
        let ended = MonotonicInstant.now()
        // What is known only now says more.
        if failure != nil { failure = requests.lazy.compactMap(\.output?.failure).first ?? failure }
        for request in requests { request.output?.removeEmptyFiles() }
        let outcome = (failure ?? disposalFailure).map { Outcome.failed($0, after: reached) } ?? .completed
        let observation = Observation(
            index: trial.index, engine: trial.engine, parameters: trial.parameters, warmup: trial.warmup,
            outcome: outcome, timeline: instances.first?.timeline ?? Timeline(), values: values)
        return Conclusion(
            observation: observation, began: began, ended: ended, disposalFailure: disposalFailure)
    }

    private static func memoryValues(_ instances: [any Instance]) throws(LabError) -> [String: Double] {
        var values: [String: Double] = [:]
        var used: [Double] = []
        for instance in instances {
            if let accounting = instance as? any MemoryAccounting {
                for (source, bytes) in try accounting.memoryBytes() {
                    values["\(source)-bytes", default: 0] += Double(bytes)
                }
            }
            let metrics = instance.transcript.metrics
            if let total = metrics["memory-total-bytes"], let available = metrics["memory-available-bytes"],
                total >= available
            {
                used.append(Double(total - available))
            }
        }
        if used.count == instances.count && !used.isEmpty {
            values["guest-used-bytes"] = used.reduce(0, +) / Double(used.count)
        }
        return values
    }
}
