import LabCore
import Testing

@testable import LabFile

@Suite("a lab that measures a command of an image")
struct CommandLabTests {
    private static let text = """
        id: mine
        title: {en: Mine, zh: 我的}
        question: {en: How long?, zh: 多久？}
        dimension: 启动速度
        engines: [process, container]
        command:
          image: rootfs:/srv/redis
          run: [redis-server, --port, "0"]
          environment: [A=1]
          user: redis
          directory: /data
          ready: line=Ready to accept
          values:
            - {name: rate, at: "rate ([0-9]+)", better: more}
            - {name: p99, at: /latency/p99, unit: ms}
        method: lifecycle
        metrics:
          - id: ready
            title: {en: ready, zh: 就绪}
            from: requested
            to: ready
          - id: rate
            title: {en: rate, zh: 速率}
            value: output-rate
            unit: count
        samples: {default: 10, warmup: 1}
        budget: 60 s
        timeout: 30 s
        memory: 256 MiB
        cpus: 1
        claims:
          - id: quick
            subject: container
            source: "3"
            text: {en: quick, zh: 快}
            rule: {metric: ready, engines: [container], at-most: 1 s}
        """

    private func parse(_ old: String = "", _ new: String = "") throws(LabError) -> LabDefinition {
        try LabFile.parse(old.isEmpty ? Self.text : Self.text.replacing(old, with: new), name: "lab.yaml")
    }

