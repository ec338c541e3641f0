import Glibc
import LabCore

/// One fault beside a neighbour of the same engine: how fast the neighbour works before and during it, who held the
/// culprit, and whether neighbour and host are whole afterwards.
///
/// Values: `contained`, `neighbour-answers`, `host-answers`, `clean` (whether every process of the culprit was gone once
/// it had been ended), `neighbour-slowdown-ratio` (time per round during the fault over that before),
/// `neighbour-longest-ns`, and those of the fault.
public struct FaultExperiment: Experiment {
    private let fault: any Fault

    public static let all: [any Experiment] = [
        FaultExperiment(fault: ForkBombFault()), FaultExperiment(fault: MemoryHogFault()),
        FaultExperiment(fault: CPUHogFault()), FaultExperiment(fault: FullDiskFault()),
        FaultExperiment(fault: KernelPanicFault()),
    ]

    public var id: String { fault.id }

    /// The time for which the neighbour is watched before the fault, and during it.
    private static let before = Duration.milliseconds(200)
    private static let during = Duration.milliseconds(300)
    /// The time that what the culprit started may take to die with it.
    private static let dying = Duration.seconds(5)

    public func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        // Below the run's own directory, which is journaled; what the culprit writes there has no name.
        let directory = "\(bench.context.paths.run(bench.context.runID))/\(id)"
        try Files.makeDirectory(directory, mode: 0o700)
        defer { rmdir(directory) }
        let host = HostWatch(bench.context)
        let request = bench.request(Neighbour.workload)
        return try bench.with(request, on: engine) { (instance) throws(LabError) in
            try instance.waitUntilReady(deadline: request.deadline)
            let neighbour = Neighbour(instance: instance)
            let quiet = try neighbour.pace(for: Self.before, deadline: request.deadline)
            let place = FaultPlace(
                kind: engine.kind, limits: instance.account, memoryBytes: request.memoryBytes,
                directory: directory)
            var finding = try inject(engine, bench, place, neighbour, quiet, host)
            let failure = neighbour.failure(deadline: bench.deadline)
            finding.note(
                "neighbour-answers", failure == nil, answer: failure?.reason ?? "it goes on counting",
                evidence: "\(instance.transcript.outputs.count) rounds, none left out")
            finding.stop("neighbour-answers", by: failure?.stop)
            return finding
        }
    }

    /// Starts the culprit, looks at it, at the neighbour and at the host, and ends it.
    private func inject(
        _ engine: any PreparedEngine, _ bench: Bench, _ place: FaultPlace, _ neighbour: Neighbour,
        _ quiet: Neighbour.Pace, _ host: HostWatch
    ) throws(LabError) -> Finding {
        let request = bench.request(fault.workload(place))
        let culprit = try engine.launch(request)
        var isDisposed = false
        defer { if !isDisposed { bench.dispose(culprit) } }
        try culprit.waitUntilReady(deadline: request.deadline)
        // It says so once the fault has come to its height.
        try culprit.wait(forOutputs: 1, deadline: request.deadline)

        let cpu = fault.takesCPUTime ? culprit as? any CPUAccounting : nil
        let start = (time: MonotonicInstant.now(), cpu: try? cpu?.hostCPUNanoseconds())
        let pace = try neighbour.pace(for: Self.during, deadline: request.deadline)
        let taken = (try? cpu?.hostCPUNanoseconds()).flatMap { end in
            start.cpu.map { end > $0 ? end - $0 : 0 }
        }
        let scene = FaultScene(
            place: place, neighbour: neighbour.instance, cpus: request.cpus, cpuNanoseconds: taken,
            elapsedNanoseconds: MonotonicInstant.now().nanoseconds(since: start.time),
            deadline: request.deadline)
        let containment = try fault.examine(culprit, scene)
        let failure = host.failure(in: place.directory, deadline: request.deadline)

        var finding = Finding(values: containment.values)
        finding.note(
            "contained", containment.isContained, answer: containment.answer,
            mechanism: containment.mechanism, evidence: containment.evidence)
        finding.stop("contained", by: containment.stop)
        finding.note(
            "host-answers", failure == nil,
            answer: failure?.reason ?? "same boot; starts a program and writes a file meanwhile")
        finding.stop("host-answers", by: failure?.stop)
        finding.values["neighbour-slowdown-ratio"] = pace.mean / quiet.mean
        finding.values["neighbour-longest-ns"] = pace.longest

        let processes = (try? (culprit as? any HostVisible)?.hostProcesses()) ?? []
        bench.dispose(culprit)
        isDisposed = true
        let left = Self.survivors(of: processes)
        finding.note(
            "clean", left == 0,
            answer: left == 0 ? "nothing is left of it" : "\(left) processes are left of it",
            evidence: "\(processes.count) processes before")
        finding.stop("clean", by: left == 0 ? nil : .deadline)
        return finding
    }

    /// Counts the processes that still run after a while; one that waits for its parent to take notice does not.
    private static func survivors(of processes: [HostProcess]) -> Int {
        let deadline = MonotonicInstant.now().advanced(by: dying)
        var left = processes
        while true {
            left.removeAll { !$0.isRunning }
            if left.isEmpty || MonotonicInstant.now() > deadline { return left.count }
            usleep(2_000)
        }
    }
}
