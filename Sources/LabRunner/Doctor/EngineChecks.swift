import LabCore
import Results

/// Proves each engine by a trial that is made like any other: a guest must start and send a fresh nonce back.
enum EngineChecks {
    /// The longest that a guest may take to answer, in seconds: emulation on a busy machine is slow.
    static let timeoutSeconds: Double = 60 * Double(Emulator.patience)
    /// Nobody waits longer than this for a doctor, in seconds.
    static let budgetSeconds: Double = 600

    /// One check for each engine of `engines`.
    /// - Parameter labs: the labs by the engines that they use, for what a failure disables.
    /// - Throws: `.interrupted`.
    static func all(
        _ engines: [any Engine], context: RunContext, labs: [LabDefinition], watch: (Runner.Event) -> Void
    ) throws(LabError) -> [DoctorCheck] {
        let runner = Runner(setup: setup(engines.map(\.id)), engines: engines, context: context)
        let records: [EngineRecord]
        var samples: [Observation] = []
        do {
            let result = try runner.run(samplesIn: nil, watch: watch)
            records = result.header.engines
            samples = result.samples
        } catch {
            // No engine works at all: each says so below.
            guard error.kind == .unavailable else { throw error }
            records = runner.records
        }
        try context.interrupt.check()
        let answered = Set(samples.filter(\.outcome.isCompleted).map(\.engine))
        let emulationWorks = records.contains {
            $0.emulates && !$0.role.isOptional && answered.contains($0.id)
        }
        return records.map { record in
            check(
                record, samples.first { $0.engine == record.id },
                disables: labs.filter { $0.engines.contains(record.id) }.map { "\($0.id) on \(record.id)" },
                hasSubstitute: record.kind == .virtualMachine && emulationWorks)
        }
    }

    private static func setup(_ engines: [EngineID]) -> Runner.Setup {
        let title = LocalizedText(en: "Doctor", zh: "诊断")
        let lab = LabDefinition(
            id: "doctor", title: title, question: title, dimension: "", engines: engines,
            workload: Workload.hello(nonce: "").name, method: .lifecycle, metrics: [],
            samples: LabDefinition.Samples(default: 1, warmup: 0), budgetSeconds: budgetSeconds,
            timeoutSeconds: timeoutSeconds, memoryBytes: 256 << 20, cpus: 1, claims: [])
        return Runner.Setup(
            lab: lab, command: "lab doctor", version: Version.current, startedAt: UTCTime.now().rfc3339,
            seed: 0,
            environment: Environment())
    }

    private static func check(
        _ record: EngineRecord, _ sample: Observation?, disables: [Message], hasSubstitute: Bool
    ) -> DoctorCheck {
        let id = "engine-\(record.id)"
        let title: Message = "\(record.id) runs a guest"
        // A VM without KVM still runs, emulated; without a peer or Xen there is one comparison less. Labs are the poorer,
        // and none is lost.
        let failed: DoctorCheck.Status =
            hasSubstitute || record.role.isOptional ? .warn : .fail
        if case .unavailable(let error) = record.availability {
            return DoctorCheck(
                id: id, title: title, status: failed, detail: error.reason, remedy: error.remedy,
                disables: disables)
        }
        guard let sample else {
            return DoctorCheck(
                id: id, title: title, status: .skip, detail: "it was not tried", disables: disables)
        }
        switch sample.outcome {
        case .completed:
            let time = sample.timeline.span(from: .requested, to: .firstOutput)
            let text: Message = time.map { "answered after \(milliseconds($0)) ms" } ?? "answered"
            return DoctorCheck(
                id: id, title: title, status: .pass,
                detail:
                    "\(text)\(record.emulated ? ", by emulation: its times are not those of hardware" : "")")
        case .failed(let error, let mark):
            return DoctorCheck(
                id: id, title: title, status: failed,
                detail: "\(error)\(mark.map { " (after the mark \($0.rawValue))" } ?? "")",
                remedy: error.remedy,
                disables: disables)
        }
    }

    /// To the microsecond.
    private static func milliseconds(_ nanoseconds: UInt64) -> String {
        let microseconds = (nanoseconds + 500) / 1_000
        return "\(microseconds / 1_000).\(String(microseconds % 1_000).zeroPadded(to: 3))"
    }
}
