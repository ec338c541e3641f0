import LabCore

// The document's table.
extension Language {
    var tableTitle: Phrase { say("The document's table, measured") }
    var tableIntroduction: Phrase {
        say(
            "Section 3 of the document, row by row: what it says, what was measured, and whether that "
                + "supports it. The first "
                + "column of a row leads to its section below, with every figure's interval and number of "
                + "samples, each "
                + "claim's verdict and reason, and the raw data.")
    }
    var documentOnContainers: Phrase { say("the document on containers") }

    func name(_ verdict: TableVerdict) -> Phrase {
        switch verdict {
        case .supported: say("supported")
        case .conditional: say("conditional")
        case .refuted: say("refuted")
        case .open: say("undecided")
        case .notMeasurable: say("not measurable here")
        case .notRun: say("not run yet")
        }
    }
    func name(_ subject: Claim.Subject) -> Phrase {
        switch subject {
        case .vm: say("VM")
        case .container: say("container")
        }
    }
    var colon: Phrase { say(": ") }
    var tableNote: Phrase {
        say(
            "\(emphasis: "Supported"): every claim of the row on that side is confirmed. "
                + "\(emphasis: "Refuted"): every one is contradicted. "
                + "\(emphasis: "Conditional"): all are decided, some one way and some the other. "
                + "\(emphasis: "Undecided"): a part is open, and is named, whatever the others are. "
                + "\(emphasis: "Not measurable here"): this machine can't show any of it. "
                + "\(emphasis: "Not run yet"): nobody has measured it. A claim's own rule is data in the lab's \(code: "lab.yaml"): a relation on one "
                + "machine, judged by the "
                + "whole 95 % interval, or by what was counted.")
    }
}

// Cells.
extension Language {
    /// A figure with its interval and number of samples.
    func figure(_ value: Phrase, _ interval: String?, n: Int, isCounted: Bool) -> Phrase {
        let value: Phrase = interval.map { say("\(value) (\($0))") } ?? value
        return isCounted ? say("\(value), counted, n = \(n)") : say("\(value), n = \(n)")
    }
    func truth(_ word: Phrase, _ count: Int, of all: Int) -> Phrase {
        count == all ? say("\(word), n = \(all)") : often(word, count, of: all)
    }
    func often(_ answer: Phrase, _ count: Int, of all: Int) -> Phrase {
        say("\(answer) in \(count) of \(all)")
    }
    func absentBecause(_ what: Phrase, _ reason: String) -> Phrase { say("\(what), because \(reason)") }
    func runLab(_ command: Phrase) -> Phrase { say("run \(command)") }
    func couldNotRun(_ what: Phrase, _ lab: Phrase, _ reason: String) -> Phrase {
        say("\(what): \(lab) yielded nothing, because \(reason)")
    }
}

// Verdicts.
extension Language {
    func open(_ parts: Phrase) -> Phrase { say("open: \(parts)") }
    func holds(_ isSo: Bool, _ places: Phrase) -> Phrase {
        isSo ? say("holds for \(places)") : say("not for \(places)")
    }
    func partly(_ count: Int, of all: Int) -> Phrase { say("\(count) of \(all) supported") }
    var otherMachine: Phrase { say("measured on another machine") }
    func emulated(_ engine: Phrase) -> Phrase {
        say("the figures of \(engine) are from emulation, which can't decide it")
    }
}

// Below the table.
extension Language {
    func labsToRun(_ command: Phrase) -> Phrase { say("Rows without a result are filled by \(command).") }
    func rawData(_ link: Phrase, run: Phrase, started: String) -> Phrase {
        say("Raw data: \(link), run \(run), started \(started).")
    }
    func unlikeRow(_ differences: Phrase) -> Phrase {
        say(
            "These figures are of another machine than the first result's, so they get no verdict here: "
                + "\(differences)."
        )
    }
    func differs(_ field: Phrase, _ table: String, _ here: String) -> Phrase {
        say("\(field) is \(here), the table's \(table)")
    }
    var machine: Phrase { say("The machine") }
}
