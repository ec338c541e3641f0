extension Metric {
    /// The unit of a figure. What is written, read, shown and drawn of one derives from here: another is a case, and what
    /// `measure` says of it.
    public enum Unit: String, Codable, Sendable, CaseIterable {
        case nanoseconds, bytes, ratio, count
        /// 1 for what is so, 0 for what isn't.
        case truth

        /// The measure it is written in; nil for a plain number.
        public var measure: Units.Measure? {
            switch self {
            case .nanoseconds: .time
            case .bytes: .size
            case .ratio, .count, .truth: nil
            }
        }

        /// The scale in which a figure is shown: the largest of which it is at least one, rounded as it will be shown.
        public func scale(fitting value: Double) -> Units.Scale {
            let scales = measure?.scales.filter(\.isShown) ?? []
            return scales.last { abs(value) >= Double($0.factor) * 0.9995 } ?? scales.first
                ?? Units.Scale(name: "", factor: 1)
        }
    }
}
