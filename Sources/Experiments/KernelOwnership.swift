import Glibc
import LabCore

/// `kernel-ownership`: whose kernel a workload runs on. It is asked for what tells one kernel from another, among it some
/// sysctls that are drawn anew in each trial; the host compares, and looks where the workload's process is. Then a
/// setting is changed inside, where that can't touch the host.
///
/// Truths: `own-kernel`, `hostname-stays-inside` and `setting-stays-inside`, the last two where the change was made.
/// Counts: `alike-count` of `compared-count` things that were read. A fact for each.
struct KernelOwnership: Experiment {
    let id = "kernel-ownership"

    /// The signs that are compared, each by the probe that reads it and what the host reads itself.
    private static let signs: [(id: String, word: String, host: @Sendable (Host) -> String?)] = [
        ("kernel-release", "kernel-release", { $0.system.release }),
        ("kernel-build", "kernel-build", { $0.system.version }),
        ("kernel-command-line", "kernel-command-line", { $0.commandLineDigest }),
        ("proc-version", "read=/proc/version", { _ in Files.line("/proc/version") }),
        ("modules", "list=/sys/module", { _ in Host.listing("/sys/module") }),
        ("filesystems", "digest=/proc/filesystems", { _ in Host.digest("/proc/filesystems") }),
    ]

