import Glibc
import LabCore
import Results
import Testing

/// `lab run` from end to end, with the bare process.
@Suite(.enabled(if: LabProgram.isBuilt, "skipped: the program lab is not built beside the tests"))
struct RunCommandTests {
    struct Answer: Decodable {
        struct Engine: Decodable {
            let id: String
            let samples: Int
            let failures: Int
        }
        let directory: String
        let files: [String]
        let ending: String
        let command: String
        let harnessNanoseconds: Double?
        let engines: [Engine]
    }

    @Test func writesAReportThatComesAgainByteForByte() throws {
        let lab = try LabProgram()
        let finished = try lab.run([
            "run", "startup-latency", "--series", "plain", "--engine", "process", "--samples", "5", "--seed",
            "7", "--json",
            "--output", "out",
        ])
        #expect(finished.status == 0, "\(finished.errors)")
        let answer = try finished.json(Answer.self)
        #expect(answer.directory == "out" && answer.ending == "complete")
        #expect(answer.engines.map(\.samples) == [5] && answer.engines.map(\.failures) == [0])
        #expect(
            answer.command
                == "lab run startup-latency --engine process --series plain --samples 5 --spread 10ms --seed 7"
        )
        #expect(answer.harnessNanoseconds != nil)
        let out = "\(lab.directory.path)/out"
        #expect(Files.list(out) == answer.files.sorted())
        #expect(Set(answer.files).isSuperset(of: ["result.json", "samples.jsonl", "report.md"]))
        #expect(lab.leftovers.isEmpty)

