import CLinux
import Glibc
import LabCore
import Synchronization

/// This project's own container runtime. No daemon, no shim, no supervisor: the caller is the parent.
public final class ContainerEngine: Engine {
    public let id: EngineID
    public let kind = EngineKind.container
    public private(set) var record: EngineRecord
    private let isolation: Isolation
    private let handsCgroupsOn: Bool
    private var prepared: Prepared?
    /// See `LaunchProgram.makeStage`. Without root each container makes its own, because a user namespace may not enter
    /// another's mounts.
    private var stage: FileDescriptor?
    /// The program of each set of layers that was started, laid out for the next time.
    private let buffers = Mutex<[Isolation: ProgramBuffer]>([:])
    private var availability: Availability?

    private struct Prepared {
        let context: RunContext
        let launcher: ChildLauncher
        var cgroups: CgroupTree?
        let filter: SeccompFilter?
        let caller: CallerSettings
        let mountPoint: String
    }

    /// - Parameter isolation: what to put around the workload; by default all of it, as far as this user may.
    /// - Parameter handsCgroupsOn: whether the cgroups of an instance that has ended serve the next. Then a start
    ///   neither makes nor removes any, and up to a 64th of the memory limit may still be charged to them at first.
    public init(id: EngineID = .container, isolation: Isolation? = nil, handsCgroupsOn: Bool = true) {
        self.id = id
        self.handsCgroupsOn = handsCgroupsOn
        self.isolation = isolation ?? .ofThisUser()
        record = EngineRecord(id: id, kind: .container)
    }

    /// Starts one container of an empty root that fails only if the kernel refuses a step.
    public func probe() -> Availability {
        if let availability { return availability }
        let found = ContainerProbe.run(isolation: isolation)
        availability = found
        record.availability = found
        return found
    }

    public func prepare(_ context: RunContext) throws(LabError) {
        let mountPoint = "\(context.paths.run(context.runID))/root"
        try context.journal.record(JournaledResource(.directory, context.paths.run(context.runID)))
        try Files.makeDirectory(mountPoint, mode: 0o700)
        let mounts = CgroupMounts.current()
        var prepared = Prepared(
            context: context, launcher: try ChildLauncher(), cgroups: nil,
            filter: isolation.contains(.seccomp) ? try SeccompFilter(profile: .containerDefault) : nil,
            caller: .current(), mountPoint: mountPoint)
        do throws(LabError) {
            if isolation.contains(.root) && !isolation.contains(.user) {
                stage = try LaunchProgram.makeStage(spec(0, isolation, prepared))
            }
            if isolation.contains(.limits) {
                prepared.cgroups = try CgroupTree(
                    mounts: mounts, name: "lab-\(context.runID)-\(id)", journal: context.journal)
            }
        } catch {
            stage = nil
            rmdir(mountPoint)
            throw error
        }
        self.prepared = prepared
        describe(prepared, mounts)
    }

    private func describe(_ prepared: Prepared, _ mounts: CgroupMounts) {
        let program = LaunchProgram.container(spec(0, isolation, prepared))
        record.steps =
            ["cgroups", "pipes", program.cloneName] + program.steps.map(\.name) + [
                "workload", "free cgroups",
            ]
        var namespaces = isolation.cloned
        if isolation.contains(.cgroupNamespace) { namespaces.insert(.cgroup) }
        let isDelegated = CgroupDelegation.current.directory != nil
        record.details = [
            EngineRecord.Detail("runtime", "lab's own, \(program.steps.count) steps from clone3 to execve"),
            EngineRecord.Detail("namespaces", namespaces.names.joined(separator: ", ")),
            EngineRecord.Detail("root", "overlay, writable layer of its own in memory"),
            EngineRecord.Detail(
                "cgroups",
                prepared.cgroups.map { _ in
                    "\(mounts.layout.rawValue): memory, cpu, pids"
                        + (isDelegated ? "; in a subtree that systemd delegated" : "")
                        + (handsCgroupsOn ? "; handed on from one instance to the next" : "")
                } ?? "none"),
            EngineRecord.Detail(
                "capabilities", "\(Capabilities.containerDefault.rawValue.nonzeroBitCount) kept"),
            EngineRecord.Detail(
                "seccomp", prepared.filter.map { "\($0.instructionCount) BPF instructions" } ?? "none"),
        ]
        record.footnotes = prepared.cgroups == nil ? ["\(id): no cgroup limits, because \(whyUnlimited)"] : []
    }

