import LabCore
import Texts

/// The findings that are no number: a row per fact, a cell per engine with every answer that its trials gave.
struct FactMatrix {
    /// Rows that stand together.
    struct Group {
        /// Nil for rows without a group.
        var title: String?
        var columns: [ExperimentColumn]
        var rows: [Row]
    }

    struct Row {
        /// The question that the fact answers.
        var title: String
        /// The place, when the fact was seen in several and the columns don't say it; else empty.
        var place: String
        /// One for each column.
        var cells: [Cell?]
    }

    struct Cell {
        /// In the order of how often they came, the most frequent first.
        var answers: [Answer]
        var n: Int { answers.reduce(0) { $0 + $1.count } }
    }

    struct Answer {
        var answer: String
        var mechanism: Mechanism?
        var count: Int
        /// The first evidence that came with it.
        var evidence: String?
    }

    /// The answer to whether something was reached, as far as all trials agree, and by what it was stopped.
    enum Reach: Equatable {
        case reached, byKernelFeature, byGuestKernel, byNoIsolation, mixed
    }

    let groups: [Group]

    private struct Key: Hashable {
        var id: String
        var point: Condition
    }

    init(_ analysis: Analysis, _ text: Language) {
        var cells: [Key: [EngineID: Cell]] = [:]
        var places: [String: [Condition]] = [:]
        var pairs: [String: Set<Plan.Cell>] = [:]
        // Every trial of a cell says the same, as a rule, and to look a text up takes long.
        var translations: [Message: String] = [:]
        func say(_ message: Message) -> String {
            if let known = translations[message] { return known }
            let own = text.say(message)
            translations[message] = own
            return own
        }
        for point in analysis.points {
            for engine in analysis.engines {
                for sample in analysis.figures.samples(engine.id, at: point) where sample.outcome.isCompleted
                {
                    for (id, fact) in sample.facts ?? [:] {
                        let key = Key(id: id, point: point)
                        if cells[key] == nil { places[id, default: []].append(point) }
                        cells[key, default: [:]][engine.id, default: Cell(answers: [])].add(
                            say(fact.answer), fact.mechanism, evidence: fact.evidence.map { say($0) })
                        pairs[id, default: []].insert(Plan.Cell(engine: engine.id, point: point))
                    }
                }
            }
        }
        let all = pairs.values.reduce(into: Set<Plan.Cell>()) { $0.formUnion($1) }
        let engines = analysis.engines.filter { engine in all.contains { $0.engine == engine.id } }
        guard !all.isEmpty else {
            groups = []
            return
        }
        let common = ExperimentColumn.perPlace(all, analysis, text)
        let conditions = text.conditions(of: analysis.result.header.lab)
        let rows = Self.ordered(analysis.result.header.lab.facts ?? [], found: places.keys)
        groups = Self.grouped(rows).map { facts in
            let own = facts.reduce(into: Set<Plan.Cell>()) { $0.formUnion(pairs[$1.id] ?? []) }
            let title = facts.first?.group.map { text[$0] }
            func cell(_ id: String, _ point: Condition, _ engine: EngineID) -> Cell? {
                cells[Key(id: id, point: point)]?[engine]?.byFrequency
            }
            if let columns = common ?? ExperimentColumn.perPlace(own, analysis, text) {
                return Group(
                    title: title, columns: columns,
                    rows: facts.map { fact in
                        Row(
                            title: text[fact.title], place: "",
                            cells: columns.map { cell(fact.id, $0.point ?? [:], $0.engine.id) })
                    })
            }
            let columns = engines.prefix(Analysis.mostColumns).map {
                ExperimentColumn(engine: $0, point: nil, place: "")
            }
            return Group(
                title: title, columns: columns,
                rows: facts.flatMap { fact in
                    let points = places[fact.id] ?? [[:]]
                    return points.map { point in
                        Row(
                            title: text[fact.title],
                            place: Self.place(point, among: points, conditions),
                            cells: columns.map { cell(fact.id, point, $0.engine.id) })
                    }
                })
        }
    }

    private static func grouped(_ rows: [LabDefinition.FactRow]) -> [[LabDefinition.FactRow]] {
        var groups: [[LabDefinition.FactRow]] = []
        for row in rows {
            if let last = groups.last?.first, last.group == row.group {
                groups[groups.count - 1].append(row)
            } else {
                groups.append([row])
            }
        }
        return groups
    }

    /// The lab's rows with each group together, then facts that the lab does not name.
    private static func ordered(
        _ listed: [LabDefinition.FactRow], found: some Sequence<String>
    ) -> [LabDefinition.FactRow] {
        var groups: [LocalizedText?] = []
        for row in listed where !groups.contains(row.group) { groups.append(row.group) }
        let known = Set(listed.map(\.id))
        let others = found.filter { !known.contains($0) }.sorted().map {
            LabDefinition.FactRow(id: $0, title: LocalizedText(en: $0, zh: $0))
        }
        return groups.flatMap { group in listed.filter { $0.group == group } } + others
    }

    /// With the experiment and the setting only where rows would be called the same without.
    private static func place(_ point: Condition, among points: [Condition], _ conditions: ConditionWords)
        -> String
    {
        guard points.count > 1 else { return "" }
        let isOneExperiment = Set(points.map(\.experiment)).count == 1
        return isOneExperiment ? conditions.place(point) : conditions.experimentPlace(point)
    }
}

extension FactMatrix.Cell {
    fileprivate mutating func add(_ answer: String, _ mechanism: Mechanism?, evidence: String?) {
        if let place = answers.firstIndex(where: {
            $0.answer == answer && $0.mechanism == mechanism
        }) {
            answers[place].count += 1
            if answers[place].evidence == nil { answers[place].evidence = evidence }
        } else {
            answers.append(
                .init(answer: answer, mechanism: mechanism, count: 1, evidence: evidence))
        }
    }

    /// Of those that came as often, the one that came first stands first.
    fileprivate var byFrequency: Self {
        Self(
            answers: answers.enumerated().sorted {
                (-$0.element.count, $0.offset) < (-$1.element.count, $1.offset)
            }.map(\.element))
    }

    /// Nil where no mechanism is known.
    var reach: FactMatrix.Reach? {
        let all = Set(answers.map { $0.mechanism.map(FactMatrix.Reach.of) })
        guard all.count == 1, let only = all.first else { return .mixed }
        return only
    }

    /// One line for a terminal.
    func short(_ text: Language, width: Int) -> String {
        guard let first = answers.first else { return Format.none }
        let answer = Format.cut(Escaping.plain(first.answer), width)
        return answers.count == 1 ? answer : "\(answer) (\(text.times(first.count, of: n)))"
    }
}

extension FactMatrix.Reach {
    fileprivate static func of(_ mechanism: Mechanism) -> Self {
        switch mechanism {
        case .none: .reached
        case .guestKernel: .byGuestKernel
        case .absent, .hostKernel: .byNoIsolation
        case .pidNamespace, .mountNamespace, .networkNamespace, .ipcNamespace, .utsNamespace,
            .cgroupNamespace, .userNamespace, .capability, .seccomp, .cgroup, .maskedPath, .readOnlyMount,
            .noDevice:
            .byKernelFeature
        }
    }
}
