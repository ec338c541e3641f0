import LabCore
import Testing

@testable import VMDriver

/// What a connection can do, read from what its driver says.
struct CapabilitiesTests {
    /// As libvirt 9.0 says it of QEMU, cut down.
    static let qemu = """
        <capabilities><host><uuid>1</uuid><cpu><arch>x86_64</arch>
        <counter name='tsc' frequency='2295684000' scaling='no'/></cpu>
        <secmodel><model>apparmor</model><doi>0</doi></secmodel>
        <secmodel><model>dac</model><doi>0</doi><baselabel type='kvm'>+64055:+106</baselabel>
        <baselabel type='qemu'>+64055:+106</baselabel></secmodel></host>
        <guest><os_type>hvm</os_type><arch name='i686'><wordsize>32</wordsize>
        <domain type='qemu'/></arch></guest>
        <guest><os_type>hvm</os_type><arch name='x86_64'><machine maxCpus='1'>microvm</machine>
        <machine canonical='pc-q35-7.2' maxCpus='288'>q35</machine><domain type='qemu'/><domain type='kvm'/></arch>
        </guest></capabilities>
        """
    /// As libvirt's ESX driver says it.
    static let esx = """
        <capabilities><host><cpu><arch>x86_64</arch></cpu></host>
        <guest><os_type>hvm</os_type><arch name='i686'><domain type='vmware'/></arch></guest>
        <guest><os_type>hvm</os_type><arch name='x86_64'><domain type='vmware'/></arch></guest></capabilities>
        """

    @Test func domainTypesMachinesAndTheUserAreRead() throws {
        let known = try Capabilities(xml: Self.qemu)
        #expect(known.types == ["kvm", "qemu"])
        #expect(known.guests(of: .kvm).map(\.system) == ["hvm"])
        #expect(Set(known.guests(of: .qemu).flatMap(\.machines)) == ["microvm", "q35", "pc-q35-7.2"])
        #expect(known.user == 64_055 && known.timeStampKilohertz == 2_295_684)
        #expect(known.obstacle(to: .kvm, at: "qemu:///system") == nil)
    }

    @Test("what a driver does not run is refused with what it runs")
    func whatADriverDoesNotRunIsRefused() throws {
        let error = try #require(try Capabilities(xml: Self.esx).obstacle(to: .kvm, at: "esx://host/"))
        #expect(error.kind == .unavailable && error.message.english.contains("esx://host/"))
        #expect(
            error.cause?.english.contains("vmware") == true
                && error.remedy?.english.contains("kernel directly") == true)
        let none = try #require(try Capabilities(xml: "<capabilities/>").obstacle(to: .qemu, at: "x:///"))
        #expect(none.cause?.english.contains("none") == true)
    }

    @Test func theTestDriverSaysWhatItIs() throws {
        let connection = try Connection("test:///default")
        let known = try connection.capabilities()
        #expect(known.guests.contains { $0.types.contains("test") })
        #expect(known.obstacle(to: .qemu, at: "test:///default") != nil)
    }

    /// Answers of a hostile daemon: damaged, cut, blown up by entities, full of escapes.
    @Test func anyAnswerGivesCapabilitiesOrADataError() {
        var generator = SeededGenerator(seed: 21)
        for round in 0..<1_500 {
            var bytes = Array((round % 2 == 0 ? Self.qemu : Self.esx).utf8)
            for _ in 0..<Int.random(in: 1..<10, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: place)
                default: bytes.insert(contentsOf: Array("<guest>&#27;'".utf8), at: place)
                }
            }
            if round % 5 == 0 { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator)) }
            do {
                let known = try Capabilities(xml: String(decoding: bytes, as: UTF8.self))
                for guest in known.guests {
                    let words = guest.types + guest.machines + [guest.system, guest.architecture]
                    #expect(words.allSatisfy { $0.utf8.allSatisfy { (0x20..<0x7f).contains($0) } })
                }
            } catch {
                #expect(error.kind == .data)
            }
        }
    }

    @Test func entitiesAreNotExpanded() throws {
        var text = "<!DOCTYPE capabilities [<!ENTITY a0 \"x\">"
        for level in 1...20 {
            let inner = String(repeating: "&a\(level - 1);", count: 10)
            text += "<!ENTITY a\(level) \"\(inner)\">"
        }
        text += "<!ENTITY file SYSTEM \"file:///etc/passwd\">]><capabilities><guest><os_type>&a20;</os_type>"
        text +=
            "<arch name='x86_64'><machine>&file;</machine><domain type='qemu'/></arch></guest></capabilities>"
        do {
            let known = try Capabilities(xml: text)
            #expect(known.guests.allSatisfy { $0.system.utf8.count <= 4 * 64 })
            #expect(!known.guests.flatMap(\.machines).contains { $0.contains("root") })
        } catch {
            #expect(error.kind == .data)
        }
    }

    @Test(
        arguments: [
            ("qemu:///system", "qemu", nil, nil),
            ("qemu+ssh://me@far.example:22/system?x=y", "qemu", "ssh", "far.example"),
            ("qemu+unix:///session?socket=/a", "qemu", "unix", nil),
            ("esx://10.0.0.1/?no_verify=1", "esx", nil, "10.0.0.1"),
            ("xen+tls://[::1]:5/system", "xen", "tls", "::1"), ("test:///default", "test", nil, nil),
            ("qemu://a?b://c", "qemu", nil, "a"),
        ] as [(String, String, String?, String?)])
    func aURIIsTakenApart(text: String, driver: String, transport: String?, host: String?) throws {
        let uri = try #require(ConnectionURI(text))
        #expect(uri.driver == driver && uri.transport == transport && uri.host == host)
        #expect(uri.isPlain == (transport == nil && host == nil))
    }

    @Test func anyTextIsAURIOrNone() {
        var generator = SeededGenerator(seed: 22)
        let alphabet = Array("qemu+ssh:/@[]?#\u{e9}\u{0}1.".unicodeScalars)
        for _ in 0..<3_000 {
            var text = ""
            for _ in 0..<Int.random(in: 0..<24, using: &generator) {
                text.unicodeScalars.append(alphabet[Int.random(in: 0..<alphabet.count, using: &generator)])
            }
            let uri = ConnectionURI(text)
            #expect((uri == nil) || text.contains("://"))
            #expect(uri?.host?.isEmpty != true && uri?.driver.isEmpty != true)
        }
        for bad in ["", "qemu", "://x", "+ssh://x", "qemu:/system"] { #expect(ConnectionURI(bad) == nil) }
    }
}

