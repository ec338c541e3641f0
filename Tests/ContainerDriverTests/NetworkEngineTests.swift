import Glibc
import Testing

@testable import ContainerDriver
@testable import LabCore

@Suite(
    "a command with a network", .serialized,
    .enabled(if: obstacle == nil && isRoot, "skipped: not root, or no container can be started here"),
    .enabled(if: Tool.find("ip") != nil, "skipped: there is no ip(8) of iproute2"))
struct NetworkEngineTests {
    /// A prepared engine for lab-guest as a server, with its run's network.
    private func with(
        _ id: EngineID, _ body: (any PreparedEngine, RunContext, CommandPayload) throws -> Void
    ) throws {
        let home = "/tmp/lab-network-tests-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        let paths = LabPaths(cache: "\(home)/cache", state: "\(home)/state")
        defer { try? Files.removeTree(home) }
        let root = try RootFilesystem.minimal(
            guest: RootFilesystem.locateGuest(environment: [:]), paths: paths)
        let journal = try RunJournal(runID: "t\(UInt32.random(in: 0 ... .max))", paths: paths)
        defer { journal.finish() }
        let tree = FileTree(reference: "guest:", layers: [root.directory], digest: root.digest)
        let command = try CommandDefinition(
            image: "guest:", arguments: [RootFilesystem.guestPath, "--channel=none", "serve", "7441"],
            readiness: .port(7_441), network: .bridge
        ).payload(in: tree)
        var context = RunContext(
            runID: journal.runID, paths: paths, journal: journal, rootFilesystem: root, command: command)
        let directory = paths.run(journal.runID)
        try Files.makeDirectory(directory, mode: 0o700)
        let network: HostNetwork
        do throws(LabError) {
            network = try HostNetwork(journal.runID, journal: journal, directory: directory)
        } catch {
            guard error.kind == .permission else { throw error }
            try Test.cancel("skipped: \(error)")
        }
        context.network = .success(network)
        try network.open()
        defer { try? network.remove() }
        let engine = try #require(ContainerEngines.all.first { $0.id == id }).make(EngineSettings(), nil)
        if case .unavailable(let error) = engine.probe(context) { try Test.cancel("skipped: \(error)") }
        let prepared = try engine.prepare(context) as any PreparedEngine
        defer { prepared.shutDown() }
        try body(prepared, context, command)
        for index in 0..<2 { #expect(if_nametoindex(network.link(of: index)) == 0) }
    }

    private func request(
        _ command: CommandPayload, on engine: any PreparedEngine, _ context: RunContext, index: Int
    ) throws -> LaunchRequest {
        var request = LaunchRequest(
            index: index, payload: .command(command), memoryBytes: 64 << 20, cpus: 1,
            deadline: .now().advanced(by: .seconds(30)))
        request.output = try CommandOutput(
            command.readiness, address: context.address(of: request, on: engine))
        return request
    }

    @Test(
        "A server is ready when this host reaches it, serves a client here, and its link goes with it",
        arguments: [.container, "crun", "runc"] as [EngineID])
    func served(id: EngineID) throws {
        try with(id) { engine, context, command in
            // Two at once, each at its own address.
            let requests = try (0..<2).map { try request(command, on: engine, context, index: $0) }
            let instances = try requests.map { try engine.launch($0) }
            defer { for instance in instances { try? instance.dispose() } }
            for (request, instance) in zip(requests, instances) {
                try instance.waitUntilReady(deadline: request.deadline)
                let address = try #require(context.address(of: request, on: engine)).text
                for what in ["wire-round-trip", "loopback-stream"] {
                    let driven = try Tool.run(
                        context.rootFilesystem.hostGuestPath,
                        ["--channel=none", "drive", address, "7441", what], in: "/",
                        deadline: request.deadline)
                    #expect(
                        driven.status == 0 && driven.text.contains(/^operations [1-9][0-9]*\n$/), "\(driven)")
                }
                #expect(instance.timeline[.ready] != nil)
            }
            for instance in instances { try instance.dispose() }
            #expect(instances.allSatisfy { $0.timeline[.cleanedUp] != nil })
            let steps = engine.record.steps.count
            #expect(id != .container || instances[0].stepNanoseconds.count == steps)
        }
    }

    @Test("A peer that takes no namespace of ours says so", arguments: ["bwrap", "podman"] as [EngineID])
    func refused(id: EngineID) throws {
        let error = #expect(throws: LabError.self) { try with(id) { _, _, _ in } }
        #expect(error?.kind == .unavailable, "\(error?.description ?? "")")
    }

    @Test("A bare process has this host's network, is found in it, and says so")
    func process() throws {
        try with(.process) { engine, context, command in
            let request = try request(command, on: engine, context, index: 0)
            #expect(request.output?.attempt == nil && request.output?.port == 7_441)
            let instance = try engine.launch(request)
            defer { try? instance.dispose() }
            try instance.waitUntilReady(deadline: request.deadline)
            #expect(engine.record.footnotes.contains { $0.english.contains("127.0.0.1") })
        }
    }

    @Test("Without a network to be had an instance that was to have one is not started")
    func noNetwork() throws {
        try with(.container) { engine, context, command in
            var other = context
            other.network = .failure(LabError(.permission, "no network"))
            #expect(throws: LabError.self) { try ContainerEngine().prepare(other) }
            let request = try request(command, on: engine, context, index: 0)
            #expect(throws: LabError.self) { try other.network(of: request) }
            other.network = nil
            #expect(throws: LabError.self) { try other.network(of: request) }
        }
    }
}
