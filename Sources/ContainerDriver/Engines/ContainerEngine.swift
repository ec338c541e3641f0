import Glibc
import LabCore
import Launch
import OCI
import Synchronization

/// This project's own container runtime. No daemon, no shim, no supervisor: the caller is the parent.
public final class ContainerEngine: Engine {
    public let record = EngineRecord(id: .container, kind: .container)
    private let isolation: Isolation
    private lazy var availability = ContainerProbe.run(isolation: isolation)

    /// - Parameter isolation: what to put around the workload; by default all of it, as far as this user may.
    public init(isolation: Isolation? = nil) {
        self.isolation = isolation ?? .ofThisUser()
    }

    /// Starts one container of an empty root that fails only if the kernel refuses a step.
    public func probe(_ context: RunContext) -> Availability { availability }

    public func prepare(_ context: RunContext) throws(LabError) -> PreparedContainer {
        try PreparedContainer(record, isolation, context)
    }
}

/// Starts the containers of one run.
public final class PreparedContainer: PreparedEngine {
    public let record: EngineRecord
    private let parts: Parts
    /// See `LaunchProgram.makeStage`. Without root each container makes its own, because a user namespace may not enter
    /// another's mounts.
    private var stage: FileDescriptor?
    /// The cgroups of complete systems, made when the first is started.
    private let systemCgroups = Mutex<CgroupTree?>(nil)
    /// The program of each set of layers that was started, laid out for the next time.
    private let buffers = Mutex<[Isolation: ProgramBuffer]>([:])

    fileprivate init(
        _ record: EngineRecord, _ isolation: Isolation, _ context: RunContext
    ) throws(LabError) {
        try context.requireNetwork()
        let mountPoint = "\(context.paths.run(context.runID))/root"
        try context.journal.record(JournaledResource(.directory, context.paths.run(context.runID)))
        try Files.makeDirectory(mountPoint, mode: 0o700)
        let mounts = CgroupMounts.current()
        do throws(LabError) {
            if isolation.contains(.user), let command = context.command, case .command = command.readiness {
                throw LabError(
                    .permission, "\(record.id) can't run a command beside another without root",
                    cause: "a process with threads enters no user namespace",
                    remedy: "run as root, or say --ready line=TEXT")
            }
            var parts = Parts(
                context: context, isolation: isolation, launcher: try ChildLauncher(),
                keyring: isolation.contains(.user) ? nil : SessionKeyring(run: context.runID),
                filter: isolation.contains(.seccomp) ? try SeccompFilter(profile: .containerDefault) : nil,
                caller: .current(), mountPoint: mountPoint)
            if isolation.contains(.root) && !isolation.contains(.user) {
                stage = try LaunchProgram.makeStage(
                    parts.spec(isolation, stage: nil), null: &parts.launcher.input)
            }
            if isolation.contains(.limits) {
                parts.cgroups = try CgroupTree(
                    mounts: mounts, name: "lab-\(context.runID)-\(record.id)", journal: context.journal)
            }
            self.parts = parts
            self.record = try parts.described(record, mounts, stage: stage?.rawValue)
        } catch {
            rmdir(mountPoint)
            throw error
        }
    }

    /// Its layers as far as they are selected; nil for all.
    func layers(_ selection: LayerSelection?) throws(LabError) -> Isolation {
        try parts.isolation.selected(by: selection)
    }

