import LabCore

// Figures that may be no more than noise.
extension Language {
    /// A figure, and its interval where there is one to show. A cost that can't be told from nothing is written as the bound
    /// below which it lies, and what the harness stopped as the one above which; of what is counted and always the same there
    /// is no interval.
    func shown(_ estimate: Estimate, _ metric: Metric) -> (figure: String, interval: String?) {
        if let bound = Format.bound(untold: estimate, metric) { return (below(bound, metric.unit), nil) }
        let isCertain = metric.isExact && estimate.interval?.lower == estimate.interval?.upper
        let figure = Format.figure(estimate.value, metric)
        return (
            estimate.stop == nil ? figure : say("at least \(figure)"),
            isCertain ? nil : estimate.interval.map { Format.interval($0, metric.unit) }
        )
    }

    func below(_ bound: Double, _ unit: Metric.Unit) -> String {
        say("below \(Format.quantity(bound, unit))")
    }

    /// A difference of two figures that is a cost, likewise.
    func cost(_ difference: Estimate, _ unit: Metric.Unit) -> String {
        Format.bound(untold: difference).map { below($0, unit) } ?? Format.difference(difference, unit)
    }
}

extension Format {
    /// The bound below which a size or a length of time lies that can't be told from nothing; nil where it can be told.
    static func bound(untold estimate: Estimate, _ metric: Metric) -> Double? {
        guard !metric.isExact, metric.unit.measure != nil else { return nil }
        // A growth is a difference; a plain figure of 0 is one that was seen.
        let isNoise = metric.isSlope || (estimate.interval?.lower ?? estimate.value) < 0
        return isNoise ? bound(untold: estimate) : nil
    }

    /// The same of a difference: the upper end of an interval that includes 0, or how far it lies on the wrong side.
    static func bound(untold difference: Estimate) -> Double? {
        guard let interval = difference.interval else {
            return difference.value < 0 ? -difference.value : nil
        }
        guard interval.lower <= 0, interval.lower < interval.upper || interval.lower < 0 else { return nil }
        return interval.upper > 0 ? interval.upper : -interval.lower
    }
}
