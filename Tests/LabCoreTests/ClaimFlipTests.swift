import LabCore
import LabFile
import Testing

/// Every claim of every lab: data that satisfy its rule confirm it, data that don't contradict it.
@Suite struct ClaimFlipTests {
    static let labs: [String] = (try? LabDirectory.open("\(checkout)/labs").ids) ?? []

    @Test("every claim's verdict flips when the data contradict it", arguments: labs)
    func everyVerdictFlipsWithItsData(lab id: String) throws {
        let lab = try LabDirectory.open("\(checkout)/labs").definition(id)
        for claim in lab.claims {
            let problems = ClaimFlip(lab: lab, claim: claim).problems
            #expect(problems.isEmpty, "\(id), \(claim.id): \(problems.joined(separator: "; "))")
        }
    }

    @Test(
        "A harness stop, one sample, another engine, emulation and another condition decide no claim of any lab",
        arguments: labs)
    func nothingDecidesBeyondItsData(lab id: String) throws {
        let lab = try LabDirectory.open("\(checkout)/labs").definition(id)
        for claim in lab.claims {
            let flip = ClaimFlip(lab: lab, claim: claim)
            let problems = flip.overreaches + flip.reaches
            #expect(problems.isEmpty, "\(id), \(claim.id): \(problems.joined(separator: "; "))")
        }
    }

    private static let truth = Metric(
        id: "own-kernel", title: LocalizedText(en: "own kernel", zh: "自有内核"), unit: .truth,
        source: .value("own-kernel"))

    private static func problems(_ rule: Claim.Rule) -> [String] {
        var lab = ResultFixture.lab()
        lab.metrics.append(truth)
        lab.engines = [.process, .container, .kvm, .qemu]
        return ClaimFlip(lab: lab, claim: ResultFixture.claim(rule)).problems
    }

    @Test func soundRulesPass() {
        let rules = [
            Claim.Rule(metric: "start-up", engines: [.kvm], atLeast: 60e9),
            Claim.Rule(
                metric: "start-up", engines: [.kvm, .qemu], atLeast: 30e9, atMost: 60e9,
                emulation: .contradictsLowerBound),
            Claim.Rule(metric: "start-up", engines: [.container], relativeTo: .process, atMost: 1.05),
            Claim.Rule(metric: "own-kernel", engines: [.kvm, .qemu], atLeast: 1, emulation: .unaffected),
            Claim.Rule(metric: "own-kernel", engines: [.container], atMost: 0),
        ]
        for rule in rules { #expect(Self.problems(rule) == []) }
    }

    /// The check itself would be worth nothing if it could not fail.
    @Test(
        arguments: [
            // Every truth is at least 0, and no time is negative.
            (Claim.Rule(metric: "own-kernel", engines: [.kvm], atLeast: 0), "contradict the rule"),
            (Claim.Rule(metric: "own-kernel", engines: [.kvm], atMost: 1), "contradict the rule"),
            (Claim.Rule(metric: "start-up", engines: [.kvm], atLeast: 0), "contradict the rule"),
            (Claim.Rule(metric: "own-kernel", engines: [.kvm], atLeast: 2), "satisfy the rule"),
            (Claim.Rule(metric: "start-up", engines: [.qemu], atLeast: 60e9), "could ever contradict"),
            (
                Claim.Rule(
                    metric: "start-up", engines: [.qemu], atMost: 60e9, emulation: .contradictsLowerBound),
                "could ever contradict"
            ),
            (Claim.Rule(metric: "nothing", engines: [.kvm], atLeast: 1), "no metric"),
            (
                Claim.Rule(metric: "start-up", engines: [.kvm], at: [.touch: "1"], atLeast: 1),
                "not measured at"
            ),
            (Claim.Rule(metric: "start-up", engines: [.kvm], each: .compute, atLeast: 1), "never judged"),
            (Claim.Rule(metric: "start-up", engines: ["podman"], atLeast: 1), "not measured at"),
        ] as [(Claim.Rule, String)])
    func unsoundRulesAreFound(rule: Claim.Rule, complaint: String) {
        let problems = Self.problems(rule)
        #expect(problems.contains { $0.contains(complaint) }, "\(problems)")
    }
}
