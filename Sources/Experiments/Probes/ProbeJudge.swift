import CLinux
import Glibc
import LabCore

/// Decides what came of a probe and who answered: from what the host reads, with the workload's word checked against it.
struct ProbeJudge {
    let host: Host
    let residence: Residence
    let bait: HostBait
    /// The kernel's answer to this process when it does with a disk what the workload did: 0, or an errno.
    let diskControl: Int32

    struct Decision: Equatable {
        /// True when the workload got through to something of the host's.
        var isReached: Bool
        var mechanism: Mechanism
        var evidence: Message
    }

    /// - Throws: `.instance` when the workload says that it found what the host can prove it can't have found.
    func decide(_ probe: HostProbe, _ answer: ProbeAnswer) throws(LabError) -> Decision {
        switch residence {
        case .ownKernel(let monitor, let bootID): decideUnderOwnKernel(probe, answer, monitor, bootID)
        case .host(let payload, let filters): try decide(probe, answer, payload, filters)
        }
    }

    /// Whatever was done, it was done to another kernel; only what the processor itself says comes through.
    private func decideUnderOwnKernel(
        _ probe: HostProbe, _ answer: ProbeAnswer, _ monitor: ProcessIsolation, _ bootID: String
    ) -> Decision {
        if probe.id == "processor-model", case .value(_, let isHosts) = probe.question,
            isHosts(answer.detail, host, nil, bait)
        {
            return Decision(
                isReached: true, mechanism: .none, evidence: "CPUID answers as the host's processor does")
        }
        return Decision(
            isReached: false, mechanism: .guestKernel,
            evidence:
                "boot_id \(bootID), ours \(host.bootID); process \(monitor.pid) executes \(monitor.program)")
    }

    private func decide(
        _ probe: HostProbe, _ answer: ProbeAnswer, _ payload: ProcessIsolation, _ filters: [SeccompProgram]
    ) throws(LabError) -> Decision {
        switch probe.question {
        case .planted(let namespace, let proves):
            let isProved = answer.result == .ok && proves(answer, bait, payload, host)
            if isProved {
                return Decision(
                    isReached: true, mechanism: .none,
                    evidence: payload.evidence(namespace, against: host.own))
            }
            if probe.id == "message-queue" && bait.queueName == nil
                && payload.shares(namespace, with: host.own)
            {
                return Decision(
                    isReached: false, mechanism: .absent,
                    evidence: "no queue is planted: no mqueue is mounted on the host")
            }
            guard answer.result != .ok else {
                throw LabError(
                    .instance,
                    "the workload says that it found \(probe.id), and the host sees that it did not",
                    cause: payload.evidence(namespace, against: host.own))
            }
            return hidden(by: namespace, answer, payload)
        case .value(let namespace, let isHosts):
            if answer.result == .ok && isHosts(answer.detail, host, payload, bait) {
                return Decision(isReached: true, mechanism: .none, evidence: "the host reads the same")
            }
            guard let namespace else {
                return refusal(answer, payload, call: nil, filters: [], capability: nil)
            }
            return hidden(by: namespace, answer, payload)
        case .kernelFile(let path):
            return kernelFile(
                probe.id == "cgroup-write" && answer.detail.hasPrefix("/") ? answer.detail : path, answer,
                payload)
        case .right(let call, let capability, let passed, let namespace):
            guard isPassed(answer, passed) else {
                return refusal(answer, payload, call: call, filters: filters, capability: capability)
            }
            if let namespace, !payload.shares(namespace, with: host.own) {
                return Decision(
                    isReached: false, mechanism: namespace.mechanism,
                    evidence: payload.evidence(namespace, against: host.own))
            }
            return Decision(isReached: true, mechanism: .none, evidence: privileges(payload, capability))
        case .disk: return disk(answer, payload, filters)
        case .memory: return memory(answer, payload)
        }
    }

    private func isPassed(_ answer: ProbeAnswer, _ passed: [Int32]) -> Bool {
        switch answer.result {
        case .ok: true
        case .errno(let code): passed.contains(code)
        case .signal, .timeout: false
        }
    }

    private func hidden(
        by namespace: ProcessIsolation.Namespace, _ answer: ProbeAnswer, _ payload: ProcessIsolation
    ) -> Decision {
        guard payload.shares(namespace, with: host.own) else {
            return Decision(
                isReached: false, mechanism: namespace.mechanism,
                evidence: payload.evidence(namespace, against: host.own))
        }
        return refusal(answer, payload, call: nil, filters: [], capability: 19)
    }

    /// The filter is asked before the kernel looks at capabilities, so it is asked first here too: the program that the
    /// kernel gave out is run on the call.
    private func refusal(
        _ answer: ProbeAnswer, _ payload: ProcessIsolation, call: HostProbe.Call?, filters: [SeccompProgram],
        capability: Int?
    ) -> Decision {
        guard case .errno(let code) = answer.result else {
            return Decision(isReached: false, mechanism: .hostKernel, evidence: "\(answer.text)")
        }
        if let call, case .fail(code) = SeccompProgram.action(of: filters, on: call.number, call.arguments) {
            let behind: Message =
                capability.map { payload.has(capability: $0) ? "" : "; \(privileges(payload, $0))" } ?? ""
            return Decision(
                isReached: false, mechanism: .seccomp,
                evidence:
                    "the filter of process \(payload.pid) answers \(call.name) with \(Errno(code).name)\(behind)"
            )
        }
        if let capability, code == EPERM || code == EACCES, !payload.has(capability: capability) {
            return Decision(
                isReached: false, mechanism: .capability, evidence: privileges(payload, capability))
        }
        return Decision(isReached: false, mechanism: .hostKernel, evidence: privileges(payload, capability))
    }

