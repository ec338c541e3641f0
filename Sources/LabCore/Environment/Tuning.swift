import Glibc

/// A switch that was turned for a run.
public struct TunedSetting: Codable, Equatable, Sendable {
    /// Below /sys/devices/system/cpu.
    public var file: String
    public var old: String
    public var new: String

    public init(file: String, old: String, new: String) {
        self.file = file
        self.old = old
        self.new = new
    }
}

/// Makes the processors' frequency steady for a run: the governor `performance`, and no turbo.
///
/// Nothing else of the machine is touched. Each old value is in the run's journal before the switch is turned; whoever
/// replays the journal puts them back, the last first.
public struct Tuning: Sendable {
    private let root: String
    private let journal: RunJournal

    /// - Parameter root: where sysfs is mounted; another one than `/sys` is for tests.
    public init(journal: RunJournal, root: String = MachineSetting.systemRoot) {
        self.journal = journal
        self.root = root
    }

    public struct Outcome: Equatable, Sendable {
        public var set: [TunedSetting] = []
        /// The settings that can't be tuned here, each with the reason.
        public var refused: [Environment.Warning] = []
    }

    private static let steady = "performance"

    /// Turns what is to be turned.
    /// - Throws: `.permission` without root, before anything was changed; `.output` when the journal can't be written.
    public func apply() throws(LabError) -> Outcome {
        guard geteuid() == 0 else {
            throw LabError(
                .permission, "--tune cannot change the machine's settings", cause: "lab does not run as root",
                remedy: "sudo lab run … --tune, or leave --tune out")
        }
        var outcome = Outcome()
        try tuneGovernors(&outcome)
        try tuneTurbo(&outcome)
        return outcome
    }

    private func tuneGovernors(_ outcome: inout Outcome) throws(LabError) {
        let processors = Files.list(MachineSetting.directory(root)).filter(MachineSetting.isProcessor).filter
        {
            Files.exists("\(MachineSetting.directory(root))/\(MachineSetting.governor(of: $0))")
        }
        guard !processors.isEmpty else {
            outcome.refused.append(
                Environment.Warning(
                    "--tune leaves the governor alone: this machine has no cpufreq",
                    remedy:
                        "set the frequency where this machine's is set: its firmware, or the host below it"))
            return
        }
        for processor in processors {
            try turn(MachineSetting.governor(of: processor), to: Self.steady, &outcome)
        }
    }

    private func tuneTurbo(_ outcome: inout Outcome) throws(LabError) {
        // intel_pstate has its own switch, the other way round.
        for (file, off) in [(MachineSetting.noTurbo, "1"), (MachineSetting.boost, "0")]
        where Files.exists("\(MachineSetting.directory(root))/\(file)") {
            try turn(file, to: off, &outcome)
            return
        }
        outcome.refused.append(
            Environment.Warning(
                "--tune leaves turbo alone: this machine has neither \(MachineSetting.noTurbo) nor "
                    + "\(MachineSetting.boost)",
                remedy: "turn turbo off in the firmware, or on the host below"))
    }

    /// Writes the old value down, then turns the switch. What the kernel refuses is said and does not end the run.
    private func turn(_ file: String, to value: String, _ outcome: inout Outcome) throws(LabError) {
        let path = "\(MachineSetting.directory(root))/\(file)"
        guard let old = Files.line(path), let before = MachineSetting(file, value: old),
            let after = MachineSetting(file, value: value)
        else {
            outcome.refused.append(.init("--tune leaves \(path) alone: its value can't be read"))
            return
        }
        guard before != after else { return }
        try journal.record(before.resource(root))
        do {
            try after.apply(root)
            outcome.set.append(TunedSetting(file: file, old: old, new: value))
        } catch {
            outcome.refused.append(
                .init("--tune leaves \(path) alone: \(error.reason)", remedy: error.remedy))
        }
    }
}
