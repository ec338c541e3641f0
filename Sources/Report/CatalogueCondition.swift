import LabCore

// What holds in a trial, in words.
extension Catalogue {
    /// A factor's value: the one place where reports name it.
    func words(_ factor: Factor, of condition: Condition) -> Phrase {
        let value = condition[factor] ?? ""
        return switch factor {
        case .cache: pick("cold page cache", "冷页缓存")
        case .concurrency: pick("\(value) at once, the last of them", "同时 \(value) 个，最后一个")
        case .count: pick("exits counted", "统计退出次数")
        case .isolation: pick("isolation \(value)", "隔离 \(value)")
        case .touch:
            value == "0" ? pick("idle", "空闲") : pick("\(value) MiB touched", "写过 \(value) MiB")
        case .instances: pick("\(value) at once", "同时 \(value) 个")
        case .compute, .experiment, .setting: "\(value)"
        case .variant: pick("made as \(code: value)", "方式 \(code: value)")
        }
    }

    /// What holds beside the experiment, plain text; empty where nothing is varied.
    func place(_ condition: Condition) -> String { words(condition).plain }

    /// The same with its marks.
    func words(_ condition: Condition) -> Phrase {
        Self.order.filter { condition[$0] != nil }.map { words($0, of: condition) }
            .joined(separator: pick(", ", "，"))
    }

    /// First what is done, then how.
    private static let order: [Factor] = [
        .compute, .setting, .variant, .isolation, .touch, .instances, .concurrency, .cache, .count,
    ]

    /// An experiment and what holds beside it, plain text.
    func experimentPlace(_ condition: Condition) -> String {
        [condition.experiment ?? "", place(condition)].filter { !$0.isEmpty }
            .joined(separator: pick(": ", "："))
    }
}
