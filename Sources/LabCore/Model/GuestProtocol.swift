/// One line that `lab-guest` sends to the host. The grammar (ABNF, RFC 5234):
///
///     record = "init" LF / "ready" LF / "output" SP text LF / "metric" SP name SP 1*DIGIT LF / "exit" SP 1*3DIGIT LF
///
/// A line has at most 4,096 bytes and a guest says at most 1 MiB.
public enum GuestRecord: Equatable, Sendable {
    /// `main` runs.
    case initStarted
    /// The workload is set up.
    case ready
    case output(String)
    /// A count the guest made, for example `uptime-ns`: never mixed with the host's marks.
    case metric(name: String, value: UInt64)
    /// The workload's exit status, sent by PID 1 of a VM before it powers off.
    case exit(status: Int32)
}

/// The guest's output, collected from the bytes that arrive.
///
/// Hostile input is normal: an unknown record, an overlong line or too much of it all makes `violation`.
public struct GuestTranscript: Sendable {
    public private(set) var outputs: [String] = []
    public private(set) var metrics: [String: UInt64] = [:]
    public private(set) var exitStatus: Int32?
    /// The first breach of the protocol, nil while there is none.
    public private(set) var violation: Message?

    public static let longestLine = 4_096
    public static let mostBytes = 1 << 20

    private var line: [UInt8] = []
    private var total = 0

    public init() { line.reserveCapacity(256) }

    /// Takes the bytes of one read and calls `reached` for each complete record, in order.
    public mutating func receive(_ bytes: some Sequence<UInt8>, reached: (GuestRecord) -> Void) {
        for byte in bytes {
            guard violation == nil else { return }
            total += 1
            if total > Self.mostBytes {
                violation = "the guest said more than \(Self.mostBytes) bytes"
            } else if byte != UInt8(ascii: "\n") {
                line.append(byte)
                if line.count > Self.longestLine {
                    violation =
                        "the guest sent a line of more than \(Self.longestLine) bytes: \(Self.excerpt(line))"
                }
            } else {
                if let record = Self.parse(line) {
                    note(record)
                    reached(record)
                } else {
                    violation = "the guest sent what is not a record: \(Self.excerpt(line))"
                }
                line.removeAll(keepingCapacity: true)
            }
        }
    }

    /// Call when the channel has ended: half a record is a violation too.
    public mutating func finish() {
        if violation == nil && !line.isEmpty {
            violation = "the guest stopped in the middle of a record: \(Self.excerpt(line))"
        }
    }

    private mutating func note(_ record: GuestRecord) {
        switch record {
        case .initStarted, .ready: break
        case .output(let text): outputs.append(text)
        case .metric(let name, let value): metrics[name] = value
        case .exit(let status): if exitStatus == nil { exitStatus = status }
        }
    }

    static func parse(_ line: [UInt8]) -> GuestRecord? {
        let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 1, omittingEmptySubsequences: false)
        let rest = fields.count == 2 ? Array(fields[1]) : nil
        switch (String(decoding: fields[0], as: UTF8.self), rest) {
        case ("init", nil): return .initStarted
        case ("ready", nil): return .ready
        case ("output", let text?):
            guard let text = String(validating: text, as: UTF8.self) else { return nil }
            return .output(text)
        case ("metric", let rest?):
            let parts = rest.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
            guard parts.count == 2, let value = decimal(parts[1]), !parts[0].isEmpty,
                parts[0].allSatisfy({ (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d }
                )
            else { return nil }
            return .metric(name: String(decoding: parts[0], as: UTF8.self), value: value)
        case ("exit", let rest?):
            guard rest.count <= 3, let status = decimal(rest[...]), status <= 255 else { return nil }
            return .exit(status: Int32(status))
        default: return nil
        }
    }

    private static func decimal(_ digits: ArraySlice<UInt8>) -> UInt64? {
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return UInt64(String(decoding: digits, as: UTF8.self))
    }

    /// At most 80 bytes in quotes, safe on any terminal.
    public static func excerpt(_ bytes: [UInt8]) -> String {
        "\"\(printable(bytes.prefix(80)))\(bytes.count > 80 ? "…" : "")\""
    }

    /// Bytes from a guest as text that is safe on any terminal: all but printable ASCII shown as `\xNN`.
    public static func printable(_ bytes: some Sequence<UInt8>) -> String { ForeignText.ascii(bytes) }
}
