/// The traits of a machine that make its figures less sure. Each is a value with its remedy; nothing is changed.
enum EnvironmentWarnings {
    /// A load of this many runnable tasks per CPU disturbs what is measured.
    static let mostLoadPerCPU = 0.5
    /// Above this share of stolen time the host below is busy with others.
    static let mostSteal = 0.01

    /// - Parameters:
    ///   - thermal: now; `before`: a moment ago.
    static func all(
        _ machine: Environment, swapUsed: UInt64?, thermal: ThermalState? = nil, before: ThermalState? = nil
    ) -> [Environment.Warning] {
        [
            load(machine), steal(machine.stealShare), heat(thermal, before: before), virtualised(machine),
            governor(machine), turbo(machine), smt(machine), swap(swapUsed),
        ].compactMap { $0 }
    }

    private static func heat(_ now: ThermalState?, before: ThermalState?) -> Environment.Warning? {
        guard let now else { return nil }
        if !now.active.isEmpty {
            return .init(
                "the processors are held back to cool: \(now.active.joined(separator: ", "))",
                remedy: "let the machine cool down, and free its fans")
        }
        return throttled(before: before?.events, after: now.events)
    }

    /// Heat between two looks at the counters.
    static func throttled(before: UInt64?, after: UInt64?) -> Environment.Warning? {
        guard let before, let after, after > before else { return nil }
        return .init(
            "the processors were throttled for heat while lab looked or measured: their counters rose by "
                + "\(after - before)",
            remedy: "let the machine cool down, and measure with fewer cores or a shorter run")
    }

    private static func load(_ machine: Environment) -> Environment.Warning? {
        guard let load = machine.load, load > mostLoadPerCPU * Double(machine.cpuCount) else { return nil }
        return .init(
            "the machine is busy: load \(load) on \(machine.cpuCount) CPUs",
            remedy: "stop other programs, or wait a minute after a build")
    }

    private static func steal(_ share: Double?) -> Environment.Warning? {
        guard let share, share > mostSteal else { return nil }
        return .init(
            "\(Int((share * 100).rounded())) % of the CPU time is stolen: the host below runs something else",
            remedy: "measure on a machine of your own, or at a quieter hour")
    }

    private static func virtualised(_ machine: Environment) -> Environment.Warning? {
        if let emulator = machine.emulator {
            return .init(
                "this machine is nested in emulation (\(emulator)): times are not those of hardware",
                remedy: "compare what works rather than how fast, or measure on a machine with a processor")
        }
        guard let hypervisor = machine.hypervisor else { return nil }
        return .init(
            "this machine is itself virtual (\(Message(stringLiteral: hypervisor))): a VM on it is nested, and times vary more",
            remedy: "compare ratios rather than times, or measure on bare metal")
    }

    private static func governor(_ machine: Environment) -> Environment.Warning? {
        // `userspace` holds one frequency too.
        guard let governor = machine.governor, !["performance", "userspace"].contains(governor) else {
            return nil
        }
        return .init(
            "the CPU frequency governor is \(governor): a short start may end before the frequency rises",
            remedy: "`lab run --tune` as root, or sudo cpupower frequency-set -g performance")
    }

    private static func turbo(_ machine: Environment) -> Environment.Warning? {
        guard machine.turbo == "on" else { return nil }
        return .init(
            "turbo is on: the frequency depends on temperature and on what the other cores do",
            remedy: "`lab run --tune` as root turns it off for the run and on again")
    }

    private static func smt(_ machine: Environment) -> Environment.Warning? {
        guard machine.smt == "on" else { return nil }
        return .init(
            "SMT is on: two threads that share a core slow each other down",
            remedy: "echo off | sudo tee /sys/devices/system/cpu/smt/control")
    }

    private static func swap(_ used: UInt64?) -> Environment.Warning? {
        guard let used, used >= 1 << 20 else { return nil }
        return .init(
            "\(used >> 20) MiB are swapped out: a start may wait for the disk",
            remedy: "free memory, then swapoff -a && swapon -a")
    }
}
