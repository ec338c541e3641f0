import Glibc
import LabCore

/// One line on standard error that is rewritten as the run goes on; silent when standard error is no terminal.
final class ProgressLine {
    /// A terminal gains nothing from more, and each rewrite costs time between samples.
    private static let shortestInterval: Duration = .milliseconds(100)

    private let enabled: Bool
    /// What stands before everything that is shown: which of several labs it is about.
    private var prefix = ""
    /// What was said while several labs run: each says the same of the same machine.
    private var said: Set<String> = []
    private var shown = false
    private var next = MonotonicInstant(nanoseconds: 0)

    init(quiet: Bool) { enabled = !quiet && isatty(STDERR_FILENO) == 1 }

    /// Shows `text` unless the line was rewritten just now.
    func show(_ text: @autoclosure () -> String, now atOnce: Bool = false) {
        guard enabled else { return }
        let now = MonotonicInstant.now()
        guard atOnce || now >= next else { return }
        next = now.advanced(by: Self.shortestInterval)
        // ECMA-48: CR, then EL to clear what a longer line left.
        try? Terminal.writeAll(
            Array("\r\u{1b}[K\(Self.fit(prefix + text(), columns: Self.columns))".utf8), to: STDERR_FILENO)
        shown = true
    }

    /// Takes the line away, so that something else can be said.
    func clear() {
        guard shown else { return }
        try? Terminal.writeAll(Array("\r\u{1b}[K".utf8), to: STDERR_FILENO)
        shown = false
    }

    /// From now on it is about one lab of several, and no warning is said again that another has given.
    func enter(lab: String, number: Int, of count: Int) { prefix = "lab \(number) of \(count), \(lab): " }

    /// Says a whole line in place of the progress.
    func warn(_ text: String, remedy: String? = nil) {
        clear()
        if !prefix.isEmpty && !said.insert(text).inserted { return }
        Terminal.warn(text, remedy: remedy)
    }

    /// A line that wraps can't be rewritten.
    static func fit(_ text: String, columns: Int) -> String {
        text.count < columns ? text : text.prefix(max(0, columns - 2)) + "…"
    }

    private static var columns: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// `12 s`, `3 min 05 s`: whole seconds, for people who wait.
    static func spoken(_ duration: Duration) -> String {
        let seconds = max(0, duration.components.seconds)
        guard seconds >= 60 else { return "\(seconds) s" }
        let rest = seconds % 60
        return "\(seconds / 60) min \(rest < 10 ? "0" : "")\(rest) s"
    }
}

extension ProgressLine {
    /// Shows what the runner is doing; `budget` caps the time that is promised.
    func follow(_ event: Runner.Event, budget: Duration) {
        switch event {
        case .probing(let engine): show("probing \(engine) …", now: true)
        case .preparing(let engine): show("preparing \(engine) …", now: true)
        case .trial(let trial, let progress, let elapsed):
            show(Self.describe(trial, progress, elapsed: elapsed, budget: budget))
        case .unavailable(let engine, let reason, let remedy):
            warn("\(engine) is unavailable and left out: \(reason)", remedy: remedy)
        case .failed(let observation, let error):
            let reason = error.reason
            warn(
                "trial \(observation.index + 1) (\(observation.engine)) failed: \(reason)",
                remedy: error.remedy)
        case .stopped(let engine, let reason): warn("\(engine) was \(reason)")
        case .ended: clear()
        }
    }

    static func describe(
        _ trial: Plan.Trial, _ progress: RunProgress, elapsed: Duration, budget: Duration
    ) -> String {
        var text = "trial \(progress.done + 1)/\(progress.total)  \(trial.engine)"
        if trial.warmup { text += " (warm-up)" }
        text += "  \(spoken(elapsed)) elapsed"
        if let remaining = progress.remainingNanoseconds {
            let left = min(.nanoseconds(Int64(clamping: remaining)), budget - elapsed)
            text += ", about \(spoken(left)) left"
        }
        return text
    }
}
