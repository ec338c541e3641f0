import LabCore
import Testing

@testable import Report

@Suite struct LifecycleReportTests {
    private func samples(_ fixture: RunFixture, _ engine: EngineID) -> [Observation] {
        fixture.result.measured(engine)
    }

    /// The parts are means over the middle half, so they add up to its total, and that lies within 2 % of the median.
    @Test(arguments: [EngineID.process, .container, .qemu])
    func phasesAddUpToTheTotal(engine: EngineID) throws {
        let samples = samples(.complete(), engine)
        let breakdown = try #require(PhaseBreakdown(samples, engine))
        #expect(abs(breakdown.sum - breakdown.total) < 1)
        #expect(abs(breakdown.sum / breakdown.median - 1) < 0.02)
        #expect(breakdown.phases.last?.end == .cleanedUp)
        let totals = samples.compactMap { $0.timeline[.cleanedUp].map { Double($0) } }
        #expect(breakdown.median == Statistics.median(totals))
        #expect(breakdown.n == totals.count && breakdown.middle == totals.count - totals.count / 4 * 2)
    }

    /// A mean over all samples would be drawn away by the slow ones; one over the middle half is not.
    @Test func slowSamplesDoNotMoveThePhases() throws {
        var fixture = RunFixture()
        fixture.add(.container, count: 80)
        let quiet = try #require(PhaseBreakdown(samples(fixture, .container), .container))
        fixture.add(.container, count: 16, factor: 50)
        let noisy = try #require(PhaseBreakdown(samples(fixture, .container), .container))
        #expect(abs(noisy.total / quiet.total - 1) < 0.1)
        #expect(abs(noisy.sum - noisy.total) < 1)
    }

    /// Half of these samples would have a mean far from the median: fewer are taken, down to the median itself.
    @Test func heavyTailsNarrowTheMiddle() throws {
        var fixture = RunFixture()
        for step in 0..<41 { fixture.add(.process, count: 1, factor: 1 + Double(step * step) / 50) }
        let breakdown = try #require(PhaseBreakdown(samples(fixture, .process), .process))
        #expect(breakdown.middle < 21 && breakdown.middle >= 1)
        #expect(abs(breakdown.sum / breakdown.median - 1) <= MiddleSamples.tolerance)
        #expect(abs(breakdown.sum - breakdown.total) < 1)
        for count in 1...5 {
            let few = Array(samples(fixture, .process).prefix(count))
            let breakdown = try #require(PhaseBreakdown(few, .process))
            #expect(abs(breakdown.sum / breakdown.median - 1) <= MiddleSamples.tolerance)
        }
    }

    /// What was counted apart stands in a table of its own, and only where it was counted.
    @Test func exitsStandBesideTheMarks() throws {
        let counted = LocalizedText(en: "exits in a whole life", zh: "退出次数")
        var fixture = RunFixture.complete()
        fixture.shape.metrics =
            fixture.result.header.lab.metrics + [
                Metric(id: "exits", title: counted, unit: .count, source: .value("exits-count"))
            ]
        #expect(!Report.files(for: fixture.result)[0].contents.contains("## What was counted"))
        fixture.shape.series = [.plain, Series(id: "exits", parameters: [.init(.count, ["exits"])])]
        fixture.add(.qemu, count: 1, at: [.count: "exits"])
        fixture.samples[fixture.samples.count - 1].values["exits-count"] = 6_110
        let report = Report.files(for: fixture.result)[0].contents
        let section = try #require(report.range(of: "## What was counted"))
        #expect(report[section.upperBound...].contains("| exits in a whole life | **6,110** (n = 1) |"))
        #expect(!report.contains("### exits in a whole life"))
    }

