import Glibc
import LabCore

/// Runs workloads in virtual machines: `kvm` and `qemu`, which libvirt starts, and `qemu-direct` are three of these.
public final class VMEngine: Engine {
    public let id: EngineID
    public let kind = EngineKind.virtualMachine
    public let type: DomainType
    public let configuration: VMConfiguration
    private let paths: LabPaths
    private let rootFilesystem: RootFilesystem
    private var setUpDone: VMSetup?
    private var availability: Availability?
    private var context: RunContext?

    /// - Parameter id: the engine's name in plans and reports, where it isn't the domain type's.
    public init(
        _ type: DomainType, id: EngineID? = nil, configuration: VMConfiguration, paths: LabPaths,
        rootFilesystem: RootFilesystem
    ) {
        self.type = type
        self.id = id ?? EngineID(rawValue: type.rawValue)
        self.configuration = configuration
        self.paths = paths
        self.rootFilesystem = rootFilesystem
    }

    /// Boots a guest, the first time it is asked; KVM's answer is kept until the host restarts.
    public func probe() -> Availability {
        if let availability { return availability }
        let answer: Availability
        do {
            answer = try HypervisorProbe(engine: self, setup: try setUp(), paths: paths).answer()
        } catch {
            answer = .unavailable(
                because: error.reason, remedy: error.remedy)
        }
        availability = answer
        return answer
    }

    public func prepare(_ context: RunContext) throws(LabError) {
        // QEMU is probed by libvirt here, so that the first start isn't the one to wait for it.
        try setUp().check()
        self.context = context
    }

    public func launch(_ request: LaunchRequest) throws(LabError) -> any Instance {
        let requested = MonotonicInstant.now()
        guard let context else {
            throw LabError(.software, "\(id) was asked for an instance before it was prepared")
        }
        return try launch(request, requested: requested, runID: context.runID, journal: context.journal)
    }

    /// The same outside a run: for the probe.
    func launch(
        _ request: LaunchRequest, requested: MonotonicInstant, runID: String, journal: RunJournal
    ) throws(LabError) -> VMInstance {
        let setup = try setUp()
        let place = place(request, runID: runID)
        return try VMInstance.start(
            try setup.description(of: place, request), by: setup.starter, at: place, requested: requested,
            deadline: request.deadline, journal: journal)
    }

    /// The domain XML that `launch` would hand to libvirt, or QEMU's command line.
    public func explain(_ request: LaunchRequest) throws(LabError) -> String {
        let setup = try setUp()
        let place = place(request, runID: context?.runID ?? "RUN")
        return setup.starter.text(of: try setup.description(of: place, request))
    }

    private func place(_ request: LaunchRequest, runID: String) -> VMPlace {
        VMPlace(
            name: "lab-\(runID)-\(request.index)", directory: "\(paths.run(runID))/\(id)-\(request.index)")
    }

    public var record: EngineRecord {
        var record = EngineRecord(
            id: id, kind: kind, availability: availability ?? .available,
            // A hypervisor on an emulated processor is a real one; what it takes is not what hardware takes.
            emulated: type == .qemu || Emulator.current != nil)
        if let setUpDone { setUpDone.complete(&record) }
        return record
    }

    /// The connection stays open: the embedded driver can be opened only once in a process.
    public func shutDown() { context = nil }

    /// Finds the kernel, makes the initramfs and connects: once.
    private func setUp() throws(LabError) -> VMSetup {
        if let setUpDone { return setUpDone }
        let made = try VMSetup(type: type, configuration, rootFilesystem, paths)
        setUpDone = made
        return made
    }
}

extension VMEngine: ImageBased {
    /// The kernel as its package holds it: what is unpacked from it for QEMU can be made again.
    public func image() throws(LabError) -> ImageFiles {
        let setup = try setUp()
        return ImageFiles(kernel: setup.kernel.source, root: setup.initramfs.path)
    }

    public func pack(_ directory: String, to path: String) throws(LabError) -> String {
        try Files.write(try Initramfs.archive(directory: directory), to: path)
        return path
    }
}

