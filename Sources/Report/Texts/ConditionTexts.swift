import LabCore

extension Language {
    /// The name of an axis along which a factor varies.
    func axis(_ factor: Factor) -> Phrase {
        switch factor {
        case .instances: say("instances")
        case .memory: say("memory")
        case .cpus: say("processors")
        default: say("setting")
        }
    }

    /// The words for the conditions of a lab's trials; of none they are the bare settings.
    func conditions(of lab: LabDefinition? = nil) -> ConditionWords {
        ConditionWords(text: self, settings: lab?.settings ?? [])
    }
}

/// The conditions of a trial, in words.
struct ConditionWords {
    let text: Language
    fileprivate let settings: [LabDefinition.SettingTitle]

    /// A factor's value: the one place where reports name it.
    func words(_ factor: Factor, of condition: Condition) -> Phrase {
        let value = condition[factor] ?? ""
        return switch factor {
        case .cache: text.say("cold page cache")
        case .concurrency: text.say("\(value) at once, the last of them")
        case .count: text.say("exits counted")
        case .isolation: text.say("isolation \(value)")
        case .payload: text.say("complete system")
        case .cgroups: text.say("cgroups handed on")
        case .touch:
            value == "0" ? text.say("idle") : text.say("\(value) MiB touched")
        case .instances: text.say("\(value) at once")
        case .compute, .argument, .experiment: "\(value)"
        case .setting: "\(setting(of: condition))"
        case .variant: text.say("made as \(code: value)")
        case .memory: text.say("\(Units.format(bytes: condition.memory ?? 0)) of memory")
        case .cpus: text.say("\(condition.cpus ?? 0, one: "CPU", other: "CPUs")")
        }
    }

    /// What an experiment is set to, in the words of its lab; the bare setting where it has none.
    private func setting(of condition: Condition) -> String {
        title(ofSetting: condition).map { title in
            let value = value(ofSetting: condition)
            return text[title.title].split(separator: "{}", omittingEmptySubsequences: false)
                .joined(separator: value)
        } ?? condition.setting ?? ""
    }

    /// The setting itself, a size with the unit that fits.
    func value(ofSetting condition: Condition) -> String {
        let value = condition.setting ?? ""
        guard let unit = title(ofSetting: condition)?.unit, let bytes = try? Units.parseBytes(value + unit)
        else { return value }
        return Format.bound(Double(bytes), .bytes)
    }

    private func title(ofSetting condition: Condition) -> LabDefinition.SettingTitle? {
        let own = settings.filter { $0.experiment == condition.experiment }
        return own.first { $0.value == condition.setting } ?? own.first { $0.value == nil }
    }

    /// Returns the conditions beside the experiment, plain text; empty where nothing is varied.
    func place(_ condition: Condition) -> String { words(condition).plain }

    /// The same with its marks.
    func words(_ condition: Condition) -> Phrase {
        Self.order.filter { condition[$0] != nil }.map { words($0, of: condition) }
            .joined(separator: text.say(", "))
    }

    /// First what is done, then how.
    private static let order: [Factor] = [
        .compute, .argument, .setting, .payload, .variant, .isolation, .cgroups, .touch, .instances,
        .concurrency, .cache, .count, .memory, .cpus,
    ]

    /// An experiment and what holds beside it, plain text.
    func experimentPlace(_ condition: Condition) -> String {
        [condition.experiment ?? "", place(condition)].filter { !$0.isEmpty }
            .joined(separator: text.say(": "))
    }
}