    /// Settings of a kernel as a whole, which no namespace has of its own. (kernel.pid_max was one until Linux 6.14.)
    private static let settings = [
        "kernel/threads-max", "kernel/randomize_va_space", "kernel/perf_event_paranoid",
        "kernel/core_pattern", "kernel/printk", "vm/swappiness", "vm/min_free_kbytes", "vm/max_map_count",
        "vm/overcommit_ratio", "vm/dirty_ratio", "fs/file-max", "fs/nr_open", "fs/pipe-max-size",
    ]
    private static let drawn = 6

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        let host = try Host.current()
        let settings = Array(Self.settings.shuffled(using: &bench.generator).prefix(Self.drawn))
        let words =
            Self.signs.map(\.word) + ["uptime", "swappiness"] + settings.map { "read=/proc/sys/\($0)" }
        var finding = try ProbeSession.with(words, on: engine, bench, host) {
            (session) throws(LabError) in
            compare(session, host, settings)
        }
        try change(on: engine, bench, host, &finding)
        return finding
    }

    private func compare(_ session: ProbeSession, _ host: Host, _ settings: [String]) -> Finding {
        var finding = Finding()
        let isOwn = !session.residence.isHost
        let evidence: Message
        switch session.residence {
        case .host(let payload, _):
            evidence = "process \(payload.pid) of the host executes \(payload.program)"
            finding.facts["boot-id"] = Fact(
                answer: "\(host.bootID)", mechanism: .some(.none), evidence: evidence)
        case .ownKernel(let monitor, let bootID):
            evidence =
                "process \(monitor.pid) executes \(monitor.program), boot_id \(bootID), ours \(host.bootID)"
            finding.facts["boot-id"] = Fact(answer: "\(bootID)", mechanism: .guestKernel, evidence: evidence)
        }
        finding.note(
            "own-kernel", isOwn, answer: isOwn ? "own" : "shared",
            mechanism: isOwn ? .guestKernel : Mechanism.none,
            evidence: evidence)
        var alike = 0
        func note(_ id: String, _ answer: ProbeAnswer, _ own: String?) {
            let isAlike = answer.result == .ok && answer.detail == own
            if isAlike { alike += 1 }
            let shown = answer.result == .ok ? answer.detail : answer.text.english
            finding.facts[id] = Fact(
                answer: shown.count > 48 ? "\(shown.prefix(47))…" : "\(shown)",
                mechanism: isOwn ? .guestKernel : isAlike ? Mechanism.none : nil,
                evidence: "ours: \(own.or("none"))")
        }
        for (sign, answer) in zip(Self.signs, session.answers) { note(sign.id, answer, sign.host(host)) }
        let rest = session.answers.dropFirst(Self.signs.count)
        if let uptime = rest.first {
            // It grows all the time: alike within a minute.
            let own = Host.uptimeSeconds()
            let isAlike = Double(uptime.detail).map { abs($0 - own) < 60 } ?? false
            if isAlike { alike += 1 }
            finding.facts["uptime"] = Fact(
                answer: "\(uptime.detail) s", mechanism: isOwn ? .guestKernel : Mechanism.none,
                evidence: "ours: \(UInt64(own)) s")
        }
        if let write = rest.dropFirst().first { noteWrite(write, session.residence, &finding) }
        let before = alike
        var differing: [String] = []
        for (setting, answer) in zip(settings, rest.dropFirst(2)) {
            // Several words of a line are parted by tabs, which the workload escapes.
            let own = Files.line("/proc/sys/\(setting)").map { GuestTranscript.printable($0.utf8) }
            if answer.result == .ok && answer.detail == own { alike += 1 } else { differing.append(setting) }
        }
        finding.facts["settings"] = Fact(
            answer: "\(alike - before)/\(settings.count)", mechanism: isOwn ? .guestKernel : Mechanism.none,
            evidence: differing.isEmpty
                ? .names(settings) : "other values: \(differing.joined(separator: ", "))")
        finding.values["alike-count"] = Double(alike)
        finding.values["compared-count"] = Double(Self.signs.count + 1 + settings.count)
        return finding
    }

    /// Notes whether it may open a setting of the kernel for writing; nothing is written.
    private func noteWrite(_ answer: ProbeAnswer, _ residence: Residence, _ finding: inout Finding) {
        switch residence {
        case .ownKernel:
            finding.facts["setting-write"] = Fact(answer: answer.text, mechanism: .guestKernel)
        case .host(let payload, _):
            let mount = payload.mounts.covering("/proc/sys/vm/swappiness")
            let isReadOnly = mount?.options.contains("ro") ?? false
            finding.facts["setting-write"] = Fact(
                answer: answer.text,
                mechanism: answer.result == .ok ? Mechanism.none : isReadOnly ? .maskedPath : .hostKernel,
                evidence: mount.map { "\($0.mountPoint): \($0.options.joined(separator: ","))" })
        }
    }

    /// Changes the name of the machine, and of a VM also a setting of its whole kernel, and looks what became of ours.
    private func change(
        on engine: any PreparedEngine, _ bench: Bench, _ host: Host, _ finding: inout Finding
    ) throws(LabError) {
        let name = "lab-\(bench.nonce().prefix(12))"
        let hostname = "/proc/sys/kernel/hostname"
        switch engine.kind {
        case .process: return
        case .container:
            // A container with every layer may not; with nothing but its own UTS namespace it may, and only there. The
            // same container is looked at first, so that the name of the host is not put at risk.
            let isApart: Bool
            do throws(LabError) {
                isApart = try ProbeSession.with(["hostname"], isolation: .only(.uts), on: engine, bench, host)
                {
                    (session) throws(LabError) in
                    guard case .host(let payload, _) = session.residence else { return false }
                    return !payload.shares(.uts, with: host.own)
                }
            } catch {
                // A peer can't leave out layers.
                guard error.kind != .unavailable, error.kind != .permission else { return }
                throw error
            }
            guard isApart else {
                throw LabError(.instance, "a container with a UTS namespace is in the host's")
            }
            try ProbeSession.with(
                ["write=\(hostname),\(name)"], isolation: .only(.uts), on: engine, bench, host
            ) { (session) throws(LabError) in
                note("hostname-stays-inside", session.answers, hostname, name, .utsNamespace, &finding)
            }
        case .virtualMachine:
            let setting = "/proc/sys/vm/swappiness"
            // Any value but ours.
            let own = Files.line(setting).flatMap { Int($0) } ?? 0
            let value = "\((own + Int.random(in: 1...99, using: &bench.generator)) % 100)"
            try ProbeSession.with(
                ["write=\(hostname),\(name)", "write=\(setting),\(value)"], on: engine, bench, host
            ) { (session) throws(LabError) in
                guard !session.residence.isHost else {
                    throw LabError(.instance, "a VM's workload is a process of the host")
                }
                note("hostname-stays-inside", session.answers, hostname, name, .guestKernel, &finding)
                note(
                    "setting-stays-inside", Array(session.answers.dropFirst()), setting, value, .guestKernel,
                    &finding)
            }
        }
    }

    /// The workload reads what it wrote, and the host, while the workload lives, what it had.
    private func note(
        _ id: String, _ answers: [ProbeAnswer], _ path: String, _ value: String, _ mechanism: Mechanism,
        _ finding: inout Finding
    ) {
        guard let answer = answers.first else { return }
        let outside = Files.line(path) ?? ""
        let isInside = answer.result == .ok && answer.detail == value
        finding.note(
            id, isInside && outside != value,
            answer: "\(answer.result == .ok ? answer.detail : answer.text.english)",
            mechanism: isInside && outside != value ? mechanism : nil,
            evidence: "\(path) of the host: \(outside)")
    }
}
