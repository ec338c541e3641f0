import LabCore

extension Catalogue {
    /// One thing that helps.
    func remedy(_ words: String) -> String { pick("remedy: \(words)", "办法：\(words)") }
}

/// What is said while something is under way.
extension Catalogue {
    var lookingAtTheMachine: String { pick("looking at the machine …", "正在查看本机 …") }
    var usingWhatEnginesNeed: String { pick("using what engines need …", "正在试用引擎所需的各项功能 …") }
    func trying(_ engine: EngineID) -> String { pick("trying \(engine) …", "正在试用 \(engine) …") }
    func runningGuest(on engine: EngineID) -> String {
        pick("running a guest on \(engine) …", "正在 \(engine) 上运行客户程序 …")
    }
    func probing(_ engine: EngineID) -> String { pick("probing \(engine) …", "正在探测 \(engine) …") }
    func preparing(_ engine: EngineID) -> String { pick("preparing \(engine) …", "正在准备 \(engine) …") }

    /// Where the run is.
    func trial(_ trial: Plan.Trial, _ progress: RunProgress, elapsed: Duration, budget: Duration) -> String {
        var text = pick("trial", "试验") + " \(progress.done + 1)/\(progress.total)  \(trial.engine)"
        if trial.warmup { text += pick(" (warm-up)", "（预热）") }
        text += pick("  \(spoken(elapsed)) elapsed", "  已用 \(spoken(elapsed))")
        if let remaining = progress.remainingNanoseconds {
            let left = min(.nanoseconds(Int64(clamping: remaining)), budget - elapsed)
            text += pick(", about \(spoken(left)) left", "，约剩 \(spoken(left))")
        }
        return text
    }

    /// `12 s`, `3 min 05 s`: whole seconds, for people who wait.
    func spoken(_ duration: Duration) -> String {
        let seconds = max(0, duration.components.seconds)
        guard seconds >= 60 else { return pick("\(seconds) s", "\(seconds) 秒") }
        let rest = (seconds % 60 < 10 ? "0" : "") + "\(seconds % 60)"
        return pick("\(seconds / 60) min \(rest) s", "\(seconds / 60) 分 \(rest) 秒")
    }

    func leftOut(_ engine: EngineID, because reason: String) -> String {
        pick("\(engine) is unavailable and left out: \(reason)", "\(engine) 不可用，不参加测量：\(reason)")
    }
    func failed(_ number: Int, _ engine: EngineID, because reason: String) -> String {
        pick("trial \(number) (\(engine)) failed: \(reason)", "第 \(number) 次试验（\(engine)）失败：\(reason)")
    }
    func stopped(_ engine: EngineID, _ reason: String) -> String {
        pick("\(engine) was \(reason)", "\(engine) \(reason)")
    }
    func diedBefore(_ run: String) -> String {
        pick("the run \(run) had died; what it left was removed", "运行 \(run) 已死，它留下的东西已清除")
    }
    func measuredSoFar(in path: String) -> String {
        pick("what was measured is in \(path)", "已测得的内容在 \(path)")
    }
    func unlike(_ difference: ResultDifference) -> String {
        pick(
            "unlike: \(difference.field): \(difference.old) before, \(difference.new) now",
            "不同：\(difference.field)：之前 \(difference.old)，现在 \(difference.new)")
    }
}
