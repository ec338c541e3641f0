/// The end of what a guest's kernel printed, for error messages.
struct ConsoleTail {
    static let most = 64 << 10
    private var bytes: [UInt8] = []

    mutating func append(_ more: some Collection<UInt8>) {
        bytes += more
        // Cut at twice the size, so that a flood isn't moved about byte by byte.
        if bytes.count > 2 * Self.most { bytes.removeFirst(bytes.count - Self.most) }
    }

    /// The last lines, safe to print: only printable ASCII, at most 160 bytes of each line.
    func lastLines(_ count: Int) -> [String] { lines.suffix(count).map(Self.text) }

    /// The kernel's words on its panic, before the registers and the stack; nil when there was none.
    var panicLine: String? { lines.lazy.map(Self.text).first { $0.contains("Kernel panic - not syncing") } }

    private var lines: [ArraySlice<UInt8>] {
        bytes.suffix(Self.most).split { $0 == 0x0a || $0 == 0x0d }
    }

    private static func text(_ line: ArraySlice<UInt8>) -> String {
        String(decoding: line.prefix(160).map { (0x20..<0x7f).contains($0) ? $0 : 0x3f }, as: UTF8.self)
    }
}