    public func launch(_ request: LaunchRequest) throws(LabError) -> any Instance {
        if let system = try parts.context.system(of: request) { return try launch(request, starting: system) }
        let output = try request.commandOutput()
        let requested = request.begin()
        try request.refuseVariant(of: id)
        let isolation = try layers(request.condition.isolation)
        let tree = isolation.contains(.limits) ? parts.cgroups : nil
        if tree == nil { try request.refuseLimits(of: id) }
        let limits = ResourceLimits(memoryBytes: request.memoryBytes, cpus: request.cpus)
        let handsOn = request.condition.cgroups == .handedOn
        let cgroups = try handsOn ? tree?.take(limits) : tree?.make(limits)
        var steps = [MonotonicInstant.now().nanoseconds(since: requested)]
        var link: InstanceLink?
        do throws(LabError) {
            link = try linked(request, isolation)
            if link != nil { steps.append(MonotonicInstant.now().nanoseconds(since: requested)) }
            let child = try parts.launcher.start(
                try buffer(isolation, request.storage, link), arguments: request.arguments,
                cgroup: cgroups?.cloneTarget ?? -1, joins: cgroups?.joins ?? [],
                accounts: cgroups?.accounts, command: output, requested: requested, stepsBefore: steps,
                timesSteps: request.condition.isolation == nil, interrupt: parts.context.interrupt
            ) { [link] child throws(LabError) in
                if let link {
                    try link.remove()
                    child.stampStep()
                }
                if handsOn, let cgroups {
                    // With the init of a pid namespace all in it have ended; else a child may be left.
                    try tree?.giveBack(cgroups, areEmpty: isolation.contains(.pid) || cgroups.areEmpty)
                } else {
                    try cgroups?.remove()
                }
                child.stampStep()
            }
            if let check = parts.check(isolation, stage: stage?.rawValue) {
                try child.watch { (pid) throws(LabError) in
                    try ReadyCheck(
                        check, beside: pid, cgroup: cgroups?.cloneTarget ?? -1, joins: cgroups?.joins ?? [])
                }
            }
            return child
        } catch {
            try? link?.remove()
            try? cgroups?.remove()
            throw error
        }
    }

    /// The link of a container to the run's network; nil where it has none.
    private func linked(
        _ request: LaunchRequest, _ isolation: Isolation
    ) throws(LabError) -> InstanceLink? {
        guard let network = try parts.context.network(of: request) else { return nil }
        // A user namespace may not enter what the host's owns.
        guard isolation.contains(.network), !isolation.contains(.user) else {
            throw LabError(
                .unavailable, "\(id) without a network of its own can't be linked to another",
                remedy: "leave --network bridge out, or the condition isolation")
        }
        return try network.makeNamespace(of: request.index)
    }

    /// A container with an init of its own. Everything of it is made after the request, the stage and the FIFO on which the
    /// service inside answers too.
    private func launch(
        _ request: LaunchRequest, starting system: SystemTree
    ) throws(LabError) -> any Instance {
        let tree = try cgroupsOfSystems(request)
        let requested = request.begin()
        let channel = "\(parts.context.paths.run(parts.context.runID))/channel-\(request.index)"
        let cgroups = try tree.make(ResourceLimits(memoryBytes: request.memoryBytes, cpus: request.cpus))
        do throws(LabError) {
            let spec = parts.spec(starting: system, cgroups.directoriesToJoin, channel: channel)
            let arguments = try parts.arguments(starting: request.workload(in: id))
            return try parts.launcher.start(
                try ProgramBuffer(spec), arguments: arguments, cgroup: cgroups.cloneTarget,
                joins: cgroups.joins, accounts: cgroups.accounts, channel: try Self.makeChannel(channel),
                requested: requested, interrupt: parts.context.interrupt
            ) { _ throws(LabError) in
                unlink(channel)
                // Those that the init made are in them.
                try cgroups.remove()
            }
        } catch {
            unlink(channel)
            try? cgroups.remove()
            throw error
        }
    }

    /// Makes a FIFO and opens it so that it never ends: whoever writes to it may come and go.
    private static func makeChannel(_ path: String) throws(LabError) -> Int32 {
        do throws(Errno) {
            try checked { mkfifo(path, 0o600) }
            return try FileDescriptor.open(path, O_RDWR | O_NONBLOCK).release()
        } catch {
            throw LabError(.output, "cannot make the FIFO \(path)", cause: "\(error)")
        }
    }

    /// - Throws: `.unavailable` where an init can't have what it needs, `.usage` for layers or a variant.
    private func cgroupsOfSystems(_ request: LaunchRequest) throws(LabError) -> CgroupTree {
        try request.refuseVariant(of: id)
        guard request.condition.isolation == nil, parts.isolation == .standard else {
            throw LabError(
                .unavailable, "a container with an init of its own needs all layers of isolation, and root",
                remedy: "run as root")
        }
        return try systemCgroups.withLock { (known) throws(LabError) in
            if let known { return known }
            let made = try CgroupTree(
                mounts: try CgroupMounts.current().withUnified(),
                name: "lab-\(parts.context.runID)-\(id)-system", journal: parts.context.journal)
            known = made
            return made
        }
    }

