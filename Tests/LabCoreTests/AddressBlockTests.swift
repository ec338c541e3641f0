import Testing

@testable import LabCore

/// Which addresses a run's network takes.
struct AddressBlockTests {
    @Test("Blocks are read as ip-route(8) writes them, and nothing else is one")
    func blocks() throws {
        for (text, first, length) in [
            ("10.0.0.0/8", 0x0a00_0000, 8), ("192.168.1.7", 0xc0a8_0107, 32), ("0.0.0.0/0", 0, 0),
            ("172.16.9.255/12", 0xac10_0000, 12), ("255.255.255.255/32", 0xffff_ffff, 32),
        ] as [(String, UInt32, Int)] {
            let block = try #require(AddressBlock(text))
            #expect(block.first == first && block.length == length, "\(text)")
            #expect(AddressBlock(block.description) == block)
        }
        for text in [
            "", "default", "10", "10.0.0", "10.0.0.0.0", "10.0.0.256", "10.0.0.0/33", "10.0.0.0/-1",
            "10.0.0.0/", "+1.0.0.0", "1.0.0.0/+8", " 10.0.0.0", "10.0.0.0/8/8", "0x0a.0.0.0", "::1/128",
            "10..0.0", "99999999999.0.0.0", "１.0.0.0",
        ] { #expect(AddressBlock(text) == nil, "\(text)") }
    }

    private static let routes = """
        default via 10.0.2.2 dev eth0 proto dhcp
        0.0.0.0/1 dev wg0 scope link
        10.0.2.0/24 dev eth0 proto kernel scope link src 10.0.2.15
        unreachable 172.16.0.0/12 metric 4278198272
        local 127.0.0.0/8 dev lo table local proto kernel scope host src 127.0.0.1
        broadcast 10.0.2.255 dev eth0 table local

        """

    @Test("A host's routes are read whatever their type; those that lead everywhere are no obstacle")
    func routed() {
        #expect(
            AddressBlock.routed(in: Self.routes).map(\.description)
                == ["10.0.2.0/24", "172.16.0.0/12", "127.0.0.0/8", "10.0.2.255/32"])
    }

    @Test(
        "No block is chosen to which a route leads, whichever routes there are and wherever the search begins"
    )
    func freeBlocks() throws {
        var generator = SeededGenerator(seed: 13)
        for _ in 0..<200 {
            let routed = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                let base: UInt32 =
                    [0x0a00_0000, 0xac10_0000, 0xc0a8_0000].randomElement(using: &generator) ?? 0
                return AddressBlock(
                    base | UInt32.random(in: 0...0x00ff_ffff, using: &generator),
                    length: Int.random(in: 10...32, using: &generator))
            }
            let seed = UInt32.random(in: 0 ... .max, using: &generator)
            let block = try #require(AddressBlock.free(beside: routed, from: seed))
            #expect(block.length == 20)
            #expect(!routed.contains { $0.overlaps(block) || block.overlaps($0) })
        }
        let seed = LinkNames.seed("20261128T180000-3fa9")
        let first = try #require(AddressBlock.free(beside: [], from: seed))
        let other = try #require(AddressBlock.free(beside: [first], from: seed))
        #expect(other != first && first.description.hasPrefix("10."))
        let ten = try #require(AddressBlock("10.0.0.0/8"))
        #expect(AddressBlock.free(beside: [ten], from: seed)?.description.hasPrefix("172.") == true)
        let all = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].compactMap { AddressBlock($0) }
        #expect(AddressBlock.free(beside: all, from: seed) == nil)
    }

    @Test("Whatever ip says of the routes is survived, and its addresses are never taken")
    func anyBytes() {
        var fuzzer = Fuzzer(seed: 14)
        let words = ["10.0.0.0/8", "/", ".", "local ", "999.1.1.1/40", "\u{1b}[2J", "\0"]
        for _ in 0..<2_000 {
            let bytes = fuzzer.mutated(Array(Self.routes.utf8), dictionary: words)
            let routed = AddressBlock.routed(in: String(decoding: bytes, as: UTF8.self))
            #expect(routed.allSatisfy { (2...32).contains($0.length) })
            guard let block = AddressBlock.free(beside: routed, from: 7) else { continue }
            #expect(!routed.contains { $0.overlaps(block) })
        }
    }

    @Test("The names of a run's interfaces fit the kernel, and no other run, and no other program, has them")
    func names() {
        let names = LinkNames("20261128T180000-3fa9")
        let others = LinkNames("20261128T180000-3faa")
        for name in [names.bridge, names.link(0), names.link(4_092), names.link(46_655)] {
            #expect(name.utf8.count <= 15 && names.owns(name), "\(name)")
            #expect(!others.owns(name))
        }
        #expect(names.link(1) != names.link(2) && names.link(1) != names.bridge)
        for name in [
            "br0", "docker0", "virbr0", "eth0", "lo", "", "lab", "\(names.bridge)0", "\(names.link(0))0",
            String(names.link(0).dropLast()), "\(names.bridge)\n", names.bridge.uppercased(),
            "\(names.link(0).dropLast(3))../",
        ] { #expect(!names.owns(name), "\(name)") }
    }
}
