import Artifacts
import LabCore

/// Starts the virtual machines of one run.
public final class PreparedVM: PreparedEngine {
    public let record: EngineRecord
    let setup: VMSetup
    let context: RunContext
    /// What its VMs start; nil for lab-guest.
    let command: VMCommand?
    private let savedVMs: SavedVMs

    init(
        _ record: EngineRecord, _ setup: VMSetup, _ context: RunContext, starting command: VMCommand? = nil
    ) {
        var record = record
        if let system = try? context.system.get() { record.add(system) }
        self.record = record
        self.setup = setup
        self.context = context
        self.command = command
        savedVMs = SavedVMs(context, engine: record.id)
    }

    public func launch(_ request: LaunchRequest) throws(LabError) -> any Instance {
        // The parts of a variant are there before it is asked for: to unpack or fetch them is no part of the start.
        let origin = try origin(of: request)
        let system = try context.system(of: request)
        let output = try request.commandOutput()
        let command = command(of: request)
        if !request.condition.isEmpty {
            try setup.bring(request.condition, system: system, command: command)
        }
        let requested = request.begin()
        var place = place(request)
        var uuid: String?
        if case .saved(let claim, _) = origin {
            place = VMPlace(name: claim.saved.name, directory: place.directory)
            uuid = claim.saved.uuid
        }
        let link = try context.network(of: request)?.makeTap(of: request.index)
        do throws(LabError) {
            return try start(
                try setup.description(
                    of: place, request, system: system, command: command,
                    interface: link.map { DomainDescription.Interface($0) }, uuid: uuid),
                from: origin, at: place, output, link, request, requested
            )
        } catch {
            try? link?.remove()
            throw error
        }
    }

    /// Each word of a series makes another file of it.
    private func command(of request: LaunchRequest) -> VMCommand? {
        guard let command, let payload = request.command else { return nil }
        return VMCommand(payload, on: command.disk, place: command.place, ground: command.ground)
    }

    /// Returns what its VM is to be made from, made if it is not there yet.
    private func origin(of request: LaunchRequest) throws(LabError) -> VMOrigin {
        guard request.condition.variant != nil, try isRestored(request) else { return .boot }
        let order = try GuestOrder(request.workload(in: id))
        return .saved(try savedVMs.of(request, setup).claim(), order)
    }

    private func isRestored(_ request: LaunchRequest) throws(LabError) -> Bool {
        try setup.parts.of(request.condition, starting: command(of: request)).variant.start == .restore
    }

    private func start(
        _ description: DomainDescription, from origin: VMOrigin = .boot, at place: VMPlace,
        _ output: CommandOutput?, _ link: InstanceLink?, _ request: LaunchRequest,
        _ requested: MonotonicInstant
    ) throws(LabError) -> VMInstance {
        try VMInstance.start(
            description, by: setup.starter, from: origin, at: place, output: output, link: link,
            requested: requested, deadline: request.deadline, journal: context.journal)
    }

    /// The domain XML that `launch` would hand to libvirt, or QEMU's command line.
    public func explain(_ request: LaunchRequest) throws(LabError) -> Message {
        let command = command(of: request)
        let description = try setup.description(
            of: place(request), request, system: try context.system(of: request), command: command,
            interface: try context.network(of: request).map {
                DomainDescription.Interface($0.link(of: request.index), $0.address(of: request.index))
            })
        guard try isRestored(request) else {
            let text = setup.starter.text(of: description)
            return Message(verbatim: command.map { "\(text)\n\($0.text)" } ?? text)
        }
        return try setup.restoringStarter().text(ofRestoring: description, order: request.workload(in: id))
    }

