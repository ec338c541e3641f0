import Testing

@testable import Experiments
@testable import LabCore

/// What one round of work costs and what is counted of it, on the real thing.
@Suite struct ExecutionTests {
    /// Hands over how many instructions some rounds were.
    private struct Count: Experiment {
        let id = "count"
        let rounds: Int
        func perform(on engine: any PreparedEngine, _ bench: LabCore.Bench) throws(LabError) -> Finding {
            let kinds = ["integer", "yardstick-entry"]
            let counts = try Execution.instructions(of: kinds, rounds: rounds, on: engine, bench)
            return Finding(values: counts.compactMapValues { $0.values["instructions-per-round-count"] })
        }
    }

    @Test("a round has its instructions, however many rounds there are")
    func aRoundHasItsInstructions() throws {
        func counts(_ rounds: Int) throws -> [String: Double] {
            try ExperimentRun.perform(
                Count(rounds: rounds), on: .qemuDirect, at: [.variant: "clock=instructions"]
            ).values
        }
        // A round of integers is some millions of them. What the kernel does meanwhile is little beside, unless other tests
        // keep the VM from running: it only adds, so that the fewest of three count.
        var (few, many) = (try counts(2), try counts(4))
        func agree(_ kind: String) -> Bool { (0.98...1.02).contains((many[kind] ?? 0) / (few[kind] ?? 1)) }
        for _ in 0..<2 where !agree("integer") || !agree("yardstick-entry") {
            few.merge(try counts(2), uniquingKeysWith: min)
            many.merge(try counts(4), uniquingKeysWith: min)
        }
        for (kind, least) in ["integer": 2e6, "yardstick-entry": 1e6] {
            #expect(try #require(few[kind]) > least)
            #expect(agree(kind), "\(kind): \(few) \(many)")
        }
    }

    @Test(.enabled(if: ExperimentRun.hasContainers, "containers with cgroups need root"))
    func underNoEmulationNobodyCounts() throws {
        for engine in [EngineID.process, .container] {
            let found = try ExperimentRun.perform(Execution(), on: engine, at: [.setting: "syscall"])
            #expect(try #require(found.values["cpu-round-ns"]) > 0)
            #expect(found.values["instructions-per-round-count"] == nil)
            // Only a VM knows other ways of being made.
            let error = try ExperimentRun.failure(
                of: Execution(), on: engine, at: [.setting: "syscall", .variant: "clock=instructions"])
            #expect(error.kind == .usage)
        }
    }

    @Test func anUnknownKindOfWorkIsNamedWithTheNearest() throws {
        let error = try ExperimentRun.failure(of: Execution(), on: .process, at: [.setting: "syscal"])
        #expect(error.kind == .usage && error.message.english.contains("did you mean \"syscall\""))
    }

    /// What the guest says that its work consists of, against what is counted here while the same work is done again.
    @Test func theWorkConsistsOfWhatItSays() throws {
        let lab = "hypervisors"
        try ExperimentRun.with(.process) { run in
            let execution = Execution()
            // One trial has all kinds of the lab.
            let one = try run.perform(
                execution, at: [.experiment: "execution", .setting: "integer"], lab: lab)
            func found(_ kind: String) throws -> [String: Double] {
                if kind == "integer" { return one.values }
                return try #require(one.others[[.experiment: "execution", .setting: kind]]).values
            }
            for (kind, count) in [
                ("float", try CountedWork.lorenz()), ("yardstick-float", try CountedWork.rotation()),
            ] {
                #expect(try found(kind)["operations-per-round-count"] == Double(count))
            }
            // Each of these calls has a part in the digest.
            #expect(try found("syscall")["entries-per-round-count"] == 10_000)
            #expect(try found("yardstick-entry")["entries-per-round-count"] == 9_999)
            #expect(try found("integer")["entries-per-round-count"] == 0)
            for kind in ["context-switch", "yardstick-switch"] {
                let values = try found(kind)
                // There and back, 200 times; counted by the kernel, which may have had other business too.
                #expect(
                    (395...450).contains(try #require(values["switches-per-round-count"])),
                    "\(kind): \(values)")
                #expect(
                    (400...820).contains(try #require(values["entries-per-round-count"])),
                    "\(kind): \(values)")
            }
        }
    }
}

/// The floating-point work once more, with numbers that count what is done with them. That it is the same work shows in
/// its digest.
private enum CountedWork {
    static func lorenz() throws -> Int {
        let counter = Counter()
        func number(_ value: Double) -> Counted { Counted(value, counter) }
        var (x, y, z, sum) = (number(1), number(1), number(1), number(0))
        let (step, factor) = (number(1.0 / 1_024), number(8.0 / 3.0))
        for _ in 0..<200_000 {
            let (dx, dy, dz) = (number(10) * (y - x), x * (number(28) - z) - y, x * y - factor * z)
            (x, y, z) = (x + dx * step, y + dy * step, z + dz * step)
            sum = sum + (x * x + y * y).squareRoot() / (number(1) + z * z)
        }
        try #require(digest([x, y, z, sum]) == ComputeReference.digest(kind: "float", rounds: 1))
        return counter.count
    }

    static func rotation() throws -> Int {
        let counter = Counter()
        func number(_ value: Double) -> Counted { Counted(value, counter) }
        var (x, y) = (number(1), number(0))
        let (cosine, sine) = (number(0.6), number(0.8))
        for _ in 0..<100_000 { (x, y) = (cosine * x - sine * y, sine * x + cosine * y) }
        try #require(digest([x, y]) == ComputeReference.digest(kind: "yardstick-float", rounds: 1))
        return counter.count
    }

    private static func digest(_ numbers: [Counted]) -> String {
        var digest: UInt64 = 0
        for number in numbers {
            var word = (digest &+ 0x9e37_79b9_7f4a_7c15) ^ number.value.bitPattern
            word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
            word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
            digest = word ^ (word >> 31)
        }
        let digits = String(digest, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private final class Counter { var count = 0 }

    private struct Counted {
        let value: Double
        private let counter: Counter

        init(_ value: Double, _ counter: Counter) {
            self.value = value
            self.counter = counter
        }

        private func counted(_ value: Double) -> Counted {
            counter.count += 1
            return Counted(value, counter)
        }

        func squareRoot() -> Counted { counted(value.squareRoot()) }
        static func + (left: Counted, right: Counted) -> Counted { left.counted(left.value + right.value) }
        static func - (left: Counted, right: Counted) -> Counted { left.counted(left.value - right.value) }
        static func * (left: Counted, right: Counted) -> Counted { left.counted(left.value * right.value) }
        static func / (left: Counted, right: Counted) -> Counted { left.counted(left.value / right.value) }
    }
}
