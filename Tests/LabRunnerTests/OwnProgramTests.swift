import Glibc
import LabCore
import Results
import Testing

private let busybox = ["/bin/busybox", "/usr/bin/busybox"].first(where: Files.exists)

/// `lab run LAB --image … -- COMMAND`, from end to end.
@Suite(
    .enabled(if: LabProgram.isBuilt, "skipped: the program lab is not built beside the tests"),
    .enabled(if: geteuid() == 0, "skipped: not root"),
    .enabled(if: busybox != nil, "skipped: there is no busybox"))
struct OwnProgramTests {
    /// A home, and in its current directory a tree `tree` with busybox in it.
    private func program() throws -> LabProgram {
        let lab = try LabProgram()
        let tree = "\(lab.directory.path)/tree"
        try Files.makeDirectory("\(tree)/bin")
        let bytes = try Files.read(busybox ?? "", limit: 64 << 20)
        try Files.write(bytes, to: "\(tree)/bin/busybox", mode: 0o755)
        Files.waitUntilUnwritten("\(tree)/bin/busybox")
        for name in ["sh", "true", "false", "sleep", "cat", "pwd"] {
            try checked { symlink("busybox", "\(tree)/bin/\(name)") }
        }
        return lab
    }

    private func run(
        _ lab: LabProgram, _ options: [String], _ command: [String], engines: String = "process,container"
    ) throws -> LabProgram.Finished {
        try lab.run(
            ["run", "startup-latency", "--image", "rootfs:tree", "--engine", engines, "--series", "plain"]
                + ["--samples", "3", "--warmup", "0", "--seed", "7", "--output", "out"] + options + ["--"]
                + command)
    }

    private func result(_ lab: LabProgram) throws -> RunResult {
        try ResultStore.load("\(lab.directory.path)/out/result.json")
    }

    @Test(
        "The command's end is timed in each engine; its output is beside the samples; the report says what ran"
    )
    func aCommandIsMeasured() throws {
        let lab = try program()
        let finished = try run(
            lab, ["--value", "rate:more=rate ([0-9]+)", "--env", "N=42"],
            ["sh", "-c", "echo rate $N; echo x >&2"])
        #expect(finished.status == 0, "\(finished.errors)")
        let result = try result(lab)
        #expect(result.samples.count == 6)
        for sample in result.samples {
            #expect(sample.outcome == .completed)
            #expect(sample.values["output-rate"] == 42 && sample.values["exit-status"] == 0)
            #expect(sample.timeline[.ready] == sample.timeline[.exited])
            let name = "\(lab.directory.path)/out/output/00000\(sample.index)-\(sample.engine)"
            #expect(try Files.readText("\(name).stdout") == "rate 42\n")
            #expect(try Files.readText("\(name).stderr") == "x\n")
        }
        #expect(result.header.digests["root-filesystem"]?.utf8.count == 64)
        #expect(result.header.lab.claims.isEmpty && result.header.lab.row == nil)
        #expect(result.header.command.hasSuffix(" -- sh -c 'echo rate $N; echo x >&2'"))
        let report = try Files.readText("\(lab.directory.path)/out/report.md")
        #expect(finished.output.contains("rate (more is better)"), "it was asked for: \(finished.output)")
        for words in ["rate (more is better)", "rootfs:tree", "N=42", "chroot into the tree"] {
            #expect(report.contains(words), "\(words)")
        }
        let chinese = try lab.run(["report", "out", "--lang", "zh"])
        #expect(chinese.status == 0 && chinese.output.contains("rate（越大越好）") && chinese.output.contains("镜像"))
        #expect(lab.leftovers.isEmpty)
    }

    @Test("What a server prints after it is ready is waited for, a second long")
    func figuresComeLate() throws {
        let script = "trap 'exit 0' TERM; echo up >&2; sleep 0.2; $0 rate 7; while true; do sleep 0.02; done"
        for (word, status) in [("echo", 0), ("true", 1)] as [(String, Int32)] {
            let lab = try program()
            let finished = try run(
                lab, ["--ready", "line=up", "--value", "rate=rate ([0-9]+)", "--samples", "1"],
                ["sh", "-c", script, word])
            #expect(finished.status == status, "\(finished.errors)")
            for sample in try result(lab).samples {
                #expect(sample.outcome.isCompleted == (status == 0), "\(sample.outcome)")
                #expect(sample.values["output-rate"] == (status == 0 ? 7 : nil))
            }
            #expect(lab.leftovers.isEmpty)
        }
    }

