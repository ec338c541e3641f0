import Artifacts
import Foundation
import Glibc
import LabCore
import Testing

@testable import VMDriver

/// What a test that boots a guest needs, made once for the process: libvirt opens one embedded root in it.
struct Bench {
    let paths: LabPaths
    let root: RootFilesystem?
    /// Why no guest can boot here, nil when one can.
    let obstacle: String?

    static let shared: Bench = {
        // Kernels and libvirt's knowledge of QEMU take seconds to get, so that the cache outlives the test run.
        let base = "/tmp/lab-vm-tests-\(getuid())"
        let paths = LabPaths(cache: "\(base)/cache", state: "\(base)/state-\(getpid())")
        do {
            let guest = try RootFilesystem.locateGuest(environment: ProcessInfo.processInfo.environment)
            let root = try RootFilesystem.minimal(guest: guest, paths: paths)
            let probe = VMEngine(.qemu, configuration: VMConfiguration(fetchesKernel: true))
            if case .unavailable(let error) = try answer(of: probe, paths, root) {
                return Bench(paths: paths, root: root, obstacle: error.reason.english)
            }
            return Bench(paths: paths, root: root, obstacle: nil)
        } catch {
            return Bench(paths: paths, root: nil, obstacle: "\(error)")
        }
    }()

    /// Whether an engine works, asked outside any run.
    static func answer(of engine: VMEngine, _ paths: LabPaths, _ root: RootFilesystem) throws -> Availability
    {
        let runID = "p\(UInt32.random(in: 0 ... .max))"
        let journal = try RunJournal(runID: runID, paths: paths)
        defer {
            journal.finish()
            rmdir(paths.run(runID))
        }
        return engine.probe(
            RunContext(runID: runID, paths: paths, journal: journal, rootFilesystem: root))
    }

