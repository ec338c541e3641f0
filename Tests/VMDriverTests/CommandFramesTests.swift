import Foundation
import FoundationXML
import Glibc
import LabCore
import Testing

@testable import VMDriver

/// What lab-guest says of a command, and what it is told.
struct CommandFramesTests {
    private func frame(_ kind: String, _ content: [UInt8]) -> [UInt8] {
        let length = (0..<4).map { UInt8(truncatingIfNeeded: content.count >> (8 * $0)) }
        return Array(kind.utf8) + length + content
    }

    /// What was heard of bytes that come in such pieces.
    private struct Heard: Equatable {
        var output: [UInt8] = []
        var errors: [UInt8] = []
        var events: [String] = []
        var violation: String?
    }

    private func heard(_ bytes: [UInt8], pieces: () -> Int) -> Heard {
        var frames = CommandFrames()
        var heard = Heard()
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(max(1, pieces())))
            rest = rest.dropFirst(piece.count)
            piece.withUnsafeBytes { bytes in
                frames.receive(bytes) { event in
                    switch event {
                    case .output(.output, let bytes): heard.output += bytes
                    case .output(.errors, let bytes): heard.errors += bytes
                    case .ready: heard.events.append("ready")
                    case .ended(let status): heard.events.append("ended \(status)")
                    case .failed(let step, let code): heard.events.append("\(step) \(code.rawValue)")
                    }
                }
            }
        }
        heard.violation = frames.violation?.english
        return heard
    }

    @Test("Frames are taken apart in whatever pieces they come")
    func pieces() {
        let large = (0..<32_768).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let bytes =
            frame("o", Array("out".utf8)) + frame("e", large) + frame("r", []) + frame("o", [10])
            + frame("f", [3, 8]) + frame("x", [137])
        let whole = heard(bytes) { bytes.count }
        #expect(whole.output == Array("out\n".utf8) && whole.errors == large)
        #expect(whole.events == ["ready", "execute 8", "ended 137"] && whole.violation == nil)
        var generator = SeededGenerator(seed: 11)
        for most in [1, 2, 7, 100, 40_000] {
            #expect(heard(bytes) { Int.random(in: 1...most, using: &generator) } == whole)
        }
    }

    @Test(
        "What is no frame is a violation, and nothing after it counts",
        arguments: [
            [0x71, 0, 0, 0, 0], [0x6f, 0, 0, 0, 0], [0x6f, 1, 0x80, 0, 0], [0x65, 0xff, 0xff, 0xff, 0xff],
            [0x72, 1, 0, 0, 0, 0], [0x78, 0, 0, 0, 0], [0x66, 2, 0, 0, 0, 9, 1],
        ] as [[UInt8]])
    func strangers(bytes: [UInt8]) {
        let heard = heard(bytes + frame("x", [0])) { 3 }
        #expect(heard.violation != nil && heard.events.isEmpty)
    }

    @Test("No bytes do more than that")
    func anyBytes() {
        var generator = SeededGenerator(seed: 3)
        let good = frame("o", [1, 2, 3]) + frame("x", [0])
        for _ in 0..<4_000 {
            var bytes = good + (0..<20).map { _ in UInt8.random(in: 0...255, using: &generator) }
            bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(
                in: 0...255, using: &generator)
            let heard = heard(bytes) { 5 }
            #expect(heard.output.count <= bytes.count && heard.events.count <= 8)
        }
    }

    @Test("The file that lab-guest reads has every word of the command, NUL behind each")
    func fileOfACommand() {
        let command = CommandPayload(
            tree: FileTree(reference: "rootfs:/x", layers: ["/x"], digest: "d"), arguments: ["a", "b c", ""],
            program: "/bin/a", environment: ["A=1\n2"],
            user: CommandUser(user: 5, group: 6, groups: [7, 8]), directory: "/srv", readiness: .port(80))
        let text = "erofs|/bin/a|/srv|5|6|2|7|8|80|3|a|b c||1|A=1\n2|"
        #expect(GuestCommand.bytes(of: command, on: .erofs) == text.utf8.map { $0 == 0x7c ? 0 : $0 })
        var other = command
        (other.user, other.readiness) = (nil, .exit)
        #expect(
            GuestCommand.bytes(of: other, on: .ext4).starts(
                with: "ext4|/bin/a|/srv|0|0|0|0|3|".utf8.map { $0 == 0x7c ? 0 : $0 }))
        (other.readiness, other.readyProgram) = (.command(["ok", "-q"]), "/bin/ok")
        #expect(
            String(decoding: GuestCommand.bytes(of: other, on: .ext4), as: UTF8.self).hasSuffix(
                "\u{0}1\u{0}A=1\n2\u{0}/bin/ok\u{0}2\u{0}ok\u{0}-q\u{0}"))
    }

    @Test("A command has a port of virtio-serial, at one address for both starters")
    func port() throws {
        var description = DomainDescription(
            name: "lab-a-0", type: .qemu, machine: .q35, memoryBytes: 256 << 20, cpus: 1,
            boot: .kernel("/k", initramfs: "/i", commandLine: "quiet"), consolePipe: "/c", recordPipe: "/r",
            channel: .debugPort)
        #expect(!description.xml.contains("virtio") && !description.qemuArguments.joined().contains("virt"))
        description.commandPipe = "/p<,"
        let xml = try XMLDocument(xmlString: description.xml)
        let port = "/domain/devices/channel[@type='pipe'][source[@path='/p<,']]"
        #expect(try xml.nodes(forXPath: "\(port)/target[@type='virtio'][@name='lab.command']").count == 1)
        let bus = "/domain/devices/controller[@type='virtio-serial']/address[@type='pci'][@slot='7']"
        #expect(try xml.nodes(forXPath: bus).count == 1)
        let arguments = description.qemuArguments
        #expect(arguments.contains("virtio-serial-pci,id=virtio-serial0,bus=pcie.0,addr=0x7"))
        #expect(arguments.contains("pipe,id=charchannel0,path=/p<,,"))
        var own = description
        own.machine = .microvm
        #expect(own.qemuArguments.contains("virtio-serial-device,id=virtio-serial0"))
        let transport = "/domain[features/acpi]/devices/controller/address[@type='virtio-mmio']"
        #expect(try XMLDocument(xmlString: own.xml).nodes(forXPath: transport).count == 1)
        #expect(
            arguments.contains(
                "virtserialport,bus=virtio-serial0.0,nr=1,chardev=charchannel0,id=channel0,name=lab.command"))
    }
}
