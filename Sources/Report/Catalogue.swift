import LabCore

/// Every sentence that a report shows.
extension Catalogue {
    // Headings.
    var answer: Phrase { pick("Answer", "结论") }
    var claims: Phrase { pick("What the document says, and what was measured", "文档的说法与实测") }
    var phases: String { pick("Where the time goes", "时间花在哪里") }
    var distribution: String { pick("Distribution", "分布") }
    var method: Phrase { pick("What was measured, and how", "测了什么，怎么测") }
    var whatRan: Phrase { pick("What ran", "实际运行的内容") }
    var environment: Phrase { pick("Environment", "环境") }
    var warnings: Phrase { pick("Warnings", "警告") }
    var reproduce: Phrase { pick("Reproduce", "重现") }
    func steps(_ engine: Phrase) -> Phrase { pick("The start of \(engine), step by step", "\(engine) 的启动步骤") }

    // Columns.
    var engine: Phrase { pick("engine", "引擎") }
    var failed: Phrase { pick("failed", "失败") }
    var median: Phrase { pick("median", "中位数") }
    var interval: Phrase { pick("95 % interval", "95 % 区间") }
    var minimum: Phrase { pick("min", "最小") }
    var maximum: Phrase { pick("max", "最大") }
    func ratioTo(_ baseline: Phrase) -> Phrase { pick("ratio to \(baseline)", "与 \(baseline) 之比") }
    var source: Phrase { pick("source", "出处") }
    var claim: Phrase { pick("claim", "说法") }
    var measured: Phrase { pick("measured", "实测") }
    var verdict: Phrase { pick("verdict", "判定") }
    var why: Phrase { pick("why", "理由") }
    var sum: Phrase { pick("sum", "合计") }
    var step: Phrase { pick("step", "步骤") }
    var share: Phrase { pick("share of the total", "占总时间") }
    var precision: Phrase { pick("± (95 %)", "±(95 %)") }
    var outliers: Phrase { pick("outliers", "离群值") }
    var autocorrelation: Phrase { pick("autocorrelation", "自相关") }
    var drift: Phrase { pick("drift", "漂移") }
    var item: Phrase { pick("item", "项目") }
    var value: Phrase { pick("value", "值") }
    var what: Phrase { pick("what", "对象") }

    // Words.
    var baseline: Phrase { pick("1 (baseline)", "1（基准）") }
    var emulated: Phrase { pick("emulated", "软件模拟") }
    var yes: Phrase { pick("yes", "是") }
    var no: Phrase { pick("no", "否") }
    func until(_ mark: Phrase) -> Phrase { pick("until \(mark)", "到 \(mark)") }
    private func remedy(_ text: String) -> Phrase { pick("Remedy: \(text)", "办法：\(text)") }
    func unavailable(because reason: String, remedy: String?) -> Phrase {
        problem(pick("unavailable, because \(reason)", "不可用，因为：\(reason)"), remedy: remedy)
    }
    /// An error on one line; a text that has its full stop gets no second.
    func problem(_ what: Phrase, cause: String? = nil, remedy: String?) -> Phrase {
        let problem = cause.map { pick("\(what): \($0)", "\(what)：\($0)") } ?? what
        guard let remedy else { return problem }
        return (problem.plain.hasSuffix(".") ? problem + " " : pick("\(problem). ", "\(problem)。"))
            + self.remedy(remedy)
    }
    var notRun: Phrase { pick("no sample was taken", "没有样本") }
    var allFailed: Phrase { pick("every sample failed, see the warnings", "所有样本都失败了，见警告") }
}

// The answer in sentences.
extension Catalogue {
    func takesTimes(_ engine: Phrase, _ ratio: String, _ interval: String?, of other: Phrase, isTime: Bool)
        -> Phrase
    {
        let range = interval.map { pick(" (95 % interval \($0))", "（95 % 区间 \($0)）") } ?? ""
        return isTime
            ? pick(
                "\(engine) takes \(ratio) times as long as \(other)\(range)",
                "\(engine) 用时是 \(other) 的 \(ratio) 倍\(range)")
            : pick(
                "\(engine) has \(ratio) times the figure of \(other)\(range)",
                "\(engine) 的数值是 \(other) 的 \(ratio) 倍\(range)")
    }

    func cannotBeTold(_ engine: Phrase, from other: Phrase, _ interval: String) -> Phrase {
        pick(
            "\(engine) can't be told from \(other) (95 % interval of the ratio \(interval))",
            "\(engine) 与 \(other) 无法区分（比值的 95 % 区间 \(interval)）")
    }

    func hasMedian(_ engine: Phrase, _ median: String) -> Phrase {
        pick("\(engine) has a median of \(median)", "\(engine) 的中位数是 \(median)")
    }

