import LabCore

/// Reads a whole definition. Each part reports its own problems; a definition comes out only when all parts do.
struct DefinitionReader {
    let problems: Problems
    /// The id that the lab must have, nil when any will do.
    let folder: String?
    /// The engines that it may name.
    let engineNames: [String]
    /// True for a lab of a command of its own instead of lab-guest's workload: of such a one the command is enough, and a
    /// text in one language.
    var hasCommand = false

    private var read: FieldReader { FieldReader(problems: problems) }

    /// The limits of what a lab may ask for: beyond them is a slip of the pen, not a wish.
    private enum Limit {
        static let samples = 1...1_000_000
        static let warmup = 0...1_000
        static let cpus = 1...1_024
        static let growth = 2...100
        static let rounds = 1...1_000_000
    }

    func definition(_ root: YAMLNode) -> LabDefinition? {
        let all = [
            "id", "title", "question", "dimension", "engines", hasCommand ? "command" : "workload", "method",
            "metrics", "samples", "budget", "timeout", "memory", "cpus", "claims",
        ]
        let required = hasCommand ? ["id", "command"] : all
        guard
            let lab = read.fields(
                root, of: "the lab", required: required,
                optional: all.filter { !required.contains($0) }
                    + [
                        "rounds", "series", "settings", "spread", "facts", "row", "after", "by-name",
                        "predictions",
                    ])
        else { return nil }
        let id = identity(lab)
        let command = lab["command"].flatMap(CommandReader(read: read).command)
        // What holds where nothing is said.
        let own = command.map {
            LabDefinition.own(id ?? "", $0, engines: engineNames.map(EngineID.init(rawValue:)))
        }
        func said<Value>(_ key: String, else other: Value?, _ read: (YAMLNode?, Message) -> Value?) -> Value?
        {
            lab[key] == nil ? other : read(lab[key], .key(key))
        }
        let title = said("title", else: own?.title, localized)
        let question = said("question", else: own?.question, localized)
        let dimension = said("dimension", else: own?.dimension) {
            read.choice($0, of: $1, in: DocumentTable.dimensions)
        }
        let engines = said("engines", else: own?.engines, engines)
        let workload =
            own?.workload ?? read.choice(lab["workload"], of: .key("workload"), in: Workload.knownNames)
        let method = said("method", else: own?.method) { node, what in
            read.choice(node, of: what, in: LabDefinition.Method.allCases.map(\.rawValue))
                .flatMap(LabDefinition.Method.init)
        }
        let series = SeriesReader(read: read, method: method, parts: self).series(
            lab["series"], engines: engines)
        let metrics = said(
            "metrics", else: method == .compute && hasCommand ? LabDefinition.work : own?.metrics
        ) { node, _ in self.metrics(node) }
        let samples = said("samples", else: own?.samples) { node, _ in self.samples(node) }
        let rounds = rounds(lab, method)
        let budget = said("budget", else: own?.budgetSeconds, seconds)
        let spread = said("spread", else: own?.spreadSeconds ?? 0, seconds)
        let timeout = said("timeout", else: own?.timeoutSeconds, seconds)
        let memory = said("memory", else: own?.memoryBytes) { read.bytes($0, of: $1) }
        let cpus = said("cpus", else: own?.cpus) { read.integer($0, of: $1, in: Limit.cpus) }
        let claimReader = ClaimReader(read: read, metrics: metrics, series: series, parts: self)
        let claims = said("claims", else: own?.claims) { node, _ in claimReader.claims(node) }
        let rows = RowReader(
            read: read, parts: self, metrics: metrics, claims: claims, point: claimReader.point)
        let facts = rows.facts(lab["facts"])
        let row = rows.row(lab["row"], facts: facts)
        let predictions = rows.predictions(lab["predictions"], facts: facts)
        let after = after(lab["after"], id)
        let settings = rows.settings(lab["settings"], series: series ?? [])
        if hasCommand, let method, ![.lifecycle, .compute].contains(method) {
            problems.add(lab.line(of: "method"), "the method \(method.rawValue) runs no command of an image")
        }
        if method == .compute, command?.readiness == .exit {
            problems.add(
                lab.line(of: "command"),
                "the work of a command begins when it is ready: \"ready\" must say when")
        }
        if let method, let node = lab["facts"], method != .experiment {
            problems.add(node.line, "the method \(method.rawValue) finds no facts")
        }
        if method == .experiment, let series,
            series.contains(where: { !$0.parameters.contains { $0.parameter == .experiment } })
        {
            problems.add(lab.line(of: "series"), "every series must say which \"experiment\" is made")
        }
        if let budget, let timeout, timeout > budget {
            problems.add(lab.line(of: "timeout"), "timeout is longer than budget: no trial could end")
        }
        guard let id, let title, let question, let dimension, let engines, let workload, let method,
            let metrics, let samples, let series, let budget, let timeout, let memory, let cpus, let claims
        else { return nil }
        var definition = LabDefinition(
            id: id, title: title, question: question, dimension: dimension, engines: engines,
            workload: workload,
            method: method, rounds: rounds, metrics: metrics, samples: samples, series: series,
            budgetSeconds: budget, spreadSeconds: spread ?? 0,
            timeoutSeconds: timeout, memoryBytes: memory, cpus: cpus, claims: claims,
            facts: facts,
            settings: settings, row: row)
        definition.command = command
        definition.predictions = predictions
        definition.after = after
        definition.byName = read.choice(lab["by-name"], of: .key("by-name"), in: ["true"]).map { _ in true }
        for value in command?.values ?? [] where value.moreIsBetter {
            for place in definition.metrics.indices where definition.metrics[place].key == value.key {
                definition.metrics[place].moreIsBetter = true
            }
        }
        return definition
    }