/// What all VMs of one engine have in common.
struct VMSetup: Sendable {
    let type: DomainType
    let configuration: VMConfiguration
    let starter: any VMStarter
    let kernel: GuestKernel
    let initramfs: Initramfs
    let channel: RecordChannel
    /// Told to the guest under emulation; the processor under KVM has its own ways.
    private(set) var timeStampKilohertz: UInt64?

    init(
        type: DomainType, _ configuration: VMConfiguration, _ root: RootFilesystem, _ paths: LabPaths
    ) throws(LabError) {
        self.type = type
        self.configuration = configuration
        kernel = try GuestKernel.find(
            explicit: configuration.kernel, unpack: configuration.unpacksKernel,
            fetch: configuration.fetchesKernel, paths: paths)
        initramfs = try Initramfs.make(of: root, paths: paths)
        starter =
            configuration.usesLibvirt
            ? LibvirtStarter(hypervisor: try Hypervisor.connect(configuration.connection, paths: paths))
            : try DirectStarter()
        channel = configuration.channel ?? starter.channel
        timeStampKilohertz = type == .qemu ? TimeStampCounter.kilohertz : nil
    }

    func check() throws(LabError) { try starter.check(type: type, machine: configuration.profile) }

    func description(of place: VMPlace, _ request: LaunchRequest) throws(LabError) -> DomainDescription {
        guard request.cpus > 0, request.memoryBytes >= VMSetup.leastMemory else {
            throw LabError(
                .usage,
                "a VM with \(request.cpus) CPUs and \(request.memoryBytes) bytes of memory can't start",
                remedy: "give it at least 1 CPU and \(VMSetup.leastMemory >> 20) MiB")
        }
        return DomainDescription(
            name: place.name, type: type, machine: configuration.profile, memoryBytes: request.memoryBytes,
            cpus: request.cpus, kernel: kernel.path, initramfs: initramfs.path,
            commandLine: try KernelCommandLine.text(
                for: request.workload, channel: channel, timeStampKilohertz: timeStampKilohertz),
            consolePipe: place.consolePipe, recordPipe: place.recordPipe, channel: channel)
    }

    /// Below it a distribution's kernel runs out of memory before its init.
    private static let leastMemory: UInt64 = 96 << 20

    private var accelerator: String {
        guard type == .kvm else { return "none: TCG emulation" }
        return Emulator.current.map { "KVM, nested in emulation (\($0))" } ?? "KVM"
    }

    /// Adds what runs to an engine's record.
    func complete(_ record: inout EngineRecord) {
        record.details = starter.details
        record.details += [
            .init("accelerator", accelerator),
            .init("machine", configuration.profile.rawValue),
            .init(
                "guest kernel",
                kernel.version.isEmpty ? kernel.source : "\(kernel.version) (\(kernel.source))"),
            .init(
                "kernel entry",
                kernel.isUnpacked ? "PVH, unpacked on the host" : "bzImage, unpacked by the guest"),
            .init("record channel", channel == .debugPort ? "isa-debugcon" : "second serial port"),
        ]
        record.digests = ["kernel": kernel.digest, "initramfs": initramfs.digest]
        // What differs from VM to VM and from run to run on one machine is left out: the digest is that of the
        // description without names, paths and the counter's rate as it was measured this time.
        var same = self
        same.timeStampKilohertz = timeStampKilohertz.map { _ in 0 }
        let place = VMPlace(name: "lab", directory: "")
        let request = LaunchRequest(
            index: 0, workload: .noop, memoryBytes: 256 << 20, cpus: 1,
            deadline: MonotonicInstant(nanoseconds: 0))
        if var description = try? same.description(of: place, request) {
            description.kernel = kernel.digest
            description.initramfs = initramfs.digest
            record.details.append(.init("kernel command line", description.commandLine))
            record.digests[starter.textName] = Digest.sha256(starter.text(of: description).utf8)
        }
        if type == .qemu {
            record.footnotes = [
                "Every instruction of the guest is translated by QEMU: no hardware virtualisation."
            ]
        }
        record.footnotes += starter.footnotes
    }
}