    func answer(of engine: VMEngine) throws -> Availability {
        try Self.answer(of: engine, paths, try #require(root))
    }

    /// Runs `body` with an engine that is ready to launch; checks afterwards that nothing of the run is left.
    func withEngine(
        _ configuration: VMConfiguration = VMConfiguration(), placement: Placement? = nil,
        command: CommandPayload? = nil, _ body: (PreparedVM) throws -> Void
    ) throws {
        let root = try #require(root)
        let runID = "t\(UInt32.random(in: 0 ... .max))"
        let journal = try RunJournal(runID: runID, paths: paths)
        defer {
            journal.finish()
            rmdir(paths.run(runID))
        }
        var context = RunContext(
            runID: runID, paths: paths, journal: journal, rootFilesystem: root, placement: placement,
            command: command)
        let network = try command?.network.map { _ in
            try Files.makeDirectory(paths.run(runID), mode: 0o700)
            return try HostNetwork(runID, journal: journal, directory: paths.run(runID))
        }
        context.network = network.map { .success($0) }
        try network?.open()
        defer { try? network?.remove() }
        let engine = try VMEngine(
            .qemu, id: configuration.usesLibvirt ? nil : .qemuDirect, configuration: configuration
        ).prepare(context)
        try body(engine)
        engine.shutDown()
        for index in 0..<4 { #expect(QEMUProcess.all(of: "lab-\(runID)-\(index)").isEmpty) }
        #expect(Files.list(paths.run(runID)).isEmpty)
        #expect(Files.list(paths.machines).filter { $0.contains(runID) }.isEmpty)
        let hypervisor = try Hypervisor.embedded(paths: paths)
        let known = hypervisor.connection.domain(named: "lab-\(runID)-0") != nil
        #expect(!known)
    }

    /// Hands `body` the description of a VM with another kernel, and what starts it.
    func withEngine(
        _ configuration: VMConfiguration, kernel: String, seconds: Int = 30,
        _ body: (DomainDescription, (DomainDescription) throws -> VMInstance) throws -> Void
    ) throws {
        let root = try #require(root)
        let runID = "t\(UInt32.random(in: 0 ... .max))"
        let journal = try RunJournal(runID: runID, paths: paths)
        defer {
            journal.finish()
            rmdir(paths.run(runID))
        }
        let setup = try VMSetup(type: .qemu, configuration, root, paths)
        let place = VMPlace(name: "lab-\(runID)-0", directory: "\(paths.machines)/lab-\(runID)-0")
        try setup.bring()
        let request = Self.request(.idle, seconds: seconds)
        var description = try setup.description(of: place, request)
        if case .kernel(_, let initramfs, let commandLine) = description.boot {
            description.boot = .kernel(kernel, initramfs: initramfs, commandLine: commandLine)
        }
        try body(description) { description in
            try VMInstance.start(
                description, by: setup.starter, at: place, requested: .now(),
                deadline: .now().advanced(by: .seconds(seconds)), journal: journal)
        }
        #expect(QEMUProcess.all(of: place.name).isEmpty)
        #expect(!Files.exists(place.directory))
        let known = try Hypervisor.embedded(paths: paths).connection.domain(named: place.name) != nil
        #expect(!known)
    }

    static func request(
        _ workload: Workload, index: Int = 0, seconds: Int = 40, variant: String? = nil
    ) -> LaunchRequest {
        LaunchRequest(
            index: index, workload: workload, memoryBytes: 256 << 20, cpus: 1,
            deadline: .now().advanced(by: .seconds(seconds)),
            condition: variant.map { [.variant: $0] } ?? [:])
    }
}

@Suite(
    "guests under TCG", .serialized,
    .enabled(if: Bench.shared.obstacle == nil, "no guest boots on this machine"))
struct BootTests {
    @Test(arguments: MachineProfile.allCases)
    func helloComesBackWithItsNonceAndEveryMark(profile: MachineProfile) throws {
        try Bench.shared.withEngine(VMConfiguration(profile: profile)) { engine in
            let request = Bench.request(.hello(nonce: "nonce-\(profile.rawValue) with a space"))
            let instance = try engine.launch(request)
            try instance.waitUntilReady(deadline: request.deadline)
            #expect(try instance.waitForExit(deadline: request.deadline) == 0)
            try instance.dispose()
            try instance.dispose()
            #expect(instance.transcript.outputs == ["nonce-\(profile.rawValue) with a space"])
            #expect(instance.transcript.metrics["uptime-ns"] != nil)
            let times = Mark.inOrder.compactMap { instance.timeline[$0] }
            #expect(times.count == Mark.inOrder.count, "\(instance.timeline)")
        }
    }

    @Test(
        "A guest whose exits are counted is there until it has been asked; another is gone by itself",
        arguments: [true, false])
    func countedGuestsStay(usesLibvirt: Bool) throws {
        try Bench.shared.withEngine(VMConfiguration(usesLibvirt: usesLibvirt)) { engine in
            var request = Bench.request(.hello(nonce: "counted"))
            request.condition.count = .exits
            let counted = try #require(try engine.launch(request) as? VMInstance)
            defer { try? counted.dispose() }
            #expect(try counted.waitForExit(deadline: request.deadline) == 0)
            let other = try engine.launch(Bench.request(.hello(nonce: "other"), index: 1))
            defer { try? other.dispose() }
            let end = #expect(throws: LabError.self) {
                try other.wait(forOutputs: 2, deadline: request.deadline)
            }
            #expect(end?.kind == .instance, "\(String(describing: end))")
            let wait = #expect(throws: LabError.self) { try counted.wait(forOutputs: 2, deadline: .now()) }
            #expect(wait?.kind == .timeout, "\(String(describing: wait))")
            #expect(try counted.exitCounts().isEmpty)
        }
    }

    @Test(
        "a variant that cannot be is refused before anything is made",
        arguments: [
            ("memory=balloon", "machine=q35"), ("machine=microvm,devices=default", "machine=q35"),
        ])
    func aVariantThatCannotBeIsRefusedFirst(words: String, helps: String) throws {
        try Bench.shared.withEngine { engine in
            let error = #expect(throws: LabError.self) {
                _ = try engine.launch(Bench.request(.idle, variant: words))
            }
            #expect(error?.kind == .usage && error?.description.contains(helps) == true)
            #expect(throws: LabError.self) { _ = try engine.explain(Bench.request(.idle, variant: words)) }
        }
    }

    @Test("a balloon is inflated by the host, and only where there is one")
    func aBalloonIsInflatedWhereThereIsOne() throws {
        try Bench.shared.withEngine { engine in
            for (words, hasBalloon) in [("machine=q35,memory=balloon", true), ("machine=q35", false)] {
                let request = Bench.request(.idle, variant: words)
                let instance = try #require(try engine.launch(request) as? VMInstance)
                defer { try? instance.dispose() }
                try instance.waitUntilReady(deadline: request.deadline)
                #expect(instance.isReclaimable == hasBalloon)
                if hasBalloon {
                    try instance.shrinkMemory(to: 128 << 20)
                } else {
                    let error = #expect(throws: LabError.self) { try instance.shrinkMemory(to: 128 << 20) }
                    #expect(error?.kind == .unavailable)
                }
            }
        }
    }

