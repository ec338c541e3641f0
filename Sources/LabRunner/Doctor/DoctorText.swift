import LabCore
import Texts

/// The checks as people read them.
struct DoctorText {
    let text: Language

    /// One line for each check, with its remedy and what it disables below it, and a last line that counts.
    func table(_ checks: [DoctorCheck]) -> String {
        let titles = checks.map { text.say($0.title) }
        let width = titles.map { Columns.count($0) }.max() ?? 0
        var lines: [String] = []
        for (check, title) in zip(checks, titles) {
            let detail = text.say(check.detail)
            lines.append("\(word(check.status))  \(Columns.padded(title, to: width))  \(detail)")
            if let remedy = check.remedy { lines.append("      \(text.remedy(text.say(remedy)))") }
            if !check.disables.isEmpty {
                let lost = check.disables.map(text.say)
                lines.append("      " + text.say("disables: ") + text.items(lost))
            }
        }
        let counts = DoctorCheck.Status.allCases.compactMap { status -> String? in
            let count = checks.count { $0.status == status }
            guard count > 0 else { return nil }
            return switch status {
            case .pass: text.say("\(count) pass")
            case .warn: text.say("\(count) warn")
            case .fail: text.say("\(count) fail")
            case .skip: text.say("\(count) skip")
            }
        }
        return (lines + ["", text.items(counts)]).joined(separator: "\n")
    }

    /// All fill four columns.
    private func word(_ status: DoctorCheck.Status) -> String {
        switch status {
        case .pass: text.say("PASS")
        case .warn: text.say("WARN")
        case .fail: text.say("FAIL")
        case .skip: text.say("SKIP")
        }
    }
}

extension SteadyScript {
    /// The script, with its comments in the language of `text`.
    public func text(in text: Language) -> String {
        func remarks(_ message: Message) -> [String] {
            text.say(message).split(separator: "\n").map { "# \($0)" }
        }
        var lines = ["#!/bin/sh"]
        lines += remarks("What makes this machine steadier for a measurement. Read it, then run it as root.")
        if steps.isEmpty {
            lines += remarks(
                "There is nothing to change here: governors, turbo, threads of a core, merged pages, NUMA "
                    + "balancing, watchdog and timers are steady, or there are none."
            )
        } else {
            lines += ["set -e"]
        }
        for step in steps {
            lines += [""] + remarks(step.reason) + step.commands + remarks("and back:")
            lines += step.back.map { "#   \($0)" }
        }
        for message in left { lines += [""] + remarks(message) }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension Language {
    /// Items that are listed and are no sentence.
    func items(_ items: [String]) -> String { items.joined(separator: say(", ")) }
}