    @Test("A network and a client are read, and what can't be driven is refused by its line")
    func network() throws {
        let server = "  ready: port=6379\n  network: bridge\n  client: [redis-benchmark, -q]\n"
        let command = try #require(try parse("  ready: line=Ready to accept\n", server).command)
        #expect(command.network == .bridge && command.client == ["redis-benchmark", "-q"])
        let none = try parse("  user: redis\n", "  user: redis\n  network: none\n").command
        #expect(none != nil && none?.network == nil && none?.client == nil)
        for (added, words) in [
            ("  network: host\n", "is no network of a command"), ("  client: []\n", "client"),
            ("  client: [true]\n", "has nothing to connect to"),
        ] {
            let error = #expect(throws: LabError.self) {
                try parse("  user: redis\n", "  user: redis\n" + added)
            }
            #expect(error?.description.contains(words) == true, "\(error.debugDescription)")
        }
    }

    @Test("The file says all that the command line does")
    func isRead() throws {
        let lab = try parse()
        let command = try #require(lab.command)
        #expect(command.image == "rootfs:/srv/redis" && command.arguments == ["redis-server", "--port", "0"])
        #expect(command.environment == ["A=1"] && command.user == "redis" && command.directory == "/data")
        #expect(command.readiness == .line("Ready to accept"))
        #expect(command.values.map(\.word) == ["rate:more=rate ([0-9]+)", "p99:ms=/latency/p99"])
        #expect(lab.workload == "redis-server --port 0" && command.entrypoint == nil)
        let none = try parse("  user: redis\n", "  user: redis\n  entrypoint: []\n")
        #expect(none.command?.entrypoint == [])
        #expect(lab.metrics.map(\.moreIsBetter) == [nil, true])
    }

    @Test("The command is enough; what is said beside it counts, texts in one language too")
    func theRestIsGiven() throws {
        let least = "id: mine\ncommand: {image: 'rootfs:/', run: [dd, 'of=/dev/null'], ready: first-output}\n"
        let lab = try LabFile.parse(Array(least.utf8), name: "lab.yaml", engines: KnownEngines.ids)
        let command = try #require(lab.command)
        #expect(lab == .own("mine", command, engines: KnownEngines.ids))
        #expect(lab.engines.contains(.container) && lab.engines.contains(.qemu))
        #expect(lab.metrics.first?.source == .span(from: .requested, to: .ready) && lab.claims.isEmpty)
        let more = least + "title: Mine\nengines: [process]\nbudget: 10 s\ntimeout: 5 s\n"
        let said = try LabFile.parse(Array(more.utf8), name: "lab.yaml", engines: KnownEngines.ids)
        #expect(said.title[.chinese] == "Mine" && said.engines == [.process] && said.budgetSeconds == 10)
        let error = try #require(throws: LabError.self) {
            _ = try LabFile.parse(Array((least + "budgit: 10 s\n").utf8), name: "lab.yaml")
        }
        #expect(error.message.english.contains("did you mean \"budget\"?"), "\(error.message.english)")
    }

    @Test(
        "Each mistake is named with its line",
        arguments: [
            ("ready: line=Ready to accept", "ready: soon", "lab.yaml:12: ready: \"soon\" does not say"),
            (
                "image: rootfs:/srv/redis", "imag: x",
                "lab.yaml:7: unknown key \"imag\"; did you mean \"image\"?"
            ),
            (
                "at: /latency/p99, unit: ms", "at: /x, unit: parsec",
                "lab.yaml:15: values: \"parsec\" is no unit"
            ),
            ("better: more", "better: most", "lab.yaml:14: unknown better \"most\""),
            ("\"rate ([0-9]+)\"", "\"rate\"", "lab.yaml:14: values: \"rate\" has 0 groups"),
            ("run: [redis-server, --port, \"0\"]", "run: []", "lab.yaml:8: run is empty"),
            ("method: lifecycle", "method: memory", "the method memory runs no command of an image"),
            ("method: lifecycle", "method: lifecycle\nworkload: hello", "unknown key \"workload\""),
            (
                "method: lifecycle", "method: compute\nrounds: {default: 1}",
                "lab.yaml:17: a command says itself how much work it did"
            ),
            (
                "claims:", "series: [{id: a, parameters: {compute: [integer]}}]\nclaims:",
                "unknown key \"compute\""
            ),
        ])
    func mistakes(old: String, new: String, cause: String) throws {
        let error = try #require(throws: LabError.self) { _ = try parse(old, new) }
        #expect(error.kind == .data && error.message.english.contains(cause), "\(error.message.english)")
    }

    @Test("A misspelt key of a command is one line, though nothing else of its lab is said")
    func oneMistakeIsOneLine() throws {
        for key in ["comand", "commands", "Command"] {
            let text = "id: mine\n\(key): {image: 'rootfs:/', run: [dd]}\n"
            let error = try #require(throws: LabError.self) {
                _ = try LabFile.parse(Array(text.utf8), name: "lab.yaml", engines: KnownEngines.ids)
            }
            #expect(
                error.message.english
                    == "lab.yaml:2: unknown key \"\(key)\"; did you mean \"command\"?", "\(error.message)")
        }
    }

    @Test("Several bare processes are not started where they would listen on one port; everything else is")
    func portsAreShared() throws {
        let directory = try LabDirectory.open("\(checkout)/labs", engines: KnownEngines.ids)
        for id in ["startup-latency", "memory-footprint"] {
            let lab = try directory.definition(id)
            let plain = try lab.running(CommandDefinition(image: "rootfs:/", readiness: .firstOutput))
            let server = try lab.running(CommandDefinition(image: "rootfs:/", readiness: .port(80)))
            let missing = Set(plain.quotas.map(\.cell)).subtracting(server.quotas.map(\.cell))
            #expect(!missing.isEmpty && Set(server.quotas.map(\.cell)).isSubset(of: plain.quotas.map(\.cell)))
            for cell in missing {
                #expect(cell.engine == .process)
                #expect(max(cell.point.concurrency ?? 1, cell.point.instances ?? 1) > 1)
            }
            #expect(server.quotas.contains { $0.cell.engine == .process })
        }
    }

    @Test("A lab of a command's work says what it does in a word, and what is measured where it says nothing")
    func workIsRead() throws {
        let text = """
            id: mine
            command: {image: mine, run: [bench], ready: line=go, values: [{name: operations, at: "n=([0-9]+)"}]}
            method: compute
            series: [{id: s, parameters: {argument: [get, "set all"]}}]
            """
        let lab = try LabFile.parse(Array(text.utf8), name: "lab.yaml", engines: KnownEngines.ids)
        #expect(lab.metrics == LabDefinition.work && lab.rounds == nil && lab.endOfWork == .exited)
        #expect(lab.values(of: .argument) == ["get", "set all"])
        // The user's own words change the command and nothing else.
        var other = try #require(lab.command)
        other.environment = ["A=1"]
        let changed = try lab.running(other)
        #expect(changed.method == .compute && changed.series == lab.series && changed.metrics == lab.metrics)
        other.readiness = .exit
        #expect(throws: LabError.self) { try lab.running(other) }
        let late = text.replacing("ready: line=go, ", with: "")
        let noted = try #require(throws: LabError.self) { _ = try LabFile.parse(late, name: "lab.yaml") }
        let words = noted.message.english
        #expect(words.hasPrefix("lab.yaml:2: the work of a command begins when it is ready"), "\(words)")
        // lab-guest takes no such word.
        let guest = try Files.readText("\(checkout)/labs/cpu-overhead/lab.yaml")
            .replacing("compute: [integer, syscall]}", with: "argument: [x]}")
        let error = try #require(throws: LabError.self) { _ = try LabFile.parse(guest, name: "lab.yaml") }
        #expect(error.message.english.contains("unknown key \"argument\""), "\(error.message.english)")
    }

    @Test(
        "A lab of lab-guest's becomes one of a command: its claims go, and what is about the engines' own insides"
    )
    func isMadeOfAnother() throws {
        let directory = try LabDirectory.open("\(checkout)/labs", engines: KnownEngines.ids)
        let lab = try directory.definition("startup-latency")
        let made = try lab.running(CommandDefinition(image: "rootfs:/", arguments: ["echo", "a b"]))
        #expect(made.workload == "echo 'a b'" && made.claims.isEmpty && made.row == nil)
        #expect(made.series.map(\.id) == ["plain", "cold", "together"])
        #expect(made.metrics.first?.source == .span(from: .requested, to: .ready))
        for id in ["isolation", "density", "memory-footprint"] {
            let other = try directory.definition(id)
            let error = try #require(throws: LabError.self) {
                _ = try other.running(CommandDefinition(image: "rootfs:/"))
            }
            #expect(error.kind == .usage && error.remedy != nil)
        }
        let living = CommandDefinition(image: "rootfs:/", readiness: .firstOutput)
        let density = try directory.definition("density")
        #expect(try density.running(living).metrics[0].title != density.metrics[0].title)
    }
}
