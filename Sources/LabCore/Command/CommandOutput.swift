import CLinux
import Glibc
import Synchronization

/// The output of one command: its two streams apart, each whole, in a file of its own, and what they say of readiness.
///
/// Written by one thread at a time, the one that lives with the instance; what it kept so far may be read by another.
public final class CommandOutput: @unchecked Sendable {
    public enum Stream: Int, Sendable, CaseIterable {
        case output, errors

        /// The end of its file's name.
        var suffix: String { self == .output ? "stdout" : "stderr" }
    }

    /// The most that both streams may hold together; what is more fails the trial.
    public static let mostBytes = 16 << 20
    /// The most of the end of standard error that an error shows.
    private static let lastBytes = 400

    public let readiness: Readiness
    /// The reason why the command's trial has no result, apart from its exit status.
    public var failure: LabError?
    /// Whether others live at the same time that have the same network: bare processes, of which several were started.
    public var sharesPorts = false
    /// The exit status of the command that is to show that it is ready, the last time that it did not.
    public var lastCheck: Int32?
    /// What finds out over the network that it listens on its port; nil where that is not how it is ready, or its port is
    /// looked for inside.
    public let attempt: PortAttempt?
    private let path: String?
    private let output, errors: FileDescriptor
    private let lengths = Mutex<[Int]>([0, 0])
    private var searches: [TextSearch]
    private var isReady = false

    /// - Parameter path: that of the files without their endings `.stdout` and `.stderr`, made anew; nil keeps them in memory.
    /// - Parameter address: of the instance, where this host reaches it over a network.
    public init(_ readiness: Readiness, path: String? = nil, address: InstanceAddress? = nil) throws(LabError)
    {
        self.readiness = readiness
        attempt =
            if case .port(let number) = readiness, let address {
                PortAttempt(address.text, port: number)
            } else { nil }
        self.path = path
        let text = if case .line(let text) = readiness { Array(text.utf8) } else { [UInt8]() }
        searches = [TextSearch(text), TextSearch(text)]
        do throws(Errno) {
            func file(of stream: Stream) throws(Errno) -> FileDescriptor {
                guard let path else {
                    return FileDescriptor(owning: try checked { clinux_memfd("lab-output") })
                }
                return try .open(
                    "\(path).\(stream.suffix)", O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o644)
            }
            output = try file(of: .output)
            errors = try file(of: .errors)
        } catch {
            throw LabError(
                .output, "cannot keep the command's output\(path.map { " in \($0)" as Message } ?? "")",
                cause: "\(error)", remedy: Self.remedy(error, at: path))
        }
    }

    /// The port that shows that it is ready, looked for inside; nil where something else does.
    public var port: UInt16? {
        if case .port(let number) = readiness, attempt == nil { number } else { nil }
    }

    /// True where its output does not show that it is ready, and it has to be looked for inside the instance.
    public var isSeenInside: Bool {
        switch readiness {
        case .port: attempt == nil
        case .command: true
        case .exit, .firstOutput, .line: false
        }
    }

    /// What a piece of output was the first of.
    public struct News: OptionSet, Sendable {
        public let rawValue: Int
        public init(rawValue: Int) { self.rawValue = rawValue }
        public static let firstOutput = News(rawValue: 1)
        public static let ready = News(rawValue: 2)
    }

    /// Takes what came of a stream.
    /// - Returns: the marks that are reached by it.
    public func receive(_ bytes: UnsafeRawBufferPointer, of stream: Stream) -> News {
        guard failure == nil, !bytes.isEmpty else { return [] }
        var news: News = []
        if isEmpty { news.insert(.firstOutput) }
        searches[stream.rawValue].receive(bytes)
        if !isReady, readiness == .firstOutput || searches[stream.rawValue].isFound {
            isReady = true
            news.insert(.ready)
        }
        keep(bytes, stream)
        return news
    }

    private static func remedy(_ error: Errno, at path: String?) -> Message {
        path.flatMap { FullFileSystem.remedy(error, at: $0) }.map {
            "\($0), or give --output another directory"
        }
            ?? "give --output another directory"
    }

    private func keep(_ bytes: UnsafeRawBufferPointer, _ stream: Stream) {
        let room = Self.mostBytes - lengths.withLock { $0[0] + $0[1] }
        var rest = UnsafeRawBufferPointer(rebasing: bytes.prefix(room))
        while !rest.isEmpty {
            let part = rest
            do throws(Errno) {
                let written = try checked {
                    write(number(of: stream), part.baseAddress, part.count)
                }
                lengths.withLock { $0[stream.rawValue] += written }
                rest = UnsafeRawBufferPointer(rebasing: part.dropFirst(written))
            } catch {
                failure = LabError(
                    .output, "cannot keep the command's output", cause: "\(error)",
                    remedy: Self.remedy(error, at: path))
                return
            }
        }
        guard bytes.count > room else { return }
        failure = LabError(
            .instance, "the command wrote more than \(Units.format(bytes: UInt64(Self.mostBytes)))",
            cause: "what came before that is kept, and no more",
            remedy: "let it write less: -- sh -c 'COMMAND > /dev/null'")
    }

    /// True as long as it has written nothing.
    var isEmpty: Bool { lengths.withLock { $0 == [0, 0] } }

    private func length(of stream: Stream) -> Int { lengths.withLock { $0[stream.rawValue] } }

    private func number(of stream: Stream) -> Int32 {
        stream == .output ? output.rawValue : errors.rawValue
    }

    /// All that was kept of a stream, or its end.
    public func contents(of stream: Stream, last most: Int = .max) -> [UInt8] {
        let length = length(of: stream)
        var bytes = [UInt8](repeating: 0, count: min(length, most))
        let read = bytes.withUnsafeMutableBytes {
            pread(number(of: stream), $0.baseAddress, $0.count, length - $0.count)
        }
        return Array(bytes.prefix(max(0, read)))
    }

    /// The end of what it said, on standard error or else on standard output, on one line and safe on any terminal.
    public var lastWords: String {
        let stream = length(of: .errors) > 0 ? Stream.errors : .output
        let bytes = contents(of: stream, last: Self.lastBytes)
        let words = bytes.count < length(of: stream) ? Self.whole(bytes) : bytes[...]
        let text = String(decoding: words, as: UTF8.self).trimmingWhitespace()
        return ForeignText.line(text.replacing("\n", with: " "))
    }

    /// The end of a text without the line, or else the word, in whose middle it begins.
    private static func whole(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        for separator: UInt8 in [0x0a, 0x20] {
            guard let place = bytes.firstIndex(of: separator) else { continue }
            let rest = bytes[(place + 1)...]
            if rest.contains(where: { $0 > 0x20 }) { return rest }
        }
        return bytes[...]
    }

    /// Removes the files that stayed empty.
    public func removeEmptyFiles() {
        guard let path else { return }
        for stream in Stream.allCases where length(of: stream) == 0 {
            unlink("\(path).\(stream.suffix)")
        }
    }
}