    private func seconds(_ node: YAMLNode?, of what: Message) -> Double? {
        read.duration(node, of: what).map { $0 / .seconds(1) }
    }

    private func identity(_ lab: FieldReader.Fields) -> String? {
        guard let id = read.identifier(lab["id"], of: .key("id")) else { return nil }
        if let folder, id != folder {
            problems.add(
                lab.line(of: "id"), "id is \(quoted(id)) but its folder is \(quoted(folder)): they must agree"
            )
            return nil
        }
        return id
    }

    /// `after`: other labs, each once.
    private func after(_ node: YAMLNode?, _ id: String?) -> [String]? {
        guard let items = read.list(node, of: .key("after")) else { return nil }
        var labs: [String] = []
        for item in items {
            guard let lab = read.identifier(item, of: .key("after")) else { continue }
            if labs.contains(lab) || lab == id {
                problems.add(
                    item.line, "after names \(quoted(lab)), which stands there already or is this lab")
            }
            labs.append(lab)
        }
        return labs
    }

    /// A text in English, in Chinese, and in whatever other language it has been written in.
    func localized(_ node: YAMLNode?, of what: Message) -> LocalizedText? {
        localized(node, of: what, beside: [])
    }

    /// - Parameter others: further keys beside the languages'.
    func localized(_ node: YAMLNode?, of what: Message, beside others: [String]) -> LocalizedText? {
        if hasCommand, let node, case .scalar = node.content {
            return read.text(node, of: what).map { LocalizedText(en: $0, zh: $0) }
        }
        let required = ["en", "zh"]
        let optional = Language.allCases.map(\.rawValue).filter { !required.contains($0) }
        guard let node,
            let fields = read.fields(node, of: what, required: required, optional: optional + others)
        else { return nil }
        var texts: [Language: String] = [:]
        for language in Language.allCases {
            texts[language] = read.text(fields[language.rawValue], of: "\(what).\(language.rawValue)")
        }
        return texts[.chinese] == nil ? nil : LocalizedText(texts)
    }

    /// A list of engines, none of them twice.
    func engines(_ node: YAMLNode?, of what: Message) -> [EngineID]? {
        guard let items = read.list(node, of: what) else { return nil }
        var engines: [EngineID] = []
        for item in items {
            guard let engine = self.engine(item) else { continue }
            if engines.contains(engine) {
                problems.add(item.line, "\(what) names \(quoted(engine.rawValue)) twice")
            } else {
                engines.append(engine)
            }
        }
        return engines.count == items.count ? engines : nil
    }

    func engine(_ node: YAMLNode?) -> EngineID? {
        read.choice(node, of: .key("engine"), in: engineNames).map(EngineID.init(rawValue:))
    }

    private func metrics(_ node: YAMLNode?) -> [Metric]? {
        guard let items = read.list(node, of: .key("metrics")) else { return nil }
        var metrics: [Metric] = []
        for item in items {
            guard let metric = metric(item) else { continue }
            if metrics.contains(where: { $0.id == metric.id }) {
                problems.add(item.line, "metric \(quoted(metric.id)) is defined twice")
            } else {
                metrics.append(metric)
            }
        }
        return metrics.count == items.count ? metrics : nil
    }

