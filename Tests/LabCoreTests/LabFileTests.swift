import LabCore
import Testing

@testable import LabFile

/// The definition that every case here is a change of.
private let valid = """
    id: example
    title: {en: Example, zh: 例子}
    question: {en: How long?, zh: 多久?}
    dimension: 启动速度
    engines: [process, container, qemu]
    workload: hello
    method: lifecycle
    metrics:
      - id: startup
        title: {en: start, zh: 启动}
        from: requested
        to: first-output
      - id: memory
        title: {en: memory, zh: 内存}
        value: host-pss-bytes
        unit: bytes
    samples:
      default: 100
      qemu: 15
      warmup: 1
    budget: 150 s
    timeout: 30 s
    memory: 256 MiB
    cpus: 1
    claims:
      - id: quick
        subject: container
        source: 3 · 启动速度
        text: {en: quick, zh: 快}
        rule:
          metric: startup
          engines: [container]
          relative-to: process
          at-least: 0.5
          at-most: 20
      - id: slow
        subject: vm
        source: 3 · 启动速度
        text: {en: slow, zh: 慢}
        rule:
          metric: startup
          engines: [kvm, qemu]
          at-least: 1 min
          emulation: contradicts-lower-bound
      - id: small
        subject: container
        source: "3"
        text: {en: small, zh: 小}
        rule: {metric: memory, engines: [container], at-most: 10 MiB}
    """

/// The messages of the error that `valid` gives with each `(old, new)` replaced once; nil when it is accepted.
private func problems(_ changes: (String, String)...) throws -> [String]? {
    var text = valid
    for (old, new) in changes {
        let range = try #require(text.firstRange(of: old), "the example holds no \(old)")
        text.replaceSubrange(range, with: new)
    }
    do throws(LabError) {
        _ = try LabFile.parse(text, name: "lab.yaml")
        return nil
    } catch {
        #expect(error.kind == .data)
        return error.message.english.split(separator: "\n").map(String.init)
    }
}

