extension LabDefinition {
    /// The same lab with a command instead of lab-guest's workload.
    ///
    /// The series that are about the engines' own insides go, and so do the document's claims and its row: they are about
    /// one program that is the same everywhere. Where lab-guest did rounds of work, the command's whole life is measured,
    /// time and host CPU.
    /// - Throws: `.usage` for a lab that can't measure a command, or not one that is ready as this one is.
    public func running(_ command: CommandDefinition) throws(LabError) -> LabDefinition {
        var lab = self
        switch method {
        case .lifecycle:
            let factors: Set<Factor> = [.cache, .concurrency, .argument, .memory, .cpus]
            lab.series = series.filter { $0.parameters.allSatisfy { factors.contains($0.parameter) } }
            if lab.series.isEmpty { lab.series = [.plain] }
            lab.metrics = Self.metrics(of: command)
        case .compute where self.command != nil:
            try requireWork(command)
        case .compute:
            guard command.readiness == .exit, command.client == nil else {
                throw refusal("it measures the work of a command that ends", "leave --ready out")
            }
            lab.method = .lifecycle
            lab.rounds = nil
            lab.series = [.plain]
            lab.metrics = Self.metrics(of: command)
        case .memory:
            try requireLiving(command)
            for place in series.indices { lab.series[place].parameters.removeAll { $0.parameter == .touch } }
            // What the guest's own kernel says, lab-guest alone tells.
            lab.metrics.removeAll { $0.key?.hasPrefix("guest-") == true }
        case .experiment:
            let experiments = Set(
                series.flatMap(\.parameters).filter { $0.parameter == .experiment }.flatMap(\.words))
            guard experiments == [Self.density] else {
                throw refusal(
                    "it needs what only lab-guest tells",
                    "use startup-latency, cpu-overhead, memory-footprint or density")
            }
            try requireLiving(command)
            for place in lab.metrics.indices where lab.metrics[place].key == "alive-count" {
                lab.metrics[place].title = LocalizedText(
                    en: "instances whose command runs", zh: "命令仍在运行的实例数")
            }
        }
        lab.command = command
        if lab.method == .lifecycle { lab.question = Self.questionOfCommand }
        lab.workload = ShellText.join(command.arguments)
        lab.claims = []
        lab.row = nil
        return lab
    }

    private static let questionOfCommand = LocalizedText(
        en: "How long does it take from the request until this command is where it is to be, in each engine?",
        zh: "在各个引擎中，从请求到这条命令达到所要求的状态，需要多长时间？")

    /// A lab of a user's own, of which nothing is said but the command.
    /// - Parameter engines: those that there are.
    public static func own(_ id: String, _ command: CommandDefinition, engines: [EngineID]) -> LabDefinition {
        var lab = LabDefinition(
            id: id, title: LocalizedText(en: id, zh: id), question: questionOfCommand,
            dimension: DocumentTable.rows[0].dimension[.chinese],
            // Of the same VM once is enough, and who has Xen says so.
            engines: engines.filter { $0 != .qemuDirect && $0 != .xen },
            workload: ShellText.join(command.arguments), method: .lifecycle, metrics: metrics(of: command),
            samples: Samples(
                default: 20, perEngine: [.kvm: 10, .qemu: 5], warmup: 1, precision: 0.05, growth: 3),
            budgetSeconds: 180, spreadSeconds: 15, timeoutSeconds: 60, memoryBytes: 256 << 20, cpus: 1,
            claims: [])
        lab.command = command
        return lab
    }

    /// The experiment that asks of an instance no more than that it lives.
    private static let density = "density"

    private func requireLiving(_ command: CommandDefinition) throws(LabError) {
        guard command.readiness != .exit, command.values.isEmpty, command.client == nil else {
            throw refusal(
                "it measures instances that live at the same time, and nothing of their output",
                "say how the command is ready, --ready first-output, and leave --value out")
        }
    }

    /// What it does before it is ready is not measured.
    private func requireWork(_ command: CommandDefinition) throws(LabError) {
        guard command.readiness == .exit, command.client == nil else { return }
        throw refusal(
            "its work is what it does from when it is ready until it ends",
            "say how it is known to be ready: --ready line=TEXT")
    }

    private func refusal(_ cause: Message, _ remedy: Message) -> LabError {
        LabError(.usage, "\(id) does not run this command of an image", cause: cause, remedy: remedy)
    }

    /// What is measured of a command's work, where a lab doesn't say it.
    public static let work = [
        Metric(
            id: "operation", title: LocalizedText(en: "time per operation", zh: "每次操作的用时"),
            unit: .nanoseconds, source: .value("round-ns")),
        Metric(
            id: "cpu", title: LocalizedText(en: "host CPU time per operation", zh: "每次操作消耗的宿主机 CPU 时间"),
            unit: .nanoseconds, source: .value("cpu-round-ns")),
    ]

    private static func metrics(of command: CommandDefinition) -> [Metric] {
        func metric(_ id: String, _ title: LocalizedText, _ from: Mark, _ to: Mark) -> Metric {
            Metric(id: id, title: title, unit: .nanoseconds, source: .span(from: from, to: to))
        }
        let ready =
            command.readiness == .exit
            ? LocalizedText(en: "request → command ended", zh: "请求 → 命令结束")
            : LocalizedText(en: "request → command ready", zh: "请求 → 命令就绪")
        return [
            metric("ready", ready, .requested, .ready),
            metric(
                "first-output", LocalizedText(en: "request → first output", zh: "请求 → 首次输出"), .requested,
                .firstOutput),
            metric(
                "teardown", LocalizedText(en: "exit → cleaned up", zh: "退出 → 清理完毕"), .exited, .cleanedUp),
            metric(
                "whole", LocalizedText(en: "request → cleaned up", zh: "请求 → 清理完毕"), .requested, .cleanedUp),
            Metric(
                id: "cpu", title: LocalizedText(en: "host CPU in its whole life", zh: "一生所用的宿主机 CPU 时间"),
                unit: .nanoseconds, source: .value("cpu-ns")),
        ] + command.values.map(\.metric)
    }
}
