import LabCore

/// The time that several labs have together, and its division among them.
///
/// Each gets what its first round needs, so that no cell is left without a sample, and of what is left beyond that a part
/// in proportion to its own budget; what it does not use is left for those after it.
struct SharedBudget: Equatable {
    /// The budgets of the labs by themselves, in their order, in seconds.
    let own: [Double]
    /// The time that all of them may take together, in seconds.
    let total: Double
    /// True when the user named that: then a lab may get more than its own.
    private let isAsked: Bool
    /// The whole seconds that each lab's first round needs, as far as is known.
    private var needs: [Double]

    /// The default time for any number of labs, in seconds: with their reports less than a quarter of an hour,
    /// with `--quick` less than three minutes.
    static let limit = 13.0 * 60
    static let quickLimit = 150.0
    /// A lab that comes too late still makes a first trial.
    static let least = 1.0

    init(own: [Double], asked: Double?, quick: Bool) {
        self.own = own
        isAsked = asked != nil
        needs = own.map { _ in 0 }
        total = asked ?? min(own.reduce(0, +), quick ? Self.quickLimit : Self.limit)
    }

    /// Takes in what the first round of each lab needs; where nobody named a time they share what there is in that
    /// proportion, and a first round is made whole all the same.
    /// - Throws: `.usage` when the user named less than all of them need.
    mutating func provide(for needs: [Double]) throws(LabError) {
        self.needs = needs.map { $0 > 0 ? Double(TrialCosts.budget(for: $0)) : 0 }
        let need = Int(self.needs.reduce(0, +))
        guard total < Double(need) else { return }
        guard isAsked else {
            self.needs = self.needs.map { $0 * total / Double(need) }
            return
        }
        throw LabError(
            .usage, "the budget of \(TrialCosts.words(total)) is too small",
            cause: "the first rounds of these labs, a trial of everything, need about \(need) s",
            remedy: "name --budget \(TrialCosts.advice(for: need))s or more, or fewer labs or engines")
    }

    /// The budget of one lab in whole seconds; nil where it is its own.
    /// - Parameter elapsed: seconds since the first lab began.
    func share(of place: Int, elapsed: Double) -> Double? {
        if !isAsked && total >= own.reduce(0, +) { return nil }
        let left = max(0, total - elapsed - needs[place...].reduce(0, +))
        let weight = own[place...].reduce(0, +)
        let share = (needs[place] + (weight > 0 ? left * own[place] / weight : left)).rounded(.down)
        if !isAsked && share >= own[place] { return nil }
        return max(Self.least, share)
    }
}