struct ConsoleSplitterTests {
    /// However the bytes are cut into reads, kernel and records each get their own, in order.
    @Test func anyCutGivesTheSame() {
        var generator = SeededGenerator(seed: 23)
        let alphabet: [UInt8] = [0x1e, 0x0a, 0x0d, 0x61, 0x62, 0x00, 0xff]
        for _ in 0..<500 {
            let bytes = (0..<Int.random(in: 0..<80, using: &generator)).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
            }
            let whole = split([bytes])
            var pieces: [[UInt8]] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                let length = Int.random(in: 1...rest.count, using: &generator)
                pieces.append(Array(rest.prefix(length)))
                rest = rest.dropFirst(length)
            }
            let parts = split(pieces)
            #expect(parts.console == whole.console && parts.records == whole.records)
            // Nothing is lost but the separators before records.
            let separators = bytes.count - whole.console.count - whole.records.count
            #expect(separators >= 0 && separators <= bytes.filter { $0 == 0x1e }.count)
            #expect(!whole.console.contains(0x1e))
        }
    }

    @Test func recordsAmongMessagesOfTheKernelAreFound() {
        let text =
            "[0.1] Linux\r\n\u{1e}init\n[0.2] odd \u{1e}ready\n\u{1e}output a b\nlab-guest: x\n\u{1e}exit 0\n"
        let parts = split([Array(text.utf8)])
        var transcript = GuestTranscript()
        var reached: [GuestRecord] = []
        transcript.receive(parts.records) { reached.append($0) }
        #expect(reached == [.initStarted, .ready, .output("a b"), .exit(status: 0)])
        #expect(String(decoding: parts.console, as: UTF8.self) == "[0.1] Linux\r\n[0.2] odd lab-guest: x\n")
    }

    /// A message in the middle of a record is the record's end, and is told as such.
    @Test func aBrokenRecordIsAViolation() {
        var transcript = GuestTranscript()
        transcript.receive(split([Array("\u{1e}rea[0.3] BUG\ndy\n".utf8)]).records) { _ in }
        #expect(transcript.violation?.english.contains("BUG") == true)
    }

    private func split(_ pieces: [[UInt8]]) -> (console: [UInt8], records: [UInt8]) {
        var splitter = ConsoleSplitter()
        var console: [UInt8] = []
        var records: [UInt8] = []
        for piece in pieces {
            splitter.split(piece[...]) {
                console += $0
            } records: {
                records += $0
            }
        }
        return (console, records)
    }
}

struct BoundedCallTests {
    private final class Gates: Sendable {
        let start: FileDescriptor.Pipe
        let disposed: FileDescriptor.Pipe

        init() throws {
            start = try FileDescriptor.pipe()
            disposed = try FileDescriptor.pipe()
        }
    }

    @Test func aCallThatIsTooLateIsDroppedAndDisposedOf() throws {
        let gates = try Gates()
        do {
            let call = try BoundedCall {
                _ = try? gates.start.read.read(upTo: 1)
                return CallResult(7) { _ in try? gates.disposed.write.writeAll([1]) }
            }
            let value = call.wait(until: .now())
            #expect(value == nil, "it came in time")
        }
        try gates.start.write.writeAll([1])
        // Comes only when it was disposed of.
        let count = try gates.disposed.read.read(upTo: 1).count
        #expect(count == 1)
    }

    @Test func aCallInTimeIsHandedOver() throws {
        let call = try BoundedCall { 42 }
        #expect(call.wait(until: .now().advanced(by: .seconds(20))) == 42)
    }
}