    /// `CapEff of process 12 is 00000000a80425fb, without CAP_SYS_ADMIN`.
    private func privileges(_ payload: ProcessIsolation, _ capability: Int?) -> Message {
        let set = Host.hexadecimal(payload.effectiveCapabilities)
        guard let capability, let name = Capability.names[capability] else {
            return "CapEff of process \(payload.pid) is \(set), Seccomp \(payload.isFiltered ? 2 : 0)"
        }
        return payload.has(capability: capability)
            ? "CapEff of process \(payload.pid) is \(set), with \(name)"
            : "CapEff of process \(payload.pid) is \(set), without \(name)"
    }

    private func kernelFile(_ path: String, _ answer: ProbeAnswer, _ payload: ProcessIsolation) -> Decision {
        let mount = payload.mounts.covering(path)
        let place: Message? = mount.map {
            "\(path) is on \($0.mountPoint), \($0.type), \($0.options.joined(separator: ","))"
        }
        let evidence = place ?? "\(path) is on no mount of process \(payload.pid)"
        func decision(_ mechanism: Mechanism) -> Decision {
            Decision(isReached: mechanism == .none, mechanism: mechanism, evidence: evidence)
        }
        switch answer.result {
        case .ok: return decision(.none)
        case .errno(let code) where code == EROFS || code == ENODATA || code == ENOENT:
            guard Files.exists(path) else { return decision(.hostKernel) }
            // A mount on a part of /proc or /sys covers that part.
            if let mount, mount.mountPoint.hasPrefix("/proc/") || mount.mountPoint.hasPrefix("/sys/") {
                return decision(mount.mountPoint.hasPrefix("/sys/fs/cgroup") ? .readOnlyMount : .maskedPath)
            }
            if code == EROFS { return decision(.readOnlyMount) }
            if path.hasPrefix("/dev/") { return decision(.noDevice) }
            return decision(payload.shares(.mnt, with: host.own) ? .absent : .mountNamespace)
        // A device in its place that a mount without devices does not open.
        case .errno(EACCES) where mount?.mountPoint == path: return decision(.maskedPath)
        case .errno, .signal, .timeout: return decision(.hostKernel)
        }
    }

    private func disk(_ answer: ProbeAnswer, _ payload: ProcessIsolation, _ filters: [SeccompProgram])
        -> Decision
    {
        let call = HostProbe.Call(
            name: "mknod", number: Int(SYS_mknod), arguments: [0, UInt64(S_IFBLK | 0o600)])
        switch answer.result {
        case .ok: return Decision(isReached: true, mechanism: .none, evidence: privileges(payload, 27))
        case .errno(EACCES):
            let mount = payload.mounts.covering("\(answer.detail)/x")
            guard let mount, mount.options.contains("nodev") else { break }
            return Decision(
                isReached: false, mechanism: .noDevice,
                evidence: "\(mount.mountPoint) is mounted \(mount.options.joined(separator: ","))")
        case .errno(EPERM) where !answer.detail.isEmpty:
            // The node was made, and could not be opened.
            let (own, its) = (host.own.cgroup("devices"), payload.cgroup("devices"))
            if own != its {
                return Decision(
                    isReached: false, mechanism: .cgroup,
                    evidence: "its cgroup of devices is \(its.or("none"))")
            }
            guard diskControl == EPERM else { break }
            return Decision(
                isReached: false, mechanism: .hostKernel, evidence: "the host itself is answered EPERM")
        default: break
        }
        return refusal(answer, payload, call: call, filters: filters, capability: 27)
    }

    private func memory(_ answer: ProbeAnswer, _ payload: ProcessIsolation) -> Decision {
        switch answer.result {
        case .ok:
            return Decision(
                isReached: true, mechanism: .none, evidence: "it got more than the instance was given")
        case .signal(SIGKILL):
            let kills = MemoryEvents.kills(payload)
            return Decision(
                isReached: false, mechanism: (kills ?? 0) > 0 ? .cgroup : .hostKernel,
                evidence:
                    "oom_kill \(kills.or("unknown")) in \(payload.cgroup("memory").or("no cgroup"))"
            )
        case .errno, .signal, .timeout:
            return refusal(answer, payload, call: nil, filters: [], capability: nil)
        }
    }
}

/// The counts of a memory cgroup.
private enum MemoryEvents {
    /// Returns how often something in it was killed because its limit was met; nil where that can't be read.
    static func kills(_ payload: ProcessIsolation) -> UInt64? {
        guard let path = payload.cgroup("memory"), path != "/" else { return nil }
        for mount in MountTable.current().entries {
            let file: String
            switch mount.type {
            case "cgroup" where mount.superOptions.contains("memory"): file = "memory.oom_control"
            case "cgroup2": file = "memory.events"
            default: continue
            }
            guard let text = try? Files.readText("\(mount.mountPoint)\(path)/\(file)") else { continue }
            for line in text.split(separator: "\n") where line.hasPrefix("oom_kill ") {
                return UInt64(line.dropFirst("oom_kill ".count))
            }
        }
        return nil
    }
}
