import Synchronization

extension TrialProcedure {
    /// Start, wait for the end, clean up; alone or several at once, after a warm or a cold cache.
    func lifecycle(_ trial: Plan.Trial, on engine: any PreparedEngine) throws(LabError) -> Conclusion {
        if trial.parameters.cache == .cold { try HostMemory.dropCaches() }
        let count = trial.parameters.concurrency ?? 1
        guard count > 1 else { return Self.live(try start(trial, on: engine), on: engine).conclusion(trial) }

        let starts = try (0..<count).map { place throws(LabError) in try start(trial, place, on: engine) }
        let lives = Mutex<[Life]>([])
        // Engines may be launched from several threads at once; their other methods are not called meanwhile.
        nonisolated(unsafe) let engine = engine
        try Threads.together(count) { index in
            let life = Self.live(starts[index], on: engine)
            lives.withLock { $0.append(life) }
        }
        return Life.last(of: lives.withLock { $0 }).conclusion(trial)
    }

    /// One instance that is to be started, with what it must say.
    private struct Start: Sendable {
        var request: LaunchRequest
        let expected: [String]
        let limit: Duration
        let countsExits: Bool
        let values: [CommandValue]
        let pointed: PointedNumber
        let client: CommandClient?
    }

    /// - Parameter place: its place among those that are started together.
    private func start(
        _ trial: Plan.Trial, _ place: Int? = nil, on engine: any PreparedEngine
    ) throws(LabError) -> Start {
        let work = work(of: trial)
        var request = request(work.workload, of: trial, began: .now())
        let address = context?.address(of: request, on: engine)
        request.output = try output(of: trial, place, at: address)
        request.output?.sharesPorts = place != nil && engine.kind == .process
        return Start(
            request: request, expected: request.command == nil ? work.expected : [],
            limit: .seconds(lab.timeoutSeconds(at: trial.parameters)),
            countsExits: trial.parameters.count == .exits, values: lab.command?.values ?? [],
            pointed: pointed, client: try client(of: trial, place, at: address))
    }

    /// The outcome of one instance.
    private struct Life: Sendable {
        let began: MonotonicInstant
        var ended: MonotonicInstant
        var timeline = Timeline()
        var stepNanoseconds: [UInt64] = []
        var values: [String: Double] = [:]
        var failure: LabError?
        /// The mark that was reached before a failure; nil when there was no instance.
        var reached: Mark?
        var disposalFailure: LabError?

        func conclusion(_ trial: Plan.Trial) -> Conclusion {
            let observation = Observation(
                index: trial.index, engine: trial.engine, parameters: trial.parameters,
                warmup: trial.warmup, outcome: failure.map { .failed($0, after: reached) } ?? .completed,
                timeline: timeline, stepNanoseconds: stepNanoseconds, values: values)
            return Conclusion(
                observation: observation, began: began, ended: ended, disposalFailure: disposalFailure)
        }

        /// The figures that a command's output holds.
        mutating func read(_ wanted: [CommandValue], from output: CommandOutput, _ pointed: PointedNumber) {
            do throws(LabError) {
                for value in wanted { values[value.key] = try value.value(in: output, pointed: pointed) }
            } catch {
                failure = output.lacking(error)
            }
        }

        /// Several lives as one: each mark is that of the last to reach it, from the first request on; one failure is
        /// the failure of all.
        static func last(of lives: [Life]) -> Life {
            let first = lives.map(\.began).min() ?? .now()
            var all = Life(began: first, ended: lives.map(\.ended).max() ?? first)
            all.disposalFailure = lives.lazy.compactMap(\.disposalFailure).first
            if let failed = lives.first(where: { $0.failure != nil }) {
                all.failure = failed.failure
                all.reached = failed.reached
            }
            for mark in Mark.inOrder where mark != .requested {
                let times = lives.compactMap { life in
                    life.timeline[mark].map { $0 + life.began.nanoseconds(since: first) }
                }
                guard times.count == lives.count, let last = times.max() else { continue }
                all.timeline.stamp(mark, at: MonotonicInstant(nanoseconds: last), since: .zero)
            }
            all.timeline.stamp(.requested, at: .zero, since: .zero)
            return all
        }
    }

    private static func live(_ start: Start, on engine: any PreparedEngine) -> Life {
        var request = start.request
        let began = MonotonicInstant.now()
        request.deadline = began.advanced(by: start.limit)
        let instance: any Instance
        do throws(LabError) {
            if let failure = portInUse(request, on: engine) { throw failure }
            instance = try engine.launch(request)
        } catch {
            request.output?.removeEmptyFiles()
            start.client?.output.removeEmptyFiles()
            var life = Life(began: began, ended: .now())
            life.failure = error
            return life
        }
        let end: Result<Int32, LabError>
        var reached = Mark.exited
        do {
            end = .success(
                try Self.end(of: instance, request, start.client) { output in
                    start.values.allSatisfy { (try? $0.value(in: output, pointed: start.pointed)) != nil }
                })
        } catch {
            end = .failure(error)
            // Now, because `dispose` goes on to stamp marks of its own.
            reached = instance.timeline.last ?? .requested
        }
        // The guest stays after its last word at this condition, and with it what counts its exits.
        let counting = start.countsExits ? instance as? any ExitCounting : nil
        let exits = Result { () throws(LabError) in try counting?.exitCounts() ?? [:] }
        let disposalFailure = dispose(instance)
        var life = Life(began: began, ended: .now())
        life.timeline = instance.timeline
        life.stepNanoseconds = instance.stepNanoseconds
        life.values = guestValues(instance.transcript)
        if let output = request.output {
            life.failure =
                failure(end, output, endsByItself: output.readiness == .exit) ?? disposalFailure
            life.values = [:]
            if case .success(let status) = end { life.values["exit-status"] = Double(status) }
            // Not `map(Double.init)`, which takes the number for the bits of one.
            life.values["cpu-ns"] = (try? (instance as? any CPUAccounting)?.hostCPUNanoseconds()).map {
                Double($0)
            }
            if life.failure == nil {
                life.read(start.values, from: start.client?.output ?? output, start.pointed)
            }
            output.removeEmptyFiles()
            start.client?.output.removeEmptyFiles()
        } else {
            life.failure = failure(end, instance.transcript, expected: start.expected) ?? disposalFailure
        }
        switch exits {
        case .success(let counts):
            for (reason, count) in counts { life.values[ExitCount.value(of: reason)] = Double(count) }
        case .failure(let error): life.failure = life.failure ?? error
        }
        life.reached = reached
        life.disposalFailure = disposalFailure
        return life
    }

    private static func failure(
        _ end: Result<Int32, LabError>, _ transcript: GuestTranscript, expected: [String]
    ) -> LabError? {
        switch end {
        case .failure(let error): return error
        case .success(let status):
            if transcript.violation == nil && status != 0 {
                return LabError(.instance, "the workload failed", cause: "exit status \(status)")
            }
            return failure(transcript, expected: expected)
        }
    }
}
