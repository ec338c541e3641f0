/// The commands that make this machine steadier for a measurement, as a shell script to be read: only what has something
/// to change here, each with its reason and the way back. Nothing is run.
public struct SteadyScript: Equatable, Sendable {
    /// One thing to change.
    public struct Step: Equatable, Sendable {
        /// The reason.
        public var reason: Message
        /// Lines for a shell of root's.
        public var commands: [String]
        /// The lines that undo them.
        public var back: [String]
    }

    public var steps: [Step]
    /// What is deliberately left as it is.
    public private(set) var left: [Message] = []

    /// - Parameter root: where /sys, /proc, /etc and /run are looked for; another one than `/` is for tests.
    public init(root: String = "/") {
        let files = RootedFiles(root: root)
        let steps: [Step?] = [
            Self.governors(files), Self.turbo(files), Self.threads(files), Self.pages(files),
            Self.balancing(files),
            Self.watchdog(files), Self.timers(files),
        ]
        self.steps = steps.compactMap { $0 }
        // `always [madvise] never`
        let pages = files.line("sys/kernel/mm/transparent_hugepage/enabled")?.split(separator: " ").first {
            $0.hasPrefix("[")
        }?.dropFirst().dropLast()
        if let pages, Self.isWord(pages) {
            left = ["transparent huge pages stay as they are (\(pages)): they are a part of what is measured"]
        }
    }

    private static let processors = "sys/devices/system/cpu"

    /// Each governor by itself: hybrid processors may have several.
    private static func governors(_ files: RootedFiles) -> Step? {
        let others = files.list(processors).filter(MachineSetting.isProcessor).compactMap {
            name -> (path: String, governor: String)? in
            let path = "\(processors)/\(name)/cpufreq/scaling_governor"
            guard let governor = files.line(path), governor != "performance", isWord(governor[...]) else {
                return nil
            }
            return ("/\(path)", governor)
        }
        guard !others.isEmpty else { return nil }
        return Step(
            reason: "the governor raises the frequency only when a start is half over",
            commands: others.map { write("performance", to: $0.path) },
            back: others.map { write($0.governor, to: $0.path) })
    }

    private static func turbo(_ files: RootedFiles) -> Step? {
        for (file, off, on) in [(MachineSetting.noTurbo, "1", "0"), (MachineSetting.boost, "0", "1")] {
            guard let value = files.line("\(processors)/\(file)") else { continue }
            guard value == on else { return nil }
            return Step(
                reason: "with turbo the frequency depends on heat and on what other cores do",
                commands: [write(off, to: "/\(processors)/\(file)")],
                back: [write(on, to: "/\(processors)/\(file)")])
        }
        return nil
    }

    private static func threads(_ files: RootedFiles) -> Step? {
        let control = "\(processors)/smt/control"
        guard files.line(control) == "on", files.line("\(processors)/smt/active") == "1" else { return nil }
        return Step(
            reason: "two threads of a core slow each other down",
            commands: [write("off", to: "/\(control)")], back: [write("on", to: "/\(control)")])
    }

    private static func pages(_ files: RootedFiles) -> Step? {
        let run = "sys/kernel/mm/ksm/run"
        guard files.line(run) == "1" else { return nil }
        return Step(
            reason:
                "the kernel looks for pages that are alike and merges them, on any processor and at any time",
            commands: [write("0", to: "/\(run)")], back: [write("1", to: "/\(run)")])
    }

    private static func balancing(_ files: RootedFiles) -> Step? {
        let balancing = "proc/sys/kernel/numa_balancing"
        guard let value = files.line(balancing), value != "0", isWord(value[...]) else { return nil }
        return Step(
            reason: "the kernel takes pages away for a moment to see from which node they are used",
            commands: [write("0", to: "/\(balancing)")], back: [write(value, to: "/\(balancing)")])
    }

    private static func watchdog(_ files: RootedFiles) -> Step? {
        let watchdog = "proc/sys/kernel/nmi_watchdog"
        guard files.line(watchdog) == "1" else { return nil }
        return Step(
            reason: "the watchdog interrupts each processor and holds a counter of it",
            commands: [write("0", to: "/\(watchdog)")], back: [write("1", to: "/\(watchdog)")])
    }

    /// Those that are enabled, on a machine that systemd runs.
    private static func timers(_ files: RootedFiles) -> Step? {
        guard files.isDirectory("run/systemd/system") else { return nil }
        let names = files.list("etc/systemd/system/timers.target.wants").filter {
            $0.hasSuffix(".timer") && isWord($0.dropLast(".timer".count))
        }.sorted()
        guard !names.isEmpty else { return nil }
        return Step(
            reason: "timers start programs at hours of their own",
            commands: names.map { "systemctl stop \($0)" }, back: names.map { "systemctl start \($0)" })
    }

    private static func write(_ value: String, to path: String) -> String { "echo \(value) > \(path)" }

    /// What goes into a script as it is: letters, digits, and `-_.@`, the first no hyphen.
    private static func isWord(_ text: Substring) -> Bool {
        (1...100).contains(text.utf8.count) && text.first != "-"
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                    || "-_.@".utf8.contains(byte)
            }
    }
}
