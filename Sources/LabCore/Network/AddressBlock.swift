/// A block of IPv4 addresses: CIDR, RFC 4632.
public struct AddressBlock: Equatable, Sendable, CustomStringConvertible {
    /// Its first address, in the host's byte order.
    public let first: UInt32
    /// The bits that all of its addresses share, 0 to 32.
    public let length: Int

    /// - Parameter address: any address of the block.
    init(_ address: UInt32, length: Int) {
        self.length = length
        first = address & Self.mask(length)
    }

    /// Reads `10.0.0.0/8`, or one address as ip-route(8) writes it; nil for any other text.
    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let numbers = parts[0].split(separator: ".", omittingEmptySubsequences: false).map { part in
            part.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt8(part) : nil
        }
        guard numbers.count == 4 else { return nil }
        var address: UInt32 = 0
        for number in numbers {
            guard let number else { return nil }
            address = address << 8 | UInt32(number)
        }
        guard parts.count == 2 else {
            self.init(address, length: 32)
            return
        }
        guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let length = Int(parts[1]),
            length <= 32
        else { return nil }
        self.init(address, length: length)
    }

    static func mask(_ length: Int) -> UInt32 { length == 0 ? 0 : ~0 << UInt32(32 - length) }

    /// True when an address is in both.
    func overlaps(_ other: AddressBlock) -> Bool {
        let mask = Self.mask(min(length, other.length))
        return first & mask == other.first & mask
    }

    /// An address with dots.
    static func text(_ address: UInt32) -> String {
        [24, 16, 8, 0].map { "\(address >> $0 & 0xff)" }.joined(separator: ".")
    }

    public var description: String { "\(Self.text(first))/\(length)" }

    /// Those that this host has a route to, its own addresses among them, from what `ip -4 route show table all` says: the first
    /// word of a line that is one, behind the route's type where it says that. Takes any text. The default routes, also in the
    /// two halves that a VPN makes of one, lead everywhere and are left out.
    static func routed(in text: String) -> [AddressBlock] {
        text.split(separator: "\n").compactMap { line in
            line.split(separator: " ", maxSplits: 2).prefix(2).lazy.compactMap { AddressBlock($0) }.first
        }.filter { $0.length > 1 }
    }

    /// The private ranges, RFC 1918. Link-local addresses are no choice: clouds have services of their own there.
    private static let ranges = [
        AddressBlock(0x0a00_0000, length: 8), AddressBlock(0xac10_0000, length: 12),
        AddressBlock(0xc0a8_0000, length: 16),
    ]
    /// The bits of a run's block: 4,094 addresses.
    private static let ownLength = 20

    /// A private block to which no route leads yet; nil where there is none.
    /// - Parameter seed: where the search begins, so that two runs of one moment do not find the same.
    static func free(beside routed: [AddressBlock], from seed: UInt32) -> AddressBlock? {
        for range in ranges {
            let count = UInt32(1) << UInt32(ownLength - range.length)
            for place in 0..<count {
                let number = (seed % count + place) % count
                let block = AddressBlock(
                    range.first | number << UInt32(32 - ownLength), length: ownLength)
                if !routed.contains(where: block.overlaps) { return block }
            }
        }
        return nil
    }
}
