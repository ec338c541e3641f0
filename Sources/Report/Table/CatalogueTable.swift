import LabCore

// The document's table.
extension Catalogue {
    var tableTitle: Phrase { pick("The document's table, measured", "文档的对比表与实测") }
    var tableIntroduction: Phrase {
        pick(
            "Section 3 of the document, row by row: what it says, what was measured, and whether that supports it. The first "
                + "column of a row leads to its section below, with every figure's interval and number of samples, each "
                + "claim's verdict and reason, and the raw data.",
            "文档第 3 节逐行对照：文档怎么说，实测是多少，实测是否支持。每行第一列通向下文相应一节，其中有每个数值的区间与样本数、"
                + "每条说法的判定与理由，以及原始数据。")
    }
    var dimension: Phrase { pick("dimension", "对比维度") }
    var documentOnVMs: Phrase { pick("the document on VMs", "文档：虚拟机") }
    var documentOnContainers: Phrase { pick("the document on containers", "文档：容器") }
    var measuredKVM: Phrase { pick("measured: VM (KVM)", "实测：虚拟机（KVM）") }
    var measuredEmulated: Phrase { pick("measured: VM (emulated)", "实测：虚拟机（软件模拟）") }
    var measuredContainer: Phrase { pick("measured: container", "实测：容器") }
    var nested: Phrase { pick("nested in emulation", "嵌套在模拟之中") }

    func name(_ verdict: TableVerdict) -> Phrase {
        switch verdict {
        case .supported: pick("supported", "成立")
        case .conditional: pick("conditional", "视条件而定")
        case .refuted: pick("refuted", "不成立")
        case .notMeasurable: pick("not measurable here", "本机无法判定")
        }
    }
    func name(_ subject: Claim.Subject) -> Phrase {
        switch subject {
        case .vm: pick("VM", "虚拟机")
        case .container: pick("container", "容器")
        }
    }
    var colon: Phrase { pick(": ", "：") }
    func rowHeading(_ number: Int, _ name: String) -> Phrase {
        pick("Row \(number): \(name)", "第 \(number) 行：\(name)")
    }
    var tableNote: Phrase {
        pick(
            "\(emphasis: "Supported"): every claim of the row on that side is confirmed. \(emphasis: "Refuted"): whatever could be decided contradicts "
                + "it. \(emphasis: "Conditional"): some is confirmed and some contradicted. \(emphasis: "Not measurable here"): the data can't carry a "
                + "verdict. A claim's own rule is data in the lab's \(code: "lab.yaml"): a relation on one machine, judged by the "
                + "whole 95 % interval.",
            "\(emphasis: "成立")：该行这一侧的每条说法都得到证实。\(emphasis: "不成立")：凡能断定的都与之相反。\(emphasis: "视条件而定")：有的得到证实，有的与之相反。"
                + "\(emphasis: "本机无法判定")：数据不足以判定。每条说法的判定规则写在实验的 \(code: "lab.yaml") 里：是同一台机器上的关系，按整个 95 % "
                + "区间判定。")
    }
}

// Cells.
extension Catalogue {
    /// A figure with its interval and number of samples.
    func figure(_ value: Phrase, _ interval: String?, n: Int) -> Phrase {
        guard let interval else { return pick("\(value), n = \(n)", "\(value)，n = \(n)") }
        return pick("\(value) (\(interval)), n = \(n)", "\(value)（\(interval)），n = \(n)")
    }
    func truth(_ word: Phrase, _ count: Int, of all: Int) -> Phrase {
        count == all ? pick("\(word), n = \(all)", "\(word)，n = \(all)") : often(word, count, of: all)
    }
    func often(_ answer: Phrase, _ count: Int, of all: Int) -> Phrase {
        pick("\(answer) in \(count) of \(all)", "\(answer)（\(all) 次中 \(count) 次）")
    }
    func answered(_ answer: Phrase, by mechanism: Phrase) -> Phrase {
        pick("\(answer) by \(mechanism)", "\(answer)，由 \(mechanism) 给出")
    }
    var unavailableWord: Phrase { pick("unavailable", "不可用") }
    var everySampleFailed: Phrase { pick("every sample failed", "所有样本都失败") }
    func absentBecause(_ what: Phrase, _ reason: String) -> Phrase {
        pick("\(what), because \(reason)", "\(what)，因为：\(reason)")
    }
    var notMeasuredYet: Phrase { pick("not measured", "尚未测量") }
    func runLab(_ command: Phrase) -> Phrase { pick("run \(command)", "请运行 \(command)") }
    var noLab: Phrase {
        pick("not measured: no lab stands behind this row yet", "尚未测量：还没有对应这一行的实验")
    }
    var notMeasurableHere: Phrase { pick("not measurable here", "本机无法测量") }
    func couldNotRun(_ what: Phrase, _ lab: Phrase, _ reason: String) -> Phrase {
        pick("\(what): \(lab) yielded nothing, because \(reason)", "\(what)：\(lab) 没有得到结果，因为：\(reason)")
    }
    var notInRun: Phrase { pick("no part of this lab's run", "不在这次运行之中") }
    var notSampled: Phrase { pick("no sample was taken", "没有样本") }
    var notFound: Phrase { pick("no sample has this figure", "样本中没有这一数值") }
}

