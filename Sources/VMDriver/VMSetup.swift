import Artifacts
import LabCore

/// The settings and parts that all VMs of one engine share.
struct VMSetup: Sendable {
    let type: DomainType
    let configuration: VMConfiguration
    let starter: any VMStarter
    let parts: VMParts
    let channel: RecordChannel
    /// Those of the host on which its VMs may run; nil for all.
    let processors: CPUList?
    /// Told to the guest under emulation; the processor under KVM has its own ways.
    private(set) var timeStampKilohertz: UInt64?

    init(
        type: DomainType, _ configuration: VMConfiguration, _ root: RootFilesystem, _ paths: LabPaths,
        processors: CPUList? = nil
    ) throws(LabError) {
        self.type = type
        self.configuration = configuration
        self.processors = processors
        if type == .xen, configuration.connection == nil { try XenHost.check() }
        parts = try VMParts(configuration, root, paths)
        let device = type == .kvm ? KVMDevice.path : nil
        if configuration.usesLibvirt {
            let hypervisor = try Hypervisor.connect(configuration.connection ?? type.connection, paths: paths)
            // A daemon's administrator says who its QEMUs are.
            let user = hypervisor.directory == nil ? nil : QEMUUser.current(opening: device)
            starter = LibvirtStarter(
                hypervisor, paths: paths, try MachineFiles(paths, for: user), configuration.build)
        } else {
            starter = try DirectStarter(
                try MachineFiles(paths, for: .current(opening: device)), configuration.build)
        }
        channel = configuration.channel ?? starter.channel
        timeStampKilohertz = type == .qemu ? starter.timeStampKilohertz : nil
        if processors != nil, type == .xen || !starter.isOfThisHost {
            throw LabError(
                .unavailable, "--cpus-allowed can't hold these VMs to processors of this machine",
                cause: type == .xen
                    ? "Xen's processors are not those that this kernel numbers" : "they run on another host",
                remedy: "leave the engine or --cpus-allowed out")
        }
    }

    /// Returns the parts of a VM at this condition, see `VMParts.of`.
    /// - Throws: `.usage` for words of hardware where there is none.
    func parts(
        of condition: Condition, starting command: VMCommand? = nil
    ) throws(LabError) -> VMParts.Chosen {
        if type == .xen, let word = condition.variant?.wordOfHardware {
            throw LabError(
                .usage, "the variant \(word) needs hardware, and a paravirtual guest of Xen has none",
                remedy: "name only engines that run on QEMU")
        }
        guard condition.system == nil || !channel.isConsole else {
            throw LabError(
                .unavailable, "a complete system in this VM has no way to answer",
                cause: "libvirt carries its records on the console, which the system uses for its logins",
                remedy: "leave --connect out")
        }
        return try parts.of(condition, starting: command)
    }

    /// A command as its VMs start it, with its disk.
    /// - Parameter engine: whose VMs they are.
    /// - Parameter place: a directory of the run's for what QEMU is to read.
    /// - Throws: `.unavailable` where a VM has no port for its output, or there can be no disk; else as `TreeDisk.of`.
    func command(
        _ payload: CommandPayload, for engine: EngineID, place: String
    ) throws(LabError) -> VMCommand {
        guard !channel.isConsole else {
            throw LabError(
                .unavailable, "\(engine) can't start a command of an image",
                cause: "its output needs a port of its own, and libvirt carries the console alone from there",
                remedy: "leave --connect out")
        }
        if payload.network != nil { try starter.checkTaps() }
        let disk = try parts.disk(of: payload.tree, in: payload.tree.directory(for: engine))
        return VMCommand(payload, on: disk, place: place)
    }

    func check() throws(LabError) {
        try starter.check(type: type, machine: configuration.profile)
    }

    /// Makes a VM ready to be started: what it is made of, where QEMU can read it.
    /// - Parameters:
    ///   - system: the complete system on its disk; nil for none.
    ///   - command: what it starts; nil for lab-guest.
    func bring(
        _ condition: Condition = [:], system: SystemTree? = nil, command: VMCommand? = nil
    ) throws(LabError) {
        let parts = try parts(of: condition, starting: command)
        for file in [parts.kernel.path, parts.firmware, system?.disk] {
            if let file { try starter.bring(file, into: nil) }
        }
        try starter.bring(parts.initramfs.path, into: command?.place)
        if let command { try starter.bring(command.disk.path, into: command.place) }
    }