    /// Starts a machine that boots from a raw disk image instead of a kernel: whatever is in its first sector, which
    /// must speak lab-guest's records through the debug port.
    ///
    /// The board is a `pc`, the only one of the profiles with a disk controller of its own that any firmware knows.
    /// - Parameter request: everything but its workload and its variant counts.
    /// - Throws: `.unavailable` where libvirt is too old for the debug port.
    public func launch(_ request: LaunchRequest, disk: String) throws(LabError) -> any Instance {
        let requested = request.begin()
        guard setup.channel == .debugPort else {
            throw LabError(
                .unavailable, "a machine without Linux has no way to answer",
                cause: setup.channel.isConsole ? "libvirt carries its console alone" : "libvirt before 8.1")
        }
        let place = place(request)
        var description = DomainDescription(
            name: place.name, type: setup.type, machine: .pc, memoryBytes: request.memoryBytes,
            cpus: request.cpus, boot: .disk(disk), consolePipe: place.consolePipe,
            recordPipe: place.recordPipe, channel: setup.channel)
        description.user = setup.starter.user
        description.emulator = setup.configuration.build?.path
        description.processors = setup.processors
        return try start(description, at: place, nil, nil, request, requested)
    }

    /// Gives a file to the user that its QEMUs are.
    func hand(_ path: String) throws(LabError) { try MachineFiles.hand(path, to: setup.starter.user) }

    private func place(_ request: LaunchRequest) -> VMPlace {
        let name = "lab-\(context.runID)-\(request.index)"
        return VMPlace(name: name, directory: "\(context.paths.machines)/\(name)")
    }

    /// The connection stays open: the embedded driver can be opened only once in a process.
    public func shutDown() {
        savedVMs.remove()
        if let command { try? Files.removeTree(command.place) }
    }
}

extension VMSetup {
    /// A directory of the run's for what its QEMUs are to read of a command.
    func place(_ engine: EngineID, _ context: RunContext) -> String {
        "\(context.paths.machines)/lab-\(context.runID)-\(engine)"
    }

    /// VMs of one command, with its files where QEMU can read them.
    func starting(
        _ command: VMCommand, _ record: EngineRecord, _ context: RunContext
    ) throws(LabError) -> PreparedVM {
        try context.journal.record(JournaledResource(.directory, command.place))
        do throws(LabError) {
            try bring(command: command)
        } catch {
            try? Files.removeTree(command.place)
            throw error
        }
        return PreparedVM(record, self, context, starting: command)
    }
}

extension PreparedVM: TreeStarting {
    public func starting(from disk: String?, in context: RunContext) throws(LabError) -> any PreparedEngine {
        guard setup.type != .xen else { throw XenHost.startsNoCommand(id) }
        guard !setup.channel.isConsole, setup.starter.isOfThisHost, !setup.starter.isDaemon else {
            throw LabError(
                .unavailable, "\(id) can't start a command of an image",
                cause: "its output needs a port of its own, and libvirt carries the console alone from there",
                remedy: "leave --connect out")
        }
        guard let payload = context.command, let disk, let tree = TreeDisk(at: disk, .ext4) else {
            throw LabError(.software, "\(id) was given no disk to start from")
        }
        return try setup.starting(
            VMCommand(payload, on: tree, place: setup.place(id, context)), record, context)
    }
}

extension PreparedVM: StorageGiving {
    public func makeStorage(
        in directory: String, bytes: UInt64, at condition: Condition
    ) throws(LabError) -> InstanceStorage {
        guard setup.type != .xen, setup.starter.isOfThisHost, !setup.starter.isDaemon else {
            throw LabError(
                .unavailable, "\(id) can't have a disk of this host's",
                cause: setup.type == .xen
                    ? "a paravirtual guest of Xen has no virtio"
                    : "its QEMU is somebody else's, who may not open lab's files",
                remedy: "name the engines qemu, kvm or qemu-direct, and leave --connect out")
        }
        try MachineFiles.prepare(directory)
        return try StorageDisk.make(
            in: directory, bytes: bytes, cache: condition.variant?.diskCache, for: setup.starter.user)
    }
}

extension PreparedVM: HypervisorBased, ImageBased {
    public var versions: [EngineRecord.Detail] { setup.versions }

    /// The kernel as its package holds it: what is unpacked from it for QEMU can be made again.
    public func image() -> ImageFiles {
        ImageFiles(kernel: setup.parts.kernel.source, root: setup.parts.initramfs.path)
    }

    public func pack(_ directory: String, to path: String) throws(LabError) -> String {
        try Files.write(try Initramfs.archive(directory: directory), to: path)
        return path
    }
}
