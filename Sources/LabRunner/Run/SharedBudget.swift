/// The time that several labs have together, and its division among them.
///
/// Each gets of what is left a part in proportion to its own budget; what it does not use is left for those after it.
struct SharedBudget: Equatable {
    /// The budgets of the labs by themselves, in their order, in seconds.
    let own: [Double]
    /// The time that all of them may take together, in seconds.
    let total: Double
    /// True when the user named that: then a lab may get more than its own.
    private let isAsked: Bool

    /// The default time for any number of labs, in seconds: with their reports less than a quarter of an hour,
    /// with `--quick` less than three minutes.
    static let limit = 13.0 * 60
    static let quickLimit = 150.0
    /// A lab that comes too late still makes a first trial.
    static let least = 1.0

    init(own: [Double], asked: Double?, quick: Bool) {
        self.own = own
        isAsked = asked != nil
        total = asked ?? min(own.reduce(0, +), quick ? Self.quickLimit : Self.limit)
    }

    /// The budget of one lab in whole seconds; nil where it is its own.
    /// - Parameter elapsed: seconds since the first lab began.
    func share(of place: Int, elapsed: Double) -> Double? {
        if !isAsked && total >= own.reduce(0, +) { return nil }
        let left = max(0, total - elapsed)
        let weight = own[place...].reduce(0, +)
        let share = (weight > 0 ? left * own[place] / weight : left).rounded(.down)
        if !isAsked && share >= own[place] { return nil }
        return max(Self.least, share)
    }
}
