import LabCore

extension Language {
    /// One thing that helps.
    func remedy(_ words: String) -> String { say("remedy: \(words)") }
}

/// The words for what is under way.
extension Language {
    var lookingAtTheMachine: String { say("looking at the machine …") }
    var lookingForTheSystem: String { say("looking for a complete system; to make one takes two minutes …") }
    func trying(_ engine: EngineID) -> String { say("trying \(engine) …") }
    func runningGuest(on engine: EngineID) -> String { say("running a guest on \(engine) …") }
    func probing(_ engine: EngineID) -> String { say("probing \(engine) …") }
    func preparing(_ engine: EngineID) -> String { say("preparing \(engine) …") }

    func takingMore(because reason: String) -> String { say("the run takes the time it needs: \(reason)") }

    /// Returns the run's place in its plan.
    func trial(_ trial: Plan.Trial, _ progress: RunProgress, elapsed: Duration, budget: Duration) -> String {
        var text = say("trial") + " \(progress.done + 1)/\(progress.total)  \(trial.engine)"
        if trial.warmup { text += say(" (warm-up)") }
        text += say("  \(spoken(elapsed)) elapsed")
        if let remaining = progress.remainingNanoseconds {
            let left = min(.nanoseconds(Int64(clamping: remaining)), budget - elapsed)
            text += say(", about \(spoken(left)) left")
        }
        return text
    }

    /// `12 s`, `3 min 05 s`: whole seconds, for people who wait.
    func spoken(_ duration: Duration) -> String {
        let seconds = max(0, duration.components.seconds)
        guard seconds >= 60 else { return say("\(seconds) s") }
        let rest = (seconds % 60 < 10 ? "0" : "") + "\(seconds % 60)"
        return say("\(seconds / 60) min \(rest) s")
    }

    func leftOut(_ engine: EngineID, because reason: String) -> String {
        say("\(engine) is unavailable and left out: \(reason)")
    }
    func failed(_ number: Int, _ engine: EngineID, because reason: String) -> String {
        say("trial \(number) (\(engine)) failed: \(reason)")
    }
    func stopped(_ engine: EngineID, _ reason: String) -> String { say("\(engine) was \(reason)") }
    func unlike(_ difference: ResultDifference) -> String {
        say("unlike: \(difference.field): \(say(difference.old)) before, \(say(difference.new)) now")
    }
}
