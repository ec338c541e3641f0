import Artifacts
import FoundationXML
import Glibc
import LabCore
import Testing

@testable import VMDriver

extension BootTests {
    @Suite(
        "a command with a network, in a VM", .serialized,
        .enabled(if: geteuid() == 0, "skipped: not root"),
        .enabled(
            if: Tool.find("ip") != nil && access("/dev/net/tun", F_OK) == 0,
            "skipped: there is no ip(8) of iproute2, or no /dev/net/tun"))
    struct NetworkBootTests {
        @Test(
            "A server in a VM is ready when this host reaches it, serves a client here, and its tap goes with it",
            arguments: [MachineProfile.microvm, .q35])
        func served(profile: MachineProfile) throws {
            try serve(VMConfiguration(profile: profile))
        }

        @Test("The same without libvirt, whatever the mode of /dev/net/tun")
        func servedDirectly() throws { try serve(VMConfiguration(usesLibvirt: false)) }

        private func command() throws -> CommandPayload {
            let root = try #require(Bench.shared.root)
            return try CommandDefinition(
                image: "guest:", arguments: [RootFilesystem.guestPath, "--channel=none", "serve", "7441"],
                readiness: .port(7_441), network: .bridge
            ).payload(in: FileTree.rootfs(root.directory))
        }

        private func serve(_ configuration: VMConfiguration) throws {
            let command = try command()
            try Bench.shared.withEngine(starting: command, configuration) { engine in
                var request = Bench.request(command, try CommandOutput(.exit))
                let place = try #require(engine.context.address(of: request, on: engine))
                request.output = try CommandOutput(command.readiness, address: place)
                let text = try engine.explain(request).english
                #expect(text.contains(place.hardware) && text.contains("--address=\(place.withLength)"))
                let link = try #require(try engine.context.network(of: request)).link(of: request.index)
                let instance = try engine.launch(request)
                defer { try? instance.dispose() }
                try instance.waitUntilReady(deadline: request.deadline)
                #expect(if_nametoindex(link) != 0)
                let guest = engine.context.rootFilesystem.hostGuestPath
                for what in ["wire-round-trip", "wire-stream", "loopback-round-trip"] {
                    let driven = try Tool.run(
                        guest, ["--channel=none", "drive", place.text, "7441", what], in: "/",
                        deadline: request.deadline)
                    #expect(
                        driven.status == 0 && driven.text.contains(/^operations [1-9][0-9]*\n$/), "\(driven)")
                }
                try instance.dispose()
                #expect(if_nametoindex(link) == 0)
            }
        }
    }
}

/// The interface in what libvirt and QEMU are told.
struct NetworkDescriptionTests {
    @Test("An interface has one address for both starters, and no thread of the kernel's carries its packets")
    func interface() throws {
        var description = DomainDescription(
            name: "lab-a-0", type: .qemu, machine: .q35, memoryBytes: 256 << 20, cpus: 1,
            boot: .kernel("/k", initramfs: "/i", commandLine: "quiet"), consolePipe: "/c", recordPipe: "/r",
            channel: .debugPort)
        #expect(!description.xml.contains("interface") && !description.qemuArguments.contains("-netdev"))
        description.interface = .init(
            tap: "labx<n000", hardware: "02:1a:0a:d5:00:02", address: "10.213.0.2/20")
        let device = "/domain/devices/interface[@type='ethernet']"
        var xml = try XMLDocument(xmlString: description.xml)
        for path in [
            "/target[@dev='labx<n000'][@managed='no']", "/mac[@address='02:1a:0a:d5:00:02']",
            "/driver[@name='qemu']", "/rom[@enabled='no']", "/address[@type='pci'][@slot='9']",
        ] { #expect(try xml.nodes(forXPath: device + path).count == 1, "\(path)") }
        let arguments = description.qemuArguments
        #expect(arguments.contains("tap,id=hostnet0,fd=3"))
        #expect(
            arguments.contains(
                "virtio-net-pci,netdev=hostnet0,id=net0,mac=02:1a:0a:d5:00:02,romfile=,bus=pcie.0,addr=0x9"))
        description.machine = .microvm
        xml = try XMLDocument(xmlString: description.xml)
        #expect(try xml.nodes(forXPath: "\(device)[not(rom)]/address[@type='virtio-mmio']").count == 1)
        #expect(
            description.qemuArguments.contains(
                "virtio-net-device,netdev=hostnet0,id=net0,mac=02:1a:0a:d5:00:02"))
    }

    @Test("A guest is told its address on the kernel's command line, and no port that this host looks for")
    func guestIsTold() throws {
        let text = try KernelCommandLine.text(
            for: Workload(name: "command"), channel: .debugPort, timeStampKilohertz: nil,
            modules: ["virtio_net"], address: "10.213.0.2/20")
        #expect(text.hasSuffix("--modules=virtio_net --address=10.213.0.2/20 command"), "\(text)")
        var command = CommandPayload(
            tree: FileTree(reference: "x", layers: ["/x"], digest: "d"), arguments: ["a"], program: "/a",
            environment: [], readiness: .port(80))
        let inside = GuestCommand.bytes(of: command, on: .ext4)
        command.network = .bridge
        #expect(GuestCommand.bytes(of: command, on: .ext4) != inside)
        #expect(
            GuestCommand.bytes(of: command, on: .ext4).starts(
                with: "ext4|/a|/|0|0|0|0|1|a|0|".utf8.map { $0 == 0x7c ? 0 : $0 }))
    }
}
