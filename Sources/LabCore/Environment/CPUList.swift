/// Numbers of processors in the kernel's list syntax, `0,2-3`. See cpuset(7), "List format".
public struct CPUList: Hashable, Sendable {
    /// Ascending, each once.
    public let numbers: [Int]

    /// No kernel knows more processors: NR_CPUS of the largest configuration, `MAXSMP` of x86.
    static let most = 8_192

    public init(_ numbers: some Sequence<Int>) { self.numbers = Set(numbers).sorted() }

    /// Nil for what is no such list, and for a number that no kernel has. An empty text is an empty list, as the kernel
    /// writes one.
    public init?(_ text: String) {
        var numbers: Set<Int> = []
        let text = text.trimmingWhitespace()
        if !text.isEmpty {
            for part in text.split(separator: ",", omittingEmptySubsequences: false) {
                let bounds = part.split(separator: "-", omittingEmptySubsequences: false).map(Self.number)
                guard bounds.count <= 2, let first = bounds[0], let last = bounds[bounds.count - 1],
                    first <= last
                else { return nil }
                numbers.formUnion(first...last)
            }
        }
        self.init(numbers)
    }

    /// Digits alone: `Int` would take a sign too.
    private static func number(_ text: Substring) -> Int? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text), number < most
        else { return nil }
        return number
    }

    public var isEmpty: Bool { numbers.isEmpty }

    public func subtracting(_ other: CPUList) -> CPUList { CPUList(Set(numbers).subtracting(other.numbers)) }
    public func intersection(_ other: CPUList) -> CPUList {
        CPUList(Set(numbers).intersection(other.numbers))
    }

    /// The mask of sched_setaffinity(2): bit N for processor N, as long as any kernel's.
    package var mask: [UInt8] {
        var mask = [UInt8](repeating: 0, count: Self.most / 8)
        for number in numbers { mask[number / 8] |= 1 << (number % 8) }
        return mask
    }

    package init(mask: [UInt8]) {
        self.init((0..<mask.count * 8).filter { mask[$0 / 8] >> ($0 % 8) & 1 != 0 })
    }
}

extension CPUList: CustomStringConvertible {
    /// As the kernel writes it.
    public var description: String {
        var ranges: [ClosedRange<Int>] = []
        for number in numbers {
            if let last = ranges.last, last.upperBound + 1 == number {
                ranges[ranges.count - 1] = last.lowerBound...number
            } else {
                ranges.append(number...number)
            }
        }
        return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: ",")
    }
}

extension CPUList: Codable {
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let list = CPUList(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "it is no list of processors"))
        }
        self = list
    }

    public func encode(to encoder: any Encoder) throws {
        var single = encoder.singleValueContainer()
        try single.encode(description)
    }
}
