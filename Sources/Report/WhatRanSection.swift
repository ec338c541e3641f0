import LabCore
import Texts

/// The evidence of what really ran: the digests that prove the same bytes everywhere, and what differs.
struct WhatRanSection {
    let analysis: Analysis
    let text: Language

    var blocks: [Block] {
        let header = analysis.result.header
        var blocks: [Block] = [
            .heading(2, text.say("What ran")),
            .paragraph(
                text.say("Run \(.code(header.runID)), started \(header.startedAt), lab \(header.version).")),
        ]
        if let command = header.lab.command {
            blocks.append(.table(CommandTable(command: command, text: text).table))
        }
        if !header.digests.isEmpty {
            var table = Table([.words(text.what), .words("SHA-256")])
            for (name, digest) in header.digests.sorted(by: { $0.key < $1.key }) {
                table.add([.words(Phrase(text.say(Message(stringLiteral: name)))), .code(digest)])
            }
            blocks += [.paragraph(text.say("The same bytes ran in every engine:")), .table(table)]
        }
        let notes = analysis.engines.flatMap { engine in
            analysis.result.footnotes(of: engine.record).map {
                "\(text.name(engine.record)): \(text.say($0))" as Phrase
            }
        }
        return blocks + [.heading(3, text.say("What differs between the engines")), .table(differences)]
            + .list(notes)
    }

    private var differences: Table {
        var table = Table([.words(text.engine), .words(text.say("item")), .words(text.value)])
        for record in analysis.engines.map(\.record) {
            let name = Cell.words(text.name(record))
            table.add([name, .words(text.say("boundary")), .words(text.kind(record.kind))])
            if let build = record.build {
                table.add([name, .words(text.say("build of")), .code(build.kind.rawValue)])
                table.add([name, .words(text.say("program")), .code(build.path)])
                if let digest = build.digest {
                    table.add([name, .words(text.say("program, SHA-256")), .code(digest)])
                }
            }
            for detail in record.details {
                table.add([
                    name, .words(Phrase(text.say(detail.name))),
                    .words(Phrase(text.say(detail.value))),
                ])
            }
            for (item, digest) in record.digests.sorted(by: { $0.key < $1.key }) {
                table.add([name, .words("\(text.say(Message(stringLiteral: item))), SHA-256"), .code(digest)])
            }
        }
        return table
    }
}

/// The user's own command, as it was said; what was left to the image is left out.
private struct CommandTable {
    let command: CommandDefinition
    let text: Language

    var table: Table {
        var table = Table([.words(text.say("item")), .words(text.value)])
        func add(_ name: Phrase, _ value: String?) {
            if let value { table.add([.words(name), .code(value)]) }
        }
        add(text.say("image"), command.image)
        add(text.say("entrypoint"), command.entrypoint.map(ShellText.join))
        add(text.say("command"), command.arguments.isEmpty ? nil : ShellText.join(command.arguments))
        add(text.say("environment"), command.environment.isEmpty ? nil : ShellText.join(command.environment))
        add(text.say("user"), command.user)
        add(text.say("working directory"), command.directory)
        add(text.say("ready"), command.readiness.word)
        add(text.say("network"), command.network?.rawValue)
        add(text.say("client"), command.client.map(ShellText.join))
        for value in command.values { add(text.say("figure of the output"), value.word) }
        return table
    }
}

/// The machine and its state; what is not known is left out.
struct EnvironmentTable {
    let environment: Environment
    let text: Language

    var table: Table {
        var table = Table([.words(text.say("item")), .words(text.value)])
        func add(_ name: Phrase, _ value: String?) {
            if let value { table.add([.words(name), .words(Phrase(value))]) }
        }
        add(text.say("CPU"), environment.cpuModel)
        add(text.say("CPUs"), "\(environment.cpuCount)")
        add(text.say("microcode"), environment.microcode)
        add(text.say("memory"), environment.memoryBytes.map { Format.bytes($0) })
        add(text.say("swap"), environment.swapBytes.map { Format.bytes($0) })
        add(text.say("kernel"), environment.kernel)
        add(text.say("distribution"), environment.distribution)
        add(text.say("itself virtual, under"), environment.hypervisor)
        add(text.say("cgroups"), environment.cgroupLayout)
        add(text.say("frequency governor"), environment.governor)
        add(text.say("turbo"), environment.turbo)
        add(text.say("CPUs of what is measured"), environment.placement?.measured.description)
        add(text.say("CPUs of the harness"), environment.placement?.harness.description)
        add(text.say("SMT"), environment.smt)
        add(text.say("load at the start"), environment.load.map { Format.fixed($0, decimals: 2) })
        add(text.say("run as root"), (environment.root ? text.say("yes") : text.say("no")).plain)
        let mitigations = environment.mitigations.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        add(text.say("mitigations"), mitigations.isEmpty ? nil : mitigations.joined(separator: "; "))
        return table
    }
}
