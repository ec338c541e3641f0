import LabCore
import Testing

@testable import LabRunner

/// How the options of `lab run` change a lab.
@Suite struct RunOptionsTests {
    private var lab: LabDefinition {
        let text = LocalizedText(en: "Test", zh: "测试")
        return LabDefinition(
            id: "test", title: text, question: text, dimension: "", engines: [.process, .qemu],
            workload: "noop", method: .lifecycle, metrics: [],
            samples: .init(
                default: 100, perEngine: [.qemu: 15, .kvm: 3], warmup: 2, precision: 0.03, growth: 4),
            series: [
                .plain,
                Series(
                    id: "cold", parameters: [.init(.cache, ["cold"])],
                    samples: .init(default: 30, perEngine: [.qemu: 4], warmup: 1, precision: 0.1, growth: 2)),
                Series(id: "together", parameters: [.init(.concurrency, ["2", "4"])]),
            ],
            budgetSeconds: 150, timeoutSeconds: 30, memoryBytes: 256 << 20, cpus: 1, claims: [])
    }

    private func applied(_ words: [String]) throws -> LabDefinition {
        try RunOptions.parse(words).apply(to: lab)
    }

    /// One lab of several has its own engines and its part of the time, and its command says so.
    @Test("one of several labs has its own engines and its part of the time")
    func oneOfSeveralLabsHasItsOwnEngines() throws {
        let instance = try InstanceOptions.parse(["test", "--memory", "1GiB"])
        func request(_ words: [String], of lab: LabDefinition) throws -> RunRequest? {
            try RunOptions.parse(words).narrowed(to: lab).map { try RunRequest(lab, instance, $0, seed: 7) }
        }
        var one = try #require(try request(["--engine", "container,qemu", "--quick"], of: lab))
        #expect(one.lab.engines == [.qemu] && one.lab.memoryBytes == 1 << 30 && one.lab.budgetSeconds == 50)
        one.limit(to: 12)
        #expect(one.lab.budgetSeconds == 12)
        #expect(
            one.command == "lab run test --memory 1GiB --engine qemu --budget 12s --quick --seed 7")
        #expect(try request(["--engine", "container"], of: lab) == nil, "none of its engines")
        var withRow = lab
        withRow.metrics = [
            Metric(id: "m", title: lab.title, unit: .nanoseconds, source: .value("m"))
        ]
        withRow.row = TableRow(shows: [.init(metric: "m", at: [.cache: "cold"])], claims: [])
        let part = try #require(try request(["--quick"], of: withRow))
        #expect(part.lab.series.map(\.id) == ["cold"])
        #expect(part.command == "lab run test --memory 1GiB --series cold --quick --seed 7")
        #expect(throws: LabError.self) { try request(["--series", "cold"], of: withRow) }
    }

    @Test("The command of a request asks for the same again")
    func commandAsksForTheSame() throws {
        let instance = try InstanceOptions.parse(["test", "--cpus", "2", "--timeout", "3s", "--fetch"])
        let options = try RunOptions.parse(["--series", "cold,together", "--samples", "9", "--tune"])
        let request = try RunRequest(lab, instance, options, seed: 3)
        let words = request.command.split(separator: " ").dropFirst(2).map(String.init)
        let again = try RunCommand.parse(words)
        let same = try RunRequest(lab, again.instance, again.options, seed: again.options.chosenSeed())
        #expect(same.lab == request.lab && same.seed == 3 && same.command == request.command)
        #expect(same.settings == request.settings && same.tunes)
        // Without its words it is another.
        #expect(try RunRequest(lab, .parse(["test"]), .parse([]), seed: 3).lab != request.lab)
    }

    @Test("A sweep is said again by the recorded command, and a user's own lab by its path")
    func sweepAndPathAreSaid() throws {
        var lab = lab
        lab.path = "./own dir/test"
        let words = ["--sweep", "memory=64MiB,128 MiB", "--sweep", "cpus=1,2", "--series", "cold"]
        let request = try RunRequest(
            lab, .parse(["./own dir/test", "--memory", "1GiB"]), .parse(words), seed: 3)
        #expect(
            request.command
                == "lab run './own dir/test' --memory 1GiB --series cold --sweep 'memory=64MiB,128 MiB' --sweep cpus=1,2 --seed 3"
        )
        #expect(request.lab.series.map(\.id) == ["cold-process", "cold"])
        #expect(request.lab.series[1].points.count == 4)
        #expect(request.lab.series[1].points[3] == [.cache: "cold", .memory: "128MiB", .cpus: "2"])
    }

    @Test(
        "A sweep that can't be is a usage error",
        arguments: [
            ["memory"], ["disk=1"], ["memory=1MiB"], ["memory=64"], ["cpus=0"], ["cpus="], ["cpus=1,1"],
            ["memory=64MiB,65536KiB"], ["cpus=1", "cpus=2"], ["cpus=1.5"],
        ])
    func sweepsThatCannotBe(words: [String]) {
        let error = #expect(throws: LabError.self) { try applied(words.flatMap { ["--sweep", $0] }) }
        #expect(error?.kind == .usage && error?.message.english.contains("--sweep") == true)
    }

    @Test func samplesHoldForEverySeriesAndEndTheGrowth() throws {
        let lab = try applied(["--samples", "7"])
        for series in lab.series {
            let samples = lab.samples(of: series)
            for engine in [EngineID.process, .qemu, .kvm] { #expect(samples.count(for: engine) == 7) }
            #expect(samples.precision == nil && samples.growth == 1)
        }
        #expect(lab.series.map { lab.samples(of: $0).warmup } == [2, 1, 2], "warm-ups are another option")
        let trials = Plan(lab, engines: [.process, .qemu], seed: 1).trials
        #expect(trials.count { !$0.warmup } == 4 * 2 * 7 && !trials.contains { $0.extra })
    }

    @Test func warmupsHoldForEverySeries() throws {
        let lab = try applied(["--warmup", "0"])
        #expect(lab.series.allSatisfy { lab.samples(of: $0).warmup == 0 })
        #expect(lab.samples(of: lab.series[1]).count(for: .process) == 30)
        #expect(lab.samples.precision == 0.03)
        #expect(!Plan(lab, engines: [.process, .qemu], seed: 1).trials.contains { $0.warmup })
    }

    @Test func quickIsAFifthAtLeastFiveAndNeverMore() throws {
        let lab = try applied(["--quick"])
        let (plain, cold) = (lab.samples(of: lab.series[0]), lab.samples(of: lab.series[1]))
        #expect(plain.count(for: .process) == 20 && plain.count(for: .qemu) == 5)
        #expect(plain.count(for: .kvm) == 3, "never more than before")
        #expect(cold.count(for: .process) == 6 && cold.count(for: .qemu) == 4)
        for series in lab.series {
            #expect(lab.samples(of: series).precision == nil && lab.samples(of: series).growth == 1)
        }
        #expect(lab.samples.warmup == 2 && lab.budgetSeconds == 50)
    }

    @Test("--spread is said again by the recorded command; a quick run has a fifth of the lab's")
    func spreadIsSaid() throws {
        var lab = lab
        lab.spreadSeconds = 15
        func spread(_ words: [String]) throws -> Double {
            try RunOptions.parse(words).apply(to: lab).spreadSeconds
        }
        #expect(try spread([]) == 15 && spread(["--quick"]) == 3)
        #expect(try spread(["--spread", "7s"]) == 7 && spread(["--quick", "--spread", "1min"]) == 60)
        let request = try RunRequest(lab, .parse(["test"]), .parse(["--spread", "7s"]), seed: 3)
        #expect(request.command == "lab run test --spread 7s --seed 3")
        for wrong in ["0s", "7", "soon"] {
            #expect(throws: LabError.self) { try spread(["--spread", wrong]) }
        }
    }

    @Test("A quick run starts no complete system unless its series is named")
    func quickStartsNoSystem() throws {
        var lab = lab
        lab.series.append(Series(id: "system", parameters: [.init(.payload, ["system"])]))
        func series(_ words: [String]) throws -> [String] {
            try RunOptions.parse(words).apply(to: lab).series.map(\.id)
        }
        #expect(try series(["--quick"]) == ["plain", "cold", "together"])
        #expect(try series([]).last == "system")
        #expect(try series(["--quick", "--series", "system"]) == ["system"])
    }

    @Test func whatIsSaidComesBeforeWhatQuickMeans() throws {
        let lab = try applied(["--quick", "--samples", "40", "--budget", "2min"])
        #expect(lab.samples.count(for: .process) == 40 && lab.budgetSeconds == 120)
    }

    @Test func theRecordedCommandSaysItAll() throws {
        let options = try RunOptions.parse(["--quick", "--tune", "--engine", "process", "--warmup", "3"])
        #expect(
            options.words(seed: 9) == [
                "--engine", "process", "--warmup", "3", "--quick", "--tune", "--seed", "9",
            ])
        #expect(try RunOptions.parse(options.words(seed: 9)).words(seed: 9) == options.words(seed: 9))
        #expect(try RunOptions.parse([]).words(seed: 1) == ["--seed", "1"])
    }

    @Test func percentagesNeedTheirSign() throws {
        #expect(try Words.percentage("3%", option: "--threshold") == 0.03)
        #expect(try Words.percentage("0 %", option: "--threshold") == 0)
        #expect(try Words.percentage("12.5%", option: "--threshold") == 0.125)
        for text in ["3", "-1%", "%", "", "nan%", "inf%", "1e9%", "five%"] {
            let error = #expect(throws: LabError.self) { try Words.percentage(text, option: "--threshold") }
            #expect(error?.exitCode == 64 && error?.message.english.contains("--threshold") == true)
        }
    }
}
