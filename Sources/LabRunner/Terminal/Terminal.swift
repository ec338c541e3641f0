import FoundationEssentials
import Glibc
import LabCore
import Translations

/// Standard output has the answer and nothing else; standard error has everything that is said on the way.
enum Terminal {
    /// Writes the answer.
    /// - Throws: `.stream` when standard output can't take it, `.unread` when nobody reads it.
    static func answer(_ text: String) throws(LabError) {
        try write(Array(text.utf8) + [UInt8(ascii: "\n")])
    }

    /// Writes the answer as JSON with sorted keys.
    static func answer(json value: some Encodable) throws(LabError) { try answer(try json(value)) }

    /// A value as JSON with sorted keys.
    static func json(_ value: some Encodable) throws(LabError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(value), as: UTF8.self)
        } catch {
            throw LabError(.software, "cannot encode the answer", cause: "\(error)")
        }
    }

    /// Writes bytes as they are.
    static func write(_ bytes: [UInt8]) throws(LabError) {
        if StandardDescriptors.wasClosed(STDOUT_FILENO) { throw lost("it is closed") }
        do {
            try writeAll(bytes, to: STDOUT_FILENO)
        } catch {
            throw lost("\(error)", error == Errno(EPIPE) ? .unread : .stream)
        }
    }

    private static func lost(_ cause: String, _ kind: LabError.Kind = .stream) -> LabError {
        LabError(kind, "cannot write to standard output", cause: cause)
    }

    /// Lets the program's end say what of the C library's buffer can't be written, which is where a help goes.
    static func checkOutputAtExit() {
        atexit {
            guard fflush(nil) != 0 else { return }
            let error = Terminal.lost("\(Errno(errno))", errno == EPIPE ? .unread : .stream)
            if error.kind != .unread { Terminal.say("lab: \(error)") }
            _exit(error.exitCode)
        }
    }

    /// Says something on standard error. Nobody can be told when that fails.
    static func say(_ text: String) { try? writeAll(Array((text + "\n").utf8), to: STDERR_FILENO) }

    /// - Parameters: the words in English, or in the catalogue's language already.
    static func warn(_ words: String, remedy: String? = nil, in text: Catalogue) {
        say(text.pick("lab: warning: ", "lab：警告：") + text.translated(words) + line(remedy, in: text))
    }

    static func complain(_ error: LabError, in text: Catalogue) {
        say(text.pick("lab: ", "lab：") + text.reason(error) + line(error.remedy, in: text))
    }

    private static func line(_ remedy: String?, in text: Catalogue) -> String {
        guard let words = remedy.map(text.translated) else { return "" }
        return "\n  " + text.remedy(words)
    }

    static func writeAll(_ bytes: [UInt8], to descriptor: Int32) throws(Errno) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let chunk = rest
            let written = try checked {
                chunk.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            }
            rest = rest.dropFirst(written)
        }
    }
}
