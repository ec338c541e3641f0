/// The words of `LaunchRequest.isolation` and of the parameter `isolation`: which layers of an engine's isolation are
/// put around the workload. The layers are the engine's; how words are made of them is the same for engines, labs and
/// reports.
public enum IsolationWord {
    /// No layer at all.
    public static let none = "none"

    /// How many layers a word speaks of.
    public enum Form: String, Sendable, CaseIterable {
        /// One layer, and what it can't be without.
        case only = "only-"
        /// All layers but one, and but those that can't be without that one.
        case without = "without-"
        /// The layers in the order of a start, up to and with one: a rung of the ladder.
        case upTo = "up-to-"

        /// The word for this form of a layer.
        public func word(_ layer: String) -> String { rawValue + layer }
    }

    /// What a word says; nil for `none` and for what is no word.
    public static func parse(_ word: String) -> (form: Form, layer: String)? {
        for form in Form.allCases where word.hasPrefix(form.rawValue) {
            return (form, String(word.dropFirst(form.rawValue.count)))
        }
        return nil
    }

    /// The layer without which this one can't be; nil for one that stands alone, and for a name that is no layer's.
    public static func prerequisite(of layer: String) -> String? {
        ["devices", "kernel-files"].contains(layer) ? "mount" : nil
    }
}
