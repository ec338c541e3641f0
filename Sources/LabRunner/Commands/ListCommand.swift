import ArgumentParser
import LabCore
import LabFile

/// `lab list`: what there is to run.
struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the labs, the engines and the workloads.",
        discussion: """
            Proves nothing about this machine: that is what `lab doctor` does.

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
            id: Workload.compute(kind: "", rounds: 0).name,
            summary: "says ready, does rounds of fixed work of one kind and sends a digest of the results: "
                + Workload.computeKinds.joined(separator: ", ")),
    ]

    /// A name and what it is.
    struct Entry: Encodable {
        let id: String
        let summary: String
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
        let engines: [EngineID]
        let workload: String
    }

    func run() throws {
        var answer = Answer()
        if section == nil || section == .labs { answer.labs = try Self.labs() }
        if section == nil || section == .engines {
            answer.engines = EngineFactory.catalogue.map { Entry(id: $0.id.rawValue, summary: $0.summary) }
        }
        if section == nil || section == .workloads {
            answer.workloads = Self.workloads
        }
        if json { try Terminal.answer(json: answer) } else { try Terminal.answer(Self.text(answer)) }
    }

    private static func labs() throws(LabError) -> [LabEntry] {
        let catalogue = try LabCatalogue.locate(environment: Process.environment)
        var entries: [LabEntry] = []
        for id in catalogue.ids {
            let lab = try catalogue.definition(id)
            entries.append(
                LabEntry(
                    id: id, title: lab.title, dimension: dimension(of: lab), fillsRow: lab.row != nil,
                    question: lab.question, engines: lab.engines,
                    workload: lab.workload))
        }
        return entries
    }

    /// Where it stands in the document's table.
    private static func row(of lab: LabEntry) -> String {
        let name = "\(lab.dimension.zh) (\(lab.dimension.en))"
        return lab.fillsRow ? "fills the row \(name)" : "belongs to the row \(name)"
    }

    private static func dimension(of lab: LabDefinition) -> LocalizedText {
        DocumentTable.rows.map(\.dimension).first { $0.zh == lab.dimension }
            ?? LocalizedText(en: lab.dimension, zh: lab.dimension)
    }

    private static func text(_ answer: Answer) -> String {
        var blocks: [String] = []
        if let labs = answer.labs {
            let lines = labs.map {
                "  \($0.id)\n    \($0.question.en)\n    \(row(of: $0))\n    \($0.engines.map(\.rawValue).joined(separator: ", "))"
            }
            blocks.append("LABS\n" + lines.joined(separator: "\n"))
        }
        for (heading, entries) in [("ENGINES", answer.engines), ("WORKLOADS", answer.workloads)] {
            guard let entries else { continue }
            let width = entries.map(\.id.count).max() ?? 0
            let lines = entries.map {
                "  \($0.id)\(String(repeating: " ", count: width - $0.id.count))  \($0.summary)"
            }
            blocks.append(heading + "\n" + lines.joined(separator: "\n"))
        }
        return blocks.joined(separator: "\n\n")
    }
}
