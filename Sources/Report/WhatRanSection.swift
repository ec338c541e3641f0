import LabCore
import Translations

/// What really ran: the digests that prove the same bytes everywhere, and what differs.
struct WhatRanSection {
    let analysis: Analysis
    let text: Catalogue

    var markdown: String {
        let header = analysis.result.header
        var blocks = [
            "## \(text.whatRan)\n",
            text.madeBy(
                version: Escaping.markdown(header.version), started: Escaping.markdown(header.startedAt),
                run: Escaping.code(header.runID)) + "\n",
        ]
        if !header.digests.isEmpty {
            var table = MarkdownTable([(text.what, .left), ("SHA-256", .left)])
            for (name, digest) in header.digests.sorted(by: { $0.key < $1.key }) {
                table.add([Escaping.markdown(text.translated(name)), Escaping.code(digest)])
            }
            blocks.append("\(text.sameBytes)\n\n\(table.text)")
        }
        blocks.append("### \(text.differences)\n\n\(differences)")
        let notes = analysis.engines.flatMap { engine in
            analysis.result.footnotes(of: engine.record).map {
                "- \(text.name(engine.record)): \(Escaping.markdown(text.translated($0)))\n"
            }
        }
        if !notes.isEmpty { blocks.append(notes.joined()) }
        return blocks.joined(separator: "\n")
    }

    private var differences: String {
        var table = MarkdownTable([(text.engine, .left), (text.item, .left), (text.value, .left)])
        for engine in analysis.engines {
            let record = engine.record
            let name = text.name(record)
            table.add([name, text.boundary, text.kind(record.kind)])
            for detail in record.details {
                table.add([
                    name, Escaping.markdown(text.translated(detail.name)),
                    Escaping.markdown(text.translated(detail.value)),
                ])
            }
            for (item, digest) in record.digests.sorted(by: { $0.key < $1.key }) {
                table.add([
                    name, "\(Escaping.markdown(text.translated(item))), SHA-256", Escaping.code(digest),
                ])
            }
        }
        return table.text
    }
}

/// The machine and its state; what is not known is left out.
struct EnvironmentSection {
    let environment: Environment
    let text: Catalogue

    var markdown: String { "## \(text.environment)\n\n\(table)" }

    var table: String {
        var table = MarkdownTable([(text.item, .left), (text.value, .left)])
        func add(_ name: String, _ value: String?) {
            if let value { table.add([name, Escaping.markdown(value)]) }
        }
        add(text.processor, environment.cpuModel)
        add(text.processors, "\(environment.cpuCount)")
        add(text.microcode, environment.microcode)
        add(text.memory, environment.memoryBytes.map { Format.bytes($0) })
        add(text.swap, environment.swapBytes.map { Format.bytes($0) })
        add(text.kernel, environment.kernel)
        add(text.systemName, environment.distribution)
        add(text.underHypervisor, environment.hypervisor)
        add(text.cgroups, environment.cgroupLayout)
        add(text.governor, environment.governor)
        add(text.turbo, environment.turbo)
        add(text.smt, environment.smt)
        add(text.load, environment.load.map { Format.fixed($0, decimals: 2) })
        add(text.asRoot, environment.root ? text.yes : text.no)
        let mitigations = environment.mitigations.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        add(text.mitigations, mitigations.isEmpty ? nil : mitigations.joined(separator: "; "))
        return table.text
    }
}