    @Test("A server is ready by its line, then asked to end")
    func aServerIsMeasured() throws {
        let lab = try program()
        let finished = try run(
            lab, ["--ready", "line=Ready to accept"],
            ["sh", "-c", "trap 'exit 0' TERM; echo Ready to accept; while true; do sleep 0.02; done"])
        #expect(finished.status == 0, "\(finished.errors)")
        for sample in try result(lab).samples {
            #expect(sample.outcome == .completed && sample.values["exit-status"] == 0)
            #expect((sample.timeline[.ready] ?? .max) < (sample.timeline[.exited] ?? 0))
        }
        #expect(lab.leftovers.isEmpty)
    }

    @Test(
        "A VM starts the command from the same tree, as a bare process does; its files are gone afterwards",
        .enabled(if: Tool.find("qemu-system-x86_64") != nil, "skipped: there is no QEMU"))
    func aMachineStartsIt() throws {
        let lab = try program()
        let finished = try run(
            lab, ["--value", "rate=rate ([0-9]+)", "--fetch", "--samples", "1"],
            ["sh", "-c", "echo rate 7; cat /proc/self/stat >&2"],
            engines: "process,qemu-direct")
        #expect(finished.status == 0, "\(finished.errors)")
        let result = try result(lab)
        #expect(result.samples.count == 2)
        for sample in result.samples {
            #expect(sample.outcome == .completed && sample.values["output-rate"] == 7, "\(sample.outcome)")
            #expect((sample.values["cpu-ns"] ?? 0) > 1_000)
            let name = "\(lab.directory.path)/out/output/00000\(sample.index)-\(sample.engine)"
            #expect(try Files.readText("\(name).stdout") == "rate 7\n")
            #expect(try Files.readText("\(name).stderr").contains("(cat)"))
        }
        let record = try #require(result.header.engines.first { $0.id == .qemuDirect })
        #expect(record.digests["disk"]?.utf8.count == 64 && record.prepared?.isEmpty == false)
        #expect(lab.leftovers.isEmpty)
        #expect(Files.list("/var/lib/lab").filter { $0.hasPrefix("lab-\(result.header.runID)") }.isEmpty)
    }

