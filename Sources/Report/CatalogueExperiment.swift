import LabCore

// Figures of experiments.
extension Catalogue {
    var experimentMethod: Phrase {
        pick(
            "Each trial does one experiment on one engine; what a guest says counts only where the host saw it too.",
            "每次试验在一个引擎上做一个实验；客户机所说的，只有宿主机也看到了才算数。")
    }
    var metricTitle: Phrase { pick("figure", "数值") }
    var setting: Phrase { pick("setting", "设置") }
    var notPossible: Phrase { pick("not possible", "做不到") }

    /// How often it was so.
    func truth(_ yes: Int, of n: Int) -> String {
        switch yes {
        case n: pick("yes, \(n) of \(n)", "是，\(n)/\(n)")
        case 0: pick("no, \(n) of \(n)", "否，\(n)/\(n)")
        default: pick("yes in \(yes) of \(n)", "\(n) 次中 \(yes) 次为是")
        }
    }

    /// Over a table.
    func heading(_ title: Phrase) -> Phrase { pick("\(strong: title):", "\(strong: title)：") }
    /// Something at a place, plain text; where that is too long, what is cut is not the place, by which rows differ.
    func named(_ title: String, at place: String, fits: (String) -> Bool = { _ in true }) -> String {
        func named(_ title: String) -> String {
            place.isEmpty ? title : pick("\(title) (\(place))", "\(title)（\(place)）")
        }
        guard !fits(named(title)) else { return named(title) }
        var cut = title
        while cut.count > 8 {
            cut.removeLast()
            if fits(named(cut + "…")) { return named(cut + "…") }
        }
        var whole = named(cut + "…")
        while !whole.isEmpty, !fits(whole + "…") { whole.removeLast() }
        return whole + "…"
    }
    func fromTrials(_ n: Int) -> Phrase {
        pick("n = \(n) in each cell.", "每格 n = \(n)。")
    }
    var experimentNote: Phrase {
        pick(
            "In brackets the 95 % interval of the median; of what is counted and not sampled, the least and the most, where "
                + "the trials differ. \(emphasis: "Yes") and \(emphasis: "no") stand with the number of trials that said so.",
            "括号内为中位数的 95 % 区间；对于计数而非抽样的量，在各次试验不一致时为最小与最大值。“是”与“否”后为如此的试验次数。")
    }
    var impossible: Phrase { pick("What could not be done, and why:", "做不到的事及原因：") }

    // Sentences.
    func about(_ title: Phrase, _ place: String, _ sentences: [Phrase]) -> Phrase {
        let all = sentences.joined(separator: pick("; ", "；"))
        let where_ = place.isEmpty ? "" : pick(" (\(place))", "（\(place)）")
        return sentence(pick("\(strong: title)\(where_): \(all)", "\(strong: title)\(where_)：\(all)"))
    }
    func isSo(_ engines: Phrase) -> Phrase { pick("yes for \(engines)", "\(engines) 为是") }
    func isNotSo(_ engines: Phrase) -> Phrase { pick("no for \(engines)", "\(engines) 为否") }
    func isSometimesSo(_ engines: Phrase) -> Phrase {
        pick("not always the same for \(engines)", "\(engines) 时是时否")
    }
    func hasFigure(_ engine: Phrase, _ figure: String) -> Phrase {
        pick("\(engine) \(figure)", "\(engine) 为 \(figure)")
    }
    func isTheSame(_ engine: Phrase, as other: Phrase) -> Phrase {
        pick("\(engine) has the same as \(other)", "\(engine) 与 \(other) 相同")
    }
}

// Facts.
extension Catalogue {
    var found: String { pick("What was found", "看到了什么") }
    var otherFacts: String { pick("Others", "其他") }
    var answerOfTrial: Phrase { pick("answer", "回答") }
    var mechanism: Phrase { pick("who answered", "由谁回答") }
    var evidence: Phrase { pick("evidence", "证据") }
    var trials: Phrase { pick("trials", "试验") }
    func evidenceOf(_ count: Int) -> Phrase {
        pick(
            "Evidence: what the host itself read (\(count) row\(count == 1 ? "" : "s"))",
            "证据：宿主机自己读到的（\(count) 行）")
    }
    var factsNote: Phrase {
        pick(
            "In each cell the answer, and under it who gave it. Where the trials of a cell disagree, every answer stands with "
                + "how often it came.",
            "每格为回答，其下为由谁作答。同一格的各次试验不一致时，列出每种回答及次数。")
    }
    func times(_ count: Int, of n: Int) -> String { pick("\(count) of \(n)", "\(count)/\(n)") }
    func otherAnswers(_ count: Int) -> Phrase {
        pick("\(count) other answer\(count == 1 ? "" : "s")", "另有 \(count) 种回答")
    }
    // The plot of them.
    func matrixTitle(_ lab: String) -> String {
        pick("\(lab): what could be reached, and who stopped the rest", "\(lab)：能触及什么，其余由谁阻止")
    }
    func matrixLabel(_ rows: Int, _ engines: String) -> String {
        pick(
            "Matrix of \(rows) things by engine: reached or stopped, and by whom, for \(engines)",
            "\(rows) 项对各引擎的矩阵：触及或被阻止，由谁阻止；引擎：\(engines)")
    }
    var isReached: String { pick("reached", "触及") }
    var isStoppedByKernelFeature: String {
        pick("stopped by a feature of the shared kernel", "被共享内核的机制阻止")
    }
    var isStoppedByGuestKernel: String { pick("answered by the VM's own kernel", "由虚拟机自己的内核回答") }
    var isNoIsolation: String { pick("stopped, but not by isolation", "被阻止，但并非因为隔离") }
    var isMixed: String { pick("the trials disagree", "各次试验不一致") }

    // The plot over settings.
    var againstSettings: Phrase { pick("Setting by setting", "逐项设置") }
    func settingTitle(_ metric: String, _ experiment: String, _ parameter: String) -> String {
        pick("\(metric) against \(parameter) (\(experiment))", "\(metric)与\(parameter)的关系（\(experiment)）")
    }
    func settingLabel(_ metric: String, _ parameter: String, _ engines: String) -> String {
        pick("\(metric) against \(parameter) for \(engines)", "\(engines) 的\(metric)与\(parameter)的关系")
    }
    var settingNote: Phrase {
        pick(
            "Dots are medians, whiskers their 95 % intervals (of counted figures: from the least to the most). An axis is "
                + "logarithmic where the figures span more than twentyfold.",
            "点为中位数，须线为 95 % 区间（计数的量为最小至最大）。数值相差二十倍以上时，坐标轴为对数。")
    }
}

// Verdicts on what is or isn't so.
extension Catalogue {
    func explainTruth(_ reason: Judgement.Reason) -> Phrase? {
        switch reason {
        case .within: pick("as claimed, in every trial", "每次试验都与说法一致")
        case .below, .above: pick("the opposite, in every trial", "每次试验都与说法相反")
        case .straddles: pick("the trials disagree", "各次试验不一致")
        default: nil
        }
    }
}
