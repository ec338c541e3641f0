import LabCore

/// Judges the artefact of an exercise: it runs it, looks at the host itself, and knows the mistakes that are often made.
///
/// What the artefact prints about itself counts for nothing. A check has several points, each with random parameters of its
/// own, so that no constant, stale or copied answer is right at all of them.
package protocol Oracle: Sendable {
    /// The name by which an exercise calls it.
    var id: String { get }
    /// The mistakes that it tells apart; the exercise has a hint for each, and its solutions a wrong one.
    var mistakes: [String] { get }
    /// The number of points of a check.
    var points: Int { get }

    /// The words that the program of the artefact is given at a point.
    func words(_ point: Int, _ draw: inout Draw) -> [String]

    /// Judges an artefact at a point.
    /// - Parameter draw: where its parameters come from, the same for `words`.
    /// - Throws: what keeps this machine from judging it, which is nobody's mistake.
    func judge(
        _ artefact: Artefact, _ point: Int, _ draw: inout Draw, _ bench: CheckBench
    ) throws(LabError) -> Judgement
}

/// What an oracle saw at a point.
package struct Judgement: Error, Equatable, Sendable {
    /// True when the artefact did what was asked.
    package var isRight: Bool
    /// The kind of mistake, where the oracle knows it.
    package var mistake: String?
    package var seen: Message

    package static func right(_ seen: Message) -> Judgement {
        Judgement(isRight: true, mistake: nil, seen: seen)
    }
    package static func wrong(_ mistake: String? = nil, _ seen: Message) -> Judgement {
        Judgement(isRight: false, mistake: mistake, seen: seen)
    }
}

/// The outcome of a check.
package enum CheckVerdict: Sendable {
    /// Right at every point.
    case passed([Judgement])
    /// What was seen, up to the first point that was not right.
    case notPassed([Judgement])
    /// This machine can't tell, which costs nothing.
    case ungradable(LabError)

    package enum Name: String, Codable, Sendable { case passed, notPassed = "not-passed", ungradable }

    package var name: Name {
        switch self {
        case .passed: .passed
        case .notPassed: .notPassed
        case .ungradable: .ungradable
        }
    }

    package var judgements: [Judgement] {
        switch self {
        case .passed(let judgements), .notPassed(let judgements): judgements
        case .ungradable: []
        }
    }

    /// The mistake that a hint is for.
    package var mistake: String? { judgements.last?.mistake }
}

/// Every oracle, in the order of the course.
package enum Oracles {
    package static let all: [any Oracle] = [
        WhoOracle(),
        UnshareOracle(),
        RootfsOracle(),
        BridgeOracle(),
        LimitsOracle(),
        QuotaOracle(),
        LayersOracle(),
        ImageOracle(),
        RegistryOracle(),
        EngineOracle(),
        PolicyOracle(),
        KernelOracle(),
        VMOracle(),
        MemoryOracle(),
        MeasureOracle(),
        ReconcileOracle(),
    ]

    /// The mistakes that each knows, by its name.
    package static var mistakes: [String: [String]] {
        Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0.mistakes) })
    }

    /// - Throws: `.software` for a name that no reader of exercises lets through.
    package static func named(_ name: String) throws(LabError) -> any Oracle {
        guard let oracle = all.first(where: { $0.id == name }) else {
            throw LabError(.software, "there is no oracle \(name)")
        }
        return oracle
    }
}
