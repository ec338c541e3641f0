import Testing

@testable import LabCore

/// The verdict on each half of a row, from the judgements of its claims.
@Suite struct TableVerdictTests {
    private static let minutes = claim(
        "minutes", .vm, .init(metric: "start-up", engines: [.kvm, .qemu], atLeast: 60e9))
    private static let moreThanHalf = claim(
        "half-minute", .vm,
        .init(
            metric: "start-up", engines: [.kvm, .qemu], atLeast: 30e9, emulation: .contradictsLowerBound))
    private static let second = claim(
        "second", .container, .init(metric: "start-up", engines: [.container], atMost: 1e9))

    private static func claim(_ id: String, _ subject: Claim.Subject, _ rule: Claim.Rule) -> Claim {
        Claim(id: id, subject: subject, source: "3", text: LocalizedText(en: id, zh: id), rule: rule)
    }

    private func around(_ seconds: Double, count: Int = 8) -> [UInt64] {
        (0..<count).map { UInt64(seconds * 1e9) + UInt64($0) * UInt64(seconds * 1e6) }
    }

    /// The row 启动速度 from these seconds of each engine.
    private func row(
        _ times: [(EngineID, Double, count: Int)], claims: [Claim] = [minutes, second],
        change: (inout RunResult) -> Void = { _ in }
    ) throws -> FilledTable.Row {
        let result = TableFixture.result(
            times.map { ($0.0, around($0.1, count: $0.count)) }, claims: claims, change: change)
        let table = FilledTable([TableSource(result, path: "a/result.json")], labs: [])
        return try #require(table.rows.first { $0.source != nil })
    }

    @Test func allConfirmedIsSupported() throws {
        let row = try row([(.kvm, 70, count: 8), (.container, 0.01, count: 8)])
        #expect(row.vm.verdict == .supported && row.container.verdict == .supported)
        #expect(row.vm.obstacles.isEmpty && row.vm.confirmed == 1 && row.vm.total == 1)
    }

    @Test func allContradictedIsRefuted() throws {
        let row = try row([(.kvm, 0.3, count: 8), (.container, 3, count: 8)])
        #expect(row.vm.verdict == .refuted && row.container.verdict == .refuted)
    }

    @Test func confirmedAndContradictedIsConditional() throws {
        let row = try row(
            [(.kvm, 40, count: 8), (.container, 0.01, count: 8)],
            claims: [Self.minutes, Self.moreThanHalf, Self.second])
        #expect(row.vm.verdict == .conditional && row.container.verdict == .supported)
    }

    /// One claim that is judged for each kind of work counts as often as it is judged.
    @Test func theKindsOfOneClaimMakeItConditional() throws {
        let loss = Self.claim(
            "loss", .container,
            .init(
                metric: "work", engines: [.container], each: .compute, relativeTo: .process, atMost: 1.05))
        let fast = TableFixture.work([("integer", 1.0), ("syscall", 1.01)], claims: [loss])
        let mixed = TableFixture.work([("integer", 1.0), ("syscall", 1.5)], claims: [loss])
        let slow = TableFixture.work([("integer", 1.2), ("syscall", 1.5)], claims: [loss])
        let verdicts = [fast, mixed, slow].map { result in
            FilledTable([TableSource(result, path: "r")], labs: []).rows[6].container.verdict
        }
        #expect(verdicts == [.supported, .conditional, .refuted])
    }

    @Test("As long as a part is undecided the whole is open, whatever the others are")
    func partsLeaveItOpen() throws {
        // 8 samples confirm the one claim; a bound within their spread leaves the other open.
        let open = Self.claim(
            "open", .container, .init(metric: "start-up", engines: [.container], atMost: 0.5 * 1.003e9))
        let row = try row([(.container, 0.5, count: 8)], claims: [Self.second, open, Self.minutes])
        #expect(row.container.verdict == .open)
        #expect(row.container.confirmed == 1 && row.container.total == 2)
        #expect(row.container.obstacles == [.straddles])
    }

    @Test("Contradicted and undecided is open, not refuted")
    func contradictedAndUndecided() throws {
        let row = try row(
            [(.qemu, 2, count: 8), (.container, 0.01, count: 8)],
            claims: [Self.minutes, Self.moreThanHalf, Self.second])
        #expect(row.vm.verdict == .open && row.vm.contradicted == 1 && row.vm.total == 2)
    }

