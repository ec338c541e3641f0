import CLinux
import Glibc
import LabCore

/// `virtualisation-layer`: on which layer a workload is virtualised, found out by who executes its work on the host and
/// whose devices it sees.
///
/// Truths: `workload-is-a-host-process`, `has-vcpu-threads`, `has-own-devices`, `has-kvm-descriptors`. Counts:
/// `host-processes-count`, `host-threads-count`, `vcpu-threads-count`; `executor-share-ratio` is the part of the
/// instance's CPU time that one thread spent on the work.
struct VirtualisationLayer: Experiment {
    let id = "virtualisation-layer"

    /// About half a second of work: a tick of the account is 10 ms. Under emulation each round takes longer.
    private static let rounds = (real: 400, emulated: 200)

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        let host = try Host.current()
        var finding = Finding()
        try work(on: engine, bench, &finding)
        try devices(on: engine, bench, host, &finding)
        return finding
    }

    /// Lets it work, and looks on which thread of the host the time goes by.
    private func work(on engine: any PreparedEngine, _ bench: Bench, _ finding: inout Finding)
        throws(LabError)
    {
        let isEmulated = engine.kind == .virtualMachine && engine.record.emulated
        let request = bench.request(
            .compute(kind: "integer", rounds: isEmulated ? Self.rounds.emulated : Self.rounds.real))
        try bench.with(request, on: engine) { (instance) throws(LabError) in
            try instance.waitUntilReady(deadline: request.deadline)
            let first = try Residence.process(of: instance)
            let before = try HostThread.all(of: instance)
            try instance.waitForOutput(deadline: request.deadline)
            let after = try HostThread.all(of: instance)
            let spent = after.map { thread in
                (thread, thread.ticks.grown(since: before.first { $0.tid == thread.tid }?.ticks ?? 0))
            }
            guard let (executor, most) = spent.max(by: { $0.1 < $1.1 }), most > 0 else {
                throw LabError(.instance, "no thread of the host took time for the work")
            }
            let total = spent.reduce(0) { $0 + $1.1 }
            let program = try ProcessIsolation(of: first).program
            let isPayload = program.split(separator: "/").last == "lab-guest" && executor.process == first.pid
            finding.note(
                "workload-is-a-host-process", isPayload,
                answer: "\(executor.name)",
                evidence: "process \(executor.process), /proc/\(first.pid)/exe is \(program)")
            finding.facts["executor"] = Fact(
                answer: "\(executor.name)",
                evidence: "thread \(executor.tid) of process \(executor.process), started at tick "
                    + "\(executor.startTicks): \(most) of \(total) ticks of the work")
            finding.values["executor-share-ratio"] = Double(most) / Double(total)
            note(threads: after, &finding)
            note(descriptors: Set(after.map(\.process)).sorted(), &finding)
        }
    }

    private func note(threads: [HostThread], _ finding: inout Finding) {
        let virtual = threads.filter(\.isVirtualProcessor)
        finding.values["host-processes-count"] = Double(Set(threads.map(\.process)).count)
        finding.values["host-threads-count"] = Double(threads.count)
        finding.values["vcpu-threads-count"] = Double(virtual.count)
        finding.note(
            "has-vcpu-threads", !virtual.isEmpty,
            answer: .names(virtual.map(\.name)),
            evidence: "\(threads.prefix(8).map { "\($0.tid) \($0.name)" as String }.joined(separator: ", "))")
    }

    /// Notes what a VMM holds of the hypervisor in the kernel: descriptors of a VM and of its processors.
    private func note(descriptors processes: [pid_t], _ finding: inout Finding) {
        var names: [String] = []
        for process in processes {
            for number in Files.list("/proc/\(process)/fd") {
                let target = HostProcess(pid: process).target(of: "fd/\(number)") ?? ""
                if target.hasPrefix("anon_inode:kvm") { names.append(String(target.dropFirst(11))) }
            }
        }
        finding.note(
            "has-kvm-descriptors", !names.isEmpty,
            answer: .names(names.sorted()),
            evidence: "/proc/\(processes.first ?? 0)/fd")
    }

    /// The parts of a machine that the workload sees, each compared with the host's.
    private static let sights: [(id: String, word: String, path: String)] = [
        ("pci-devices", "list=/sys/bus/pci/devices", "/sys/bus/pci/devices"),
        ("virtio-devices", "list=/sys/bus/virtio/devices", "/sys/bus/virtio/devices"),
        ("platform-devices", "list=/sys/bus/platform/devices", "/sys/bus/platform/devices"),
        ("acpi-tables", "list=/sys/firmware/acpi/tables", "/sys/firmware/acpi/tables"),
        ("disks", "list=/sys/class/block", "/sys/class/block"),
    ]

    private func devices(
        on engine: any PreparedEngine, _ bench: Bench, _ host: Host, _ finding: inout Finding
    ) throws(LabError) {
        let words = Self.sights.map(\.word) + ["cpuid", "processor-model"]
        try ProbeSession.with(words, on: engine, bench, host) { (session) throws(LabError) in
            let isOwn = !session.residence.isHost
            var differing: [String] = []
            for (sight, answer) in zip(Self.sights, session.answers) {
                let own = Host.listing(sight.path)
                let seen = answer.result == .ok ? answer.detail : nil
                if seen != own { differing.append(sight.id) }
                // COUNT SUM: the sum tells same from other, the count is for the reader.
                let count =
                    seen.flatMap { $0.split(separator: " ").first.map(String.init) } ?? answer.text.english
                let ours = (own?.split(separator: " ").first).or("none")
                finding.facts[sight.id] = Fact(
                    answer: "\(count)",
                    mechanism: isOwn ? .guestKernel : seen == own ? Mechanism.none : .maskedPath,
                    evidence: "the host's: \(ours), \(seen == own ? "the same" : "others")")
            }
            note(processor: Array(session.answers.dropFirst(Self.sights.count)), host, &finding)
            // A device that is only hidden from a process of the host is not the workload's own.
            finding.note(
                "has-own-devices", isOwn && !differing.isEmpty,
                answer: isOwn ? "\(differing.joined(separator: ", "))" : "none",
                mechanism: isOwn ? .guestKernel : Mechanism.none,
                evidence: "/sys of the workload against the host's")
        }
    }

    private func note(processor answers: [ProbeAnswer], _ host: Host, _ finding: inout Finding) {
        var signature = [CChar](repeating: 0, count: 13)
        signature.withUnsafeMutableBufferPointer { clinux_hypervisor_signature($0.baseAddress) }
        let own = String(decoding: signature.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if let cpuid = answers.first {
            finding.facts["hypervisor-signature"] = Fact(
                answer: cpuid.result == .ok ? "\(cpuid.detail)" : "none",
                evidence: "CPUID 0x40000000 of the host: \(own.isEmpty ? "none" : own)")
        }
        if let model = answers.dropFirst().first {
            finding.facts["processor-model"] = Fact(
                answer: "\(model.result == .ok ? model.detail : model.text.english)",
                evidence: "the host's: \(host.processorModel.or("none"))")
        }
    }
}