    /// The starter, where it can start a VM from a saved one.
    func restoringStarter() throws(LabError) -> any RestoringStarter {
        guard let starter = starter as? any RestoringStarter else {
            throw LabError(
                .unavailable, "a VM that is started without libvirt can't be restored",
                cause: "its QEMU has no monitor, which would have to save it",
                remedy: "use the engine qemu or kvm")
        }
        guard !channel.isConsole else {
            throw LabError(
                .unavailable, "a VM whose console comes through libvirt can't be restored",
                cause: "its work is told to it through a FIFO of this host", remedy: "leave --connect out")
        }
        return starter
    }

    /// Returns the domain for a VM of this request; one that is to be restored is told its workload only then.
    ///
    /// - Parameter system: the complete system that it starts; nil for none.
    /// - Parameter command: what it starts; nil for lab-guest, which does the request's workload.
    /// - Parameter interface: of the guest; nil for none.
    /// - Parameter uuid: of the domain; nil for one of libvirt's choice.
    func description(
        of place: VMPlace, _ request: LaunchRequest, system: SystemTree? = nil, command: VMCommand? = nil,
        interface: DomainDescription.Interface? = nil, uuid: String? = nil
    ) throws(LabError) -> DomainDescription {
        guard request.cpus > 0, request.memoryBytes >= VMSetup.leastMemory else {
            throw LabError(
                .usage,
                "a VM with \(request.cpus) CPUs and \(request.memoryBytes) bytes of memory can't start",
                remedy: "give it at least 1 CPU and \(VMSetup.leastMemory >> 20) MiB")
        }
        guard command == nil || system == nil else {
            throw LabError(
                .usage, "a complete system starts no command of an image",
                remedy: "leave the condition payload=system out")
        }
        let workload =
            if let command { command.workload } else {
                try request.workload(in: EngineID(rawValue: type.rawValue))
            }
        let parts = try parts(of: request.condition, starting: command)
        let variant = parts.variant
        guard !channel.isConsole || variant.console != VMVariant.Console.none else {
            throw LabError(
                .unavailable, "a VM without a console has no way to answer",
                cause: "libvirt carries its records on the console", remedy: "leave --connect out")
        }
        if variant.memory == .hugePages, starter.isOfThisHost {
            try HugePages.check(for: request.memoryBytes, mounted: configuration.usesLibvirt)
        }
        let countsInstructions = variant.clock == .instructions
        guard !countsInstructions || type == .qemu else {
            throw LabError(
                .unavailable, "the guest's instructions can't be counted under \(type.rawValue)",
                cause: "the processor executes them, and no one else sees them",
                remedy: "count them under emulation: --engine qemu")
        }
        let isRestored = variant.start == .restore
        let commandLine = try KernelCommandLine.text(
            for: isRestored ? .awaitOrder : workload, channel: channel,
            // A counter that is a nanosecond for each instruction has 1 GHz.
            timeStampKilohertz: countsInstructions ? 1_000_000 : timeStampKilohertz,
            style: variant.commandLine ?? .tuned, hasConsole: variant.console != VMVariant.Console.none,
            modules: parts.modules, isSystem: system != nil, address: interface?.address,
            stays: request.condition.count != nil)
        var description = DomainDescription(
            name: place.name, type: type, machine: parts.machine, memoryBytes: request.memoryBytes,
            cpus: request.cpus,
            boot: .kernel(
                starter.path(of: parts.kernel.path), initramfs: starter.path(of: parts.initramfs.path),
                commandLine: commandLine),
            consolePipe: place.consolePipe, recordPipe: place.recordPipe, channel: channel)
        description.rootDisk = (command?.disk.path ?? system?.disk).map { starter.path(of: $0) }
        description.storageDisk = try StorageDisk(of: request)
        description.commandPipe = command.map { _ in place.commandPipe }
        description.interface = interface
        description.uuid = uuid
        description.user = starter.user
        description.emulator = configuration.build?.path
        description.processors = processors
        description.memory = variant.memory ?? .lazy
        description.countsInstructions = countsInstructions
        description.firmware = parts.firmware.map { starter.path(of: $0) }
        description.devices = variant.devices ?? .none
        description.hasConsole = variant.console != VMVariant.Console.none
        return description
    }

