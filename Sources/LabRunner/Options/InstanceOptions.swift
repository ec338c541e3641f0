import ArgumentParser
import LabCore

/// The options that `run` and `explain` share: which lab, and what an instance is made of.
struct InstanceOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "The lab, for example startup-latency; see `lab list labs`. For `run` also several, separated by commas, or all.",
            valueName: "LAB"))
    var lab: String

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Longest time from the request until the guest is ready.", valueName: "30s"))
    var timeout: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Memory of the VM, or limit of the container.", valueName: "256MiB"))
    var memory: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Virtual CPUs of the VM, or CPU limit of the container.", valueName: "N"))
    var cpus: String?

    @Option(
        help: ArgumentHelp(
            "Processors to which everything measured is held, VMs' threads included; lab itself keeps to the others where there are any.",
            valueName: "0,2-3"))
    var cpusAllowed: String?

    @Option(
        help: ArgumentHelp(
            "Machine of the VM: \(EngineFactory.profiles.joined(separator: ", ")).", valueName: "profile"))
    var profile: String?

    @Option(
        help: ArgumentHelp(
            "libvirt connection, for example qemu:///system; by default QEMU's driver runs inside lab.",
            valueName: "URI"))
    var connect: String?

    @Option(help: ArgumentHelp("Kernel of the guest; by default one of this machine.", valueName: "PATH"))
    var kernel: String?

    @Flag(
        help: ArgumentHelp(
            "Download with apt-get what this machine lacks: a guest kernel, a lab's distribution."))
    var fetch = false

    @OptionGroup(title: "Your own program") var own: CommandOptions

    /// A VM's kernel and initramfs need more than this to unpack.
    static let leastMemory: UInt64 = 16 << 20
    static let mostCPUs = 1_024

    /// A lab with what was said here.
    func apply(to lab: LabDefinition) throws(LabError) -> LabDefinition {
        var definition = lab
        if let timeout {
            definition.timeoutSeconds = try Words.seconds(timeout, option: "--timeout")
            for place in definition.series.indices { definition.series[place].timeoutSeconds = nil }
        }
        if let memory {
            definition.memoryBytes = try Words.bytes(memory, option: "--memory", atLeast: Self.leastMemory)
        }
        if let cpus { definition.cpus = try Words.count(cpus, option: "--cpus", in: 1...Self.mostCPUs) }
        if let command = try own.definition(over: lab.command), command != lab.command {
            return try definition.running(command)
        }
        return definition
    }

    /// The processors of the run; nil for all.
    func placement() throws(LabError) -> Placement? {
        try cpusAllowed.map { text throws(LabError) in try Placement(text) }
    }

    /// Returns the settings of the engines that are not the lab's.
    func engineSettings() throws(LabError) -> EngineSettings {
        var settings = EngineSettings(
            connect: connect, kernel: kernel, fetchesKernel: fetch || EngineSettings.fetchIsAllowed)
        if let profile {
            settings.profile = try Words.choice(profile, option: "--profile", of: EngineFactory.profiles)
        }
        return settings
    }
}