        let report = try Files.readText("\(out)/report.md")
        for source in ["out", "out/result.json", "out/samples.jsonl"] {
            #expect(try lab.run(["report", source]).output == report)
        }
        #expect(try lab.run(["report", "out", "--output", "again"]).status == 0)
        for name in Files.list("\(lab.directory.path)/again") {
            #expect(try Files.read("\(lab.directory.path)/again/\(name)") == Files.read("\(out)/\(name)"))
        }
        #expect(
            try lab.run(["report", "out", "--format", "json"]).output == Files.readText("\(out)/result.json"))
        // Two results under one heading: each row says of which run it is.
        let one = try lab.run(["report", "out", "--format", "csv"]).output.split(separator: "\n")
        let two = try lab.run(["report", "out", "out/result.json", "--format", "csv"]).output
            .split(separator: "\n")
        #expect(two.count == 2 * one.count - 1 && two[0].hasPrefix("lab,run,index,"))
    }

    @Test func writesAPageOfOneFile() throws {
        let lab = try LabProgram()
        let finished = try lab.run([
            "run", "startup-latency", "--series", "plain", "--engine", "process", "--samples", "5",
            "--output",
            "out",
        ])
        #expect(finished.status == 0, "\(finished.errors)")
        let page = try lab.run(["report", "out", "--format", "html"]).output
        #expect(page.hasPrefix("<!DOCTYPE html>") && page.contains("<svg ") && !page.contains("<img"))
        for _ in 0..<2 {
            // A page is replaced: it can be made again.
            let written = try lab.run(["report", "out", "--format", "html", "--output", "page.html"])
            #expect(written.status == 0 && written.output == "page.html\n")
            #expect(try Files.readText("\(lab.directory.path)/page.html") == page)
        }
        let both = try lab.run(["report", "out", "out/result.json", "--format", "html"]).output
        #expect(both.components(separatedBy: "<article>").count == 3)
        let refused = try lab.run(["report", "out", "--format", "html", "--output", "out"])
        #expect(refused.status == 64 && refused.errors.contains("out/report.html"), "\(refused.errors)")
    }

    @Test func printsTheTableAndWhereTheReportIs() throws {
        let lab = try LabProgram()
        let finished = try lab.run([
            "run", "startup-latency", "--series", "plain", "--engine", "process", "--samples", "3",
        ])
        #expect(finished.status == 0, "\(finished.errors)")
        let name = try #require(Files.list("\(lab.directory.path)/results").first)
        #expect(finished.output.contains("results/\(name)/report.md"))
        #expect(name.hasSuffix("Z-startup-latency"))
        // Standard error is no terminal: only what is wrong may be there.
        #expect(
            finished.errors.split(separator: "\n").allSatisfy {
                $0.contains("warning") || $0.contains("remedy")
            })
    }

    @Test("a signal ends the run, and what was measured is written", arguments: [SIGINT, SIGTERM, SIGHUP])
    func aSignalEndsTheRun(signal: Int32) throws {
        let lab = try LabProgram()
        let running = try lab.start([
            "run", "startup-latency", "--series", "plain", "--engine", "process", "--samples", "20000",
            "--budget", "10min",
            "--json",
        ])
        let samples = try #require(lab.samples(lines: 20))
        running.signal(signal)
        let finished = try running.wait()
        #expect(finished.status == 130, "\(finished.errors)")
        #expect(try finished.json(Answer.self).ending == "interrupted")
        let result = try ResultStore.load(String(samples.dropLast("/samples.jsonl".count)))
        #expect(result.ending == .interrupted && result.samples.count >= 19)
        #expect(lab.leftovers.isEmpty)
    }

    @Test("a killed run loses no sample, and clean removes what it left")
    func aKilledRunLosesNoSample() throws {
        let lab = try LabProgram()
        let running = try lab.start([
            "run", "startup-latency", "--series", "plain", "--engine", "process", "--samples", "20000",
            "--budget", "10min",
        ])
        let samples = try #require(lab.samples(lines: 20))
        running.signal(SIGKILL)
        #expect(try running.wait().status == 137)
        #expect(!lab.leftovers.isEmpty)

        #expect(try lab.run(["clean", "--dry-run"]).output.contains("would remove: directory"))
        #expect(!lab.leftovers.isEmpty)
        let cleaned = try lab.run(["clean"])
        #expect(cleaned.status == 0, "\(cleaned.errors)")
        #expect(lab.leftovers.isEmpty)
        #expect(try lab.run(["clean"]).output.contains("nothing is left"))

        let result = try ResultStore.load(samples)
        #expect(result.ending == .killed && result.samples.count >= 19)
        #expect(try lab.run(["report", samples]).status == 0)
    }

    @Test func theNextRunRemovesWhatAKilledOneLeft() throws {
        let lab = try LabProgram()
        let killed = try lab.start([
            "run", "startup-latency", "--series", "plain", "--engine", "process", "--samples", "20000",
            "--output", "killed",
        ])
        try #require(lab.hasBegun())
        killed.signal(SIGKILL)
        _ = try killed.wait()
        let next = try lab.run([
            "run", "startup-latency", "--series", "plain", "--engine", "process", "--samples", "1",
            "--output", "next",
        ])
        #expect(next.status == 0, "\(next.errors)")
        #expect(next.errors.contains("had died"))
        #expect(lab.leftovers.isEmpty)
    }

    @Test(
        "a full disk ends the run and loses no finished sample",
        .enabled(if: geteuid() == 0, "skipped: mounting a small file system needs root"))
    func aFullDiskLosesNoFinishedSample() throws {
        let lab = try LabProgram()
        let program = try #require(LabProgram.path)
        // In a mount namespace of its own, so that the small file system is gone with the shell.
        let script = """
            mkdir small && mount -t tmpfs -o size=512k none small || exit 99
            "$1" run startup-latency --series plain --engine process --samples 2000 --budget 1min --output small/out; status=$?
            ls small/out >names; cp small/out/samples.jsonl kept.jsonl; exit $status
            """
        let finished = try lab.start(["-m", "sh", "-c", script, "sh", program], program: "/usr/bin/unshare")
            .wait()
        #expect(finished.status == 73, "\(finished.errors)")
        #expect(finished.errors.contains("No space left on device"))
        #expect(finished.errors.contains("/small (tmpfs, 512 KiB, "), "\(finished.errors)")
        // No half of a file that could be taken for one.
        #expect(try Files.readText("\(lab.directory.path)/names") == "samples.jsonl\n")
        let result = try ResultStore.load("\(lab.directory.path)/kept.jsonl")
        #expect(result.ending == .killed && result.samples.count > 10)
        #expect(result.samples.map(\.index) == Array(0..<result.samples.count))
        #expect(lab.leftovers.isEmpty)
    }

    @Test(
        "a full disk under LAB_HOME fails the trials that need it, by its name; all others and the result are whole",
        .enabled(if: geteuid() == 0, "skipped: mounting a small file system needs root"),
        .enabled(
            if: Tool.find("crun") != nil, "skipped: there is no crun, which needs a bundle for each start"))
    func aFullHomeFailsByItsName() throws {
        let lab = try LabProgram()
        let program = try #require(LabProgram.path)
        // What an instance had is free again once it is gone, so that it has to be filled until the end.
        let script = """
            mkdir home && mount -t tmpfs -o size=16m none home || exit 99
            "$1" run startup-latency --series plain --engine process,container,crun --samples 60 --warmup 0 \\
                --spread 10ms --budget 1min --output out & run=$!
            tries=0
            until [ "$(cat out/samples.jsonl 2>/dev/null | wc -l)" -gt 20 ] || [ $tries = 600 ]; do
                sleep 0.1; tries=$((tries + 1))
            done
            while kill -0 $run 2>/dev/null; do cat /dev/zero >>home/full 2>/dev/null; sleep 0.01; done
            wait $run; status=$?
            rm home/full; find home/state -type f; exit $status
            """
        let finished = try lab.start(["-m", "sh", "-c", script, "sh", program], program: "/usr/bin/unshare")
            .wait()
        #expect(finished.status <= 1, "\(finished.errors)")
        let result = try ResultStore.load("\(lab.directory.path)/out")
        #expect(result.ending == .complete && result.samples.count { $0.engine == .process } == 60)
        var failures = 0
        for sample in result.samples {
            guard case .failed(let error, _) = sample.outcome else { continue }
            failures += 1
            // Where it is crun's filter that found no room, libseccomp knows no more than that it was not written.
            let says = ["No space left", "seccomp_export_bpf"].contains { error.reason.english.contains($0) }
            #expect(sample.engine == "crun" && says, "\(error)")
            // What crun itself can't write it names itself.
            #expect(
                error.kind != .output || error.remedy?.english.contains("/home (tmpfs, 16 MiB, ") == true,
                "\(error)")
        }
        #expect(failures >= Runner.failuresInARow)
        #expect(!finished.output.contains("home/state/"), "\(finished.output)")
    }

    @Test func warnsWhileAnotherRunIsAlive() throws {
        let lab = try LabProgram()
        let other = try lab.start([
            "run", "startup-latency", "--series", "plain", "--engine", "process", "--samples", "20000",
            "--output", "other",
        ])
        defer {
            other.signal(SIGINT)
            _ = try? other.wait()
        }
        try #require(lab.hasBegun())
        let finished = try lab.run([
            "run", "startup-latency", "--series", "plain", "--engine", "process", "--samples", "1",
            "--output", "one",
        ])
        #expect(finished.status == 0)
        #expect(finished.errors.contains("another run was alive"))
        let result = try ResultStore.load("\(lab.directory.path)/one")
        #expect(
            result.header.environment.warnings.contains { $0.text.english.contains("another run was alive") })
    }
}
