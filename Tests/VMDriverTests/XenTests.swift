import FoundationXML
import Glibc
import LabCore
import Testing

@testable import VMDriver

/// The engine `xen`: what it asks of libvirt everywhere, and a guest of it where this system is Xen's dom0 (`./lab rig
/// --xen`).
@Suite struct XenTests {
    private func engine(connection: String? = nil) -> VMEngine {
        VMEngine(.xen, configuration: VMConfiguration(connection: connection))
    }

    private func xml(commandLine: String) -> String {
        DomainDescription(
            name: "lab-xen-0", type: .xen, machine: .standard, memoryBytes: 256 << 20, cpus: 2,
            boot: .kernel("/k<", initramfs: "/i", commandLine: commandLine), consolePipe: "/c",
            recordPipe: "/r",
            channel: .xenConsole
        ).xml
    }

    @Test func theXMLIsThatOfAParavirtualGuest() throws {
        let document = try XMLDocument(xmlString: xml(commandLine: "a<b & 'c'"))
        func value(_ path: String) throws -> String? { try document.nodes(forXPath: path).first?.stringValue }
        #expect(try value("/domain/@type") == "xen")
        #expect(try value("/domain/os/type") == "linux")
        #expect(try value("/domain/os/type/@machine") == "xenpv")
        #expect(try value("/domain/os/kernel") == "/k<")
        #expect(try value("/domain/os/cmdline") == "a<b & 'c'")
        #expect(try value("/domain/vcpu") == "2")
        // All that it has: no port, no board.
        #expect(try document.nodes(forXPath: "/domain/devices/*").count == 1)
        #expect(try value("/domain/devices/console[@type='pty']/target/@type") == "xen")
    }

    /// The test driver knows no type `xen`; what libvirt makes of the word `linux` for that type is `xen`.
    @Test func libvirtsSchemaAndParserTakeTheXML() throws {
        let connection = try Connection("test:///default")
        let text = xml(commandLine: "quiet").replacingOccurrences(
            of: "type='xen'>\n  <name>", with: "type='test'>\n  <name>"
        )
        .replacingOccurrences(of: ">linux<", with: ">xen<")
        let domain = try connection.define(text, name: "lab-xen-0")
        let back = domain.xml ?? ""
        let document = try XMLDocument(xmlString: back)
        #expect(try document.nodes(forXPath: "/domain/os/kernel").first?.stringValue == "/k<")
        #expect(try document.nodes(forXPath: "/domain/devices/console/target[@type='xen']").count == 1)
        domain.undefine()
    }

    @Test func theGuestsConsoleIsXens() throws {
        let text = try KernelCommandLine.text(
            for: .hello(nonce: "n"), channel: .xenConsole, timeStampKilohertz: nil)
        #expect(text.contains("console=hvc0") && !text.contains("ttyS0"))
        #expect(text.hasSuffix("-- --machine --channel=\(RecordChannel.xenConsole.guestArgument) hello n"))
    }

    @Test(.enabled(if: !XenHost.isControlDomain, "skipped: this is Xen's dom0"))
    func withoutAXenItSaysHowToNameOne() throws {
        guard case .unavailable(let error) = try Bench.shared.answer(of: engine()) else {
            Issue.record("available without a Xen")
            return
        }
        #expect(error.reason.english.contains("no connection to a Xen host"))
        #expect(error.remedy?.english.contains("--connect xen:///system") == true)
    }

    /// A connection to another hypervisor is asked, and its own words are handed on.
    @Test(
        "a connection without Xen is refused with the remedy",
        arguments: ["test:///default", "xen+nonsense:///system"])
    func aConnectionWithoutXenIsRefused(uri: String) throws {
        guard
            case .unavailable(let error) = try Bench.shared.answer(of: engine(connection: uri))
        else {
            Issue.record("\(uri) ran a guest of Xen's")
            return
        }
        #expect(!error.reason.isEmpty)
        #expect(error.remedy?.english.contains("--connect xen:///system") == true, "\(error)")
    }

    @Test("A command of an image is refused for what such a guest lacks, before any Xen is looked for")
    func commandsAreRefused() throws {
        let bench = Bench.shared
        let journal = try RunJournal(runID: "t\(UInt32.random(in: 0 ... .max))", paths: bench.paths)
        defer { journal.finish() }
        let command = CommandPayload(
            tree: FileTree(reference: "rootfs:/x", layers: ["/x"], digest: "d"), arguments: ["a"],
            program: "/bin/a", environment: [], directory: "/", readiness: .exit)
        let context = RunContext(
            runID: journal.runID, paths: bench.paths, journal: journal,
            rootFilesystem: try #require(bench.root), command: command)
        let engine = engine()
        let obstacle: LabError? =
            if case .unavailable(let error) = engine.probe(context) { error } else { nil }
        let error = try #require(obstacle, "it would start one")
        #expect(error.message.english == "xen can't start a command of an image" && error.remedy != nil)
        #expect(error.cause?.english.contains("neither: both are virtio's") == true)
        // lab-guest is another matter, which is not answered by it.
        #expect(engine.probe(context.withoutCommand) != .unavailable(error))
        #expect(throws: error) { _ = try engine.prepare(context) }
    }

    @Test func hardwareIsNoPartOfAParavirtualGuest() throws {
        for word in ["memory=balloon", "machine=q35", "kernel=bzimage,clock=instructions", "console=none"] {
            #expect(try VMVariant(word).wordOfHardware != nil, "\(word)")
        }
        #expect(try VMVariant("kernel=bzimage,command-line=plain").wordOfHardware == nil)
    }

    @Test(.enabled(if: XenHost.isControlDomain, "skipped: this is no Xen host's dom0"))
    func aXenGuestAnswersAndIsGone() throws {
        let bench = Bench.shared
        // Nobody names a connection, and the driver inside this process is open.
        let runID = "t\(UInt32.random(in: 0 ... .max))"
        let journal = try RunJournal(runID: runID, paths: bench.paths)
        defer {
            journal.finish()
            rmdir(bench.paths.run(runID))
        }
        let engine = try engine().prepare(
            RunContext(
                runID: runID, paths: bench.paths, journal: journal, rootFilesystem: try #require(bench.root)))
        let deadline = MonotonicInstant.now().advanced(by: .seconds(60 * Emulator.patience))
        let instance = try engine.launch(
            LaunchRequest(
                index: 0, workload: .hello(nonce: "a nonce"), memoryBytes: 256 << 20, cpus: 1,
                deadline: deadline))
        #expect(try instance.waitForExit(deadline: deadline) == 0)
        #expect(instance.transcript.outputs == ["a nonce"])
        try instance.dispose()
        let hypervisor = try Hypervisor.connect(DomainType.xen.connection, paths: bench.paths)
        let isKnown = hypervisor.connection.domain(named: "lab-\(runID)-0") != nil
        #expect(!isKnown)
        #expect(engine.record.emulated == (Emulator.current != nil) && !engine.record.emulates)
    }
}