    private func buffer(
        _ isolation: Isolation, _ storage: InstanceStorage?, _ link: InstanceLink?
    ) throws(LabError) -> ProgramBuffer {
        if storage != nil || link != nil {
            // The host's directory is out of sight in the stage that all share.
            var spec = parts.spec(
                isolation, stage: storage == nil ? stage?.rawValue : nil, network: link?.namespaceNumber)
            if let storage { spec.layer = storage.directory }
            return try ProgramBuffer(spec)
        }
        return try buffers.withLock { (buffers) throws(LabError) in
            if let known = buffers[isolation] { return known }
            let laidOut = try ProgramBuffer(parts.spec(isolation, stage: stage?.rawValue))
            buffers[isolation] = laidOut
            return laidOut
        }
    }

    public func explain(_ request: LaunchRequest) throws(LabError) -> Message {
        if let system = try parts.context.system(of: request) {
            let tree = try cgroupsOfSystems(request)
            let spec = parts.spec(
                starting: system, tree.directoriesToJoin(request.index), channel: "FIFO")
            return try LaunchProgram.container(spec)
                .text(arguments: try parts.arguments(starting: request.workload(in: id)))
        }
        try request.refuseVariant(of: id)
        let spec = parts.spec(
            try layers(request.condition.isolation), number: request.index, stage: stage?.rawValue,
            network: parts.exampleNetwork)
        return try LaunchProgram.container(spec).text(arguments: request.arguments)
    }

    /// Removes the run's cgroups and directory. What can't be removed stays in the journal, for `lab clean`.
    public func shutDown() {
        stage = nil
        try? parts.cgroups?.removeAll()
        systemCgroups.withLock { try? $0?.removeAll() }
        rmdir(parts.mountPoint)
    }
}

/// The parts that all containers of a run share.
private struct Parts {
    let context: RunContext
    let isolation: Isolation
    let launcher: ChildLauncher
    /// That of all containers; nil in a user namespace and where the kernel gives none: each makes its own.
    let keyring: SessionKeyring?
    var cgroups: CgroupTree?
    let filter: SeccompFilter?
    let caller: CallerSettings
    let mountPoint: String

    /// That of no start in particular: which descriptor it is makes no difference to the steps.
    var exampleNetwork: Int32? { context.command?.network == nil ? nil : 0 }

    func spec(
        _ isolation: Isolation, number: Int = 0, stage: Int32?, network: Int32? = nil
    ) -> ContainerSpec {
        let root = context.rootFilesystem
        let cgroups = isolation.contains(.limits) ? cgroups : nil
        return ContainerSpec(
            oci: .container(isolation, root: root.directory, hostname: EngineID.container.rawValue)
                .running(context.command), layers: context.command?.tree.layers ?? [],
            program: context.command?.program
                ?? (isolation.contains(.root) ? RootFilesystem.guestPath : root.hostGuestPath),
            filter: isolation.contains(.seccomp) ? filter : nil, mountPoint: mountPoint, stage: stage,
            network: network, cgroupsToJoin: cgroups?.directoriesToJoin(number) ?? [],
            // A container without any layer is a bare process.
            inheritsAll: isolation.isEmpty, caller: caller, processors: context.placement?.measured,
            parent: launcher.parent.rawValue,
            sessionKeyring: keyring?.name)
    }

    /// The command that shows that another is ready; nil where something else does.
    func check(_ isolation: Isolation, stage: Int32?) -> ReadyCheck.Recipe? {
        guard let command = context.command, case .command(let words) = command.readiness,
            let program = command.readyProgram
        else { return nil }
        var spec = spec(isolation, stage: stage)
        spec.program = program
        return ReadyCheck.Recipe(
            arguments: words, environment: command.environment, namespaces: isolation.namespaces
        ) { [spec] (namespaces) throws(LabError) in try .beside(spec, entering: namespaces) }
    }