    /// Either a span (`from`, `to`), which is a time, or a recorded `value` with its `unit`.
    private func metric(_ node: YAMLNode) -> Metric? {
        guard
            let fields = read.fields(
                node, of: "a metric", required: ["id", "title"],
                optional: ["from", "to", "value", "unit", "slope-over", "exact", "better"])
        else { return nil }
        let id = read.identifier(fields["id"], of: "metric id")
        let title = localized(fields["title"], of: .key("title"))
        let span = fields["from"] != nil || fields["to"] != nil
        guard span != (fields["value"] != nil) else {
            problems.add(node.line, "a metric needs either \"from\" and \"to\" or \"value\"")
            return nil
        }
        let source: Metric.Source?
        let unit: Metric.Unit?
        if span {
            for key in ["unit", "slope-over", "exact"] where fields[key] != nil {
                problems.add(fields.line(of: key), "a metric with marks has no \(key): it is a time")
            }
            source = self.span(fields)
            unit = .nanoseconds
        } else {
            if fields["unit"] == nil { problems.add(node.line, "a metric with a value has no \"unit\"") }
            source = recorded(fields)
            unit = read.choice(fields["unit"], of: .key("unit"), in: Metric.Unit.allCases.map(\.rawValue))
                .flatMap(
                    Metric.Unit.init)
        }
        let exact = read.choice(fields["exact"], of: .key("exact"), in: ["true"]).map { _ in true }
        let better = read.choice(fields["better"], of: .key("better"), in: ["less", "more"])
        guard let id, let title, let source, let unit else { return nil }
        var metric = Metric(id: id, title: title, unit: unit, source: source, exact: exact)
        metric.moreIsBetter = better == "more" ? true : nil
        return metric
    }

    /// A recorded value, or how much it grows with a parameter whose values are numbers.
    private func recorded(_ fields: FieldReader.Fields) -> Metric.Source? {
        guard let value = read.identifier(fields["value"], of: .key("value")) else { return nil }
        guard let over = fields["slope-over"] else { return .value(value) }
        let numbers: [Factor] = [.instances, .touch, .setting]
        return read.choice(over, of: .key("slope-over"), in: numbers.map(\.rawValue)).flatMap(Factor.init)
            .map { .slope(value, over: $0) }
    }

    private func span(_ fields: FieldReader.Fields) -> Metric.Source? {
        for key in ["from", "to"] where fields[key] == nil {
            problems.add(fields.line, "a metric with marks has no \"\(key)\"")
        }
        let marks = Mark.inOrder.map(\.rawValue)
        let from = read.choice(fields["from"], of: .key("mark"), in: marks)
        let to = read.choice(fields["to"], of: .key("mark"), in: marks)
        guard let from, let to else { return nil }
        guard let start = marks.firstIndex(of: from), let end = marks.firstIndex(of: to), start < end else {
            problems.add(fields.line(of: "to"), "mark \(quoted(to)) does not come after \(quoted(from))")
            return nil
        }
        return .span(from: Mark(rawValue: from), to: Mark(rawValue: to))
    }

    /// Reads the number of trials, and when there are enough.
    func samples(_ node: YAMLNode?) -> LabDefinition.Samples? {
        guard let node,
            let fields = read.fields(
                node, of: .key("samples"), required: ["default", "warmup"],
                optional: ["precision", "growth"] + engineNames)
        else { return nil }
        let counts = counts(fields, of: .key("samples"), in: Limit.samples)
        let warmup = read.integer(fields["warmup"], of: .key("samples.warmup"), in: Limit.warmup)
        let precision = read.number(fields["precision"], of: .key("samples.precision"))
        let growth = read.integer(fields["growth"], of: .key("samples.growth"), in: Limit.growth)
        if (fields["precision"] == nil) != (fields["growth"] == nil) {
            problems.add(
                fields.line, "\"precision\" and \"growth\" go together: how narrow, and at what cost")
        }
        if let precision, !(0.001...1).contains(precision) {
            problems.add(
                fields.line(of: "precision"), "samples.precision must be from 0.001 (± 0.1 %) to 1 (± 100 %)")
        }
        guard let counts, let warmup else { return nil }
        return LabDefinition.Samples(
            default: counts.default, perEngine: counts.perEngine, warmup: warmup, precision: precision,
            growth: growth ?? 1)
    }

    private func rounds(_ lab: FieldReader.Fields, _ method: LabDefinition.Method?) -> LabDefinition
        .PerEngine?
    {
        guard let method else { return nil }
        guard let node = lab["rounds"] else {
            if method == .compute && !hasCommand {
                problems.add(lab.line, "the method compute needs \"rounds\": how much work a trial does")
            }
            return nil
        }
        guard method == .compute, !hasCommand else {
            problems.add(
                lab.line(of: "rounds"),
                hasCommand
                    ? "a command says itself how much work it did"
                    : "the method \(method.rawValue) does no rounds of work")
            return nil
        }
        guard let fields = read.fields(node, of: .key("rounds"), required: ["default"], optional: engineNames)
        else {
            return nil
        }
        return counts(fields, of: .key("rounds"), in: Limit.rounds)
    }

    /// `default` and a number for each engine that differs.
    private func counts(
        _ fields: FieldReader.Fields, of what: Message, in range: ClosedRange<Int>
    ) -> LabDefinition.PerEngine? {
        let `default` = read.integer(fields["default"], of: "\(what).default", in: range)
        var perEngine: [EngineID: Int] = [:]
        for name in engineNames where fields[name] != nil {
            perEngine[EngineID(rawValue: name)] = read.integer(fields[name], of: "\(what).\(name)", in: range)
        }
        return `default`.map { LabDefinition.PerEngine(default: $0, perEngine: perEngine) }
    }
}
