import Foundation
import FoundationXML
import LabCore
import Testing

@testable import VMDriver

struct DescriptionTests {
    private func description(_ machine: MachineProfile = .microvm, commandLine: String = "quiet")
        -> DomainDescription
    {
        DomainDescription(
            name: "lab-a-0", type: .qemu, machine: machine, memoryBytes: 256 << 20, cpus: 2,
            boot: .kernel("/k", initramfs: "/i", commandLine: commandLine), consolePipe: "/c",
            recordPipe: "/r", channel: .debugPort)
    }

    /// Each thing that a variant changes is in the XML, and nowhere else.
    @Test func theXMLSaysWhatAVariantChanges() throws {
        func document(_ change: (inout DomainDescription) -> Void) throws -> XMLDocument {
            var changed = description(.q35)
            change(&changed)
            return try XMLDocument(xmlString: changed.xml)
        }
        func has(_ path: String, _ change: (inout DomainDescription) -> Void) throws -> Bool {
            let isNew = try document { _ in }.nodes(forXPath: path).isEmpty
            return try isNew && !document(change).nodes(forXPath: path).isEmpty
        }
        #expect(try has("/domain/memoryBacking/allocation[@mode='immediate']") { $0.memory = .prealloc })
        #expect(try has("/domain/memoryBacking/hugepages") { $0.memory = .hugePages })
        let balloon = "/domain/devices/memballoon[@model='virtio']"
        #expect(try has("\(balloon)/address[@slot='5']") { $0.memory = .balloon })
        #expect(try has("\(balloon)[@freePageReporting='on']") { $0.memory = .freePageReporting })
        #expect(try has("/domain/os/loader[@type='rom'][.='/f<w']") { $0.firmware = "/f<w" })
        #expect(try has("/domain/devices/disk/source[@file='/d']") { $0.boot = .disk("/d") })
        #expect(try document { $0.boot = .disk("/d") }.nodes(forXPath: "/domain/os/kernel").isEmpty)
        #expect(try document { $0.hasConsole = false }.nodes(forXPath: "/domain/devices/serial").count == 1)
        #expect(
            try document { $0.devices = .standard }.nodes(forXPath: "//memballoon | //controller").isEmpty)
    }

    @Test(arguments: MachineProfile.allCases)
    func theXMLSaysWhatTheDescriptionSays(machine: MachineProfile) throws {
        let document = try XMLDocument(xmlString: description(machine).xml)
        func value(_ path: String) throws -> String? { try document.nodes(forXPath: path).first?.stringValue }
        #expect(try value("/domain/@type") == "qemu")
        #expect(try value("/domain/os/type/@machine") == machine.rawValue)
        #expect(try value("/domain/memory") == "\(256 << 20)")
        #expect(try value("/domain/vcpu") == "2")
        #expect(try value("/domain/os/kernel") == "/k")
        #expect(try value("/domain/devices/serial[2]/address/@iobase") == "0xe9")
        #expect(try document.nodes(forXPath: "/domain/features/acpi").isEmpty == !machine.hasPCI)
    }

    @Test(arguments: MachineProfile.allCases)
    func theCommandSaysWhatTheDescriptionSays(machine: MachineProfile) {
        let arguments = description(machine, commandLine: "a, b").qemuArguments
        for (option, value) in [
            ("-name", "guest=lab-a-0,debug-threads=on"), ("-accel", "tcg"), ("-m", "256"), ("-kernel", "/k"),
            ("-initrd", "/i"), ("-append", "a, b"), ("-chardev", "pipe,id=charserial0,path=/c"),
            ("-chardev", "pipe,id=charserial1,path=/r"), ("-smp", "2,sockets=2,cores=1,threads=1"),
            ("-device", "isa-debugcon,chardev=charserial1,id=serial1,iobase=233"),
        ] {
            #expect(
                zip(arguments, arguments.dropFirst()).contains { $0 == option && $1 == value }, "\(option)")
        }
        #expect(arguments.contains { $0.hasSuffix(",acpi=off") } == !machine.hasPCI)
        var odd = description()
        odd.recordPipe = "/a,b"
        #expect(odd.qemuArguments.contains("pipe,id=charserial1,path=/a,,b"))
    }

    @Test func anyTextSurvivesAnXMLParser() throws {
        var generator = SeededGenerator(seed: 1)
        let alphabet = Array("ab <>&'\"]]>\t\n\r\u{e9}\u{1f600}%;!--".unicodeScalars)
        for _ in 0..<300 {
            var text = "x"
            for _ in 0..<Int.random(in: 0..<40, using: &generator) {
                text.unicodeScalars.append(alphabet[Int.random(in: 0..<alphabet.count, using: &generator)])
            }
            text += "x"
            let document = try XMLDocument(xmlString: description(commandLine: text).xml)
            let back = try document.nodes(forXPath: "/domain/os/cmdline").first?.stringValue
            #expect(back.map { Array($0.unicodeScalars) } == Array(text.unicodeScalars))
            let attribute = try XMLDocument(xmlString: "<a b='\(xmlEscaped(text))'/>").rootElement()?
                .attribute(forName: "b")
            #expect(attribute?.stringValue.map { Array($0.unicodeScalars) } == Array(text.unicodeScalars))
        }
    }

    @Test func whatXMLCannotCarryIsReplaced() {
        #expect(xmlEscaped("a\u{0}b\u{1b}c\u{ffff}") == "a\u{fffd}b\u{fffd}c\u{fffd}")
    }

    @Test func libvirtItselfReadsItBack() throws {
        // The test driver knows no type qemu, and otherwise parses like any driver.
        let connection = try Connection("test:///default")
        #expect(connection.driver.lowercased() == "test")
        let xml = description(.q35, commandLine: "a<b & 'c'").xml
            .replacingOccurrences(of: "type='qemu'", with: "type='test'")
            .replacingOccurrences(of: " machine='q35'", with: "")
        let domain = try connection.define(xml, name: "lab-a-0")
        // Read outside the macro, which can't borrow a value that has one owner.
        let text = domain.xml ?? ""
        let document = try XMLDocument(xmlString: text)
        #expect(try document.nodes(forXPath: "/domain/os/cmdline").first?.stringValue == "a<b & 'c'")
        domain.undefine()
    }

    @Test func aRefusalCarriesLibvirtsWords() throws {
        let connection = try Connection("test:///default")
        #expect(throws: LabError.self) { _ = try connection.define("<domain/>", name: "x") }
        #expect(throws: LabError.self) { _ = try Connection("nonsense:///nowhere") }
    }

    @Test func theCommandLineKeepsItsArguments() throws {
        let text = try KernelCommandLine.text(
            for: .hello(nonce: "two words"), channel: .debugPort, timeStampKilohertz: 5)
        #expect(text.hasSuffix("tsc_early_khz=5 -- --machine --channel=port:0xe9 hello \"two words\""))
        let counted = try KernelCommandLine.text(
            for: .noop, channel: .debugPort, timeStampKilohertz: nil, stays: true)
        #expect(counted.hasSuffix(" -- --machine --stay --channel=port:0xe9 noop"))
        for bad in ["a\"b", "a\nb", "--", String(repeating: "x", count: 2_100)] {
            #expect(throws: LabError.self) {
                _ = try KernelCommandLine.text(
                    for: .hello(nonce: bad), channel: .serial, timeStampKilohertz: nil)
            }
        }
    }
}
