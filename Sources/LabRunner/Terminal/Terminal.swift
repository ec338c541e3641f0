import FoundationEssentials
import Glibc
import LabCore
import Texts

/// Standard output has the answer and nothing else; standard error has everything that is said on the way.
enum Terminal {
    /// Writes the answer.
    /// - Throws: `.stream` when standard output can't take it, `.unread` when nobody reads it.
    static func answer(_ text: String) throws(LabError) { try write(text + "\n") }

    /// Writes the answer as JSON with sorted keys.
    static func answer(json value: some Encodable, asStored: Bool = false) throws(LabError) {
        try answer(try json(value, asStored: asStored))
    }

    /// A value as JSON with sorted keys, its messages in English unless they are to be as in a result.
    static func json(_ value: some Encodable, asStored: Bool = false) throws(LabError) -> String {
        let encoder = JSONEncoder()
        if !asStored, let key = Message.asText { encoder.userInfo[key] = true }
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: ForeignText.json(Array(try encoder.encode(value))), as: UTF8.self)
        } catch {
            throw LabError(.software, "cannot encode the answer", cause: "\(error)")
        }
    }

    /// Writes a text, whatever of it somebody else has said.
    static func write(_ text: String) throws(LabError) {
        if StandardDescriptors.wasClosed(STDOUT_FILENO) { throw lost("it is closed") }
        do {
            try writeAll(Array(ForeignText.lines(text).utf8), to: STDOUT_FILENO)
        } catch {
            // Nobody reads it, and the user wants it to end: there is nothing to be said on the same terminal.
            if error == Errno(EINTR) { throw Interrupt.error }
            throw lost("\(error)", error == Errno(EPIPE) ? .unread : .stream)
        }
    }

    private static func lost(_ cause: Message, _ kind: LabError.Kind = .stream) -> LabError {
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
    static func say(_ text: String) {
        try? writeAll(Array((ForeignText.lines(text) + "\n").utf8), to: STDERR_FILENO)
    }

    /// - Parameter words: in the reader's language already.
    static func warn(_ words: String, remedy: Message? = nil, in text: Language) {
        say(text.say("lab: warning: ") + words + line(remedy, in: text))
    }

    static func complain(_ error: LabError, in text: Language) {
        say(text.say("lab: ") + text.say(error.reason) + line(error.remedy, in: text))
    }

    private static func line(_ remedy: Message?, in text: Language) -> String {
        guard let words = remedy.map(text.say) else { return "" }
        return "\n  " + text.remedy(words)
    }

    /// Writes bytes as they are. Who reads them may be slow, or never read: a signal ends the wait for that.
    /// - Throws: EINTR then.
    static func writeAll(_ bytes: [UInt8], to descriptor: Int32) throws(Errno) {
        let wait = BoundedWait(until: nil)
        var rest = bytes[...]
        while !rest.isEmpty {
            guard wait.poll(descriptor, POLLOUT) == .ready else { throw Errno(EINTR) }
            // A pipe that is ready takes so much at once: pipe(7), PIPE_BUF.
            let chunk = rest.prefix(4_096)
            let written = try checked {
                chunk.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            }
            rest = rest.dropFirst(written)
        }
    }
}