    /// Below it a distribution's kernel runs out of memory before its init.
    private static let leastMemory: UInt64 = 96 << 20

    /// Who unpacks the kernel, and by which of its entries it begins.
    private var kernelEntry: Message {
        switch (type, parts.kernel.isUnpacked) {
        case (.xen, true): "Xen PV, unpacked on the host"
        case (.xen, false): "Xen PV, unpacked by Xen's tools"
        case (_, true): "PVH, unpacked on the host"
        case (_, false): "bzImage, unpacked by the guest"
        }
    }

    private var accelerator: Message {
        switch type {
        case .qemu: "none: TCG emulation"
        case .kvm: Emulator.current.map { "KVM, nested in emulation (\($0))" } ?? "KVM"
        case .xen: Emulator.current.map { "Xen, nested in emulation (\($0))" } ?? "Xen"
        }
    }

    /// The programs that run its VMs with their versions, and who executes the guest's instructions.
    var versions: [EngineRecord.Detail] { starter.versions + [.init("accelerator", accelerator)] }

    /// Adds what runs to an engine's record.
    /// - Parameter command: what is started; nil for lab-guest.
    func complete(_ record: inout EngineRecord, starting command: VMCommand? = nil) {
        let chosen = try? parts(of: [:], starting: command)
        let (kernel, initramfs) = (parts.kernel, chosen?.initramfs ?? parts.initramfs)
        record.details = versions + starter.settings
        record.details += [
            .init("machine", "\(type.machine(chosen?.machine ?? configuration.profile))"),
            .init(
                "guest kernel",
                kernel.version.isEmpty ? "\(kernel.source)" : "\(kernel.version) (\(kernel.source))"),
            .init("kernel entry", kernelEntry),
            .init("record channel", channel.title),
        ]
        if command?.payload.network != nil {
            record.details.append(
                .init("network", "virtio-net on a tap of this host, whose packets QEMU carries: no vhost"))
        }
        record.digests = ["kernel": kernel.digest, "initramfs": initramfs.digest]
        if let disk = command?.disk {
            record.digests["disk"] = disk.digest
            record.details += [
                .init(
                    "root",
                    "\(disk.format.rawValue) on a disk that the guest only reads, an overlay in memory above it"
                ),
                .init("output channel", "a port of virtio-serial"),
                .init(
                    "command runs as", "a child of lab-guest; no filter is put on it and no capability taken"),
            ]
        }
        // Parts that differ from VM to VM and from run to run on one machine are left out: the digest is that of the
        // description without names, paths and the counter's rate as it was measured this time.
        var same = self
        same.timeStampKilohertz = timeStampKilohertz.map { _ in 0 }
        let place = VMPlace(name: "lab", directory: "")
        let request = LaunchRequest(
            index: 0, workload: .noop, memoryBytes: 256 << 20, cpus: 1,
            deadline: MonotonicInstant(nanoseconds: 0))
        if var description = try? same.description(of: place, request, command: command),
            case .kernel(_, _, let commandLine) = description.boot
        {
            description.boot = .kernel(
                kernel.digest, initramfs: initramfs.digest, commandLine: commandLine)
            description.rootDisk = command?.disk.digest
            record.details.append(.init("kernel command line", "\(commandLine)"))
            record.digests[starter.textName] = Digest.sha256(starter.text(of: description).utf8)
        }
        record.prepared =
            starter.prepared + [
                kernel.isUnpacked
                    ? "the guest's kernel, unpacked, where QEMU can read it"
                    : "the guest's kernel, where QEMU can read it",
                command == nil
                    ? "the root file system, packed as an initramfs"
                    : "lab-guest and what it is told of the command, packed as an initramfs",
            ]
        if let format = command?.disk.format.rawValue {
            record.prepared?.append("the files of the command, as a disk (\(format)) where QEMU can read it")
        }
        if command?.payload.network != nil { record.prepared?.append(HostNetwork.prepared) }
        if timeStampKilohertz != nil {
            record.prepared?.append("the rate of the time-stamp counter, which the guest is told")
        }
        if type == .qemu {
            record.footnotes = [
                "Every instruction of the guest is translated by QEMU: no hardware virtualisation."
            ]
        }
        record.footnotes += starter.footnotes
    }
}
