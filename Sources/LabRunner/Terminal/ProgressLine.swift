import Glibc
import LabCore
import Texts

/// One line on standard error that is rewritten as the run goes on; silent when standard error is no terminal.
final class ProgressLine {
    /// A terminal gains nothing from more, and each rewrite costs time between samples.
    private static let shortestInterval: Duration = .milliseconds(100)

    private let text: Language
    private let enabled: Bool
    /// The words before everything that is shown: which of several labs it is about.
    private var prefix = ""
    /// The notes so far while several labs run: each says the same of the same machine.
    private var said: Set<String> = []
    private var shown = false
    private var next = MonotonicInstant(nanoseconds: 0)

    init(quiet: Bool, text: Language) {
        self.text = text
        enabled = !quiet && isatty(STDERR_FILENO) == 1
    }

    /// Shows `words` unless the line was rewritten just now.
    func show(_ words: @autoclosure () -> String, now atOnce: Bool = false) {
        guard enabled else { return }
        let now = MonotonicInstant.now()
        guard atOnce || now >= next else { return }
        next = now.advanced(by: Self.shortestInterval)
        // ECMA-48: CR, then EL to clear what a longer line left.
        try? Terminal.writeAll(
            Array("\r\u{1b}[K\(Self.fit(ForeignText.line(prefix + words()), columns: Self.columns))".utf8),
            to: STDERR_FILENO)
        shown = true
    }

    /// Takes the line away, so that something else can be said.
    func clear() {
        guard shown else { return }
        try? Terminal.writeAll(Array("\r\u{1b}[K".utf8), to: STDERR_FILENO)
        shown = false
    }

    /// From now on it is about one lab of several, and no warning is said again that another has given.
    func enter(lab: String, number: Int, of count: Int) {
        prefix = text.say("lab \(number) of \(count), \(lab): ")
    }

    /// The same of one of several runs of a lab.
    func enter(run number: Int, of count: Int) { prefix = text.say("run \(number) of \(count): ") }

    /// Says a whole line in place of the progress.
    /// - Parameters: the words in English, or in the reader's language already.
    func warn(_ words: String, remedy: Message? = nil) {
        clear()
        if !prefix.isEmpty && !said.insert(words).inserted { return }
        Terminal.warn(words, remedy: remedy, in: text)
    }

    /// A line that wraps can't be rewritten.
    static func fit(_ text: String, columns: Int) -> String {
        guard Columns.count(text) >= columns else { return text }
        return Columns.prefix(text, columns - 2) + "…"
    }

    private static var columns: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

}

extension ProgressLine {
    /// Shows what the runner is doing; `budget` caps the time that is promised.
    /// - Parameter results: the directory of the run's results.
    func follow(_ event: Runner.Event, budget: Duration, results: String) {
        switch event {
        case .probing(let engine): show(text.probing(engine), now: true)
        case .preparing(let engine): show(text.preparing(engine), now: true)
        case .shortBudget(let error):
            warn(text.takingMore(because: text.say(error.reason)), remedy: nil)
        case .trial(let trial, let progress, let elapsed):
            show(text.trial(trial, progress, elapsed: elapsed, budget: budget))
        case .unavailable(let engine, let error):
            warn(text.leftOut(engine, because: text.say(error.reason)), remedy: error.remedy)
        case .failed(let observation, let error):
            let output = observation.output(in: results).map { text.say("; what it said is in \($0)") }
            warn(
                text.failed(observation.index + 1, observation.engine, because: text.say(error.reason))
                    + (output ?? ""), remedy: error.remedy)
        case .stopped(let engine, let reason): warn(text.stopped(engine, text.say(reason)))
        case .ended: clear()
        }
    }
}
