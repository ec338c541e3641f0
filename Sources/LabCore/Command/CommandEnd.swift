/// What is said of a command that ended otherwise than it was to: the same in every engine.
extension CommandOutput {
    /// How it ended, and its last words.
    /// - Parameter status: its exit status, 128 + N for signal N.
    public func end(_ status: Int32) -> Message {
        let how: Message =
            status > 128 ? "killed by signal \(Int(status) - 128)" : "exit status \(Int(status))"
        let words = lastWords
        return words.isEmpty ? how : "\(how); it said \(words)"
    }

    /// What a command that shares this host's ports may have failed for; nil for one that shares nothing.
    var sharedPorts: Message? {
        sharesPorts
            ? "bare processes that live at the same time share this host's ports: let it take a free one, or leave several at once out with --series"
            : nil
    }

    /// What keeps a command from going into the background, where nobody watches over it: with its first process a container
    /// and a VM end.
    public static let foreground: Message =
        "keep it in the foreground, as under docker: nginx -g 'daemon off;', redis-server --daemonize no, sshd -D"

    /// It ended, and was to say that it is ready. A daemon does so well: it leaves another process behind, which goes with a
    /// container and a VM before anybody sees it.
    /// - Parameter left: the names of those that were seen.
    public func endedEarly(_ status: Int32, leaving left: String? = nil) -> LabError {
        guard status == 0 else {
            return LabError(
                .instance, "the command ended before it was ready", cause: end(status),
                remedy: sharedPorts ?? "mend what it says of itself: all of its output is beside the samples")
        }
        let end = end(status)
        return LabError(
            .instance,
            left == nil
                ? "the command ended before it was ready, or went into the background"
                : "the command went into the background before it was ready",
            cause: left.map { "\(end); it left \($0), which was ended" } ?? end,
            remedy: "\(Self.foreground); where its end is what you time, say --ready exit")
    }

    /// The kernel ended it because it wanted more memory than its instance may have.
    /// - Parameter limit: in bytes.
    public static func ranOutOfMemory(limit: UInt64?) -> LabError {
        LabError(
            .instance, "the command was killed for want of memory",
            cause: limit.map { "it wanted more than its \(Units.format(bytes: $0))" },
            remedy: "raise --memory, or `memory` in the lab.yaml")
    }

    /// One of its figures is not there: why, where it had written nothing at all.
    func lacking(_ error: LabError) -> LabError {
        guard isEmpty, readiness != .exit else { return error }
        return LabError(
            .instance, error.message,
            cause:
                "it had written nothing when it was asked to end, a second after it was ready (\(readiness.word))",
            remedy:
                "let it write at once what it prints, as python3 -u does, or say what shows later that it is ready: --ready line=TEXT"
        )
    }

    /// Its deadline passed.
    public var late: LabError {
        guard readiness != .exit else {
            return LabError(
                .timeout, "the command did not end in time",
                remedy: "raise --timeout; for a server say how it is known to be ready: --ready first-output")
        }
        return LabError(
            .timeout, "the command was not ready in time",
            cause: lastCheck.map {
                "waited for \(readiness.word), whose exit status was \(Int($0)) the last time"
            } ?? "waited for \(readiness.word)",
            remedy: "raise --timeout, or say with --ready what really shows it")
    }
}
