/// The judgement of the measurements on one half of a row of the document's table: its words on VMs, or on containers.
public enum TableVerdict: String, Codable, Sendable, CaseIterable {
    /// Every claim is confirmed.
    case supported
    /// It holds in some cases and not in others.
    case conditional
    /// Everything that could be decided contradicts it.
    case refuted
    /// The data can't carry a verdict.
    case notMeasurable = "not-measurable-here"
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
        verdict = .notMeasurable
        obstacles = claims.isEmpty ? [.noClaim] : []
        for judged in claims {
            if judged.judgements.isEmpty { obstacles += Self.missing(judged.claim.rule, at: [:], in: result) }
            for judgement in judged.judgements {
                obstacles += Self.obstacles(judged.claim.rule, judgement, in: result)
            }
        }
        obstacles = obstacles.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        verdict = Self.verdict(confirmed: confirmed, contradicted: contradicted, total: total)
    }

    /// A half without any result.
    init(_ subject: Claim.Subject, without absence: Absence) {
        self.init(subject: subject, verdict: .notMeasurable, claims: [], obstacles: [.noResult(absence)])
    }

    /// The rule of every row: the same for all, so that only the claims' own rules differ from lab to lab.
    static func verdict(confirmed: Int, contradicted: Int, total: Int) -> TableVerdict {
        switch (confirmed, contradicted) {
        case (0, 1...): .refuted
        case (1..., 1...): .conditional
        case (1..., 0) where confirmed == total: .supported
        default: .notMeasurable
        }
    }

    /// The same without a verdict, because its figures are of another machine than the table's.
    func ofAnotherMachine() -> Self {
        SubjectJudgement(
            subject: subject, verdict: .notMeasurable, claims: claims, obstacles: [.otherMachine])
    }

    private static func obstacles(
        _ rule: Claim.Rule, _ judgement: Judgement, in result: RunResult
    ) -> [Obstacle] {
        switch judgement.reason {
        case .within, .below, .above, .belowThoughEmulated: []
        case .straddles: [.straddles]
        case .tooFew(let needed): [.tooFew(needed: needed)]
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
        rule.engines.map { .absent($0, absence($0, rule, at: point, in: result)) }
    }

    private static func absence(
        _ engine: EngineID, _ rule: Claim.Rule, at point: Condition, in result: RunResult
    ) -> Absence {
        result.absence(
            of: engine, at: point, result.header.lab.metrics.first { $0.id == rule.metric })
    }
}