struct LabFileTests {
    @Test func aValidDefinitionIsReadWhole() throws {
        let lab = try LabFile.parse(valid, name: "lab.yaml", folder: "example")
        #expect(lab.title == LocalizedText(en: "Example", zh: "例子"))
        #expect(lab.engines == [.process, .container, .qemu])
        #expect(
            lab.metrics.map(\.source) == [
                .span(from: .requested, to: .firstOutput), .value("host-pss-bytes"),
            ])
        #expect(lab.metrics.map(\.unit) == [.nanoseconds, .bytes])
        #expect(lab.metrics.map(\.moreIsBetter) == [nil, nil])
        let more = valid.replacing("    unit: bytes", with: "    unit: bytes\n    better: more")
        #expect(try LabFile.parse(more, name: "lab.yaml", folder: "example").metrics[1].moreIsBetter == true)
        #expect(lab.samples == .init(default: 100, perEngine: [.qemu: 15], warmup: 1))
        #expect(lab.budgetSeconds == 150 && lab.timeoutSeconds == 30)
        #expect(lab.memoryBytes == 256 << 20)
        #expect(
            lab.claims.map(\.rule) == [
                .init(
                    metric: "startup", engines: [.container], relativeTo: .process, atLeast: 0.5, atMost: 20),
                .init(
                    metric: "startup", engines: [.kvm, .qemu], atLeast: 60_000_000_000,
                    emulation: .contradictsLowerBound),
                .init(metric: "memory", engines: [.container], atMost: 10 * 1_048_576),
            ])
    }

    @Test("an unknown key is named with its line and the nearest known one")
    func anUnknownKeyIsNamed() throws {
        #expect(
            try problems(("samples:", "sample:")) == [
                "lab.yaml:17: unknown key \"sample\"; did you mean \"samples\"?"
            ])
        #expect(
            try problems(("  qemu: 15", "  qmeu: 15")) == [
                "lab.yaml:19: unknown key \"qmeu\"; did you mean \"qemu\"?"
            ])
        #expect(
            try problems(("    unit: bytes", "    unit: bytes\n    zzz: 1"))
                == [
                    "lab.yaml:17: unknown key \"zzz\"; a metric has the keys id, title, from, to, value, unit, slope-over, exact, better"
                ])
    }

    /// One case: what is replaced, by what, and the message.
    struct Mistake: CustomTestStringConvertible, Sendable {
        var old: String
        var new: String
        var message: String
        var testDescription: String { new }
        init(_ old: String, _ new: String, _ message: String) {
            self.old = old
            self.new = new
            self.message = message
        }
    }

    @Test(arguments: [
        Mistake("cpus: 1\n", "", ":1: the lab has no \"cpus\""),
        Mistake("cpus: 1", "cpus: one", ":24: cpus is \"one\"; it must be a whole number from 1 to 1024"),
        Mistake("cpus: 1", "cpus: \"1\"", ":24: cpus is \"1\"; it must be a whole number"),
        Mistake("cpus: 1", "cpus: 0", ":24: cpus is \"0\""),
        Mistake("cpus: 1", "cpus: [1]", ":24: cpus must be a single value"),
        Mistake("cpus: 1", "cpus:", ":24: cpus is empty"),
        Mistake("cpus: 1", "cpus: 1\ncpus: 2", "\"cpus\" is given twice"),
        Mistake(
            "qemu: 15", "qemu: -15",
            ":19: samples.qemu is \"-15\"; it must be a whole number from 1 to 1000000"),
        Mistake("30 s", "30", ":22: timeout: \"30\" has no unit; add one of ns, us, µs, ms, s, min, h"),
        Mistake("30 s", "30 sec", ":22: timeout: \"30 sec\" has the unknown unit \"sec\""),
        Mistake("30 s", "0 s", ":22: timeout is \"0 s\"; it must be more than 0"),
        Mistake("30 s", "300 s", ":22: timeout is longer than budget"),
        Mistake(
            "256 MiB", "256 MB", ":23: memory: \"256 MB\" has the unknown unit \"MB\"; did you mean \"MiB\"?"),
        Mistake(
            "to: first-output", "to: first-outptu",
            ":12: unknown mark \"first-outptu\"; did you mean \"first-output\"?"),
        Mistake(
            "from: requested", "from: exited", ":12: mark \"first-output\" does not come after \"exited\""),
        Mistake("    to: first-output\n", "", ":9: a metric with marks has no \"to\""),
        Mistake("from: requested", "from: requested\n    value: x", ":9: a metric needs either"),
        Mistake("    unit: bytes\n", "", ":13: a metric with a value has no \"unit\""),
        Mistake("unit: bytes", "unit: byte", ":16: unknown unit \"byte\"; did you mean \"bytes\"?"),
        Mistake("id: memory", "id: startup", ":13: metric \"startup\" is defined twice"),
        Mistake("id: memory", "id: ../x", ":13: metric id is \"../x\"; it must be lower-case letters"),
        Mistake(
            "container, qemu]", "contaner, qemu]",
            ":5: unknown engine \"contaner\"; did you mean \"container\"?"),
        Mistake("container, qemu]", "container, process]", ":5: engines names \"process\" twice"),
        Mistake("engines: [process, container, qemu]", "engines: []", ":5: engines is empty"),
        Mistake("engines: [process, container, qemu]", "engines: process", ":5: engines must be a list"),
        Mistake(
            "workload: hello", "workload: helo", ":6: unknown workload \"helo\"; did you mean \"hello\"?"),
        Mistake("method: lifecycle", "method: x", ":7: unknown method \"x\"; known: lifecycle"),
        Mistake(
            "metric: startup", "metric: startupp",
            ":31: unknown metric \"startupp\"; did you mean \"startup\"?"),
        Mistake("at-most: 20", "at-most: 0.2", ":35: at-most is less than at-least"),
        Mistake("at-most: 20", "at-most: .inf", ":35: at-most is \".inf\"; it must be a number"),
        Mistake("at-most: 20", "at-most: nan", ":35: at-most is \"nan\"; it must be a number"),
        Mistake("at-least: 1 min", "at-least: 1", ":43: at-least: \"1\" has no unit"),
        Mistake("      at-least: 1 min\n", "", ":41: a rule needs \"at-least\", \"at-most\" or both"),
        Mistake(
            "relative-to: process", "relative-to: container",
            ":33: the rule compares \"container\" with itself"),
        Mistake(
            "emulation: contradicts-lower-bound", "emulation: always",
            ":44: unknown emulation \"always\"; known: never"),
        Mistake("id: slow", "id: quick", "claim \"quick\" is made twice"),
        Mistake("subject: vm", "subject: vms", "unknown subject \"vms\"; did you mean \"vm\"?"),
        Mistake("{en: quick, zh: 快}", "{en: quick}", ":29: text has no \"zh\""),
        Mistake("{en: Example, zh: 例子}", "Example", ":2: title must be a mapping with the keys en, zh"),
        Mistake("{en: Example, zh: 例子}", "{en: ~, zh: 例子}", ":2: title.en is empty"),
        Mistake("samples:\n  default", "samples:\n\tdefault", ":18: a tab"),
        Mistake("cpus: 1", "cpus: 1\n---\nid: x", ":25: not valid YAML: but found another document"),
        Mistake("cpus: 1", "cpus: [1", "not valid YAML"),
        Mistake("cpus: 1", "cpus: \"\u{7}\"", ":24: not valid YAML: control characters are not allowed"),
        Mistake("cpus: 1", "? [cpus]\n: 1", ":24: a complex key"),
        Mistake("cpus: 1", "[cpus]: 1", ":24: a key must be a word"),
        Mistake("cpus: 1", "cpus: &one 1\nmore: *one", ":25: an alias (`*name`) is not allowed"),
    ])
    func eachMistakeIsNamedWithItsLine(mistake: Mistake) throws {
        let found = try #require(try problems((mistake.old, mistake.new)), "it was accepted")
        #expect(found.contains { $0.hasPrefix("lab.yaml:") && $0.contains(mistake.message) }, "\(found)")
    }

    @Test("all mistakes are reported at once, in the order of lines")
    func allMistakesAreReportedAtOnce() throws {
        let found = try problems(
            ("cpus: 1", "cpus: 0"), ("30 s", "30"), ("workload", "worklod"), ("qemu: 15", "qemu: x"))
        #expect(
            found?.map { $0.prefix(12) } == ["lab.yaml:6: ", "lab.yaml:19:", "lab.yaml:22:", "lab.yaml:24:"])
    }

    @Test func aStarOrAnAmpersandInATextIsJustText() throws {
        #expect(
            try problems(("en: How long?", "en: \"R&D, *how* long?\"")) != nil,
            "too cautious, and it says why")
        #expect(try problems(("en: How long?", "en: how *very* long?")) == nil)
        #expect(try problems(("en: How long?", "en: Tom & Jerry")) == nil)
    }

    @Test func windowsLineEndsAreAccepted() throws {
        #expect(
            try LabFile.parse(valid.split(separator: "\n").joined(separator: "\r\n"), name: "x").id
                == "example")
    }

    @Test func whatIsNoTextIsRefused() {
        for (bytes, message) in [
            (Array("id: x\n".utf8) + [0xff, 0xfe], "x:2: not valid UTF-8"), ([], "x:1: the file is empty"),
            (Array("# nothing\n".utf8), "x:1: the file is empty"),
            (Array("[1, 2]".utf8), "x:1: the lab must be"),
            ([UInt8](repeating: 0x20, count: LabFile.mostBytes + 1), "x is larger than 1048576 bytes"),
        ] as [([UInt8], String)] {
            let error = #expect(throws: LabError.self) { try LabFile.parse(bytes, name: "x") }
            #expect(error?.message.english.hasPrefix(message) == true)
            #expect(error?.kind == .data)
        }
    }

    /// Each of these takes a naive reader's stack, memory or patience.
    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            String(repeating: "[", count: 100_000), String(repeating: "{a: ", count: 100_000),
            String(repeating: "- ", count: 60), String(repeating: "- ", count: 100_000),
            String(repeating: "? ", count: 60), String(repeating: "[a: ", count: 900),
            (0..<120).map { String(repeating: " ", count: $0) + "a:\n" }.joined(),
            String(repeating: "[", count: 500) + String(repeating: "]", count: 500),
            "a: &a [x,x]\n"
                + (0..<60).map {
                    "b\($0): &b\($0) [*\($0 == 0 ? "a" : "b\($0 - 1)"),*\($0 == 0 ? "a" : "b\($0 - 1)")]\n"
                }.joined()
                + "? *b59\n: 1\n",
            "a: &a [*a]", "*a : &a x", "[" + String(repeating: "a,", count: 100_000) + "]",
            String(repeating: "a: 1\n", count: 50_000), "a: \"" + String(repeating: "\\", count: 99_999),
            "%YAML 1.1\n--- !!binary x", "!!set {a, b}", "a: !<tag:%FF> x", "\u{feff}id: x", "--- ---\n...",
        ])
    func hostileTextIsRefusedQuickly(text: String) {
        let error = #expect(throws: LabError.self) { try LabFile.parse(text, name: "x") }
        #expect(error?.kind == .data)
        #expect((error?.message.english.utf8.count ?? 0) < 10_000)
    }

    @Test("Of words that are not known as many are explained as are shown, and the others counted")
    func mistypedWordsAreCounted() {
        let problems = Problems(file: "x")
        var explained = 0
        for line in 1...1_000 {
            problems.add(mistyped: line) {
                explained += 1
                return "unknown"
            }
        }
        #expect(explained == 20)
        let keys = (0..<50_000).map { "\nk\($0): 1" }.joined()
        let words = "\nseries: [" + (0..<30).map { "{id: s, k\($0): 1}" }.joined(separator: ", ") + "]"
        let texts = [problems.error, error(of: valid + keys), error(of: valid + words)].map {
            ($0?.message.english ?? "").split(separator: "\n")
        }
        for (text, rest) in zip(texts, [980, 49_980]) {
            #expect(text.count == 21 && text.last?.hasSuffix(": and \(rest) more problems") == true)
            #expect(text.first?.contains(": unknown") == true)
        }
        // Of the whole file, and with what else is wrong in it: 29 series have the name of the first.
        #expect(texts[2].count == 21)
        #expect(texts[2].last?.contains(" more problems") == true)
        // One more than are shown.
        let few = error(of: valid + (0..<21).map { "\nk\($0): 1" }.joined())
        #expect(few?.message.english.hasSuffix("lab.yaml: and 1 more problems") == true)
    }

    private func error(of text: String) -> LabError? {
        #expect(throws: LabError.self) { try LabFile.parse(text, name: "lab.yaml") }
    }

    @Test("All series together have a limit of combinations too", arguments: [(10, false), (11, true)])
    func combinationsOfAllSeries(count: Int, isRefused: Bool) throws {
        let numbers = (1...250).map(String.init).joined(separator: ", ")
        // Each with isolations or a cache of its own, 1,000 combinations.
        let layers = LayerSelection.all.map(\.description)
        let series = (0..<count).map { number in
            let own = layers[number % 9 * 4..<number % 9 * 4 + 4].joined(separator: ", ")
            let cold = number < 9 ? "" : ", cache: [cold]"
            return
                "\n  - {id: s\(number), parameters: {concurrency: [\(numbers)], isolation: [\(own)]\(cold)}}"
        }
        let found = try problems(("cpus: 1\n", "cpus: 1\nseries:" + series.joined() + "\n"))
        let refused =
            found?.contains { $0.hasSuffix("all together have more than 10000 combinations") } == true
        #expect(refused == isRefused, "\(found?.first ?? "")")
    }

    @Test("any mutation of a real lab gives a definition or an error that names the file")
    func mutatedLabsAreReadOrRefused() throws {
        let real = try Files.read("\(checkout)/labs/startup-latency/lab.yaml")
        let dictionary = [
            "\n", "  ", "- ", ": ", "[", "]", "{", "}", "\"", "'", "#", "&a ", "*a", "!!int ", "|\n", ">-\n",
            "%", "---\n",
            "~", "\u{0}", "\u{85}", "\u{2028}", "-1", "1e999", "s", "\t", "? ", "id: x\n", "samples:\n",
        ]
        var fuzzer = Fuzzer(seed: 9)
        var accepted = 0
        for _ in 0..<800 {
            let text = fuzzer.mutated(real, dictionary: dictionary)
            do throws(LabError) {
                let lab = try LabFile.parse(text, name: "lab.yaml")
                accepted += 1
                #expect(
                    lab.samples.counts.default > 0 && lab.cpus > 0 && lab.timeoutSeconds > 0
                        && !lab.metrics.isEmpty)
            } catch {
                #expect(error.kind == .data)
                #expect(error.message.english.hasPrefix("lab.yaml:"), "\(error.message)")
            }
        }
        #expect(accepted > 0 && accepted < 800, "the fuzzer reaches both sides: \(accepted)")
    }
}
