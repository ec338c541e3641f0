import Artifacts
import Glibc
import Testing

@testable import LabCore

struct EngineBuildTests {
    @Test("A program that is another one at the end of a run is named, and one that stayed is not")
    func replacedBuildsAreNamed() throws {
        try withTemporaryDirectory { directory in
            let path = "\(directory)/tool"
            try Files.write("one", to: path)
            var build = try #require(try EngineBuild("new=crun:\(path)"))
            build.digest = try Digest.sha256(file: path)
            #expect(EngineBuild.replaced([build]).isEmpty)
            try Files.write("two", to: path)
            #expect(EngineBuild.replaced([build]).count == 1)
            #expect(unlink(path) == 0)
            let warning = try #require(EngineBuild.replaced([build]).first)
            #expect(warning.text.english.contains("new is a mixture") && warning.remedy != nil)
        }
    }

    @Test(
        "NAME=KIND:PATH is a build, a word without = is none, and what can't be one is refused with the reason"
    )
    func wordsAreRead() throws {
        let build = try #require(try EngineBuild("new-2=crun:/opt/c r/bin/crun:1"))
        #expect(build.name == "new-2" && build.kind == "crun" && build.path == "/opt/c r/bin/crun:1")
        #expect(build.word == "new-2=crun:/opt/c r/bin/crun:1")
        #expect(try EngineBuild("crun") == nil && EngineBuild("a:/b") == nil)
        let path = "/bin/true"
        for (word, cause) in [
            ("new=crun", "NAME=KIND:PATH"), ("=crun:\(path)", "its name must be"),
            ("New=crun:\(path)", "its name must be"), ("a_b=crun:\(path)", "its name must be"),
            ("-a=crun:\(path)", "its name must be"), ("a-=crun:\(path)", "its name must be"),
            ("a-000003=crun:\(path)", "six digits"), ("neu-ü=crun:\(path)", "its name must be"),
            ("\(String(repeating: "a", count: 33))=crun:\(path)", "1 to 32"),
            ("new=crun:bin/crun", "root"), ("new=crun:", "root"), ("new=crun:/a=b", "equals sign"),
            ("new=crun:/a,b", "comma"), ("new=crun:/a\nb", "control"), ("new=crun:/a\u{fffd}b", "UTF-8"),
            ("new=crun:/\(String(repeating: "a", count: 4_095))", "too long"),
        ] {
            let error = #expect(throws: LabError.self) { try EngineBuild(word) }
            #expect(error?.kind == .usage && error?.remedy != nil)
            #expect(error?.cause?.english.contains(cause) == true, "\(word): \(error?.cause?.english ?? "")")
        }
    }

    @Test("Any word is an engine's name, a build that says the same word again, or an error of usage")
    func anyWord() throws {
        var fuzzer = Fuzzer(seed: 412)
        let dictionary = ["=", ":", "/", "-", ",", "crun", "000001", "\u{301}", "\u{fffd}", "\u{0}", " "]
        var builds = 0
        for _ in 0..<4_000 {
            let word = String(
                decoding: fuzzer.mutated(Array("new-1=crun:/usr/bin/crun".utf8), dictionary: dictionary),
                as: UTF8.self)
            switch Result(catching: { () throws(LabError) in try EngineBuild(word) }) {
            case .success(nil): #expect(!word.contains("="))
            case .success(let build?):
                builds += 1
                #expect(build.word == word && EngineBuild.isName(build.name.rawValue))
                #expect(build.path.hasPrefix("/") && !build.path.contains { ",=\n\0".contains($0) })
                #expect(try EngineBuild(build.word) == build)
            case .failure(let error): #expect(error.kind == .usage && error.cause != nil)
            }
        }
        #expect(builds > 100, "the fuzzer has lost what is a build")
    }

    @Test(
        "A file that is not there, a directory and one that nobody may execute are refused; another says what it is"
    )
    func filesAreLookedAt() throws {
        try withTemporaryDirectory { directory in
            func build(_ name: String) throws -> EngineBuild {
                try #require(try EngineBuild("new=crun:\(directory)/\(name)"))
            }
            try Files.makeDirectory("\(directory)/folder")
            try Files.write("#!/bin/sh\n", to: "\(directory)/text", mode: 0o644)
            for (name, cause) in [
                ("none", "is not there"), ("folder", "is a directory"), ("text", "is not executable"),
            ] {
                let error = #expect(throws: LabError.self) { try build(name).check() }
                #expect(error?.kind == .usage && error?.cause?.english.contains(cause) == true)
            }
            let program = "#!/bin/sh\necho \"crun version 9 of $0\"\n"
            try Files.write(program, to: "\(directory)/a crun", mode: 0o755)
            let known = try build("a crun").inspected()
            #expect(known.version?.english == "crun version 9 of \(directory)/a crun")
            #expect(known.digest == Digest.sha256(program.utf8))
            let failure = known.failure(LabError(.instance, "it said nothing"))
            #expect(failure.cause == "it said nothing")
            #expect(failure.remedy?.english.contains("crun version 9") == true)
        }
    }

    @Test("A build is in the series of its kind, with as many trials and rounds")
    func admittedLikeItsKind() throws {
        let text = LocalizedText(en: "Test", zh: "测试")
        var lab = LabDefinition(
            id: "test", title: text, question: text, dimension: "", engines: [.process, "new", "crun"],
            workload: "compute", method: .compute, rounds: .init(default: 9, perEngine: ["crun": 4]),
            metrics: [], samples: .init(default: 100, perEngine: ["crun": 15], warmup: 0),
            series: [
                Series(
                    id: "one", engines: ["crun"],
                    samples: .init(default: 7, perEngine: ["crun": 3], warmup: 0)),
                Series(id: "two", engines: [.process]), .plain,
            ],
            budgetSeconds: 150, timeoutSeconds: 30, memoryBytes: 256 << 20, cpus: 1, claims: [])
        lab.admit(try #require(try EngineBuild("new=crun:/bin/true")))
        #expect(lab.series.map { lab.engines(of: $0).contains("new") } == [true, false, true])
        #expect(lab.series.map { lab.samples(of: $0).count(for: "new") } == [3, 15, 15])
        #expect(lab.rounds?.count(for: "new") == 4)
        let before = lab
        lab.admit(try #require(try EngineBuild("crun=crun:/bin/true")))
        #expect(lab == before)
    }

    @Test("Builds that are compared get more trials, until half of the width is reached")
    func comparedBuilds() throws {
        var lab = ResultFixture.lab()
        lab.changeSamples { ($0.precision, $0.growth) = (0.05, 3) }
        lab.comparesBuilds()
        #expect(lab.quotas.allSatisfy { $0.precision == 0.025 && $0.growth == 12 } && !lab.quotas.isEmpty)
        // Who named a number gets that number.
        lab.changeSamples { ($0.precision, $0.growth) = (nil, 1) }
        lab.comparesBuilds()
        #expect(lab.quotas.allSatisfy { $0.precision == nil && $0.growth == 1 })
    }
}