    var nothingMeasured: Phrase {
        pick("Nothing was measured: no sample was completed.", "没有测到任何结果：没有一个样本完成。")
    }
    func notMeasured(_ engines: Phrase) -> Phrase {
        pick("Not measured on this machine: \(engines).", "本机未能测量：\(engines)。")
    }
    func notInstalled(_ engines: Phrase) -> Phrase {
        pick("Not installed here, to compare with: \(engines).", "可用作比较但本机未安装：\(engines)。")
    }
    /// A ratio with its interval.
    func times(_ ratio: Estimate) -> String {
        let interval = ratio.interval.map { " (\(Format.interval($0, .ratio)))" } ?? ""
        return "\(Format.number(ratio.value)) ×\(interval)"
    }
    func emulationNote(_ engines: Phrase) -> Phrase {
        pick(
            "Software emulation, whose figures say nothing about hardware virtualisation: \(engines).",
            "以下是软件模拟，其数值不能说明硬件虚拟化：\(engines)。")
    }
    func nestedInEmulation(_ emulator: String) -> Phrase {
        pick(
            "This machine is nested in emulation (\(emulator)): times are not those of hardware, whatever the engine.",
            "本机本身由软件模拟（\(emulator)），一切都嵌套在模拟之中：无论哪个引擎，其时间都不代表真实硬件。")
    }
    func seeWarnings(_ count: Int) -> Phrase {
        pick(
            "There \(count == 1 ? "is 1 warning" : "are \(count) warnings"), see \("below", to: .section(warnings)).",
            "有 \(count) 条警告，见\("下文", to: .section(warnings))。")
    }
    /// One sentence after another.
    func paragraph(_ sentences: [Phrase]) -> Phrase {
        sentences.filter { !$0.isEmpty }.joined(separator: Phrase(sentenceGap))
    }
    func sentence(_ text: Phrase) -> Phrase { pick("\(text).", "\(text)。") }
    func sentences(_ parts: [Phrase]) -> Phrase { sentence(parts.joined(separator: pick("; ", "；"))) }
}

// Verdicts.
extension Catalogue {
    func name(_ verdict: Verdict) -> Phrase {
        switch verdict {
        case .confirmed: pick("confirmed", "证实")
        case .contradicted: pick("contradicted", "不成立")
        case .inconclusive: pick("inconclusive", "无法断定")
        case .notMeasurable: pick("not measurable here", "本机无法测量")
        }
    }

    /// Why a verdict is what it is. The bounds of the rule are text already; the one that a reason speaks of exists.
    func explain(_ reason: Judgement.Reason, atLeast: String?, atMost: String?) -> Phrase {
        let low = atLeast ?? Format.none
        let high = atMost ?? Format.none
        let bounds = bounds(atLeast: atLeast, atMost: atMost)
        return switch reason {
        case .within: pick("the whole interval is \(bounds)", "整个区间\(bounds)")
        case .below: pick("the whole interval lies below \(low)", "整个区间都低于 \(low)")
        case .above: pick("the whole interval lies above \(high)", "整个区间都高于 \(high)")
        case .straddles:
            pick("only a part of the interval is \(bounds)", "只有一部分区间\(bounds)")
        case .tooFew(let needed): pick("a verdict needs at least \(needed) samples", "判定至少需要 \(needed) 个样本")
        case .noSamples: pick("no engine that could show it has samples", "能说明问题的引擎都没有样本")
        case .noBaseline(let engine):
            pick(
                "\(engine.rawValue), to compare with, has no samples",
                "作为比较对象的 \(engine.rawValue) 没有样本")
        case .belowThoughEmulated:
            pick(
                "the whole interval lies below \(low), although emulation only makes a VM slower and larger",
                "整个区间都低于 \(low)，而软件模拟只会让虚拟机更慢、更大")
        case .emulatedOnly:
            pick(
                "there are figures from emulation only, and they can't decide this claim",
                "只有软件模拟的数值，不能据此判定")
        }
    }

    private func bounds(atLeast: String?, atMost: String?) -> Phrase {
        switch (atLeast, atMost) {
        case (let low?, let high?): pick("from \(low) to \(high)", "在 \(low) 至 \(high) 之间")
        case (let low?, nil): pick("at least \(low)", "不低于 \(low)")
        case (nil, let high?): pick("at most \(high)", "不高于 \(high)")
        case (nil, nil): pick("within no bounds", "没有界限")
        }
    }
}

// Plots and the prose around them.
extension Catalogue {
    var waterfallTitle: String {
        pick(
            "Mean time of each phase; every bar has its own scale",
            "各阶段的平均时间；每个条形各有自己的比例")
    }
    func waterfallLabel(_ engines: String) -> String {
        pick("Phases of the start and end of \(engines)", "\(engines) 启动到结束的各阶段")
    }
    func distributionTitle(_ metric: String) -> String {
        pick("\(metric): share of samples at or below, logarithmic axis", "\(metric)：不超过该值的样本比例，对数坐标")
    }
    func distributionLabel(_ metric: String, _ engines: String) -> String {
        pick("Empirical distribution of \(metric) for \(engines)", "\(engines) 的 \(metric) 经验分布")
    }
    func ofTotal(_ phase: String, _ time: String, _ share: String, _ total: String) -> String {
        pick("\(phase): \(time), \(share) of \(total)", "\(phase)：\(time)，占 \(total) 的 \(share)")
    }
}
