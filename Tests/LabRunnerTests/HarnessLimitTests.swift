import Glibc
import LabCore
import Results
import Testing

/// `lab run density` where open files run out, from end to end.
@Suite(
    .enabled(
        if: LabProgram.isBuilt && geteuid() == 0, "skipped: lab is not built beside the tests, or not root"))
struct HarnessLimitTests {
    /// Containers in 4 GiB, as a shell with these limits starts it.
    private func density(_ limits: String) throws -> RunResult {
        let lab = try LabProgram()
        let program = try #require(LabProgram.path)
        let words =
            ["-c", "\(limits); exec \"$@\"", "sh", program] + [
                "run", "density", "--series", "light", "--engine", "container", "--samples", "1", "--output",
                "out",
            ]
        let finished = try lab.start(words, program: "/bin/sh").wait()
        #expect(finished.status == 0, "\(finished.errors)")
        #expect(lab.leftovers.isEmpty)
        return try ResultStore.load("\(lab.directory.path)/out")
    }

    private func judgement(_ claim: String, _ result: RunResult) throws -> Judgement {
        let claim = try #require(result.header.lab.claims.first { $0.id == claim })
        return try #require(claim.judge(Figures(result)).first)
    }

    @Test("Where open files run out, hundreds are not measurable and dozens confirmed")
    func openFilesRunOut() throws {
        let result = try density("ulimit -n 220")
        let sample = try #require(result.samples.first)
        let alive = try #require(sample.values["alive-count"])
        #expect(sample.outcome == .completed && alive >= 24 && alive < 100, "\(sample)")
        #expect(sample.stops?["alive-count"] == .openFiles && sample.values["start-failures-count"] == 0)
        #expect(try judgement("container-hundred", result).reason == .stopped(.openFiles))
        #expect(try judgement("container-dozens", result).verdict == .confirmed)
        // Of what one takes it says what it says.
        #expect(sample.stops?["memory-per-instance-bytes"] == nil)
    }

    @Test("A low soft limit stops nothing")
    func softLimitIsRaised() throws {
        let result = try density("ulimit -Sn 100")
        let sample = try #require(result.samples.first)
        #expect(sample.values["alive-count"] == 128 && sample.stops?["alive-count"] == .cap, "\(sample)")
        #expect(try judgement("container-hundred", result).verdict == .confirmed)
    }
}
