import Glibc
import LabCore

/// Runs workloads in virtual machines: `kvm`, `qemu` and `xen`, which libvirt starts, and `qemu-direct`
/// are four of these.
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
    /// Of the run that `context` is of.
    private var savedVMs: SavedVMs?

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
        try setUp().bring(nil)
        self.context = context
        savedVMs = SavedVMs(context, engine: id)
    }

    public func launch(_ request: LaunchRequest) throws(LabError) -> any Instance {
        // What a variant is made of is there before it is asked for: to unpack or fetch it is no part of the start.
        let origin = try origin(of: request)
        if request.condition.variant != nil { try setUp().bring(request.condition.variant) }
        let requested = MonotonicInstant.now()
        guard let context else {
            throw LabError(.software, "\(id) was asked for an instance before it was prepared")
        }
        return try launch(
            request, from: origin, requested: requested, runID: context.runID, journal: context.journal)
    }

    /// The same outside a run: for the probe.
    func launch(
        _ request: LaunchRequest, from origin: VMOrigin = .boot, requested: MonotonicInstant, runID: String,
        journal: RunJournal
    ) throws(LabError) -> VMInstance {
        let setup = try setUp()
        var place = place(request, runID: runID)
        var uuid: String?
        if case .saved(let claim, _) = origin {
            place = VMPlace(name: claim.saved.name, directory: place.directory)
            uuid = claim.saved.uuid
        }
        return try VMInstance.start(
            try setup.description(of: place, request, uuid: uuid), by: setup.starter, from: origin, at: place,
            requested: requested, deadline: request.deadline, journal: journal)
    }

    /// What its VM is to be made from, made if it is not there yet.
    private func origin(of request: LaunchRequest) throws(LabError) -> VMOrigin {
        guard request.condition.variant != nil else { return .boot }
        let setup = try setUp()
        guard try setup.parts.of(request.condition.variant).variant.start == .restore, let savedVMs else {
            return .boot
        }
        let order = try GuestOrder(request.workload)
        return .saved(try savedVMs.of(request, setup).claim(), order)
    }

    /// The domain XML that `launch` would hand to libvirt, or QEMU's command line.
    public func explain(_ request: LaunchRequest) throws(LabError) -> String {
        let setup = try setUp()
        let place = place(request, runID: context?.runID ?? "RUN")
        let description = try setup.description(of: place, request)
        guard try setup.parts.of(request.condition.variant).variant.start == .restore else {
            return setup.starter.text(of: description)
        }
        return try setup.restoringStarter().text(ofRestoring: description, order: request.workload)
    }

    /// Starts a machine that boots from a raw disk image instead of a kernel: whatever is in its first sector, which
    /// must speak lab-guest's records through the debug port.
    ///
    /// The board is a `pc`, the only one of the profiles with a disk controller of its own that any firmware knows.
    /// - Parameter request: everything but its workload and its variant counts.
    /// - Throws: `.unavailable` where libvirt is too old for the debug port.
    public func launch(_ request: LaunchRequest, disk: String) throws(LabError) -> any Instance {
        let requested = MonotonicInstant.now()
        guard let context else {
            throw LabError(.software, "\(id) was asked for an instance before it was prepared")
        }
        let setup = try setUp()
        guard setup.channel == .debugPort else {
            throw LabError(
                .unavailable, "a machine without Linux has no way to answer",
                cause: setup.channel.isConsole ? "libvirt carries its console alone" : "libvirt before 8.1")
        }
        let place = place(request, runID: context.runID)
        var description = DomainDescription(
            name: place.name, type: type, machine: .pc, memoryBytes: request.memoryBytes, cpus: request.cpus,
            boot: .disk(disk), consolePipe: place.consolePipe, recordPipe: place.recordPipe,
            channel: setup.channel)
        description.user = setup.starter.user
        return try VMInstance.start(
            description, by: setup.starter, at: place, requested: requested, deadline: request.deadline,
            journal: context.journal)
    }

    /// Gives a file to the user that its QEMUs are.
    func hand(_ path: String) throws(LabError) { try MachineFiles.hand(path, to: try setUp().starter.user) }

    private func place(_ request: LaunchRequest, runID: String) -> VMPlace {
        VMPlace(
            name: "lab-\(runID)-\(request.index)",
            directory: "\(paths.machines)/lab-\(runID)-\(request.index)")
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
    public func shutDown() {
        savedVMs?.remove()
        savedVMs = nil
        context = nil
    }

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
        return ImageFiles(kernel: setup.parts.kernel.source, root: setup.parts.initramfs.path)
    }

    public func pack(_ directory: String, to path: String) throws(LabError) -> String {
        try Files.write(try Initramfs.archive(directory: directory), to: path)
        return path
    }
}
