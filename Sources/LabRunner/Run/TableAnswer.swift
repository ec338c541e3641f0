import LabCore

/// The document's table as JSON: `lab report --table --format json`.
struct TableAnswer: Encodable {
    /// Version of this answer's shape.
    let schema = "lab.table/1"
    let rows: [Row]
    let leftOut: [LeftOut]

    struct Row: Encodable {
        let number: Int
        let dimension: LocalizedText
        let vm: LocalizedText
        let container: LocalizedText
        /// The lab that stands behind the row, its result's run and file; nil without one.
        let lab: String?
        let run: String?
        let path: String?
        /// By engine (`kvm`, `qemu`, `container`) what the row shows.
        let measured: [EngineID: [Cell]]
        let verdicts: [Verdict]
        /// In what the result's machine is unlike that of the first; then there is no verdict.
        let unlike: [ResultDifference]
    }

    struct Cell: Encodable {
        let metric: String?
        let fact: String?
        let at: Condition
        var unit: Metric.Unit?
        var relativeTo: EngineID?
        var n: Int?
        /// True when it was counted and not sampled.
        var counted: Bool?
        var value: Double?
        var lower95: Double?
        var upper95: Double?
        /// The limit of the harness that stopped a trial: the figure is a lower bound then.
        var stop: Stop?
        /// Of a truth: in how many of `n` it was so.
        var yes: Int?
        /// Of a fact: what most of `n` samples answered, and how many did.
        var answer: Fact?
        var count: Int?
        /// The reason why there is nothing.
        var absent: Absent?

        init(_ cell: TableCell) {
            metric = cell.shown.metric
            fact = cell.shown.fact
            at = cell.shown.at
            switch cell.content {
            case .figure(let estimate, let unit, let baseline):
                self.unit = unit
                relativeTo = baseline
                n = estimate.n
                counted = cell.metric.map { $0.isExact && !$0.isSlope }
                value = estimate.value
                lower95 = estimate.interval?.lower
                upper95 = estimate.interval?.upper
                stop = estimate.stop
            case .truth(let yes, let count):
                unit = .truth
                n = count
                self.yes = yes
            case .fact(let fact, let count, let all):
                answer = fact
                self.count = count
                n = all
            case .absent(let absence): absent = Absent(absence)
            }
        }
    }

    struct Absent: Encodable {
        let kind: String
        var lab: String?
        var because: Message?

        init(_ absence: Absence) {
            switch absence {
            case .notRun(let lab):
                kind = "not-run"
                self.lab = lab
            case .couldNotRun(let lab, let reason):
                kind = "could-not-run"
                self.lab = lab
                because = reason
            case .notInRun: kind = "not-in-run"
            case .unavailable(let reason):
                kind = "unavailable"
                because = reason
            case .failed(let reason):
                kind = "failed"
                because = reason
            case .notSampled: kind = "not-sampled"
            case .notFound: kind = "not-found"
            }
        }
    }

    struct Verdict: Encodable {
        let subject: Claim.Subject
        let verdict: TableVerdict
        let confirmed: Int
        let contradicted: Int
        let total: Int
        let claims: [JudgedClaim]
        let obstacles: [Obstacle]
    }

    struct JudgedClaim: Encodable {
        let id: String
        let judgements: [Judged]
    }

    struct Judged: Encodable {
        let at: Condition
        /// Nil where figures of another machine are not judged.
        let verdict: LabCore.Verdict?
        let engine: EngineID?
        let emulated: Bool
        let n: Int
        /// True when it was counted and not sampled.
        let counted: Bool
        /// The limit of the harness that left it open; nil where none did.
        let stop: Stop?
        let figure: Double?
        let lower95: Double?
        let upper95: Double?
    }

    struct Obstacle: Encodable {
        let kind: String
        var engine: EngineID?
        var absent: Absent?
        var stop: Stop?

        init(_ obstacle: SubjectJudgement.Obstacle) {
            switch obstacle {
            case .noClaim: kind = "no-claim"
            case .noResult(let absence):
                kind = "no-result"
                absent = Absent(absence)
            case .otherMachine: kind = "other-machine"
            case .emulated(let engine):
                kind = "emulated"
                self.engine = engine
            case .absent(let engine, let absence):
                kind = "absent"
                self.engine = engine
                absent = Absent(absence)
            case .straddles: kind = "straddles"
            case .tooFew: kind = "too-few"
            case .stopped(let stop):
                kind = "stopped"
                self.stop = stop
            case .untold(let engine):
                kind = "untold"
                self.engine = engine
            }
        }
    }

    struct LeftOut: Encodable {
        let path: String
        let lab: String
        /// The result that is used in its stead; nil when its lab stands behind no row.
        let later: String?
    }

    init(_ table: FilledTable) {
        rows = table.rows.map(Self.row)
        leftOut = table.leftOut.map { one in
            let later: String? = if case .later(let path) = one.reason { path } else { nil }
            return LeftOut(path: one.source.path, lab: one.source.result.header.lab.id, later: later)
        }
    }

    private static func row(_ row: FilledTable.Row) -> Row {
        Row(
            number: row.number, dimension: row.document.dimension, vm: row.document.vm,
            container: row.document.container, lab: row.source?.result.header.lab.id ?? row.lab,
            run: row.source?.result.header.runID, path: row.source?.path,
            measured: row.cells.mapValues { $0.map(Cell.init) },
            verdicts: row.subjects.map { verdict($0, isJudged: row.unlike.isEmpty) }, unlike: row.unlike)
    }

    private static func verdict(_ judgement: SubjectJudgement, isJudged: Bool) -> Verdict {
        Verdict(
            subject: judgement.subject, verdict: judgement.verdict,
            confirmed: isJudged ? judgement.confirmed : 0,
            contradicted: isJudged ? judgement.contradicted : 0, total: judgement.total,
            claims: judgement.claims.map { judged in
                JudgedClaim(
                    id: judged.claim.id,
                    judgements: judged.judgements.map { one in
                        Judged(
                            at: one.point, verdict: isJudged ? one.verdict : nil, engine: one.engine,
                            emulated: one.emulated, n: one.n, counted: one.isCounted, stop: one.stop,
                            figure: one.figure,
                            lower95: one.interval?.lower, upper95: one.interval?.upper)
                    })
            }, obstacles: judgement.obstacles.map(Obstacle.init))
    }
}
