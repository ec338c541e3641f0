import CLinux
import Glibc
import LabCore

/// `isolation-probes`: a workload tries what it can see, reach and do, beside a neighbour of the same kind, and the host
/// says of each what came of it and who answered.
///
/// A fact and a truth for each probe, named as `HostProbe.all` names it: whether it got through to the host. Counts:
/// `reached-count` of `probes-count`, `visible-count`, `reachable-count`, `privileged-count`, and `planted-count` of what
/// was planted on the host. Truths: `payload-is-host-process`, `payload-is-pid-1`, `host-processes-visible`,
/// `host-parameters-writable`, `host-unchanged`. And what it would be, and might do, once it has broken out, see `Escape`.
struct IsolationProbes: Experiment {
    let id = "isolation-probes"

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        let host = try Host.current()
        let bait = try HostBait(bench)
        let result: Result<Finding, LabError>
        do throws(LabError) {
            result = .success(try probe(engine, bench, host, bait))
        } catch {
            result = .failure(error)
        }
        let changes = bait.changes()
        try bait.remove()
        var finding = try result.get()
        finding.note(
            "host-unchanged", changes.isEmpty,
            answer: changes.isEmpty ? "unchanged" : changes.joined(separator: ", "),
            evidence: "read before and after")
        return finding
    }

    private func probe(
        _ engine: any PreparedEngine, _ bench: Bench, _ host: Host, _ bait: HostBait
    ) throws(LabError) -> Finding {
        let disk = Disk.first
        let control = disk.openControl(in: bait.directory)
        let neighbourNonce = bench.nonce()
        let words =
            ["all", "neighbour=\(neighbourNonce)"]
            + bait.parameters(
                disk: (disk.major, disk.minor), memoryMebibytes: Int(bench.lab.memoryBytes >> 20) + 32)
        // It looks like the sentinel, but for its nonce.
        let neighbour = bench.request(
            Workload(name: Workload.idle.name, arguments: ["lab-sentinel", neighbourNonce]))
        return try bench.with(neighbour, on: engine) { (other) throws(LabError) in
            try other.waitUntilReady(deadline: bench.deadline)
            return try bench.with(bench.request(.probe(words)), on: engine) { (instance) throws(LabError) in
                let names = HostProbe.all.map(\.id)
                try instance.wait(forOutputs: names.count + 1, deadline: bench.deadline)
                let answers = try ProbeAnswer.all(of: instance.transcript.outputs, names: names).byName
                let bootID = answers["boot-id"].flatMap { $0.result == .ok ? $0.detail : nil }
                let residence = try Residence(of: instance, bootID: bootID, host: host)
                let judge = ProbeJudge(host: host, residence: residence, bait: bait, diskControl: control)
                return try finding(answers, judge)
            }
        }
    }

    private func finding(
        _ answers: [String: ProbeAnswer], _ judge: ProbeJudge
    ) throws(LabError) -> Finding {
        var finding = Finding()
        var reached: [HostProbe] = []
        for probe in HostProbe.all {
            guard let answer = answers[probe.id] else { continue }
            let decision = try judge.decide(probe, answer)
            if decision.isReached { reached.append(probe) }
            finding.note(
                probe.id, decision.isReached, answer: Self.shown(answer, probe),
                mechanism: decision.mechanism,
                evidence: decision.evidence)
        }
        finding.values["probes-count"] = Double(HostProbe.all.count)
        finding.values["reached-count"] = Double(reached.count)
        for group in HostProbe.Group.allCases {
            finding.values["\(group.rawValue)-count"] = Double(reached.count { $0.group == group })
        }
        let planted = reached.count { if case .planted = $0.question { true } else { false } }
        finding.values["planted-count"] = Double(planted)
        // A probe that was still at it might have reached what it was after.
        if answers.values.contains(where: { $0.result == .timeout }) {
            finding.stop("reached-count", "planted-count", by: .deadline)
            for group in HostProbe.Group.allCases { finding.stop("\(group.rawValue)-count", by: .deadline) }
        }
        note(residence: judge.residence, host: judge.host, in: &finding)
        let ids = Set(reached.map(\.id))
        finding.values["host-processes-visible"] = ids.contains("processes") ? 1 : 0
        finding.values["neighbour-visible"] = ids.contains("neighbour") ? 1 : 0
        finding.values["host-parameters-writable"] =
            ids.isDisjoint(with: ["core-pattern", "swappiness", "sysfs-write"]) ? 0 : 1
        Escape(from: judge.residence, host: judge.host).note(in: &finding)
        return finding
    }

    /// A program without its directory: what differs from trial to trial is evidence.
    private static func name(of program: String) -> String {
        program.split(separator: "/").last.map(String.init) ?? program
    }

    private func note(residence: Residence, host: Host, in finding: inout Finding) {
        switch residence {
        case .host(let payload, _):
            finding.note(
                "payload-is-host-process", true, answer: "\(Self.name(of: payload.program))",
                evidence: "/proc/\(payload.pid)/exe is \(payload.program)")
            finding.note(
                "payload-is-pid-1", payload.innerPID == 1 && payload.pid != 1,
                answer: "PID \(payload.innerPID)",
                evidence: "NSpid in /proc/\(payload.pid)/status")
        case .ownKernel(let monitor, _):
            finding.note(
                "payload-is-host-process", false, answer: "\(Self.name(of: monitor.program))",
                mechanism: .guestKernel,
                evidence: "/proc/\(monitor.pid)/exe is \(monitor.program)")
        }
    }

    /// The answer of a probe in few words: what it saw, or in the kernel's words.
    private static func shown(_ answer: ProbeAnswer, _ probe: HostProbe) -> Message {
        guard answer.result == .ok, case .value = probe.question, !answer.detail.isEmpty else {
            return answer.text
        }
        return answer.detail.count > 48 ? "\(answer.detail.prefix(47))…" : "\(answer.detail)"
    }
}

/// A disk of the host's that is only ever opened for reading.
private struct Disk {
    let major: UInt32
    let minor: UInt32

    /// The first that the host has; loop0 where it has none.
    static var first: Disk {
        let rows = (Files.line("/proc/partitions") ?? "").split(separator: "\n").dropFirst()
        let words = rows.lazy.map { $0.split(separator: " ") }.first { $0.count == 4 }
        guard let words, let major = UInt32(words[0]), let minor = UInt32(words[1]) else {
            return Disk(major: 7, minor: 0)
        }
        return Disk(major: major, minor: minor)
    }

    /// Does what the workload will, and returns the kernel's answer to this process: 0, or an errno.
    func openControl(in directory: String) -> Int32 {
        let node = "\(directory)/control"
        defer { unlink(node) }
        guard mknod(node, S_IFBLK | 0o600, gnu_dev_makedev(major, minor)) == 0 else { return errno }
        let file = open(node, O_RDONLY | O_CLOEXEC)
        if file < 0 { return errno }
        close(file)
        return 0
    }
}