    @Test("Confirmed, contradicted and undecided is open, not conditional")
    func allThree() {
        let some = SubjectJudgement.Obstacle.straddles
        let open = SubjectJudgement.verdict(confirmed: 1, contradicted: 1, open: [[some]])
        #expect(open == .open)
        #expect(SubjectJudgement.verdict(confirmed: 1, contradicted: 1, open: []) == .conditional)
        let lacking = SubjectJudgement.Obstacle.stopped(.openFiles)
        #expect(SubjectJudgement.verdict(confirmed: 0, contradicted: 0, open: [[lacking]]) == .notMeasurable)
        #expect(SubjectJudgement.verdict(confirmed: 0, contradicted: 0, open: [[lacking], [some]]) == .open)
        let absent = SubjectJudgement.Obstacle.absent(.kvm, .notSampled)
        #expect(SubjectJudgement.verdict(confirmed: 0, contradicted: 0, open: [[absent]]) == .notRun)
        #expect(
            SubjectJudgement.verdict(confirmed: 0, contradicted: 0, open: [[.emulated(.qemu), absent]])
                == .notRun)
        let gone = SubjectJudgement.Obstacle.absent(.kvm, .unavailable(because: "no /dev/kvm"))
        #expect(SubjectJudgement.verdict(confirmed: 0, contradicted: 0, open: [[gone, absent]]) == .notRun)
        #expect(
            SubjectJudgement.verdict(confirmed: 0, contradicted: 0, open: [[.emulated(.qemu), gone]])
                == .notMeasurable)
        #expect(
            SubjectJudgement.verdict(confirmed: 0, contradicted: 0, open: [[absent], [lacking]])
                == .notMeasurable)
    }

    // Each way of being unmeasurable.

    @Test("emulation decides nothing, and KVM's absence is named")
    func emulationDecidesNothing() throws {
        let row = try row([(.qemu, 2, count: 8), (.container, 0.01, count: 8)])
        #expect(row.vm.verdict == .notMeasurable)
        #expect(
            row.vm.obstacles
                == [
                    .emulated(.qemu),
                    .absent(.kvm, .unavailable(because: "KVM opens but does not work")),
                ])
    }

    @Test func anEmulatedMachineDecidesNothing() throws {
        let row = try row([(.kvm, 70, count: 8), (.container, 0.01, count: 8)]) {
            $0.header.environment.emulator = "QEMU TCG"
        }
        #expect(row.vm.obstacles == [.emulated(.kvm)] && row.vm.verdict == .notMeasurable)
        #expect(row.container.obstacles == [.emulated(.container)])
    }

    @Test func withoutSamplesEachEngineSaysWhy() throws {
        let row = try row([], claims: [Self.minutes, Self.second]) { result in
            result.samples = [
                TableFixture.failed(.qemu, .init(.timeout, "no ready", cause: "10 s")),
                TableFixture.failed(.container, .init(.unavailable, "no such power")),
            ]
            result.samples[1].index = 1
        }
        #expect(
            row.vm.obstacles == [
                .absent(.kvm, .unavailable(because: "KVM opens but does not work")),
                .absent(.qemu, .failed(because: "\("no ready" as Message): \("10 s" as Message)")),
            ])
        #expect(
            row.container.obstacles == [.absent(.container, .unavailable(because: "no such power"))])
        #expect(row.subjects.allSatisfy { $0.verdict == .notMeasurable })
    }

    @Test("Failures for several reasons name them all, and one that all share once")
    func severalReasons() throws {
        let row = try row([], claims: [Self.second]) { result in
            result.samples = (["died", "late", "died"] as [Message]).enumerated().map { index, word in
                var sample = TableFixture.failed(.container, .init(.instance, word))
                sample.index = index
                return sample
            }
        }
        let both = (["died", "late"] as [Message]).joined(separator: "; ")
        #expect(row.container.obstacles == [.absent(.container, .failed(because: both))])
    }

    @Test func anEngineThatWasLeftOutIsNotInTheRun() throws {
        let row = try row([(.container, 0.01, count: 8)]) { result in
            result.header.engines.removeAll { $0.id == .kvm }
        }
        // One more run could not change that qemu emulates.
        #expect(row.vm.obstacles == [.absent(.kvm, .notInRun), .emulated(.qemu)])
        #expect(row.vm.verdict == .notRun)
    }

    @Test func fewSamplesDecideNothing() throws {
        let row = try row([(.container, 0.01, count: 4)])
        #expect(row.container.obstacles == [.tooFew(needed: 5)])
        #expect(row.container.verdict == .open)
    }

    @Test func withoutABaselineThereIsNoRatio() throws {
        let ratio = Self.claim(
            "ratio", .container,
            .init(metric: "start-up", engines: [.container], relativeTo: .process, atMost: 2))
        let row = try row([(.container, 0.01, count: 8)], claims: [ratio])
        #expect(row.container.obstacles == [.absent(.process, .notSampled)])
        #expect(row.vm.obstacles == [.noClaim] && row.vm.verdict == .open)
    }

    @Test func aClaimThatIsNeverJudgedConfirmsNothing() throws {
        let each = Self.claim(
            "each", .container,
            .init(metric: "start-up", engines: [.container], each: .compute, atMost: 1e9))
        let row = try row([(.container, 0.01, count: 8)], claims: [Self.second, each])
        #expect(row.container.verdict == .open)
        #expect(row.container.confirmed == 1 && row.container.total == 2)
    }
}

