/// A model of the price of emulation by counted events.
///
/// The gap of a kind of work is what a round of it costs under emulation less what it costs elsewhere. It is taken apart as
/// a sum over events, each the number of times it occurs in a round times the price of one. A price comes from a
/// yardstick: work of another kind, which is that event over and over. What the yardstick's own events of the kinds
/// before cost is taken off first, so that nothing is paid for twice. No gap that is explained has a part in any price.
struct GapModel {
    /// The counted events, in the order in which the prices are found.
    enum Event: String, CaseIterable {
        /// An instruction of the guest, at the price that arithmetic pays for one.
        case instruction
        /// An operation on doubles, beyond the instruction that asks for it.
        case operation
        /// A call of the guest's kernel, beyond its instructions.
        case entry
        /// The kernel giving the processor to another thread, beyond its instructions.
        case contextSwitch

        /// The kind of work that tells its price.
        var yardstick: String {
            switch self {
            case .instruction: "integer"
            case .operation: "yardstick-float"
            case .entry: "yardstick-entry"
            case .contextSwitch: "yardstick-switch"
            }
        }
    }

    /// A round of one kind of work.
    struct Work: Equatable {
        var kind: String
        /// Nanoseconds of CPU time.
        var gap: Double
        /// The number of times that each event occurs in it.
        var counts: [Event: Double]

        /// With less than one of it in a round an event is a stray: a timer's interrupt now and then.
        func consists(of event: Event) -> Bool { counts[event, default: 0] >= 1 }
    }

    /// Nanoseconds for one of each event; none where the yardstick is missing or shows no price.
    let prices: [Event: Double]

    /// Returns true for a kind of work that is there to find a price, and so explains nothing.
    static func isYardstick(_ kind: String) -> Bool { Event.allCases.contains { $0.yardstick == kind } }

    init(_ works: [Work]) {
        var prices: [Event: Double] = [:]
        for (place, event) in Event.allCases.enumerated() {
            let before = Event.allCases[..<place]
            guard let work = works.first(where: { $0.kind == event.yardstick }), work.consists(of: event),
                before.allSatisfy({ prices[$0] != nil || !work.consists(of: $0) })
            else { continue }
            let known = before.reduce(0) { $0 + work.counts[$1, default: 0] * (prices[$1] ?? 0) }
            let price = (work.gap - known) / work.counts[event, default: 1]
            if price > 0 { prices[event] = price }
        }
        self.prices = prices
    }

    /// Nanoseconds of a round that an event explains; nil where it has no price or does not occur.
    func part(of event: Event, in work: Work) -> Double? {
        guard work.consists(of: event), let price = prices[event] else { return nil }
        return work.counts[event, default: 0] * price
    }

    /// Nanoseconds of a round that all events together explain.
    func explained(_ work: Work) -> Double { Event.allCases.reduce(0) { $0 + (part(of: $1, in: work) ?? 0) } }

    /// Returns the explained share of the gap: 1 for all. What is beyond the gap is as much unexplained as what is
    /// missing of it: of a gap that is explained twice over, nothing is. Nil where there is no gap.
    func share(_ work: Work) -> Double? {
        guard work.gap > 0 else { return nil }
        return max(0, 1 - abs(explained(work) - work.gap) / work.gap)
    }

    /// The events that a kind of work consists of and that have no price.
    func unpriced(_ work: Work) -> [Event] {
        Event.allCases.filter { work.consists(of: $0) && prices[$0] == nil }
    }
}