    /// Why this user's containers have no limits, and what helps.
    private var whyUnlimited: String {
        switch CgroupDelegation.current {
        case .unmanaged: "it was not started as root"
        case .managed(let unit):
            "it was not started as root and \(unit) is not delegated: "
                + "systemd-run --user --scope -p Delegate=yes ./lab …"
        case .delegated: "its delegated cgroup has not all of the controllers memory, cpu and pids"
        }
    }

    /// The layers that a word of `LaunchRequest.isolation` stands for.
    func layers(_ selection: LayerSelection?) throws(LabError) -> Isolation {
        try isolation.selected(by: selection)
    }

    public func launch(_ request: LaunchRequest) throws(LabError) -> any Instance {
        let requested = MonotonicInstant.now()
        guard let prepared else { throw LabError(.software, "the engine \(id) was not prepared") }
        try request.refuseVariant(of: id)
        let isolation = try layers(request.condition.isolation)
        let tree = isolation.contains(.limits) ? prepared.cgroups : nil
        let limits = ResourceLimits(memoryBytes: request.memoryBytes, cpus: request.cpus)
        let cgroups = try tree?.take(limits)
        let steps = [MonotonicInstant.now().nanoseconds(since: requested)]
        do {
            return try prepared.launcher.start(
                buffer(isolation, prepared), arguments: ChildLauncher.arguments(request.workload),
                cgroups: cgroups, requested: requested, stepsBefore: steps,
                timesSteps: request.condition.isolation == nil,
                interrupt: prepared.context.interrupt
            ) { [handsCgroupsOn] child throws(LabError) in
                if let cgroups {
                    // With the init of a pid namespace all in it have ended; else a child may be left.
                    let areEmpty = isolation.contains(.pid) || cgroups.areEmpty
                    try tree?.giveBack(cgroups, areEmpty: handsCgroupsOn && areEmpty)
                }
                child.stampStep()
            }
        } catch {
            try? cgroups?.remove()
            throw error
        }
    }

    private func buffer(_ isolation: Isolation, _ prepared: Prepared) -> ProgramBuffer {
        buffers.withLock { buffers in
            if let known = buffers[isolation] { return known }
            let laidOut = ProgramBuffer(
                .container(spec(0, isolation, prepared)), environment: ChildLauncher.environment)
            buffers[isolation] = laidOut
            return laidOut
        }
    }

    public func explain(_ request: LaunchRequest) throws(LabError) -> String {
        guard let prepared else { throw LabError(.software, "the engine \(id) was not prepared") }
        try request.refuseVariant(of: id)
        let isolation = try layers(request.condition.isolation)
        return LaunchProgram.container(spec(request.index, isolation, prepared))
            .text(arguments: ChildLauncher.arguments(request.workload))
    }

    /// Removes the run's cgroups and directory. What can't be removed stays in the journal, for `lab clean`.
    public func shutDown() {
        guard let prepared else { return }
        self.prepared = nil
        buffers.withLock { $0 = [:] }
        stage = nil
        try? prepared.cgroups?.removeAll()
        rmdir(prepared.mountPoint)
    }

    private func spec(_ number: Int, _ isolation: Isolation, _ prepared: Prepared) -> ContainerSpec {
        let root = prepared.context.rootFilesystem
        let stage = stage?.rawValue
        let cgroups = isolation.contains(.limits) ? prepared.cgroups : nil
        return ContainerSpec(
            isolation: isolation, lowerDirectories: [root.directory], mountPoint: prepared.mountPoint,
            stage: stage,
            program: isolation.contains(.root) ? RootFilesystem.guestPath : root.hostGuestPath,
            hostname: id.rawValue, cgroupsToJoin: cgroups?.directoriesToJoin(number) ?? [],
            filter: prepared.filter, kernelFiles: .containerDefault,
            // A container without any layer is a bare process.
            process: isolation.isEmpty ? nil : ProcessSettings(), caller: prepared.caller,
            parent: prepared.launcher.parent.rawValue, user: getuid(), group: getgid())
    }
}

extension ContainerEngine: ImageBased {
    /// The lower layer; there is no kernel in it or beside it.
    public func image() throws(LabError) -> ImageFiles {
        guard let prepared else { throw LabError(.software, "the engine \(id) was not prepared") }
        return ImageFiles(kernel: nil, root: prepared.context.rootFilesystem.directory)
    }

    public func pack(_ directory: String, to path: String) throws(LabError) -> String { directory }
}
