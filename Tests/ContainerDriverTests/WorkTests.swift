import Artifacts
import Foundation
import Glibc
import Testing

@testable import ContainerDriver
@testable import LabCore

/// The digests of `compute` by kind and number of rounds, as `Tests/Fixtures/compute.py` has them.
private let reference: [String: [String: String]] = {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/compute.json")
    let data = (try? Data(contentsOf: file)) ?? Data()
    return (try? JSONDecoder().decode([String: [String: String]].self, from: data)) ?? [:]
}()

/// The work of lab-guest and the accounts of it, as a bare process and in a container.
@Suite(.serialized) struct WorkTests {
    static let engines: [EngineID] = obstacle == nil ? [.process, .container] : [.process]
    private let limit = MonotonicInstant.now().advanced(by: .seconds(30))

    /// Starts a workload, hands it to `body` when it is ready, and removes it.
    private func with(
        _ id: EngineID, _ workload: Workload,
        _ body: (any Instance & MemoryAccounting & CPUAccounting) throws -> Void
    ) throws {
        try launching(id, workload) { instance in
            try instance.waitUntilReady(deadline: limit)
            try body(instance)
        }
    }

    private func launching(
        _ id: EngineID, _ workload: Workload,
        _ body: (any Instance & MemoryAccounting & CPUAccounting) throws -> Void
    ) throws {
        // The root outlives the test: a program that was only just written is busy (ETXTBSY) as long as a child that
        // another test clones meanwhile has not closed what it inherited.
        let home = "/tmp/lab-work-tests-\(getuid())"
        let paths = LabPaths(cache: "\(home)/cache", state: "\(home)/state-\(getpid())")
        defer { try? Files.removeTree(paths.state) }
        let guest = try RootFilesystem.locateGuest(environment: ProcessInfo.processInfo.environment)
        let root = try RootFilesystem.minimal(guest: guest, paths: paths)
        let journal = try RunJournal(runID: "t\(UInt32.random(in: 0 ... .max))", paths: paths)
        defer { journal.finish() }
        let engine: any Engine = id == .process ? ProcessEngine() : ContainerEngine()
        let prepared = try engine.prepare(
            RunContext(runID: journal.runID, paths: paths, journal: journal, rootFilesystem: root))
        defer { prepared.shutDown() }
        let instance = try prepared.launch(
            LaunchRequest(
                index: 0, workload: workload, memoryBytes: 256 << 20, cpus: 1, deadline: limit))
        defer { try? instance.dispose() }
        try body(#require(instance as? any Instance & MemoryAccounting & CPUAccounting))
    }

    /// Takes in what the guest says until `isDone`.
    private func wait(_ instance: any Instance, until isDone: () -> Bool) throws {
        while !isDone() {
            do {
                _ = try instance.waitForExit(deadline: .now().advanced(by: .milliseconds(2)))
                break
            } catch {
                guard error.kind == .timeout, MonotonicInstant.now() < limit else { throw error }
            }
        }
    }

    @Test func everyKindHasAReferenceForSeveralRounds() {
        #expect(reference.keys.sorted() == Workload.computeKinds.sorted())
        for (kind, digests) in reference { #expect(Set(digests.values).count >= 3, "\(kind)") }
    }

    @Test(arguments: Workload.computeKinds, engines)
    func theDigestIsThatOfTheReference(kind: String, engine: EngineID) throws {
        for (rounds, digest) in try #require(reference[kind]) {
            try with(engine, .compute(kind: kind, rounds: #require(Int(rounds)))) { instance in
                try wait(instance) { !instance.transcript.outputs.isEmpty }
                #expect(instance.transcript.outputs == [digest], "\(rounds) rounds")
                #expect(instance.transcript.violation == nil)
                if kind.hasPrefix("file-") && Files.isDirectory("/dev/shm") {
                    try wait(instance) { instance.transcript.metrics["filesystem-magic"] != nil }
                    #expect(instance.transcript.metrics["filesystem-magic"] == 0x0102_1994)
                }
            }
        }
    }

    @Test(
        arguments: [
            [], ["integer"], ["integer", "0"], ["integer", "1000001"], ["integer", "-1"], ["integer", "1x"],
            ["integer", ""], ["integer", "18446744073709551617"], ["no-such-kind", "1"], ["", "1"],
            ["integer", "1", "/tmp", "more"],
        ])
    func wrongWordsAreAUsageError(arguments: [String]) throws {
        try launching(.process, Workload(name: "compute", arguments: arguments)) { (instance) throws in
            #expect(try instance.waitForExit(deadline: limit) == 64)
            #expect(instance.timeline[.ready] == nil)
            #expect(instance.transcript.outputs.isEmpty)
        }
    }

    @Test(
        arguments: [
            [], ["1"], ["1", "0"], ["0", "0", "integer"], ["1000001", "0", "integer"], ["x", "0", "integer"],
            ["1", "60001", "integer"], ["1", "0", "integer", "no-such-kind"],
        ])
    func wrongWordsOfASequenceAreAUsageError(arguments: [String]) throws {
        try launching(.process, Workload(name: "sequence", arguments: arguments)) { (instance) throws in
            #expect(try instance.waitForExit(deadline: limit) == 64)
            #expect(instance.timeline[.ready] == nil)
            #expect(instance.transcript.outputs.isEmpty)
        }
    }

    @Test func aSequenceDoesEachKindAndTellsOfIt() throws {
        let kinds = ["syscall", "yardstick-float"]
        try with(.process, .sequence(kinds, rounds: 2, restMilliseconds: 1)) { instance in
            try wait(instance) { instance.transcript.outputs.count == 5 }
            let digests = try kinds.map { try #require(reference[$0]?["2"]) }
            #expect(instance.transcript.outputs == [kinds[0], digests[0], kinds[1], digests[1], "end"])
            // Those of the last.
            #expect(instance.transcript.metrics["entries"] == 0)
            #expect(instance.transcript.metrics["operations"] == 1_200_000)
            #expect(instance.transcript.violation == nil)
        }
    }

    @Test func workThatCannotBeDoneSaysWhyAndIsNoDigest() throws {
        try launching(.process, .compute(kind: "file-write", rounds: 1, directory: "/nonexistent")) {
            (instance) throws in
            let error = #expect(throws: LabError.self) { try instance.waitUntilReady(deadline: limit) }
            #expect(error?.cause?.english.contains("exit status 71") == true)
            #expect(error?.cause?.english.contains("cannot make a file: No such file or directory") == true)
            #expect(instance.transcript.outputs.isEmpty)
        }
    }

    @Test(.enabled(if: obstacle == nil, "skipped: no container can be started on this machine"))
    func aFileGoesToTheDirectoryThatWasAskedFor() throws {
        try with(.container, .compute(kind: "file-write", rounds: 1, directory: "/tmp")) { instance in
            try wait(instance) { !instance.transcript.metrics.isEmpty }
            // OVERLAYFS_SUPER_MAGIC: the container's root.
            #expect(instance.transcript.metrics["filesystem-magic"] == 0x794c_7630)
        }
    }

    @Test(arguments: engines)
    func memoryThatWasTouchedIsOnTheAccount(engine: EngineID) throws {
        var idle: [String: UInt64] = [:]
        try with(engine, .touch(mebibytes: 0)) { idle = try $0.memoryBytes() }
        try with(engine, .touch(mebibytes: 48)) { instance in
            let bytes = try instance.memoryBytes()
            let slack = UInt64(4 << 20)
            let touched = UInt64(48 << 20)..<(48 << 20) + slack
            #expect(touched.contains(bytes["host-pss"] ?? 0), "\(bytes)")
            #expect((1..<slack).contains(idle["host-pss"] ?? 0), "\(idle)")
            if engine == .container && hasLimits {
                #expect(touched.contains(bytes["cgroup-charge"] ?? 0), "\(bytes)")
                #expect((1..<slack).contains(idle["cgroup-charge"] ?? 0), "\(idle)")
                // Page tables, at least.
                #expect((1..<slack).contains(bytes["cgroup-kernel"] ?? 0), "\(bytes)")
            } else {
                #expect(bytes.keys.sorted() == ["host-pss"])
            }

            try wait(instance) { instance.transcript.metrics.count == 2 }
            let total = try #require(instance.transcript.metrics["memory-total-bytes"])
            let available = try #require(instance.transcript.metrics["memory-available-bytes"])
            let meminfo = try Files.readText("/proc/meminfo").split(separator: "\n")[0].split(separator: " ")
            #expect(total == UInt64(meminfo[1]).map { $0 << 10 })
            #expect(0 < available && available < total)
            try instance.dispose()
            #expect(throws: LabError.self) { try instance.memoryBytes() }
        }
    }

    @Test(arguments: engines)
    func workIsOnTheCPUAccount(engine: EngineID) throws {
        try with(engine, .compute(kind: "integer", rounds: 100)) { instance in
            let before = try instance.hostCPUNanoseconds()
            try wait(instance) { !instance.transcript.outputs.isEmpty }
            let after = try instance.hostCPUNanoseconds()
            let elapsed = try #require(instance.timeline[.firstOutput])
            // 20 million steps of at least one nanosecond, by one thread.
            let used = after - before
            #expect((20_000_000..<elapsed + 5_000_000).contains(used), "\(used) of \(elapsed)")
            // One thread may use all of a processor, and is throttled only where the kernel's clock ticks late.
            let throttled = instance.throttledNanoseconds
            #expect((throttled != nil) == (engine == .container && hasLimits))
            #expect(throttled ?? 0 < elapsed)
            try instance.dispose()
            #expect(try instance.hostCPUNanoseconds() >= after)
            #expect(try instance.hostCPUNanoseconds() < after + 20_000_000)
        }
    }

    @Test("a partner is on the account while it runs and after its end", arguments: engines)
    func aPartnerIsOnTheAccount(engine: EngineID) throws {
        try with(engine, .compute(kind: "context-switch", rounds: 300)) { instance in
            let child = try #require(instance as? ChildInstance)
            var whole: UInt64 = 0
            var own: UInt64 = 0
            try wait(instance) {
                if instance.transcript.outputs.isEmpty {
                    let now = (
                        try? instance.hostCPUNanoseconds(), try? HostProcess(pid: child.pid).cpuNanoseconds()
                    )
                    // Still both of them: then the partner was there when they were read.
                    if let both = now.0, let one = now.1, HostProcess(pid: child.pid).family.count == 2 {
                        (whole, own) = (both, one)
                    }
                }
                return !instance.transcript.outputs.isEmpty
            }
            // Both do the same, so that half of the time is the partner's.
            #expect(Double(whole) > 1.4 * Double(own), "\(whole) \(own)")
            try instance.dispose()
            #expect(try instance.hostCPUNanoseconds() >= whole)
        }
    }

    @Test(.enabled(if: obstacle == nil && geteuid() == 0, "skipped: cgroup limits need root"))
    func throttlingIsOnTheAccount() throws {
        try with(.container, .compute(kind: "integer", rounds: 200)) { instance in
            let child = try #require(instance as? ChildInstance)
            let place = try #require(child.accounts?[.cpu])
            // A tenth of a processor from here on.
            switch place.version {
            case .v1: try ControlFile.write("10000", to: "\(place.directory)/cpu.cfs_quota_us")
            case .v2: try ControlFile.write("10000 100000", to: "\(place.directory)/cpu.max")
            }
            try wait(instance) { !instance.transcript.outputs.isEmpty }
            let throttled = try #require(instance.throttledNanoseconds)
            let elapsed = try #require(instance.timeline[.firstOutput])
            #expect((50_000_000..<elapsed).contains(throttled), "\(throttled) of \(elapsed)")
            try instance.dispose()
            #expect(instance.throttledNanoseconds == nil)
        }
    }
}

@Suite struct CgroupReaderTests {
    // As Linux 6.18 writes them.
    private let v1 = "nr_periods 12\nnr_throttled 3\nthrottled_time 184467\nnr_bursts 0\nburst_time 0\n"
    private let v2 = """
        usage_usec 3021331
        user_usec 2021331
        system_usec 1000000
        nice_usec 0
        nr_periods 31
        nr_throttled 29
        throttled_usec 2612014
        nr_bursts 0
        burst_usec 0

        """

    @Test func throttlingIsReadInTheUnitOfItsVersion() {
        #expect(CgroupReader.throttledNanoseconds(.v1, v1) == 184_467)
        #expect(CgroupReader.throttledNanoseconds(.v2, v2) == 2_612_014_000)
        // Each version knows only its own.
        #expect(CgroupReader.throttledNanoseconds(.v2, v1) == nil)
        #expect(CgroupReader.throttledNanoseconds(.v1, v2) == nil)
    }

    @Test func aKeyIsAWholeWord() {
        let text = "kernel_stack 1\nfile 2\nkernel 3\npercpu 4\n"
        #expect(ControlFile.value(of: "kernel", in: text) == 3)
        #expect(ControlFile.value(of: "stack", in: text) == nil)
        #expect(ControlFile.value(of: "", in: text) == nil)
    }

    @Test(
        arguments: [
            "", "\n", "throttled_usec", "throttled_usec ", "throttled_usec max", "throttled_usec -1",
            "throttled_usec 1 2", "throttled_usec 18446744073709551615",
            "throttled_usec 99999999999999999999", "throttled_usec\t5",
            "throttled_usec  5", "\u{0}throttled_usec 5", "throttled_usec 5\r",
        ])
    func whatIsNoFigureIsNone(text: String) {
        #expect(CgroupReader.throttledNanoseconds(.v2, text) == nil)
    }

    @Test func noTextCrashesTheParser() {
        var generator = SeededGenerator(seed: 3)
        let bytes = Array(v2.utf8)
        var read = 0
        for _ in 0..<2_000 {
            var mutated = bytes
            for _ in 0..<4 {
                mutated[Int.random(in: 0..<mutated.count, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            let text = String(decoding: mutated, as: UTF8.self)
            if CgroupReader.throttledNanoseconds(.v2, text) != nil { read += 1 }
        }
        #expect(0 < read && read < 2_000)
    }
}
