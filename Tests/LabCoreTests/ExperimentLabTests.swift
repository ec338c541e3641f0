import Testing

@testable import LabCore
@testable import LabFile

/// What `lab.yaml` says of experiments, truths and the document's table.
@Suite struct ExperimentLabTests {
    private static let text = """
        id: whose-kernel
        title: {en: Whose kernel, zh: 内核归属}
        question: {en: Whose?, zh: 谁的?}
        dimension: 内核归属
        engines: [container, qemu]
        workload: idle
        method: experiment
        metrics:
          - {id: own, title: {en: own kernel, zh: 独立内核}, value: own-kernel, unit: truth}
          - {id: size, title: {en: size, zh: 大小}, value: size-bytes, unit: bytes, exact: true}
        samples: {default: 3, warmup: 0}
        series:
          - id: all
            parameters: {experiment: [kernel], setting: ["1", "8"]}
        budget: 20 s
        timeout: 10 s
        memory: 64 MiB
        cpus: 1
        facts:
          - {id: release, group: {en: kernel, zh: 内核}, title: {en: release, zh: 版本}}
        claims:
          - id: own
            subject: vm
            source: "3"
            text: {en: its own, zh: 独立的内核}
            rule: {metric: own, engines: [qemu], at: {experiment: kernel, setting: "1"}, at-least: 1, emulation: unaffected}
        row:
          shows:
            - {metric: own, at: {experiment: kernel, setting: "1"}, title: {en: own kernel, zh: 独立内核}}
            - {fact: release}
          claims: [own]
        """

    private func problems(_ old: String, _ new: String) -> [String] {
        let text = Self.text.replacing(old, with: new)
        #expect(text != Self.text, "\(old) is not in the text")
        do {
            _ = try LabFile.parse(text, name: "lab.yaml")
            return []
        } catch {
            return "\(error)".split(separator: "\n").map(String.init)
        }
    }

    @Test func factsRowAndTruthsAreReadWhole() throws {
        let lab = try LabFile.parse(Self.text, name: "lab.yaml")
        #expect(lab.method == .experiment)
        #expect(lab.metrics[0].unit == .truth && lab.metrics.allSatisfy(\.isExact))
        #expect(lab.series[0].points.count == 2)
        #expect(
            lab.facts == [
                .init(
                    id: "release", group: .init(en: "kernel", zh: "内核"), title: .init(en: "release", zh: "版本")
                )
            ])
        let row = try #require(lab.row)
        #expect(row.claims == ["own"] && row.shows.count == 2)
        #expect(row.shows[0].metric == "own" && row.shows[0].at[.setting] == "1")
        #expect(row.shows[1].fact == "release" && row.shows[1].at.isEmpty)
        #expect(lab.claims[0].rule.emulation == .unaffected)
    }

    @Test("The words for settings are read, and refused where there is no such setting")
    func settingsAreRead() throws {
        func with(_ item: String) -> String {
            Self.text.replacing("budget: 20 s", with: "settings:\n  - \(item)\nbudget: 20 s")
        }
        let words = "title: {en: a file of {}, zh: 文件}"
        let lab = try LabFile.parse(
            with("{experiment: kernel, value: \"8\", unit: KiB, \(words.replacing("{}", with: "8"))}"),
            name: "lab.yaml")
        #expect(
            lab.settings == [
                .init(
                    experiment: "kernel", value: "8", unit: "KiB",
                    title: .init(en: "a file of 8", zh: "文件"))
            ])
        for (item, complaint) in [
            ("{experiment: kernal, title: {en: a, zh: b}}", "did you mean \"kernel\"?"),
            ("{experiment: kernel, value: \"9\", title: {en: a, zh: b}}", "known: 1, 8"),
            ("{experiment: kernel, unit: KB, title: {en: a, zh: b}}", "KiB"),
            ("{experiment: kernel}", "title"),
        ] {
            #expect(throws: LabError.self, "\(item)") {
                do { _ = try LabFile.parse(with(item), name: "lab.yaml") } catch {
                    #expect("\(error)".contains(complaint), "\(error)")
                    throw error
                }
            }
        }
    }

    @Test("Every setting of a lab that is a number or an option has words", arguments: ClaimFlipTests.labs)
    func everyBareSettingHasWords(lab id: String) throws {
        let lab = try LabDirectory.open("\(checkout)/labs").definition(id)
        for point in lab.series.flatMap(\.points) {
            guard let setting = point.setting, setting.contains("=") || Double(setting) != nil else {
                continue
            }
            #expect(
                lab.settings?.contains {
                    $0.experiment == point.experiment && ($0.value == nil || $0.value == setting)
                } == true, "\(setting)")
        }
    }

    @Test(arguments: [
        ("dimension: 内核归属", "dimension: 内核", "unknown dimension"),
        ("claims: [own]", "claims: [owm]", "did you mean \"own\"?"),
        ("{fact: release}", "{fact: releases}", "did you mean \"release\"?"),
        ("{fact: release}", "{fact: release, metric: own}", "either a \"metric\" or a \"fact\""),
        ("{fact: release}", "{title: {en: a, zh: b}}", "either a \"metric\" or a \"fact\""),
        ("method: experiment", "method: memory", "finds no facts"),
        ("{experiment: [kernel], setting: [\"1\", \"8\"]}", "{setting: [\"1\"]}", "which \"experiment\""),
        ("setting: \"1\"}, at-least", "setting: \"2\"}, at-least", "unknown setting \"2\""),
        ("exact: true", "exact: maybe", "unknown exact \"maybe\""),
    ])
    func eachMistakeIsNamed(old: String, new: String, message: String) {
        #expect(problems(old, new).contains { $0.contains(message) }, "\(problems(old, new))")
    }

    /// A truth is judged by what was seen, however often: all alike, or undecided.
    @Test func aTruthIsConfirmedContradictedOrUndecided() throws {
        let lab = try LabFile.parse(Self.text, name: "lab.yaml")
        func verdict(_ values: [Double], _ emulation: Claim.Rule.Emulation = .unaffected) -> Verdict {
            var lab = lab
            lab.claims[0].rule.emulation = emulation
            let point: Condition = [.experiment: "kernel", .setting: "1"]
            let samples = values.enumerated().map { index, value in
                Observation(
                    index: index, engine: .qemu, parameters: point, warmup: false, outcome: .completed,
                    timeline: Timeline(), values: ["own-kernel": value])
            }
            let header = RunResult.Header(
                version: "", runID: "", startedAt: "", lab: lab, command: "",
                plan: Plan(lab, engines: [.qemu], seed: 1), environment: Environment(),
                engines: [EngineRecord(id: .qemu, kind: .virtualMachine, emulated: true)], digests: [:])
            let result = RunResult(header: header, samples: samples, closing: .init(.complete))
            return lab.claims[0].judge(result)[0].verdict
        }
        #expect(verdict([1, 1, 1]) == .confirmed)
        #expect(verdict([1]) == .confirmed)
        #expect(verdict([0, 0]) == .contradicted)
        #expect(verdict([1, 0, 1]) == .inconclusive)
        #expect(verdict([]) == .notMeasurable)
        #expect(verdict([1, 1, 1], .never) == .notMeasurable)
    }
}
