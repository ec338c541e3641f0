import LabCore

/// Starts the same workload with a tool and takes its life apart.
///
/// - `works`: 1 when the nonce of this very start came back;
/// - `to-created-ns`, `to-ready-ns`, `to-exited-ns`, `to-cleaned-up-ns`: what each phase took, in order;
/// - `total-ns`: all of them.
struct ToolStart: Experiment {
    let id = "tool-start"

    private static let phases: [(name: String, from: Mark, to: Mark)] = [
        ("to-created-ns", .requested, .created), ("to-ready-ns", .created, .ready),
        ("to-exited-ns", .ready, .exited), ("to-cleaned-up-ns", .exited, .cleanedUp),
        ("total-ns", .requested, .cleanedUp),
    ]

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        var finding = Finding()
        let nonce = bench.nonce()
        let request = bench.request(.hello(nonce: nonce))
        let instance = try engine.launch(request)
        defer { bench.dispose(instance) }
        let status = try instance.waitForExit(deadline: request.deadline)
        bench.dispose(instance)
        let works = status == 0 && instance.transcript.outputs == [nonce]
        finding.note(
            "works", works, answer: works ? "nonce" : "exit \(status)",
            evidence: "\(nonce.prefix(8))… → \(instance.transcript.outputs.map { Shown.plain($0.prefix(8)) })"
        )
        for phase in Self.phases {
            guard let span = instance.timeline.span(from: phase.from, to: phase.to) else { continue }
            finding.values[phase.name] = Double(span)
        }
        return finding
    }
}