// Verdicts.
extension Catalogue {
    var thoughEmulated: Phrase { pick("even by emulated figures", "软件模拟的数值已足以否定") }
    func holds(_ isSo: Bool, _ places: Phrase) -> Phrase {
        isSo ? pick("holds for \(places)", "\(places) 成立") : pick("not for \(places)", "\(places) 不成立")
    }
    func leftOpen(_ count: Int) -> Phrase { pick("\(count) undecided", "\(count) 项未定") }
    func partly(_ count: Int, of all: Int) -> Phrase {
        pick("\(count) of \(all) supported", "\(all) 项中有 \(count) 项成立")
    }
    var noClaim: Phrase { pick("the lab makes no claim about it", "该实验对此没有说法") }
    var otherMachine: Phrase { pick("measured on another machine", "在另一台机器上测得") }
    var emulationOnly: Phrase { pick("figures from emulation only", "只有软件模拟的数值") }
    var undecided: Phrase { pick("undecided", "未定") }
    var noEngineWorked: Phrase { pick("the lab yielded nothing", "实验没有结果") }
    func isUnavailable(_ engine: Phrase) -> Phrase { pick("\(engine) is unavailable", "\(engine) 不可用") }
    func hasFailed(_ engine: Phrase) -> Phrase { pick("\(engine) failed", "\(engine) 失败") }
    func hasNoSample(_ engine: Phrase) -> Phrase { pick("\(engine) has no sample", "\(engine) 没有样本") }
    func ofEngine(_ engine: Phrase, _ words: Phrase) -> Phrase {
        pick("\(engine): \(words)", "\(engine)：\(words)")
    }
    func emulated(_ engine: Phrase) -> Phrase {
        pick(
            "the figures of \(engine) are from emulation, which can't decide it",
            "\(engine) 的数值来自软件模拟，不能据此判定")
    }
    var someStraddle: Phrase {
        pick("an interval crosses a bound: undecided", "有的区间跨越界限：未定")
    }
    func someTooFew(_ needed: Int) -> Phrase {
        pick(
            "there are fewer samples than the \(needed) that a verdict needs: undecided",
            "样本不足判定所需的 \(needed) 个：未定")
    }
}

// Below the table.
extension Catalogue {
    func labsToRun(_ command: Phrase) -> Phrase {
        pick("Rows without a result are filled by \(command).", "运行 \(command) 可补上没有结果的行。")
    }
    func standsBehind(_ lab: Phrase, _ title: Phrase, _ question: String) -> Phrase {
        pick("Lab \(lab), \(emphasis: title): \(question)", "实验 \(lab)，\(emphasis: title)：\(question)")
    }
    var whatWasShown: Phrase { pick("What the measurements say of it:", "实测的判断：") }
    var shown: Phrase { pick("shown", "显示的内容") }
    var foundColumn: Phrase { pick("found", "结果") }
    func moreRows(_ count: Int) -> Phrase { pick("\(count) more are not shown.", "另有 \(count) 行未显示。") }
    func rawData(_ link: Phrase, run: Phrase, started: String) -> Phrase {
        pick(
            "Raw data: \(link), run \(run), started \(started).", "原始数据：\(link)，运行 \(run)，开始于 \(started)。")
    }
    func wholeReport(_ command: Phrase) -> Phrase {
        pick("The lab's whole report: \(command).", "该实验的完整报告：\(command)。")
    }
    func unlikeRow(_ differences: Phrase) -> Phrase {
        pick(
            "These figures are of another machine than the first result's, so they get no verdict here: \(differences).",
            "这些数值所在的机器与第一个结果的不同，因此在此不作判定：\(differences)。")
    }
    func differs(_ field: Phrase, _ table: String, _ here: String) -> Phrase {
        pick("\(field) is \(here), the table's \(table)", "\(field) 为 \(here)，本表为 \(table)")
    }
    var leftOutHeading: Phrase { pick("Other results", "其他结果") }
    func leftOutLater(_ path: Phrase, _ lab: Phrase, _ later: Phrase) -> Phrase {
        pick(
            "\(path) (\(lab)) is left out: \(later) is later.", "\(path)（\(lab)）未采用：\(later) 更晚。")
    }
    func leftOutWithoutRow(_ path: Phrase, _ lab: Phrase) -> Phrase {
        pick(
            "\(path) (\(lab)) stands behind no row of the table: see its own report.",
            "\(path)（\(lab)）不对应表中任何一行：见它自己的报告。")
    }
    var machine: Phrase { pick("The machine", "机器") }
}
