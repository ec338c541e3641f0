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

    /// It ended, and was to say that it is ready.
    public func endedEarly(_ status: Int32) -> LabError {
        LabError(
            .instance, "the command ended before it was ready", cause: end(status),
            remedy: readiness == .firstOutput
                ? "look why it says nothing; where its end is what you time, say --ready exit"
                : "keep it in the foreground, as under docker; where its end is what you time, say --ready exit"
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
