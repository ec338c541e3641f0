import Glibc
import LabCore
import Results
import Testing

/// `lab run LAB --image … --network bridge`, from end to end.
@Suite(
    "a command with a network, from end to end",
    .enabled(if: LabProgram.isBuilt, "skipped: the program lab is not built beside the tests"),
    .enabled(if: geteuid() == 0, "skipped: not root"),
    .enabled(if: Tool.find("ip") != nil, "skipped: there is no ip(8) of iproute2"))
struct NetworkRunTests {
    private static let server = ["--", "/lab-guest", "--channel=none", "serve"]
    private static let client =
        #"exec lab-guest --channel=none drive "$LAB_ADDRESS" "$LAB_PORT" wire-round-trip"#

    private func words(_ engines: String, port: Int, client: String, samples: Int = 2) -> [String] {
        [
            "run", "startup-latency", "--image", "guest:", "--engine", engines, "--series", "plain",
            "--samples", "\(samples)", "--warmup", "0", "--output", "out", "--network", "bridge",
            "--ready", "port=\(port)", "--client", client,
        ]
    }

    /// The interfaces of runs, by the runs' ids in their aliases.
    private func interfaces(of runs: [String]) -> [String] {
        Files.list("/sys/class/net").filter { name in
            runs.contains { "lab-\($0)" == Files.line("/sys/class/net/\(name)/ifalias") }
        }
    }

    @Test("A client of this host drives the server in each engine, and its output has the figures")
    func driven() throws {
        let lab = try LabProgram()
        let finished = try lab.run(
            words("process,container", port: 7_442, client: "sh -c '\(Self.client)'")
                + ["--value", "operations:more=^operations ([0-9]+)$"] + Self.server + ["7442"])
        #expect(finished.status == 0, "\(finished.errors)")
        let result = try ResultStore.load("\(lab.directory.path)/out/result.json")
        #expect(result.samples.count == 4)
        for sample in result.samples {
            #expect(sample.outcome == .completed, "\(sample.outcome)")
            #expect((sample.values["output-operations"] ?? 0) > 0)
            let name = "\(lab.directory.path)/out/output/00000\(sample.index)-\(sample.engine)-client.stdout"
            #expect(try Files.readText(name).hasPrefix("operations "))
        }
        #expect(result.header.command.contains("--network bridge"))
        #expect(lab.leftovers.isEmpty && interfaces(of: [result.header.runID]).isEmpty)
    }

    @Test("A client that fails, or that has nothing to connect to, is an error that says so")
    func clientFails() throws {
        let lab = try LabProgram()
        let finished = try lab.run(
            words("container", port: 7_443, client: "sh -c 'echo no such thing; exit 3'", samples: 1)
                + Self.server + ["7443"])
        #expect(finished.status == 1)
        let samples = try ResultStore.load("\(lab.directory.path)/out/result.json").samples
        guard case .failed(let error, _) = samples[0].outcome else {
            Issue.record("it did not fail")
            return
        }
        #expect(error.reason.english.contains("exit status 3; it said no such thing"), "\(error)")
        for (options, words) in [
            (["--network", "bridged"], "is no network of a command; did you mean \"bridge\"?"),
            (["--client", "true"], "has nothing to connect to"),
            (["--network", "bridge", "--client", "true"], "has nothing to connect to"),
            (["--network", "bridge", "--ready", "port=1", "--client", " "], "names no client"),
        ] {
            let refused = try lab.run(
                ["run", "startup-latency", "--image", "guest:"] + options + Self.server + ["7443"])
            #expect(refused.status == 64 && refused.errors.contains(words), "\(options) \(refused.errors)")
        }
        #expect(lab.leftovers.isEmpty)
    }

    @Test("lab clean removes the bridge and the links of a run that was killed")
    func killed() throws {
        let lab = try LabProgram()
        let running = try lab.start(
            words("container", port: 7_444, client: "sleep 9876", samples: 1) + Self.server + ["7444"])
        #expect(lab.hasBegun())
        let runs = Files.list(lab.paths.journals).map { String($0.prefix { $0 != "." }) }
        let isLinked = waitUntil(.seconds(60)) { interfaces(of: runs).count == 2 }
        #expect(isLinked, "a bridge, and a container's link to it")
        running.signal(SIGKILL)
        #expect(try running.wait().status == 137)
        #expect(!interfaces(of: runs).isEmpty, "the control: nothing else removes the bridge")
        let isOver = waitUntil(.seconds(20)) {
            Tool.find("setpriv") == nil
                || !HostProcess.all.contains { $0.commandLine?.prefix(2) == ["sleep", "9876"] }
        }
        #expect(isOver, "its client ends with it")
        let cleaned = try lab.run(["clean"])
        #expect(cleaned.status == 0 && cleaned.output.contains("gone: interface lab"), "\(cleaned)")
        #expect(interfaces(of: runs).isEmpty && lab.leftovers.isEmpty)
    }
}
