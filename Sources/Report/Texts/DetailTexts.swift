import LabCore

// The words on the method of measuring.
extension Language {
    func span(_ metric: Phrase, _ from: Phrase, _ to: Phrase) -> Phrase {
        say("\(metric) is the time from \(from) to \(to).")
    }
    var clock: Phrase {
        say(
            "Marks are host \(code: "CLOCK_MONOTONIC"), taken when the host receives the byte that the "
                + "guest sent: no two clocks "
                + "are compared.")
    }
    var statistics: Phrase {
        say(
            "Medians, with 95 % intervals that rest on how much they differ between blocks of neighbouring "
                + "rounds, so that they cover what another run here would give; a ratio is the median of all "
                + "quotients within the blocks; quantiles of type 7. Failures and time-outs are counted, never turned into "
                + "durations.")
    }
    func ending(_ ending: RunResult.Ending) -> Phrase {
        switch ending {
        case .complete: say("The run ended when every planned trial had been made.")
        case .budget: say("The run ended with its time budget.")
        case .interrupted: say("The run was interrupted by a signal.")
        case .killed: say("The run was killed; this is what it had written down.")
        }
    }

    // The words on what ran.
    func kind(_ kind: EngineKind) -> Phrase {
        switch kind {
        case .process: say("bare process")
        case .container: say("container")
        case .virtualMachine: say("virtual machine")
        }
    }

    // Environment.

    // Warnings.
    /// `places` are points of the run; empty where nothing is varied.
    func few(_ n: Int, _ engines: Phrase) -> Phrase {
        say(
            "Few samples, \(n) in the least case (\(engines)): those intervals are rough. Remedy: "
                + "\(code: "--samples").")
    }
    /// A figure with the place that it holds for.
    func placed(_ figure: String, at place: Phrase) -> Phrase {
        place.isEmpty ? Phrase(figure) : say("\(figure) at \(place)")
    }
    func andMore(_ count: Int) -> Phrase { say("\(count) more") }
    func failures(_ engine: Phrase, _ count: Int, after mark: Phrase?, example: Phrase) -> Phrase {
        let place: Phrase = mark.map { say(" after \($0)") } ?? ""
        return say("\(engine): \(count, one: "sample", other: "samples") failed\(place): \(example)")
    }

    // The words on repeating the run.
    var commandNote: Phrase { say("The run, on a machine with the same state:") }
}
