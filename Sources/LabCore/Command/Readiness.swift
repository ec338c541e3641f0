/// How the host knows that a command is ready: that it does what it was started for.
public enum Readiness: Equatable, Sendable {
    /// It has ended: for one that does its work and goes.
    case exit
    /// It wrote its first byte, to standard output or standard error.
    case firstOutput
    /// It wrote this text within a line, to standard output or standard error.
    case line(String)
    /// It listens on this TCP port, in its own network namespace. In a VM lab-guest looks from inside, every 2 ms, and the mark
    /// is when its word arrives at the host.
    case port(UInt16)
    /// Another command, of the same files, exited with 0 beside it, as `pg_isready` does: its words. It is run again and again,
    /// each time 10 ms after it has ended, as the same user in the same instance; in a VM lab-guest runs it, and the mark is
    /// when its word arrives at the host.
    case command([String])

    /// The longest text of a line, or of a command.
    public static let longestText = 1_024

    /// Reads a word: `exit`, `first-output`, `line=TEXT`, `port=N` or `command=WORDS`.
    /// - Throws: `.usage` for anything else.
    public init(_ word: String) throws(LabError) {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let value = parts.count == 2 ? String(parts[1]) : nil
        switch (parts[0], value) {
        case ("exit", nil): self = .exit
        case ("first-output", nil): self = .firstOutput
        case ("line", let text?):
            let bytes = Array(text.utf8)
            guard !bytes.isEmpty, bytes.count <= Self.longestText, !bytes.contains(0x0a), !bytes.contains(0)
            else {
                throw LabError(
                    .usage, "\(ForeignText.quoted(word)) names no text of a line",
                    cause: "it must have 1 to \(Self.longestText) bytes and no end of line",
                    remedy: "write it like `line=Ready to accept connections`")
            }
            self = .line(text)
        case ("port", let number?):
            guard let port = UInt16(number), port > 0 else {
                throw LabError(
                    .usage, "\(ForeignText.quoted(number)) is no port",
                    cause: "it must be a whole number from 1 to 65535", remedy: "write it like `port=6379`")
            }
            self = .port(port)
        case ("command", let text?):
            guard let words = ShellText.split(text), words.first?.isEmpty == false,
                text.utf8.count <= Self.longestText, !text.utf8.contains(0)
            else {
                throw LabError(
                    .usage, "\(ForeignText.quoted(word)) names no command",
                    cause:
                        "it must be words as for a shell, in 1 to \(Self.longestText) bytes, and nothing in them is expanded",
                    remedy: "write it like `command=pg_isready -q`")
            }
            self = .command(words)
        default:
            throw LabError(
                .usage, "\(ForeignText.quoted(word)) does not say how a command is known to be ready",
                remedy: "use exit, first-output, line=TEXT, port=N or command=WORDS")
        }
    }

    /// The word that says it again.
    public var word: String {
        switch self {
        case .exit: "exit"
        case .firstOutput: "first-output"
        case .line(let text): "line=\(text)"
        case .port(let number): "port=\(number)"
        case .command(let words): "command=\(ShellText.join(words))"
        }
    }
}

/// A string in a result.
extension Readiness: Codable {
    public init(from decoder: any Decoder) throws {
        let word = try decoder.singleValueContainer().decode(String.self)
        do throws(LabError) { try self.init(word) } catch { throw error.inData(decoder.codingPath, word) }
    }

    public func encode(to encoder: any Encoder) throws {
        var single = encoder.singleValueContainer()
        try single.encode(word)
    }
}

/// Finds a text in bytes that come piece by piece, without keeping them: Knuth, Morris and Pratt's automaton.
struct TextSearch: Sendable {
    private let text: [UInt8]
    /// For each number of bytes that matched, how many of them still do when the next one doesn't.
    private let fallback: [Int]
    private var matched = 0
    private(set) var isFound = false

    init(_ text: some Collection<UInt8>) {
        self.text = Array(text)
        var fallback = [0]
        var length = 0
        for byte in self.text.dropFirst() {
            while length > 0 && self.text[length] != byte { length = fallback[length - 1] }
            if self.text[length] == byte { length += 1 }
            fallback.append(length)
        }
        self.fallback = fallback
    }

    mutating func receive(_ bytes: UnsafeRawBufferPointer) {
        guard !isFound, !text.isEmpty else { return }
        for byte in bytes {
            while matched > 0 && text[matched] != byte { matched = fallback[matched - 1] }
            if text[matched] == byte { matched += 1 }
            if matched == text.count {
                isFound = true
                return
            }
        }
    }
}
