/// The judgement of the measurements on one half of a row of the document's table: its words on VMs, or on containers.
public enum TableVerdict: String, Codable, Sendable, CaseIterable {
    /// Every claim is confirmed.
    case supported
    /// It holds in some cases and not in others.
    case conditional
    /// Every claim is contradicted.
    case refuted
    /// A part of it is undecided, whatever the others are.
    case open
    /// This machine can't measure any of it.
    case notMeasurable = "not-measurable-here"
    /// Nothing of it has been measured yet.
    case notRun = "not-run"
}

/// One half of a row, judged.
public struct SubjectJudgement: Equatable, Sendable {
    public var subject: Claim.Subject
    public var verdict: TableVerdict
    /// The row's claims on the subject, in the row's order.
    public var claims: [JudgedClaim]
    /// The obstacles to a verdict, or to a better one; empty where all is decided.
    public var obstacles: [Obstacle]

    public struct JudgedClaim: Equatable, Sendable {
        public var claim: Claim
        /// One, or one for each value of the rule's parameter.
        public var judgements: [Judgement]
    }

    public enum Obstacle: Hashable, Sendable {
        /// No result holds a claim on the subject.
        case noClaim
        /// There is no result at all.
        case noResult(Absence)
        /// The result is of another machine than the table.
        case otherMachine
        /// There are figures from emulation only, of this engine.
        case emulated(EngineID)
        /// An engine that would decide it has no figure.
        case absent(EngineID, Absence)
        /// There are figures, and they leave it open: an interval crosses a bound.
        case straddles
        /// There are fewer samples than a verdict needs.
        case tooFew(needed: Int)
        /// A limit of the harness ended the trials.
        case stopped(Stop)
        /// The figure of this engine, to compare with, can't be told from nothing.
        case untold(EngineID)

        /// True when there are data that leave it open.
        fileprivate var isDoubt: Bool {
            switch self {
            case .straddles, .tooFew, .untold, .noClaim: true
            default: false
            }
        }

        /// True when it is only that nobody measured it here.
        fileprivate var isNotRun: Bool {
            switch self {
            case .otherMachine: true
            case .noResult(let absence), .absent(_, let absence): absence.isNotRun
            default: false
            }
        }
    }

    /// The judgements of all claims.
    public var judgements: [Judgement] { claims.flatMap(\.judgements) }
    public var confirmed: Int { judgements.count { $0.verdict == .confirmed } }
    public var contradicted: Int { judgements.count { $0.verdict == .contradicted } }
    /// The number of verdicts that there would have to be; a claim that nothing was measured for counts as one.
    public var total: Int { claims.reduce(0) { $0 + max(1, $1.judgements.count) } }
}

extension SubjectJudgement {
    /// Judges the claims of a row on one subject.
    init(_ subject: Claim.Subject, _ row: TableRow, _ figures: Figures) {
        let result = figures.result
        self.subject = subject
        claims = row.claims.compactMap { id in result.header.lab.claims.first { $0.id == id } }
            .filter { $0.subject == subject }
            .map { JudgedClaim(claim: $0, judgements: $0.judge(figures)) }
        let perPart = claims.flatMap { judged -> [[Obstacle]] in
            let rule = judged.claim.rule
            return judged.judgements.isEmpty
                ? [Self.missing(rule, at: [:], in: result)]
                : judged.judgements.map { Self.obstacles(rule, $0, in: result) }
        }
        let all = claims.isEmpty ? [.noClaim] : perPart.flatMap(\.self)
        obstacles = all.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        verdict = .open
        verdict = Self.verdict(
            confirmed: confirmed, contradicted: contradicted, open: perPart.filter { !$0.isEmpty })
    }

    /// A half without any result.
    init(_ subject: Claim.Subject, without absence: Absence) {
        let obstacle = Obstacle.noResult(absence)
        self.init(
            subject: subject, verdict: obstacle.isNotRun ? .notRun : .notMeasurable, claims: [],
            obstacles: [obstacle])
    }

    /// The rule of every row: the same for all, so that only the claims' own rules differ from lab to lab.
    /// - Parameter open: the obstacles of each part that is undecided.
    static func verdict(confirmed: Int, contradicted: Int, open: [[Obstacle]]) -> TableVerdict {
        switch (confirmed, contradicted) {
        case (1..., 0) where open.isEmpty: .supported
        case (0, 1...) where open.isEmpty: .refuted
        case (1..., 1...) where open.isEmpty: .conditional
        case (0, 0) where open.allSatisfy(isNotRun) && !open.isEmpty: .notRun
        case (0, 0) where !open.contains { $0.contains(where: \.isDoubt) } && !open.isEmpty: .notMeasurable
        default: .open
        }
    }

    /// Returns true when an engine that nobody asked might decide it, beside those that could not.
    private static func isNotRun(_ part: [Obstacle]) -> Bool { part.contains(where: \.isNotRun) }

    /// The same without a verdict, because its figures are of another machine than the table's.
    func ofAnotherMachine() -> Self {
        SubjectJudgement(
            subject: subject, verdict: .notRun, claims: claims, obstacles: [.otherMachine])
    }

    private static func obstacles(
        _ rule: Claim.Rule, _ judgement: Judgement, in result: RunResult
    ) -> [Obstacle] {
        switch judgement.reason {
        case .within, .below, .above, .belowThoughEmulated: []
        case .straddles: [.straddles]
        case .tooFew(let needed): [.tooFew(needed: needed)]
        case .stopped(let stop): [.stopped(stop)]
        case .baselineUntold(let engine): [.untold(engine)]
        case .noSamples: missing(rule, at: judgement.point, in: result)
        case .noBaseline(let engine):
            [.absent(engine, absence(engine, rule, at: judgement.point, in: result))]
        case .emulatedOnly:
            judgement.engine.map { engine in
                // Those before it in the rule would have been judged in its stead.
                [.emulated(engine)]
                    + rule.engines.prefix { $0 != engine }.map {
                        .absent($0, absence($0, rule, at: judgement.point, in: result))
                    }
            } ?? []
        }
    }

    private static func missing(_ rule: Claim.Rule, at point: Condition, in result: RunResult) -> [Obstacle] {
        rule.engines.map { engine in
            let absence = absence(engine, rule, at: point, in: result)
            return absence.isNotRun && !rule.isDecided(by: engine, in: result.header)
                ? .emulated(engine) : .absent(engine, absence)
        }
    }

    private static func absence(
        _ engine: EngineID, _ rule: Claim.Rule, at point: Condition, in result: RunResult
    ) -> Absence {
        result.absence(
            of: engine, at: point, result.header.lab.metrics.first { $0.id == rule.metric })
    }
}
