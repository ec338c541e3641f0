import LabCore

/// Runs workloads in virtual machines: `kvm`, `qemu` and `xen`, which libvirt starts, and `qemu-direct`
/// are four of these.
public final class VMEngine: Engine {
    public let id: EngineID
    private let role: EngineRole
    private let type: DomainType
    private let configuration: VMConfiguration
    /// Made once in a process: it finds the kernel, makes the initramfs and connects, and the embedded driver can be
    /// opened only once.
    private var setup: VMSetup?
    private var availability: Availability?

    /// - Parameter id: the engine's name in plans and reports, where it isn't the domain type's.
    init(
        _ type: DomainType, id: EngineID? = nil, role: EngineRole = .own, configuration: VMConfiguration
    ) {
        self.type = type
        self.id = id ?? EngineID(rawValue: type.rawValue)
        self.role = role
        self.configuration = configuration
    }

    /// Boots a guest, the first time it is asked; KVM's answer is kept until the host restarts.
    public func probe(_ context: RunContext) -> Availability {
        // Of this command alone: another run of the process may start lab-guest.
        do { try refuse(context.command) } catch { return .unavailable(error) }
        if let availability { return availability }
        var answer: Availability
        do {
            let setup = try setUp(context)
            answer = try HypervisorProbe(record: record, setup: setup, context: context).answer()
        } catch {
            answer = .unavailable(error)
        }
        if let build = configuration.build, case .unavailable(let error) = answer {
            answer = .unavailable(build.failure(error))
        }
        availability = answer
        return answer
    }

    public func prepare(_ context: RunContext) throws(LabError) -> PreparedVM {
        try refuse(context.command)
        let setup = try setUp(context)
        // QEMU is probed by libvirt here, so that the first start isn't the one to wait for it.
        try setup.check()
        guard let payload = context.command else {
            try setup.bring()
            return PreparedVM(record, setup, context)
        }
        try context.requireNetwork()
        let command = try setup.command(payload, for: id, place: setup.place(id, context))
        return try setup.starting(command, record(starting: command), context)
    }

    private func refuse(_ command: CommandPayload?) throws(LabError) {
        if type == .xen, command != nil { throw XenHost.startsNoCommand(id) }
    }

    public var record: EngineRecord { record(starting: nil) }

    private func record(starting command: VMCommand?) -> EngineRecord {
        var record = EngineRecord(
            id: id, kind: .virtualMachine, role: role, build: configuration.build,
            availability: availability ?? .available,
            // A hypervisor on an emulated processor is a real one; what it takes is not what hardware takes.
            emulated: type.emulates || Emulator.current != nil, emulates: type.emulates)
        setup?.complete(&record, starting: command)
        return record
    }

    private func setUp(_ context: RunContext) throws(LabError) -> VMSetup {
        if let setup { return setup }
        let made = try VMSetup(
            type: type, configuration, context.rootFilesystem, context.paths,
            processors: context.placement?.measured)
        setup = made
        return made
    }
}
