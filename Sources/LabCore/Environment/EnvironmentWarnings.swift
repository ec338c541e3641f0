/// What about a machine makes its figures less sure. Each is a value with its remedy; nothing is changed.
enum EnvironmentWarnings {
    /// A load of this many runnable tasks per CPU disturbs what is measured.
    static let mostLoadPerCPU = 0.5
    /// Above this share of stolen time the host below is busy with others.
    static let mostSteal = 0.01

    static func all(_ machine: Environment, swapUsed: UInt64?, stealShare: Double?) -> [Environment.Warning] {
        [
            load(machine), steal(stealShare), virtualised(machine), governor(machine), turbo(machine),
            smt(machine),
            swap(swapUsed),
        ].compactMap { $0 }
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
        guard let hypervisor = machine.hypervisor else { return nil }
        return .init(
            "this machine is itself virtual (\(hypervisor)): a VM on it is nested, and times vary more",
            remedy: "compare ratios rather than times, or measure on bare metal")
    }

    private static func governor(_ machine: Environment) -> Environment.Warning? {
        guard machine.governor == "powersave" else { return nil }
        return .init(
            "the CPU frequency governor is powersave: a short start may end before the frequency rises",
            remedy: "sudo cpupower frequency-set -g performance")
    }

    private static func turbo(_ machine: Environment) -> Environment.Warning? {
        guard machine.turbo == "on" else { return nil }
        return .init(
            "turbo is on: the frequency depends on temperature and on what the other cores do",
            remedy: "turn it off in /sys/devices/system/cpu (intel_pstate/no_turbo = 1 or cpufreq/boost = 0)")
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
