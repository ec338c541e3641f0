import LabCore

/// `other-kernel`: whether what runs inside has another kernel than the host.
struct OtherKernel: Experiment {
    let id = "other-kernel"

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        let nonce = bench.nonce()
        let request = bench.request(.release(nonce: nonce))
        let said = try bench.with(request, on: engine) { (instance) throws(LabError) in
            _ = try instance.waitForExit(deadline: request.deadline)
            return instance.transcript.outputs
        }
        guard said.count == 2, said[0] == nonce else {
            throw LabError(.instance, "the guest did not say what its kernel is")
        }
        guard let name = Files.line("/proc/sys/kernel/ostype"),
            let release = Files.line("/proc/sys/kernel/osrelease")
        else { throw LabError(.input, "the host's kernel does not say what it is") }
        let host = "\(name) \(release)"
        var finding = Finding()
        finding.note(
            "other-kernel", said[1] != host, answer: "\(said[1])",
            mechanism: said[1] != host ? .guestKernel : .hostKernel, evidence: "host: \(host)")
        return finding
    }
}