    @Test(
        "huge pages are refused with the remedy where the host has none",
        .enabled(if: HugePagePool.freePages == 0, "skipped: this host has free huge pages"))
    func missingHugePagesAreRefused() throws {
        try Bench.shared.withEngine { engine in
            let error = #expect(throws: LabError.self) {
                _ = try engine.launch(Bench.request(.idle, variant: "memory=hugepages"))
            }
            let helps = HugePages.isMounted ? "nr_hugepages" : "hugetlbfs"
            #expect(error?.kind == .unavailable && error?.remedy?.english.contains(helps) == true)
        }
        try Bench.shared.withEngine(VMConfiguration(usesLibvirt: false)) { engine in
            let error = #expect(throws: LabError.self) {
                _ = try engine.launch(Bench.request(.idle, variant: "memory=hugepages"))
            }
            #expect(error?.remedy?.english.contains("nr_hugepages") == true)
        }
    }

    /// From a pool that this test fills and then leaves as it found it. libvirt wants it mounted, QEMU does not.
    @Test(.enabled(if: HugePagePool.canGrow, "skipped: the host gives this test no pool of huge pages"))
    func aGuestLivesInHugePages() throws {
        let pool = try #require(HugePagePool(pages: 160))
        defer { pool.putBack() }
        for usesLibvirt in [true, false] {
            try Bench.shared.withEngine(VMConfiguration(usesLibvirt: usesLibvirt)) { engine in
                let request = Bench.request(.idle, variant: "memory=hugepages")
                guard HugePages.isMounted || !usesLibvirt else {
                    let error = #expect(throws: LabError.self) { _ = try engine.launch(request) }
                    #expect(
                        error?.kind == .unavailable && error?.remedy?.english.contains("hugetlbfs") == true)
                    return
                }
                let before = pool.free
                let instance = try #require(try engine.launch(request) as? VMInstance)
                defer { try? instance.dispose() }
                try instance.waitUntilReady(deadline: request.deadline)
                // All 256 MiB of the guest's, before it started.
                #expect(before - pool.free == 128)
                try instance.dispose()
                #expect(pool.free == before)
            }
        }
    }

    @Test func recordsThroughASecondSerialPort() throws {
        try Bench.shared.withEngine(VMConfiguration(profile: .q35, channel: .serial)) { engine in
            let request = Bench.request(Workload(name: "exit", arguments: ["7"]))
            let instance = try engine.launch(request)
            defer { try? instance.dispose() }
            #expect(try instance.waitForExit(deadline: request.deadline) == 7)
        }
    }

    @Test func garbageIsAViolationAndFloodEnds() throws {
        try Bench.shared.withEngine { engine in
            for workload in ["garbage", "flood"] {
                let request = Bench.request(Workload(name: workload))
                let instance = try engine.launch(request)
                defer { try? instance.dispose() }
                let error = #expect(throws: LabError.self) {
                    _ = try instance.waitForExit(deadline: request.deadline)
                }
                #expect(error?.kind == .instance)
                #expect(instance.transcript.violation != nil)
            }
        }
    }

    @Test("silence is a time-out, and the VM costs memory and time")
    func silenceIsATimeOutAndCosts() throws {
        try Bench.shared.withEngine { engine in
            let request = Bench.request(.idle)
            let instance = try engine.launch(request)
            defer { try? instance.dispose() }
            try instance.waitUntilReady(deadline: request.deadline)
            let error = #expect(throws: LabError.self) {
                _ = try instance.waitForExit(deadline: .now().advanced(by: .milliseconds(50)))
            }
            #expect(error?.kind == .timeout)
            let memory = try #require(instance as? any MemoryAccounting).memoryBytes()
            #expect(memory["host-pss"] ?? 0 > 16 << 20)
            let accounting = try #require(instance as? any CPUAccounting)
            let before = try accounting.hostCPUNanoseconds()
            #expect(before > 100_000_000)
            try instance.dispose()
            #expect(try accounting.hostCPUNanoseconds() >= before)
            #expect(throws: LabError.self) { try (instance as? any MemoryAccounting)?.memoryBytes() }
        }
    }

    @Test(arguments: [true, false])
    func idleOnesLiveSideBySideAndAreAllDisposed(usesLibvirt: Bool) throws {
        try Bench.shared.withEngine(VMConfiguration(usesLibvirt: usesLibvirt)) { engine in
            let requests = (0..<2).map { Bench.request(.idle, index: $0, seconds: 60) }
            let instances = try requests.map { try #require(try engine.launch($0) as? VMInstance) }
            for (request, instance) in zip(requests, instances) {
                try instance.waitUntilReady(deadline: request.deadline)
            }
            for instance in instances { #expect(try instance.memoryBytes()["host-pss"] ?? 0 > 16 << 20) }
            for instance in instances { try instance.dispose() }
            for instance in instances { #expect(try instance.hostCPUNanoseconds() > 100_000_000) }
        }
    }

    @Test func aKilledQEMUIsNoticedAtOnce() throws {
        try Bench.shared.withEngine { engine in
            let request = Bench.request(.idle)
            let instance = try engine.launch(request)
            defer { try? instance.dispose() }
            try instance.waitUntilReady(deadline: request.deadline)
            let name = try engine.explain(request).english.split(separator: "<name>")[1].prefix { $0 != "<" }
            for process in QEMUProcess.all(of: String(name)) { kill(process.pid, SIGKILL) }
            let start = MonotonicInstant.now()
            let error = #expect(throws: LabError.self) {
                _ = try instance.waitForExit(deadline: request.deadline)
            }
            #expect(error?.kind == .instance)
            #expect(MonotonicInstant.now().nanoseconds(since: start) < 5_000_000_000)
        }
    }

    @Test func severalAtOnce() throws {
        try Bench.shared.withEngine { engine in
            let requests = (0..<3).map { Bench.request(.hello(nonce: "n\($0)"), index: $0, seconds: 60) }
            let instances = try requests.map { try engine.launch($0) }
            for (request, instance) in zip(requests, instances) {
                #expect(try instance.waitForExit(deadline: request.deadline) == 0)
                #expect(instance.transcript.outputs == ["n\(request.index)"])
                try instance.dispose()
            }
        }
    }

    @Test func theRemoverEndsWhatARunLeft() throws {
        try Bench.shared.withEngine { engine in
            let request = Bench.request(.idle)
            let instance = try engine.launch(request)
            try instance.waitUntilReady(deadline: request.deadline)
            let name = String(
                try engine.explain(request).english.split(separator: "<name>")[1].prefix { $0 != "<" })
            let uri = try Hypervisor.embedded(paths: Bench.shared.paths).uri
            let run = try RunPlaces(String(name.split(separator: "-")[1]), Bench.shared.paths)
            try DomainRemover.remove("\(name) \(uri)", of: run)
            #expect(QEMUProcess.all(of: name).isEmpty)
            try DomainRemover.remove("\(name) \(uri)", of: run)
            try instance.dispose()
        }
    }

    /// KVM is either proved by a boot or refused with the reason; here a stock kernel never comes up under kvm_pvm.
    @Test func kvmIsProvedOrRefusedWithTheReason() throws {
        let bench = Bench.shared
        let engine = VMEngine(.kvm, configuration: VMConfiguration(kvmProbeLimit: .seconds(10)))
        let obstacle = KVMDevice.obstacle(daemon: false, user: .current(opening: KVMDevice.path))
        switch try bench.answer(of: engine) {
        case .available: #expect(obstacle == nil)
        case .unavailable(let error):
            let because = error.reason.english
            #expect(!because.isEmpty)
            if obstacle == nil, KVMDevice.modules.contains("kvm_pvm") {
                #expect(because.contains("kvm_pvm"), "\(because)")
            }
        }
        #expect(engine.record.emulated == (Emulator.current != nil))
        print("KVM:", try bench.answer(of: engine))
    }
}

/// Whether there is no obstacle; says which there is. Not in a trait's own comment: those are made of all tests whenever the
/// program of the tests is started, whichever are run, and to know this one takes a VM's boot.
func isFree(of obstacle: String?) -> Bool {
    if let obstacle { print(obstacle) }
    return obstacle == nil
}
