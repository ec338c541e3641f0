import LabCore
import Translations

/// What really ran: the digests that prove the same bytes everywhere, and what differs.
struct WhatRanSection {
    let analysis: Analysis
    let text: Catalogue

    var blocks: [Block] {
        let header = analysis.result.header
        var blocks: [Block] = [
            .heading(2, text.whatRan),
            .paragraph(
                text.madeBy(version: header.version, started: header.startedAt, run: .code(header.runID))),
        ]
        if !header.digests.isEmpty {
            var table = Table([.words(text.what), .words("SHA-256")])
            for (name, digest) in header.digests.sorted(by: { $0.key < $1.key }) {
                table.add([.words(Phrase(text.translated(name))), .code(digest)])
            }
            blocks += [.paragraph(text.sameBytes), .table(table)]
        }
        let notes = analysis.engines.flatMap { engine in
            analysis.result.footnotes(of: engine.record).map {
                "\(text.name(engine.record)): \(text.translated($0))" as Phrase
            }
        }
        return blocks + [.heading(3, text.differences), .table(differences)] + .list(notes)
    }

    private var differences: Table {
        var table = Table([.words(text.engine), .words(text.item), .words(text.value)])
        for record in analysis.engines.map(\.record) {
            let name = Cell.words(text.name(record))
            table.add([name, .words(text.boundary), .words(text.kind(record.kind))])
            for detail in record.details {
                table.add([
                    name, .words(Phrase(text.translated(detail.name))),
                    .words(Phrase(text.translated(detail.value))),
                ])
            }
            for (item, digest) in record.digests.sorted(by: { $0.key < $1.key }) {
                table.add([name, .words("\(text.translated(item)), SHA-256"), .code(digest)])
            }
        }
        return table
    }
}

/// The machine and its state; what is not known is left out.
struct EnvironmentTable {
    let environment: Environment
    let text: Catalogue

    var table: Table {
        var table = Table([.words(text.item), .words(text.value)])
        func add(_ name: Phrase, _ value: String?) {
            if let value { table.add([.words(name), .words(Phrase(value))]) }
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
        add(text.asRoot, (environment.root ? text.yes : text.no).plain)
        let mitigations = environment.mitigations.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        add(text.mitigations, mitigations.isEmpty ? nil : mitigations.joined(separator: "; "))
        return table
    }
}
