import Glibc
import Testing

@testable import LabCore

@Suite struct SeccompProgramTests {
    private typealias Step = SeccompProgram.Instruction

    /// Fails call 7 with EPERM when its first argument's low word is above 3; allows all else.
    private let program = SeccompProgram(instructions: [
        Step(code: 0x20, operand: 0), Step(code: 0x15, ifFalse: 3, operand: 7), Step(code: 0x20, operand: 16),
        Step(code: 0x25, ifFalse: 1, operand: 3), Step(code: 0x06, operand: 0x0005_0001),
        Step(code: 0x06, operand: 0x7fff_0000),
    ])

    @Test func aProgramDecidesByCallAndArgument() {
        #expect(SeccompProgram.action(of: [program], on: 7, [4]) == .fail(EPERM))
        #expect(SeccompProgram.action(of: [program], on: 7, [3]) == .allow)
        #expect(SeccompProgram.action(of: [program], on: 8, [4]) == .allow)
        #expect(SeccompProgram.action(of: [], on: 7, [4]) == .allow)
    }

    @Test func ofSeveralTheStrictestCounts() {
        let kill = SeccompProgram(instructions: [Step(code: 0x06, operand: 0x8000_0000)])
        let fails = SeccompProgram(instructions: [Step(code: 0x06, operand: 0x0005_0026)])
        #expect(SeccompProgram.action(of: [program, fails], on: 8) == .fail(ENOSYS))
        #expect(SeccompProgram.action(of: [fails, kill, program], on: 8) == .other(0x8000_0000))
    }

    @Test func noProgramCrashesOrHangsTheInterpreter() {
        var generator = SeededGenerator(seed: 3)
        let codes: [UInt16] = [
            0x20, 0x15, 0x25, 0x35, 0x45, 0x05, 0x06, 0x16, 0x54, 0x02, 0x60, 0x87, 0x07, 0xff,
        ]
        var decided = 0
        for _ in 0..<5_000 {
            let steps = (0..<Int.random(in: 0...12, using: &generator)).map { _ in
                Step(
                    code: codes.randomElement(using: &generator) ?? 0,
                    ifTrue: .random(in: 0...4, using: &generator),
                    ifFalse: .random(in: 0...4, using: &generator),
                    operand: Bool.random(using: &generator)
                        ? .random(in: 0...72, using: &generator) : .random(in: 0 ... .max, using: &generator))
            }
            if SeccompProgram(instructions: steps).run(1, [2, 3]) != nil { decided += 1 }
        }
        #expect(decided > 100 && decided < 4_900)
    }

    @Test func aProcessWithoutAFilterHasNone() throws {
        // Nobody can trace himself, so a child stands for us.
        let child = try Child.sleeping()
        defer { child.end() }
        let isFiltered = try ProcessIsolation(of: HostProcess(pid: child.pid)).isFiltered
        let filters = try SeccompProgram.loaded(by: HostProcess(pid: child.pid))
        #expect(filters.isEmpty == !isFiltered)
        // It goes on as before, traced by nobody.
        let status = try Files.readText("/proc/\(child.pid)/status")
        #expect(status.contains("TracerPid:\t0\n"))
    }

    @Test func whatTheHostSaysOfAChildIsWhatItSaysOfUs() throws {
        let child = try Child.sleeping()
        defer { child.end() }
        let (own, its) = (try ProcessIsolation.own(), try ProcessIsolation(of: HostProcess(pid: child.pid)))
        for namespace in ProcessIsolation.Namespace.allCases { #expect(its.shares(namespace, with: own)) }
        #expect(its.effectiveCapabilities == own.effectiveCapabilities && its.pid == child.pid)
        #expect(
            its.program.hasSuffix("/sleep") || its.program.hasSuffix("/busybox")
                || its.program.hasSuffix("/coreutils"))
        #expect(throws: LabError.self) { _ = try ProcessIsolation(of: HostProcess(pid: pid_t.max)) }
    }

    /// A program that only waits.
    private struct Child {
        let pid: pid_t

        static func sleeping() throws -> Child {
            var argv: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("60"), nil]
            defer { for word in argv { free(word) } }
            var pid: pid_t = 0
            try #require(posix_spawnp(&pid, "sleep", nil, nil, &argv, environ) == 0)
            return Child(pid: pid)
        }

        func end() {
            kill(pid, SIGKILL)
            waitpid(pid, nil, 0)
        }
    }
}

@Suite struct SharedSegmentTests {
    @Test("a segment is journaled, and removed by what the journal names")
    func aSegmentIsJournaledAndRemoved() throws {
        try withTemporaryDirectory { path in
            let paths = LabPaths(cache: "\(path)/cache", state: "\(path)/state")
            let journal = try RunJournal(runID: "segment", paths: paths)
            defer { journal.finish() }
            let key = Int32.random(in: 1 << 24...1 << 30)
            let segment = try SharedSegment(key: key, holding: "a nonce", journal: journal)
            #expect(segment.text == "a nonce")
            #expect(try journal.recorded() == [JournaledResource(.sharedMemory, "\(key)")])
            #expect(throws: LabError.self) { _ = try SharedSegment(key: key, holding: "", journal: journal) }
            try SharedSegment.remove("\(key)")
            #expect(shmget(key, 0, 0) == -1)
            // Gone already is no error; no key at all is.
            try SharedSegment.remove("\(key)")
            #expect(throws: LabError.self) { try SharedSegment.remove("key") }
        }
    }

    @Test func aSegmentOfSomebodyElseIsLeftAlone() throws {
        let key = Int32.random(in: 1 << 24...1 << 30)
        let foreign = shmget(key, 4_096, Int32(IPC_CREAT) | Int32(IPC_EXCL) | 0o600)
        try #require(foreign >= 0)
        defer { shmctl(foreign, IPC_RMID, nil) }
        try SharedSegment.remove("\(key)")
        #expect(shmget(key, 0, 0) == foreign)
    }
}

@Suite struct CoveringMountTests {
    @Test func theDeepestAndNewestMountCovers() {
        let table = MountTable(
            mountinfo: """
                1 0 0:1 / / rw - overlay overlay rw
                2 1 0:2 / /proc rw,nosuid - proc proc rw
                3 2 0:2 /sys /proc/sys ro,nosuid - proc proc rw
                4 1 0:3 / /dev rw - tmpfs dev rw
                5 1 0:4 / /dev ro,nodev - tmpfs dev rw
                """)
        #expect(table.covering("/proc/sys/kernel/core_pattern")?.options == ["ro", "nosuid"])
        #expect(table.covering("/proc/system")?.mountPoint == "/proc")
        #expect(table.covering("/dev/kmsg")?.options == ["ro", "nodev"])
        #expect(table.covering("/proc")?.mountPoint == "/proc")
        #expect(table.covering("/x")?.mountPoint == "/")
        #expect(MountTable(mountinfo: "").covering("/x") == nil)
    }
}
