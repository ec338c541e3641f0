import ArgumentParser
import LabCore
import LabFile
import Texts

/// `lab list`: what there is to run.
struct ListCommand: SpeakingCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the labs, the engines and the workloads.",
        discussion: """
            The labs come in an order in which each can be understood; the first needs
            none of the others. Proves nothing about this machine: that is what
            `lab doctor` does.

            EXAMPLES
              lab list
              lab list labs --json
            """)

    enum Section: String, ExpressibleByArgument, CaseIterable { case labs, engines, workloads }

    @Argument(help: ArgumentHelp("What to list; everything by default.", valueName: "labs|engines|workloads"))
    var section: Section?

    @Flag(help: "Print the list as JSON.")
    var json = false

    /// Every workload of `lab-guest`, in the order of `Workload.knownNames`.
    static let workloads = [
        Entry(id: Workload.noop.name, summary: "says ready and exits"),
        Entry(
            id: Workload.hello(nonce: "").name,
            summary: "says ready, then sends back a nonce that the host invented"),
        Entry(id: Workload.idle.name, summary: "says ready and waits to be killed"),
        Entry(
            id: Workload.touch(mebibytes: 0).name,
            summary: "writes to so many MiB of memory, says ready and keeps them"),
        Entry(
            id: Workload.tide(mebibytes: 0).name,
            summary: "says ready, writes to so many MiB of memory and gives them back, a second at each stage"
        ),
        Entry(
            id: Workload.release(nonce: "").name,
            summary: "says ready, sends back a nonce and what its kernel calls itself"),
        Entry(
            id: Workload.compute(kind: "", rounds: 0).name,
            summary: "says ready, does rounds of fixed work of one kind and sends a digest of the results: "
                + "\(Workload.computeKinds.joined(separator: ", "))"),
        Entry(
            id: Workload.sequence([], rounds: 0, restMilliseconds: 0).name,
            summary: "does such rounds of several kinds, one kind after the other, and rests in between"),
        Entry(
            id: Workload.pace(rounds: 0).name,
            summary: "does rounds of fixed work without end and counts them aloud"),
        Entry(
            id: Workload.pulse(nonce: "", milliseconds: 0).name,
            summary: "waits, and sends a nonce back again and again"),
        Entry(
            id: Workload.probe([]).name,
            summary: "tries what it can see, reach and do, and says what came of each"),
    ]

    /// A name and what it is.
    struct Entry: Encodable {
        let id: String
        let summary: Message
    }

    private struct Answer: Encodable {
        var labs: [LabEntry]?
        var engines: [Entry]?
        var workloads: [Entry]?
    }

    private struct LabEntry: Encodable {
        let id: String
        let title: LocalizedText
        /// The row of the document's table that it belongs to, and whether it stands behind it.
        let dimension: LocalizedText
        let fillsRow: Bool
        let question: LocalizedText
        /// The labs to understand before it.
        let after: [String]
        /// What `lab run --predict` asks.
        let predictions: [LocalizedText]
        let engines: [EngineID]
        let workload: String
    }

    @OptionGroup var speech: LanguageOptions

    func run() throws {
        var answer = Answer()
        if section == nil || section == .labs { answer.labs = try Self.labs() }
        if section == nil || section == .engines {
            answer.engines = EngineFactory.all.map { Entry(id: $0.id.rawValue, summary: $0.summary) }
        }
        if section == nil || section == .workloads {
            answer.workloads = Self.workloads
        }
        if json {
            try Terminal.answer(json: answer)
        } else {
            try Terminal.answer(Self.lines(answer, in: speech.choice()))
        }
    }

    private static func labs() throws(LabError) -> [LabEntry] {
        try LabDirectory.own().inOrder().map { lab in
            LabEntry(
                id: lab.id, title: lab.title, dimension: dimension(of: lab), fillsRow: lab.row != nil,
                question: lab.question, after: lab.after ?? [],
                predictions: lab.predictions?.map(\.question) ?? [], engines: lab.engines,
                workload: lab.workload)
        }
    }

    /// Returns the lab's row in the document's table.
    private static func row(of lab: LabEntry, in text: Language) -> String {
        let original = lab.dimension[.chinese]
        let own = text[lab.dimension]
        let name = own == original ? "“\(original)”" : "\(original) (\(own))"
        return lab.fillsRow
            ? text.say("fills the row \(name)")
            : text.say("belongs to the row \(name)")
    }

    private static func dimension(of lab: LabDefinition) -> LocalizedText {
        DocumentTable.rows.map(\.dimension).first { $0[.chinese] == lab.dimension }
            ?? LocalizedText(en: lab.dimension, zh: lab.dimension)
    }

    private static func lines(_ answer: Answer, in text: Language) -> String {
        var blocks: [String] = []
        if let labs = answer.labs {
            let lines = labs.map { lab in
                let after = lab.after.joined(separator: ", ")
                return
                    ([
                        "  \(lab.id)", text[lab.question], after.isEmpty ? nil : text.say("after: \(after)"),
                        row(of: lab, in: text), lab.engines.map(\.rawValue).joined(separator: ", "),
                    ]
                    .compactMap(\.self)).joined(separator: "\n    ")
            }
            blocks.append(text.say("LABS") + "\n" + lines.joined(separator: "\n"))
        }
        let sections = [
            (text.say("ENGINES"), answer.engines), (text.say("WORKLOADS"), answer.workloads),
        ]
        for (heading, entries) in sections {
            guard let entries else { continue }
            let width = entries.map { Columns.count($0.id) }.max() ?? 0
            let lines = entries.map {
                "  \(Columns.padded($0.id, to: width))  \(text.say($0.summary))"
            }
            blocks.append(heading + "\n" + lines.joined(separator: "\n"))
        }
        return blocks.joined(separator: "\n\n")
    }
}
