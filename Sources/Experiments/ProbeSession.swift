import LabCore

/// A workload that was asked some probes, answered, and waits to be looked at.
struct ProbeSession {
    /// One for each probe, in their order.
    let answers: [ProbeAnswer]
    let residence: Residence
    let instance: any Instance

    /// Starts one, and removes it when `body` has looked at it.
    /// - Parameter words: each `NAME` or `NAME=PARAMETER`; `boot-id` is asked first in any case.
    static func with<Value>(
        _ words: [String], isolation: LayerSelection? = nil, on engine: any PreparedEngine, _ bench: Bench,
        _ host: Host,
        _ body: (ProbeSession) throws(LabError) -> Value
    ) throws(LabError) -> Value {
        let words = ["boot-id"] + words
        var request = bench.request(.probe(words))
        if let isolation { request.condition.isolation = isolation }
        return try bench.with(request, on: engine) { (instance) throws(LabError) in
            try instance.wait(forOutputs: words.count + 1, deadline: request.deadline)
            let names = words.map { $0.split(separator: "=", maxSplits: 1).first.map(String.init) ?? $0 }
            let answers = try ProbeAnswer.all(of: instance.transcript.outputs, names: names)
            let bootID = answers.first.flatMap { $0.result == .ok ? $0.detail : nil }
            return try body(
                ProbeSession(
                    answers: Array(answers.dropFirst()),
                    residence: try Residence(of: instance, bootID: bootID, host: host), instance: instance))
        }
    }
}
