/// A result that goes into the table, and how it is called there.
public struct TableSource: Equatable {
    public var figures: Figures
    /// The path of its `result.json`, seen from the table.
    public var path: String

    public init(_ figures: Figures, path: String) {
        self.figures = figures
        self.path = path
    }

    public var result: RunResult { figures.result }
}

/// The document's table filled in from results: always twelve rows, whatever there is.
///
/// A pure function of the results and of the labs that there are. All figures with a verdict are of one machine: that
/// of the first result that stands behind a row.
public struct FilledTable {
    /// The engines whose figures have a column.
    public static let engines = engines(of: .vm) + engines(of: .container)
    /// Those that stand for one half of a row, the first that has a figure before the others.
    public static func engines(of subject: Claim.Subject) -> [EngineID] {
        subject == .vm ? [.kvm, .qemu] : [.container]
    }

    public struct Row {
        /// From 1.
        public var number: Int
        public var document: DocumentTable.Row
        /// The result behind the row; nil when there is none.
        public var source: TableSource?
        /// The contents that the result's lab gives it.
        public var entry: TableRow?
        /// In what the result's machine is unlike the table's; empty when it is the same.
        public var unlike: [ResultDifference]
        /// By engine, what the row shows of it: never empty.
        public var cells: [EngineID: [TableCell]]
        public var vm: SubjectJudgement
        public var container: SubjectJudgement
        /// The lab of this checkout that stands behind the row, nil when none does.
        public var lab: String?

        public var subjects: [SubjectJudgement] { [vm, container] }
    }

    /// A result that is not used, and why.
    public struct LeftOut: Equatable {
        public enum Reason: Equatable, Sendable {
            /// There is a later result of the same lab, or of another lab for the same row.
            case later(path: String)
            /// Its lab stands behind no row.
            case noRow
        }
        public var source: TableSource
        public var reason: Reason

        public init(source: TableSource, reason: Reason) {
            self.source = source
            self.reason = reason
        }
    }

    public var rows: [Row]
    public var leftOut: [LeftOut]

    /// The result whose machine is the table's; nil without any.
    public var reference: TableSource? {
        rows.compactMap(\.source).first { $0.path == referencePath }
    }
    private var referencePath: String?

    /// - Parameters:
    ///   - sources: no two of the same path.
    ///   - labs: the labs that can be run, to name the one that a row lacks.
    ///   - failures: why a lab that was run has no result, by its id.
    public init(_ sources: [TableSource], labs: [LabDefinition], failures: [String: Message] = [:]) {
        let (latest, older) = Self.latest(Array(sources.enumerated())) { $0.header.lab.id }
        let known = Set(DocumentTable.dimensions)
        let (withRow, without) = latest.partitioned {
            let lab = $0.element.result.header.lab
            return lab.row != nil && known.contains(lab.dimension)
        }
        let (used, rivals) = Self.latest(withRow) { $0.header.lab.dimension }
        leftOut =
            (older + rivals).sorted { $0.offset < $1.offset }.map(\.leftOut)
            + without.map { LeftOut(source: $0.element, reason: .noRow) }

        let reference = used.min { $0.offset < $1.offset }?.element
        referencePath = reference?.path
        rows = DocumentTable.rows.enumerated().map { place, document in
            let dimension = document.dimension[.chinese]
            let lab = labs.first { $0.dimension == dimension && $0.row != nil }?.id
            let source = used.first { $0.element.result.header.lab.dimension == dimension }?.element
            guard let source, let entry = source.result.header.lab.row else {
                let absence =
                    lab.flatMap { id in
                        failures[id].map { Absence.couldNotRun(lab: id, because: $0) }
                    } ?? .notRun(lab: lab)
                return Row(number: place + 1, document, without: absence, lab: lab)
            }
            let unlike = reference.map {
                source.result.header.environmentDifferences(from: $0.result.header)
            }
            return Row(number: place + 1, document, source, entry, unlike: unlike ?? [], lab: lab)
        }
    }

    private typealias Numbered = EnumeratedSequence<[TableSource]>.Element
    private struct Superseded {
        var offset: Int
        var leftOut: LeftOut
    }

    /// The latest of each group, in the order of the sources; of those that began in the same second the last named.
    private static func latest(
        _ sources: [Numbered], by group: (RunResult) -> String
    ) -> (latest: [Numbered], rest: [Superseded]) {
        var best: [String: Numbered] = [:]
        for source in sources {
            let key = group(source.element.result)
            let isLater = best[key].map { known in
                (known.element.result.header.startedAt, known.offset)
                    <= (source.element.result.header.startedAt, source.offset)
            }
            if isLater ?? true { best[key] = source }
        }
        let kept = Set(best.values.map(\.offset))
        let rest = sources.filter { !kept.contains($0.offset) }.map { source in
            let later = best[group(source.element.result)]?.element.path ?? ""
            return Superseded(
                offset: source.offset,
                leftOut: LeftOut(source: source.element, reason: .later(path: later)))
        }
        return (sources.filter { kept.contains($0.offset) }, rest)
    }
}

extension FilledTable.Row {
    /// A row that nothing stands behind.
    fileprivate init(
        number: Int, _ document: DocumentTable.Row, without absence: Absence, lab: String?
    ) {
        let cell = TableCell(shown: TableRow.Shown(), content: .absent(absence))
        self.init(
            number: number, document: document, source: nil, entry: nil, unlike: [],
            cells: Dictionary(uniqueKeysWithValues: FilledTable.engines.map { ($0, [cell]) }),
            vm: SubjectJudgement(.vm, without: absence),
            container: SubjectJudgement(.container, without: absence), lab: lab)
    }

    fileprivate init(
        number: Int, _ document: DocumentTable.Row, _ source: TableSource, _ entry: TableRow,
        unlike: [ResultDifference], lab: String?
    ) {
        // A hostile result may show nothing; a cell is never empty.
        let shows = entry.shows.isEmpty ? [TableRow.Shown()] : entry.shows
        func judged(_ subject: Claim.Subject) -> SubjectJudgement {
            let judgement = SubjectJudgement(subject, entry, source.figures)
            return unlike.isEmpty ? judgement : judgement.ofAnotherMachine()
        }
        self.init(
            number: number, document: document, source: source, entry: entry, unlike: unlike,
            cells: Dictionary(
                uniqueKeysWithValues: FilledTable.engines.map { engine in
                    (engine, shows.map { source.figures.tableCell($0, engine) })
                }),
            vm: judged(.vm), container: judged(.container), lab: lab)
    }
}

extension Array {
    /// Those that satisfy a condition and those that don't, each in their order.
    fileprivate func partitioned(by isFirst: (Element) -> Bool) -> ([Element], [Element]) {
        (filter(isFirst), filter { !isFirst($0) })
    }
}