    /// A container of a complete system: the same layers, around another root and its init.
    func spec(starting system: SystemTree, _ cgroupsToJoin: [String], channel: String) -> ContainerSpec {
        ContainerSpec(
            oci: .container(
                isolation, root: system.root, hostname: EngineID.container.rawValue,
                // By this word systemd knows that it is in one.
                env: ChildLauncher.environment + ["container=lab"]),
            program: SystemTree.initPath, filter: isolation.contains(.seccomp) ? filter : nil,
            mountPoint: mountPoint, stage: nil, cgroupsToJoin: cgroupsToJoin, caller: caller,
            processors: context.placement?.measured, parent: launcher.parent.rawValue, channel: channel)
    }

    func arguments(starting workload: Workload) throws(LabError) -> [String] {
        [SystemTree.initPath]
            + (try SystemRecipe.words(channel: "path:/dev/\(LaunchProgram.channelName)", workload))
    }

    func described(
        _ record: EngineRecord, _ mounts: CgroupMounts, stage: Int32?
    ) throws(LabError) -> EngineRecord {
        let program = try LaunchProgram.container(
            spec(isolation, stage: stage, network: exampleNetwork))
        let isLinked = exampleNetwork != nil
        var record = record
        record.steps =
            ["cgroups"] + (isLinked ? ["link to the bridge"] : []) + ["pipes", "clone3"]
            + program.steps.map(\.name) + ["workload"] + (isLinked ? ["remove the link"] : [])
            + ["remove cgroups"]
        let isDelegated = CgroupDelegation.current.directory != nil
        record.details = [
            EngineRecord.Detail("runtime", "lab's own, \(program.steps.count) steps from clone3 to execve"),
            EngineRecord.Detail("namespaces", .names(isolation.namespaces.names)),
            EngineRecord.Detail("root", "overlay, writable layer of its own in memory"),
            EngineRecord.Detail(
                "cgroups",
                cgroups.map { _ in
                    "\(mounts.layout.rawValue): memory, cpu, pids"
                        + "\(isDelegated ? "; in a subtree that systemd delegated" : "")"
                } ?? "none"),
            EngineRecord.Detail(
                "capabilities", "\(Capabilities.containerDefault.rawValue.nonzeroBitCount) kept"),
            EngineRecord.Detail(
                "seccomp", filter.map { "\($0.instructionCount) BPF instructions" } ?? "none"),
        ]
        record.prepared =
            [context.preparedRoot(isStacked: true), "the launch program, laid out"]
            + (filter == nil ? [] : ["the seccomp filter, compiled"])
            + (stage == nil
                ? [] : ["the stage: a mount namespace with the lower layers, /dev and the masks"])
            + (cgroups == nil ? [] : ["in each hierarchy the empty cgroup in which each start makes its own"])
            + (isLinked ? [HostNetwork.prepared] : [])
        if let system = try? context.system.get() { record.add(system) }
        if cgroups == nil { record.footnotes = ["\(record.id): no cgroup limits, because \(whyUnlimited)"] }
        return record
    }

    /// The reason why this user's containers have no limits, and what helps.
    private var whyUnlimited: Message {
        switch CgroupDelegation.current {
        case .unmanaged: "it was not started as root"
        case .managed(let unit):
            "it was not started as root and \(unit) is not delegated: "
                + "systemd-run --user --scope -p Delegate=yes ./lab …"
        case .delegated: "its delegated cgroup has not all of the controllers memory, cpu and pids"
        }
    }
}

extension PreparedContainer: TreeStarting {
    public func starting(from disk: String?, in context: RunContext) throws(LabError) -> any PreparedEngine {
        try PreparedContainer(EngineRecord(id: .container, kind: .container), parts.isolation, context)
    }
}

extension PreparedContainer: StorageGiving {
    public func makeStorage(
        in directory: String, bytes: UInt64, at condition: Condition
    ) throws(LabError) -> InstanceStorage {
        InstanceStorage(
            directory: directory, place: "/",
            title: "an overlay whose writable layer is a directory of the host's")
    }
}

extension PreparedContainer: ImageBased {
    /// The lower layer; there is no kernel in it or beside it.
    public func image() -> ImageFiles {
        ImageFiles(kernel: nil, root: parts.context.rootFilesystem.directory)
    }

    public func pack(_ directory: String, to path: String) throws(LabError) -> String { directory }
}