/// The table from several results.
@Suite struct FilledTableTests {
    private func source(
        _ path: String, started: String = "2026-11-24T06:49:30Z",
        _ change: (inout RunResult) -> Void = { _ in }
    ) -> TableSource {
        let result = TableFixture.result([(.container, [1, 2, 3, 4, 5].map { $0 * 1_000 })], claims: []) {
            $0.header.startedAt = started
            change(&$0)
        }
        return TableSource(result, path: path)
    }

    @Test("twelve rows without any result name the lab to run")
    func rowsWithoutResultsNameTheLabToRun() {
        var lab = ResultFixture.lab()
        lab.row = TableRow(shows: [], claims: [])
        let table = FilledTable([], labs: [lab], failures: ["other": "none"])
        #expect(table.rows.map(\.number) == Array(1...12))
        #expect(table.reference == nil && table.leftOut.isEmpty)
        for row in table.rows {
            let own = row.document.dimension[.chinese] == lab.dimension
            let absence = Absence.notRun(lab: own ? lab.id : nil)
            for engine in FilledTable.engines {
                #expect(row.cells[engine]?.map(\.content) == [.absent(absence)])
            }
            #expect(row.subjects.allSatisfy { $0.obstacles == [.noResult(absence)] && $0.verdict == .notRun })
        }
        let failed = FilledTable([], labs: [lab], failures: [lab.id: "no engine"])
        #expect(
            failed.rows[3].vm.obstacles
                == [.noResult(.couldNotRun(lab: lab.id, because: "no engine"))])
        #expect(failed.rows[3].vm.verdict == .notMeasurable)
    }

    @Test func theLaterResultOfALabIsUsed() {
        let old = source("old", started: "2026-11-24T06:00:00Z")
        let new = source("new", started: "2026-11-24T07:00:00Z")
        for sources in [[old, new], [new, old]] {
            let table = FilledTable(sources, labs: [])
            #expect(table.rows[3].source?.path == "new")
            #expect(table.leftOut == [.init(source: old, reason: .later(path: "new"))])
        }
        // In one second the one that was named last.
        let twin = source("twin", started: "2026-11-24T07:00:00Z")
        #expect(FilledTable([new, twin], labs: []).rows[3].source?.path == "twin")
        #expect(FilledTable([twin, new], labs: []).rows[3].source?.path == "new")
    }

    @Test func ofTwoLabsForOneRowTheLaterIsUsed() {
        let other = source("other", started: "2026-11-24T07:00:00Z") { $0.header.lab.id = "rival" }
        let table = FilledTable([source("own"), other], labs: [])
        #expect(table.rows[3].source?.path == "other")
        #expect(table.leftOut.map(\.reason) == [.later(path: "other")])
    }

    @Test func aResultWithoutARowIsNamed() {
        let plain = source("plain") { $0.header.lab.row = nil }
        let strange = source("strange") {
            $0.header.lab.id = "x"
            $0.header.lab.dimension = "no such row"
        }
        let table = FilledTable([plain, strange], labs: [])
        #expect(table.rows.allSatisfy { $0.source == nil })
        #expect(table.leftOut.map(\.reason) == [.noRow, .noRow])
    }

    @Test(
        "another machine keeps its figures and gets no verdict",
        arguments: [
            "environment.cpuModel", "environment.cpuCount", "environment.memoryBytes", "environment.kernel",
            "environment.cgroupLayout", "environment.emulator", "environment.root",
        ])
    func anotherMachineGetsNoVerdict(field: String) throws {
        let second = Claim(
            id: "second", subject: .container, source: "3", text: LocalizedText(en: "s", zh: "秒"),
            rule: .init(metric: "start-up", engines: [.container], atMost: 1e9))
        let here = source("here") {
            $0.header.lab.id = "first"
            $0.header.lab.dimension = "内核归属"
        }
        func there(_ change: (inout Environment) -> Void) -> FilledTable.Row {
            let other = source("there") { result in
                result.header.lab.claims = [second]
                result.header.lab.row?.claims = ["second"]
                change(&result.header.environment)
            }
            return FilledTable([here, other], labs: []).rows[3]
        }
        #expect(there { _ in }.container.verdict == .supported)
        let row = there { environment in
            switch field {
            case "environment.cpuModel": environment.cpuModel = "another"
            case "environment.cpuCount": environment.cpuCount += 1
            case "environment.memoryBytes": environment.memoryBytes = 1 << 30
            case "environment.kernel": environment.kernel = "7.0"
            case "environment.cgroupLayout": environment.cgroupLayout = "v1"
            case "environment.emulator": environment.emulator = "QEMU TCG"
            default: environment.root.toggle()
            }
        }
        #expect(row.unlike.map(\.field) == [field])
        #expect(row.container.verdict == .notRun && row.container.obstacles == [.otherMachine])
        guard case .figure? = row.cells[.container]?.first?.content else {
            Issue.record("the figure is gone")
            return
        }
    }

    @Test func whatNeedNotBeAlikeIsNoDifference() {
        let here = source("here") {
            $0.header.lab.id = "first"
            $0.header.lab.dimension = "内核归属"
        }
        let there = source("there", started: "2026-12-01T00:00:00Z") {
            $0.header.environment.load = 3
            $0.header.environment.memoryBytes = (1 << 40) - (1 << 20)
            $0.header.version = "9"
        }
        #expect(FilledTable([here, there], labs: []).rows[3].unlike.isEmpty)
    }
}

