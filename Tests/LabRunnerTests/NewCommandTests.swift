import Glibc
import LabCore
import LabFile
import Results
import Testing

@testable import LabRunner

/// `lab new` and `lab run ./DIR`.
@Suite(.enabled(if: LabProgram.isBuilt, "skipped: the program lab is not built beside the tests"))
struct NewCommandTests {
    @Test("What it writes is a lab, whatever the words of its command", arguments: Language.allCases)
    func wordsAreKept(language: Language) throws {
        let words = ["sh", "-c", "echo \"a: b\" # \\ 'c' {d}", "", "no", "~", "1e3", "多语言 \t\u{7f}\u{1}"]
        let text = NewLab(
            id: "mine", command: CommandDefinition(image: "rootfs:/a b", arguments: words),
            engines: Self.engines
        )
        .yaml(in: language)
        let lab = try LabFile.parse(Array(text.utf8), name: "lab.yaml", folder: "mine", engines: Self.engines)
        #expect(lab.command?.arguments == words && lab.command?.image == "rootfs:/a b")
        // What is commented out is what holds anyway.
        let whole = text.split(separator: "\n").map { line in
            let key = line.dropFirst(2).prefix { ("a"..."z").contains($0) }
            return line.hasPrefix("# \(key): ") ? line.dropFirst(2) : line
        }
        #expect(
            try LabFile.parse(Array(whole.joined(separator: "\n").utf8), name: "", engines: Self.engines)
                == lab)
    }

    private static let engines = EngineFactory.all.map(\.id)

    @Test("A new lab runs at once, and says how to run it again")
    func itRuns() throws {
        let lab = try LabProgram()
        let made = try lab.run(["new", "mine"])
        #expect(made.status == 0 && made.output.contains("lab run ./mine"), "\(made.errors)")
        let finished = try lab.run([
            "run", "./mine", "--engine", "process", "--samples", "5", "--warmup", "0", "--spread", "1ms",
            "--output", "out",
        ])
        #expect(finished.status == 0, "\(finished.errors)")
        let result = try ResultStore.load("\(lab.directory.path)/out/result.json")
        #expect(result.header.lab.id == "mine" && result.samples.count == 5)
        #expect(try Files.readText("\(lab.directory.path)/out/report.md").contains("lab run ./mine "))
    }

    @Test("An image's own command is left to it, and one that is not there yet is a warning")
    func imagesAreKept() throws {
        let lab = try LabProgram()
        let made = try lab.run(["new", "mine", "--image", "nosuch"])
        #expect(made.status == 0 && made.errors.contains("there is no image \"nosuch\""), "\(made.errors)")
        let text = try Files.readText("\(lab.directory.path)/mine/lab.yaml")
        let read = try LabFile.parse(
            Array(text.utf8), name: "lab.yaml", folder: "mine", engines: Self.engines)
        #expect(read.command?.arguments == [] && read.command?.image == "nosuch")
        #expect(text.contains("  # run: [") && text.contains("series: [") && text.contains("unit: ms"))
        #expect(try lab.run(["new", "other", "--image", "rootfs:/"]).errors.isEmpty)
        #expect(try lab.run(["new", "third", "--image", "rootfs:nosuch"]).errors.contains("nosuch"))
    }

    @Test("It writes over nothing, and a lab's name is a plain word")
    func itRefuses() throws {
        let lab = try LabProgram()
        #expect(try lab.run(["new", "mine"]).status == 0)
        let again = try lab.run(["new", "mine"])
        #expect(again.status == 73 && again.errors.contains("lab.yaml already"), "\(again.errors)")
        for name in ["Mine", "a b", "-x", "/", "."] {
            #expect(try lab.run(["new", "--", name]).status == 64, "\(name)")
        }
    }
}