    @Test("Whatever is wrong with the words is one error with its remedy before anything is started")
    func badWords() throws {
        let lab = try program()
        try Files.makeDirectory("\(lab.directory.path)/empty")
        let cases: [([String], Int32, String)] = [
            (["--image", "rootfs:tree", "--", "nothing"], 66, "there is no command \"nothing\""),
            (["--image", "rootfs:tree"], 64, "there is no command to start"),
            (["--", "true"], 64, "no --image says where its files are"),
            (["--image", "rootfs:empty", "--", "true"], 66, "it is empty"),
            (["--image", "rootfs:none", "--", "true"], 66, "cannot look into"),
            (["--image", "docker:x", "--", "true"], 66, "there is no image \"docker:x\""),
            (["--image", "rootfs:tree", "--user", "redis", "--", "true"], 64, "there is no user \"redis\""),
            (
                ["--image", "rootfs:tree", "--workdir", "/x", "--", "true"], 66,
                "there is no directory \"/x\""
            ),
            (["--image", "rootfs:tree", "--ready", "soon", "--", "true"], 64, "does not say how a command"),
            (["--image", "rootfs:tree", "--value", "a=b", "--", "true"], 64, "has 0 groups"),
        ]
        for (words, status, cause) in cases {
            let finished = try lab.run(["run", "startup-latency", "--engine", "process"] + words)
            #expect(finished.status == status, "\(words): \(finished.errors)")
            #expect(
                finished.errors.contains(cause) && finished.errors.contains("remedy: "), "\(finished.errors)")
        }
        let other = try lab.run(["run", "isolation", "--image", "rootfs:tree", "--", "true"])
        #expect(
            other.status == 64 && other.errors.contains("isolation does not run this command of an image"))
        #expect(!Files.exists("\(lab.directory.path)/results") && lab.leftovers.isEmpty)
    }

    @Test("What goes wrong in a trial is a failed sample that says why, and no sample is lost")
    func badCommands() throws {
        for (options, script, cause) in [
            ([], "echo broken >&2; exit 3", "exit status 3; it said broken"),
            ([], "cat /dev/zero", "wrote more than 16 MiB"),
            ([], "sleep 30 >/dev/null 2>&1 &", "left processes behind"),
            (
                ["--ready", "line=x"], "sleep 1000 & sleep 0.1",
                "before it was ready: exit status 0; it left "
            ),
            (["--ready", "line=x", "--timeout", "300ms"], "exec sleep 1000", "not ready in time"),
            (["--value", "n=no ([0-9]+)"], "echo yes", "holds no n"),
        ] as [([String], String, String)] {
            let lab = try program()
            let finished = try run(lab, options, ["sh", "-c", script], engines: "process")
            #expect(finished.status == 1, "\(script): \(finished.errors)")
            let samples = try result(lab).samples
            #expect(samples.count == 3)
            for sample in samples {
                guard case .failed(let error, _) = sample.outcome else {
                    Issue.record("\(script) has not failed")
                    continue
                }
                #expect(error.reason.english.contains(cause) && error.remedy != nil, "\(error)")
                let output = sample.output(in: "\(lab.directory.path)/out")
                #expect(finished.errors.contains("what it said is in out/output/") == (output != nil))
            }
            #expect(lab.leftovers.isEmpty)
        }
    }

    @Test(
        "A bare process that fails beside others is told what it shares with them, alone and in a container it is not"
    )
    func sharedPorts() throws {
        let lab = try program()
        let finished = try lab.run(
            [
                "run", "startup-latency", "--image", "rootfs:tree", "--engine", "process,container",
                "--series", "plain,together", "--samples", "1", "--warmup", "0", "--output", "out",
                "--ready", "line=x", "--", "sh", "-c", "echo bind: in use >&2; exit 1",
            ])
        #expect(finished.status == 1)
        for sample in try result(lab).samples {
            guard case .failed(let error, _) = sample.outcome else {
                Issue.record("it did not fail")
                continue
            }
            let isTold = error.remedy?.english.contains("share this host's ports") == true
            #expect(
                isTold == (sample.engine == .process && sample.parameters.concurrency != nil), "\(sample)")
            #expect(error.reason.english.contains("it said bind: in use"))
        }
        #expect(lab.leftovers.isEmpty)
    }

    @Test("An engine that was started and yielded nothing is a failure, whatever the reason")
    func nothingIsAFailure() throws {
        let lab = try program()
        // Listening without a name takes a free port.
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        try checked { listen(listener, 1) }
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        try checked {
            withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener, $0, &length) }
            }
        }
        let finished = try run(
            lab, ["--ready", "port=\(UInt16(bigEndian: address.sin_port))"], ["sleep", "9"],
            engines: "process")
        #expect(finished.status == 1 && finished.errors.contains("listens on it already"), "\(finished)")
    }

    @Test("A command that its container's limit ended is told so, with the limit")
    func memoryIsNamed() throws {
        let lab = try program()
        let finished = try run(
            lab, ["--memory", "32MiB"], ["busybox", "tail", "/dev/zero"], engines: "container")
        #expect(
            finished.status == 1 && finished.errors.contains("it wanted more than its 32 MiB"), "\(finished)")
        #expect(lab.leftovers.isEmpty)
    }

    @Test("Who names a file, a directory or a lab of this directory without its prefix is told the prefix")
    func prefixesAreTold() throws {
        let lab = try program()
        try Files.write("x", to: "\(lab.directory.path)/a.tar")
        #expect(try lab.run(["new", "mine"]).status == 0)
        for (words, remedy) in [
            (["startup-latency", "--image", "tree"], "rootfs:tree"),
            (["startup-latency", "--image", "a.tar"], "docker-archive:a.tar"),
            (["mine"], "./mine"),
        ] {
            let finished = try lab.run(["run"] + words)
            #expect(finished.status != 0 && finished.errors.contains(remedy), "\(finished.errors)")
        }
    }

    @Test("The other labs that can measure a command do: its memory while it lives, and its work")
    func otherLabs() throws {
        let lab = try program()
        let memory = try lab.run(
            [
                "run", "memory-footprint", "--image", "rootfs:tree", "--ready", "first-output", "--engine",
                "process,container", "--series", "light", "--samples", "1", "--budget", "1s", "--output",
                "memory",
                "--", "sh", "-c", "echo up; exec sleep 1000",
            ])
        #expect(memory.status == 0, "\(memory.errors)")
        let kept = try ResultStore.load("\(lab.directory.path)/memory/result.json")
        #expect(kept.samples.contains { $0.parameters.instances == 8 })
        for sample in kept.samples {
            #expect(sample.outcome == .completed && (sample.values["host-pss-bytes"] ?? 0) > 0)
        }
        let work = try lab.run(
            [
                "run", "cpu-overhead", "--image", "rootfs:tree", "--engine", "process,container", "--samples",
                "2",
            ]
                + ["--output", "work", "--", "sh", "-c", "i=0; while [ $i -lt 2000 ]; do i=$((i+1)); done"])
        #expect(work.status == 0, "\(work.errors)")
        for sample in try ResultStore.load("\(lab.directory.path)/work/result.json").samples {
            #expect(sample.outcome == .completed && (sample.values["cpu-ns"] ?? 0) > 1_000)
        }
        let density = try lab.run(
            [
                "run", "density", "--image", "rootfs:tree", "--ready", "first-output", "--engine",
                "process,container", "--series", "light", "--samples", "1", "--output", "density", "--", "sh",
                "-c", "echo up; exec sleep 1000",
            ])
        #expect(density.status == 0, "\(density.errors)")
        let filled = try ResultStore.load("\(lab.directory.path)/density/result.json").samples
        #expect(filled.count == 2)
        for sample in filled {
            #expect(sample.outcome == .completed && sample.values["alive-count"] == 128, "\(sample)")
        }
        #expect(lab.leftovers.isEmpty)
    }

    @Test("A command's work is timed from when it is ready, in each engine with the word of its cell")
    func workIsMeasured() throws {
        let lab = try program()
        try Files.makeDirectory("\(lab.directory.path)/mine")
        let hasQEMU = Tool.find("qemu-system-x86_64") != nil
        // It burns before it is ready as much as after it, in a child that has ended by then.
        let burn = "sh -c 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done'"
        let script = """
            \(burn); echo go; \(burn); case $0 in fail) exit 3;; none) n=0;; *) n=50;; esac; echo n=$n $0
            """
        try Files.write(
            """
            id: mine
            engines: [process, container\(hasQEMU ? ", qemu-direct" : "")]
            command:
              image: rootfs:../tree
              run: [sh, -c, "\(script)"]
              ready: line=go
              values: [{name: operations, at: "n=([0-9]+)"}]
            method: compute
            samples: {default: 1, warmup: 0}
            series: [{id: s, parameters: {argument: [one, two, fail, none]}}]
            """, to: "\(lab.directory.path)/mine/lab.yaml")
        let finished = try lab.run(["run", "./mine", "--output", "out", "--fetch"])
        #expect(finished.status == 0, "\(finished.errors)")
        let result = try result(lab)
        #expect(result.samples.count == (hasQEMU ? 12 : 8))
        for sample in result.samples {
            let word = sample.parameters.argument ?? ""
            let place = "\(sample.engine) \(word)"
            guard word != "fail", word != "none" else {
                #expect(!sample.outcome.isCompleted, "\(place)")
                continue
            }
            #expect(sample.outcome == .completed, "\(place): \(sample.outcome)")
            let span = try #require(sample.timeline.span(from: .ready, to: .exited))
            #expect(sample.values["round-ns"] == Double(span) / 50, "\(place)")
            let cpu = try #require(sample.values["cpu-round-ns"]) * 50
            #expect(cpu > 0)
            if sample.engine != .qemuDirect {
                // All of its life is twice that.
                #expect(cpu < Double(span) * 1.5, "\(place)")
            }
            let name = "\(lab.directory.path)/out/output/"
            let file = Files.list(name).first {
                Int($0.prefix(6)) == sample.index && $0.hasSuffix(".stdout")
            }
            #expect(try Files.readText(name + #require(file)).hasSuffix("n=50 \(word)\n"), "\(place)")
        }
        let report = try Files.readText("\(lab.directory.path)/out/report.md")
        #expect(report.contains("`two`") && report.contains("time per operation"))
        #expect(lab.leftovers.isEmpty)
    }

    @Test("A lab whose image nobody has built says the one command that builds it")
    func theImageIsMadeFirst() throws {
        let finished = try LabProgram().run(["run", "applications", "--engine", "process"])
        #expect(finished.status == 66 && finished.errors.contains("there is no image \"applications\""))
        #expect(finished.errors.contains("/labs/applications makes it, once"), "\(finished.errors)")
    }

    @Test(
        "An image is run by its name, its digest or from a file, as its configuration says, and stays one tree",
        .enabled(if: Tool.find("skopeo") != nil, "skopeo is not installed"))
    func imagesAreRun() throws {
        let lab = try program()
        try Files.write(
            """
            files: [{from: tree, to: /}]
            environment: [WORD=said]
            entrypoint: [/bin/sh, -c]
            command: ["echo $WORD; pwd"]
            user: "7"
            directory: /bin

            """, to: "\(lab.directory.path)/tool.yaml")
        let built = try lab.run(["image", "build", "tool.yaml", "--json"])
        #expect(built.status == 0, "\(built.errors)")
        struct Told: Decodable {
            let digest: String?
            let tree: String?
        }
        let digest = try #require(try built.json(Told.self).digest)
        let tree = try lab.run(["image", "inspect", "tool", "--tree", "--json"]).json(Told.self).tree
        for format in ["docker-archive", "oci-archive"] {
            let pushed = try lab.run(["image", "push", "tool", "\(format):\(format).tar"])
            #expect(pushed.status == 0, "\(pushed.errors)")
        }
        let cases: [([String], String)] = [
            ([], "said\n/bin\n"),
            (["--user", "0", "--workdir", "/", "--env", "WORD=new"], "new\n/\n"),
            (["--entrypoint", "", "--", "/bin/sh", "-c", "echo other"], "other\n"),
            // The image's command is no argument of another entrypoint.
            (["--entrypoint", "/bin/sh", "--", "-c", "echo $0"], "/bin/sh\n"),
            (["--entrypoint", "/bin/pwd"], "/bin\n"),
        ]
        for word in ["tool", digest, "docker-archive:docker-archive.tar", "oci-archive:oci-archive.tar"] {
            // Who says something else is served alike wherever the files are from.
            for (words, output) in cases.prefix(word == "tool" ? cases.count : 1) {
                try? Files.removeTree("\(lab.directory.path)/out")
                let finished = try lab.run(
                    ["run", "startup-latency", "--image", word, "--engine", "process,container"]
                        + ["--series", "plain", "--samples", "1", "--warmup", "0", "--output", "out"] + words)
                #expect(finished.status == 0, "\(word): \(finished.errors)")
                let result = try result(lab)
                #expect(result.header.digests["root-filesystem"] == tree)
                #expect(result.samples.count == 2)
                for sample in result.samples {
                    let name = "\(lab.directory.path)/out/output/00000\(sample.index)-\(sample.engine).stdout"
                    #expect(try Files.readText(name) == output)
                }
            }
        }
        #expect(lab.leftovers.isEmpty)
        let named = try lab.run(["image", "ls"])
        #expect(named.output.contains("imported/docker-archive") && named.output.contains("tool"))
    }

    @Test("explain shows what would run, and starts nothing")
    func explainShowsIt() throws {
        let lab = try program()
        for (engine, words) in [
            ("process", "execve(\"/bin/true\""), ("container", "execve(\"/bin/true\", [\"true\"]"),
            ("bwrap", "-- /bin/true"),
        ] {
            let finished = try lab.run(
                ["explain", "startup-latency", "--engine", engine, "--image", "rootfs:tree", "--", "true"])
            #expect(finished.status == 0 && finished.output.contains(words), "\(finished)")
        }
    }
}