/// What stands in a cell.
@Suite struct TableCellTests {
    private func cell(
        _ shown: TableRow.Shown, _ samples: [Observation], _ metrics: [Metric] = []
    ) -> TableCell.Content {
        let result = TableFixture.result([], claims: []) {
            $0.header.lab.metrics += metrics
            $0.samples = samples
        }
        return Figures(result).tableCell(shown, .container).content
    }

    private func sample(_ index: Int, values: [String: Double] = [:], facts: [String: Fact] = [:])
        -> Observation
    {
        Observation(
            index: index, engine: .container, warmup: false, outcome: .completed, timeline: Timeline(),
            values: values, facts: facts)
    }

    @Test func aTruthIsCounted() {
        let truth = Metric(
            id: "t", title: LocalizedText(en: "t", zh: "t"), unit: .truth, source: .value("t"))
        let samples = [1.0, 0, 1].enumerated().map { sample($0, values: ["t": $1]) }
        #expect(cell(.init(metric: "t"), samples, [truth]) == .truth(yes: 2, of: 3))
    }

    @Test func theMostFrequentAnswerIsShown() {
        let refused = Fact(answer: "EPERM", mechanism: .seccomp)
        let other = Fact(answer: "EPERM", mechanism: .capability)
        let samples = [other, refused, refused].enumerated().map { sample($0, facts: ["f": $1]) }
        #expect(cell(.init(fact: "f"), samples) == .fact(refused, count: 2, of: 3))
        // As often as another: the one that came first.
        #expect(cell(.init(fact: "f"), Array(samples.prefix(2))) == .fact(other, count: 1, of: 2))
    }

    @Test func aRatioIsToItsEngine() {
        let result = TableFixture.result(
            [(.container, [4, 4, 4, 4, 4]), (.process, [2, 2, 2, 2, 2])], claims: [])
        let shown = TableRow.Shown(metric: "start-up", relativeTo: .process)
        guard
            case .figure(let ratio, .ratio, relativeTo: .process) = Figures(result).tableCell(
                shown, .container
            ).content
        else {
            Issue.record("no ratio")
            return
        }
        #expect(ratio.value == 2 && ratio.n == 5)
    }

    @Test func whatIsNotThereSaysWhy() {
        #expect(cell(.init(fact: "f"), [sample(0)]) == .absent(.notFound))
        #expect(cell(.init(fact: "f"), []) == .absent(.notSampled))
        #expect(cell(.init(metric: "gone"), [sample(0)]) == .absent(.notFound))
        #expect(cell(.init(), [sample(0)]) == .absent(.notFound))
        let failed = TableFixture.failed(.container, LabError(.instance, "died"))
        #expect(cell(.init(metric: "start-up"), [failed]) == .absent(.failed(because: "died")))
    }
}
