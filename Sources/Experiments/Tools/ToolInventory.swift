import Glibc
import LabCore

/// Which tools are here: of VMs when asked on an engine of VMs, of containers on one of containers. Each is found in PATH
/// and asked for its version by itself; nothing of it is started but that.
///
/// An answer is a version, `yes` for what is here and has none to tell, `?` for what is here and does not run, or `–`; the
/// evidence is where it lies and which of the processes that it needs runs.
struct ToolInventory: Experiment {
    let id = "tool-inventory"
    let tools: [KnownTool]

    /// The longest that a tool may take to say its version; some ask a daemon first.
    private static let patience = Duration.seconds(3)
    /// More than any version is long.
    private static let mostBytes = 1 << 20

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        let side = engine.kind == .virtualMachine ? KnownTool.Side.vm : .container
        let running = RunningNames()
        var finding = Finding()
        var installed = 0
        var alive: Set<String> = []
        for tool in tools where tool.side == side {
            try bench.context.interrupt.check()
            let fact = fact(of: tool, running)
            finding.facts[tool.id] = fact
            if fact.answer != Self.absent { installed += 1 }
            alive.formUnion(tool.daemons.filter { running.pid(of: $0) != nil })
        }
        finding.values["tools-installed-count"] = Double(installed)
        finding.values["daemons-running-count"] = Double(alive.count)
        return finding
    }

    private static let absent: Message = "–"

    private func fact(of tool: KnownTool, _ running: RunningNames) -> Fact {
        guard let program = tool.program else {
            return Self.beneath(tool)
        }
        guard let path = Tool.find(program) else { return Fact(answer: Self.absent) }
        let output = try? Tool.run(
            path, tool.version, in: "/", deadline: .now().advanced(by: Self.patience), limit: Self.mostBytes)
        if tool.isPlugin && output?.status != 0 {
            return Fact(answer: Self.absent, evidence: "\(Shown.plain(path))")
        }
        var evidence = [Shown.plain(path)]
        if !tool.daemons.isEmpty {
            let found = tool.daemons.lazy.compactMap { name in
                running.pid(of: name).map { "\(name): pid \($0)" }
            }
            evidence.append(found.first ?? "\(tool.daemons.joined(separator: "/")): –")
        }
        return Fact(
            answer: Self.answer(output), evidence: "\(evidence.joined(separator: "; "))")
    }

    /// Looks for what is no program: KVM is a module of the kernel; a hypervisor beneath tells its maker's name.
    private static func beneath(_ tool: KnownTool) -> Fact {
        switch tool.id {
        case "tool-kvm":
            let modules = Files.list("/sys/module").filter { $0.hasPrefix("kvm_") }
            guard Files.exists("/dev/kvm") else { return Fact(answer: absent, evidence: "/dev/kvm: ENOENT") }
            return Fact(
                answer: modules.isEmpty ? "yes" : .names(modules.map { Shown.plain($0) }),
                evidence: "/dev/kvm, /sys/module")
        case "tool-hyper-v": return hypervisor("Microsoft Corporation")
        case "tool-esxi": return hypervisor("VMware, Inc.")
        default: return Fact(answer: absent)
        }
    }

    private static func hypervisor(_ maker: String) -> Fact {
        let path = "/sys/class/dmi/id/sys_vendor"
        let vendor = Files.line(path)
        return Fact(
            answer: vendor == maker ? "yes" : absent,
            evidence: "\(path): \(vendor.map { "\(Shown.plain($0))" } ?? absent)")
    }

    /// The version in what a tool says: its first line that holds one.
    static func answer(_ output: Tool.Output?) -> Message {
        guard let output, output.status == 0 else { return "?" }
        for line in output.text.split(whereSeparator: \.isNewline) {
            for word in line.split(whereSeparator: { $0 == " " || $0 == "," || $0 == "\t" || $0 == "v" }) {
                guard word.first?.isNumber == true, word.contains(".") else { continue }
                return "\(Shown.plain(word.prefix(40)))"
            }
        }
        return "yes"
    }
}

/// The processes of this machine, by the names that the kernel has of them.
private struct RunningNames {
    private var pids: [String: pid_t] = [:]

    init() {
        for process in HostProcess.all {
            guard let name = process.name else { continue }
            pids[name] = min(pids[name] ?? process.pid, process.pid)
        }
    }

    /// The kernel keeps 15 bytes of a name, see proc_pid_comm(5).
    func pid(of name: String) -> pid_t? { pids[String(name.prefix(15))] }
}
