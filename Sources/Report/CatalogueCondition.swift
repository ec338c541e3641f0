import LabCore

// The conditions of a trial, in words.
extension Catalogue {
    /// A factor's value: the one place where reports name it.
    func words(_ factor: Factor, of condition: Condition) -> Phrase {
        let value = condition[factor] ?? ""
        return switch factor {
        case .cache: say("cold page cache")
        case .concurrency: say("\(value) at once, the last of them")
        case .count: say("exits counted")
        case .payload: say("complete system")
        case .isolation: say("isolation \(value)")
        case .touch:
            value == "0" ? say("idle") : say("\(value) MiB touched")
        case .instances: say("\(value) at once")
        case .compute, .experiment, .setting: "\(value)"
        case .variant: say("made as \(code: value)")
        }
    }

    /// Returns the conditions beside the experiment, plain text; empty where nothing is varied.
    func place(_ condition: Condition) -> String { words(condition).plain }

    /// The same with its marks.
    func words(_ condition: Condition) -> Phrase {
        Self.order.filter { condition[$0] != nil }.map { words($0, of: condition) }
            .joined(separator: say(", "))
    }

    /// First what is done, then how.
    private static let order: [Factor] = [
        .compute, .setting, .payload, .variant, .isolation, .touch, .instances, .concurrency, .cache, .count,
    ]

    /// An experiment and what holds beside it, plain text.
    func experimentPlace(_ condition: Condition) -> String {
        [condition.experiment ?? "", place(condition)].filter { !$0.isEmpty }
            .joined(separator: say(": "))
    }
}