    @Test("What was prepared stands under the answer, for each engine that was measured")
    func preparedStandsUnderTheAnswer() throws {
        var fixture = RunFixture.complete()
        #expect(!Report.files(for: fixture.result)[0].contents.contains("## Prepared before"))
        for place in fixture.engines.indices { fixture.engines[place].prepared = ["the root", "the filter"] }
        fixture.add(.container, count: 5, at: [.cgroups: "handed-on"])
        let markdown = Report.files(for: fixture.result)[0].contents
        let section = try #require(markdown.range(of: "## Prepared before the first mark"))
        let answer = try #require(markdown.range(of: "## Answer"))
        let next = try #require(markdown.range(of: "\n## ", range: answer.upperBound..<markdown.endIndex))
        #expect(next.upperBound == markdown.index(section.lowerBound, offsetBy: 3))
        let rows = markdown[section.upperBound...].split(separator: "\n").prefix { !$0.hasPrefix("#") }
        #expect(rows.contains("| `process` | the root<br>the filter |"))
        #expect(
            rows.contains(
                "| `container` | the root<br>the filter<br>for cgroups=handed-on: the cgroups of a container that has ended |"
            ))
        #expect(!rows.contains { $0.contains("`kvm`") }, "it was not measured")
    }

    /// Where QEMU runs with and without libvirt, the difference stands mark by mark.
    @Test func libvirtsShareIsANumber() throws {
        var fixture = RunFixture.complete()
        #expect(!Report.files(for: fixture.result)[0].contents.contains("What libvirt adds"))
        fixture.engines.append(EngineRecord(id: .qemuDirect, kind: .virtualMachine, emulated: true))
        for place in fixture.samples.indices where fixture.samples[place].engine == .qemu {
            var sample = fixture.samples[place]
            sample.engine = .qemuDirect
            sample.index += 10_000
            var timeline = Timeline()
            for mark in Mark.inOrder {
                // The VM itself takes the same time, 300 ms of libvirt's before it fall away.
                guard let time = sample.timeline[mark] else { continue }
                timeline.stamp(
                    mark, at: MonotonicInstant(nanoseconds: time - min(time, 300_000_000)),
                    since: MonotonicInstant(nanoseconds: 0))
            }
            sample.timeline = timeline
            fixture.samples.append(sample)
        }
        let markdown = Report.files(for: fixture.result)[0].contents
        #expect(markdown.contains("## What libvirt adds: `qemu` (emulated) beside `qemu-direct` (emulated)"))
        #expect(try #require(row("`ready`", in: markdown))[3] == "**+300 ms**")
    }

    /// Each way of making a VM stands beside the default one, with what it costs.
    @Test func variantsAreComparedWithTheDefault() throws {
        var fixture = RunFixture.complete()
        #expect(!Report.files(for: fixture.result)[0].contents.contains("## Made in other ways"))
        let words = ["machine=q35", "firmware=qboot"]
        fixture.shape.series.append(
            Series(id: "factors", parameters: [.init(.variant, words)], engines: [.qemu]))
        fixture.add(.qemu, count: 10, factor: 3, at: [.variant: "machine=q35"])
        let markdown = Report.files(for: fixture.result)[0].contents
        #expect(markdown.contains("## Made in other ways"))
        let cell = try #require(row("`machine=q35`", in: markdown))[1]
        #expect(cell.contains("+") && cell.contains("3") && cell.contains("×"), "\(cell)")
        #expect(try #require(row("`firmware=qboot`", in: markdown))[1] == "–")
        let plain = try #require(row("by default", in: markdown))[1]
        #expect(!plain.contains("×") && plain.contains("**"), "\(plain)")
    }

    /// A variant that the machine can't make says why beside the others, and is no failure.
    @Test(arguments: [Language.english, .chinese])
    func aVariantThatCannotBeMadeSaysWhy(language: Language) throws {
        var fixture = RunFixture.complete()
        fixture.shape.series.append(
            Series(id: "restore", parameters: [.init(.variant, ["start=restore"])], engines: [.qemu]))
        let error = LabError(
            .unavailable, "libvirt can't save a VM here", cause: "no libvirt_iohelper", remedy: "install *it*"
        )
        fixture.samples.append(
            Observation(
                index: 9_999, engine: .qemu, parameters: [.variant: "start=restore"], warmup: false,
                outcome: .failed(error, after: nil), timeline: Timeline()))
        let markdown = Report.files(for: fixture.result, language: language)[0].contents
        let cell = try #require(row("`start=restore`", in: markdown))[1]
        #expect(cell == (language == .english ? "not possible" : "做不到"))
        let why = try #require(
            markdown.split(separator: "\n").first {
                $0.hasPrefix("`qemu`") && $0.contains("`start=restore`: ")
            })
        #expect(why.contains("libvirt\\_iohelper") && why.contains("install \\*it\\*"), "\(why)")
        let warnings = markdown.split(separator: "\n## ").first {
            $0.hasPrefix("Warnings") || $0.hasPrefix("警告")
        }
        #expect(warnings?.contains("iohelper") != true)
    }

    @Test(
        "A complete system has rows of its own in the answer; where there is none, the row says why and what helps"
    )
    func systemsHaveRows() throws {
        var fixture = RunFixture.complete()
        fixture.shape.series.append(
            Series(id: "system", parameters: [.init(.payload, ["system"])], timeoutSeconds: 180))
        fixture.add(.qemu, count: 6, factor: 9, at: [.payload: "system"])
        fixture.samples.append(
            Observation(
                index: 9_999, engine: .container, parameters: [.payload: "system"], warmup: false,
                outcome: .failed(LabError(.unavailable, "there is none", remedy: "--fetch"), after: nil),
                timeline: Timeline()))
        let markdown = Report.files(for: fixture.result)[0].contents
        let rows = markdown.split(separator: "\n").filter { $0.contains(", complete system |") }
        #expect(rows.count == 2, "\(rows)")
        #expect(
            rows.contains { $0.contains("`container`") && $0.contains("unavailable, because there is none") })
        #expect(rows.contains { $0.contains("`qemu`") && $0.contains("| 6 |") && $0.contains("**") })
        #expect(markdown.contains("In the series `system` it is at most 180 s"))
        let lines = Report.summaryLines(for: Figures(fixture.result))
        for name in ["container", "qemu (emulated)"] {
            #expect(lines.contains { $0.hasPrefix("  \(name), complete system ") }, "\(lines)")
        }
        // Beside the figures it would take the ratios a table of their own.
        #expect(lines.count { $0.hasPrefix("  engine") } == 1, "\(lines)")
        #expect(
            lines.contains("complete system (container): unavailable, because there is none. Remedy: --fetch")
        )
    }

    /// A VM's first console byte came before the call that made it returned: the phases follow the clock.
    @Test func phasesFollowTheClock() throws {
        let breakdown = try #require(PhaseBreakdown(samples(.complete(), .qemu), .qemu))
        #expect(breakdown.phases.prefix(2).map(\.end) == [.kernelEntered, .created])
        #expect(breakdown.phases.allSatisfy { $0.mean >= 0 })
    }

    @Test(arguments: [EngineID.process, .container])
    func stepsAddUpToTheTotal(engine: EngineID) throws {
        let fixture = RunFixture.complete()
        let record = try #require(fixture.engines.first { $0.id == engine })
        let steps = try #require(StepBreakdown(samples(fixture, engine), record))
        #expect(steps.steps.map(\.name) == record.steps)
        let sum = steps.steps.reduce(0) { $0 + $1.mean } + steps.rest
        #expect(abs(sum - steps.total) < 1)
        #expect(abs(sum / steps.median - 1) < 0.02)
        // The same samples as the phases', so the same total.
        let phases = try #require(PhaseBreakdown(samples(fixture, engine), engine))
        #expect(abs(phases.total - steps.total) < 1)
        #expect(StepBreakdown(samples(fixture, .qemu), fixture.engines[3]) == nil)
    }

    /// Steps that don't vary together: medians of 0 and a total of 100 µs, yet the parts add up.
    @Test func stepsOfUnlikeSamplesAddUp() throws {
        var fixture = RunFixture()
        fixture.engines[1].steps = ["a", "b", "c"]
        fixture.add(.container, count: 3)
        let ends: [[UInt64]] = [[100, 100, 100], [0, 100, 100], [0, 0, 100]]
        for (place, ends) in ends.enumerated() {
            fixture.samples[place].stepNanoseconds = ends.map { $0 * 1_000 }
            fixture.samples[place].timeline = fixture.samples[0].timeline
        }
        let steps = try #require(StepBreakdown(samples(fixture, .container), fixture.engines[1]))
        #expect(steps.steps.allSatisfy { abs($0.mean - 100_000 / 3) < 1 })
        let markdown = Report.files(for: fixture.result)[0].contents
        #expect(markdown.contains("| in no step |"), "the life goes on after the last step")
    }

    @Test func containerIsExplainedByItsSteps() throws {
        let fixture = RunFixture.complete()
        let container = try #require(StepBreakdown(samples(fixture, .container), fixture.engines[1]))
        let process = try #require(StepBreakdown(samples(fixture, .process), fixture.engines[0]))
        let explanation = try #require(Explanation(container: container, process: process))
        #expect(explanation.explained > 0.95 && explanation.explained <= 1.0001)
        let own = ["cgroups", "mounts", "pivot_root", "seccomp filter", "remove cgroups"]
        let unlike = explanation.parts.filter { $0.container == nil || $0.process == nil }
        #expect(unlike.map(\.name.english) == own)
        let sum = explanation.parts.reduce(0) { $0 + $1.difference } + container.rest - process.rest
        #expect(abs(sum - explanation.difference) < 1)
        #expect(Explanation(container: process, process: container) == nil, "nothing to explain")

        // What happens in no step is explained by none.
        var late = fixture
        for place in late.samples.indices where late.samples[place].engine == .container {
            late.samples[place].stepNanoseconds = late.samples[place].stepNanoseconds.map { $0 / 2 }
        }
        let half = try #require(StepBreakdown(samples(late, .container), fixture.engines[1]))
        let poor = try #require(Explanation(container: half, process: process))
        #expect(poor.explained < 0.6)
        #expect(
            Report.files(for: fixture.result)[0].contents.contains("**Named steps explain 100.0 % of that**")
                || Report.files(for: fixture.result)[0].contents.contains(
                    "**Named steps explain 100 % of that**")
        )
    }

    @Test func conditionsStandSideBySide() throws {
        let markdown = Report.files(for: RunFixture.conditions().result)[0].contents
        #expect(
            markdown.contains(
                "| engine | warm, one at a time | cold page cache | 4 at once, the last of them |"))
        let section = try #require(markdown.firstRange(of: "## Under other conditions"))
        let container = try #require(row("`container`", in: String(markdown[section.lowerBound...])))
        #expect(container.count == 4, "\(container)")
        #expect(container[2].contains("<br>1.7") || container[2].contains("<br>1.8"), "\(container)")
        #expect(
            container[3].contains(" each<br>2.4") || container[3].contains(" each<br>2.3"), "\(container)")
        // Too few for an interval: their number.
        #expect(
            try #require(row("`qemu` (emulated)", in: String(markdown[section.lowerBound...])))[3]
                .contains("(n = 3)"))
        #expect(
            !Report.files(for: RunFixture.complete().result)[0].contents.contains("## Under other conditions")
        )
    }

    @Test func ablationComparesEachLayerWithWhatItNeeds() throws {
        let analysis = Analysis(RunFixture.conditions().result)
        let ablation = try #require(Ablation(analysis, analysis.engines[1].record))
        #expect(ablation.layers.map(\.name) == IsolationLayer.allCases)
        #expect(Set(RunFixture.layers) == Set(IsolationLayer.allCases.map(\.rawValue)))
        let whole = try #require(ablation.whole?.value)
        for layer in ablation.layers {
            // Each costs a twentieth of a whole life, of which all layers are three fifths.
            let alone = try #require(layer.alone)
            #expect(abs(alone.value / whole - 0.05 / 0.6) < 0.04, "\(layer.name): \(alone.value / whole)")
            #expect(try #require(alone.interval).contains(alone.value))
            #expect(try #require(layer.leftOut?.interval).upper > 0)
        }
        #expect(
            ablation.layers.filter { $0.name.prerequisite != nil }.map(\.name) == [.kernelFiles, .devices])
        // Nine that stand alone, and the mount layer with the two that need it.
        let sum = try #require(ablation.sumLeftOut)
        #expect(abs(sum.value / whole - (9 * 0.05 + 0.15) / 0.6) < 0.15, "\(sum.value / whole)")
        let markdown = Report.files(for: analysis.result)[0].contents
        #expect(markdown.contains("`kernel-files` and `devices` need `mount`"))
        #expect(Ablation(analysis, analysis.engines[0].record) == nil)
    }

    /// A layer that is missing on one side leaves a gap, not a wrong sum.
    @Test func ablationWithGaps() throws {
        var fixture = RunFixture.conditions()
        fixture.samples.removeAll { $0.parameters == [.isolation: "only-pid"] }
        let analysis = Analysis(fixture.result)
        let ablation = try #require(Ablation(analysis, analysis.engines[1].record))
        #expect(ablation.sumAlone == nil && ablation.sumLeftOut != nil)
        #expect(try #require(row("`pid`", in: Report.files(for: fixture.result)[0].contents))[1] == "–")
    }

    @Test func peersThatAreNotInstalledShareALine() throws {
        let result = RunFixture.conditions().result
        let markdown = Report.files(for: result)[0].contents
        #expect(markdown.contains("Not installed here, to compare with: `runc` and `podman`."))
        #expect(!markdown.contains("apt-get install"), "nothing is wrong that would want a remedy")
        let lines = Report.summaryLines(for: result)
        #expect(lines.contains("Not installed here, to compare with: runc and podman."))
        #expect(lines.contains { $0.hasPrefix("kvm: unavailable, because") })
    }
}
