import CLinux
import Glibc
import LabCore

/// This project's own container runtime. No daemon, no shim, no supervisor: the caller is the parent.
public final class ContainerEngine: Engine {
    public let id: EngineID
    public let kind = EngineKind.container
    public private(set) var record: EngineRecord
    private let isolation: Isolation
    private var prepared: Prepared?
    private var availability: Availability?

    private struct Prepared {
        let context: RunContext
        let launcher: ChildLauncher
        let cgroups: CgroupTree?
        let filter: SeccompFilter?
        let kernelFiles: KernelFiles
        let mountPoint: String
    }

    /// - Parameter isolation: what to put around the workload; by default all of it, as far as this user may.
    public init(id: EngineID = .container, isolation: Isolation? = nil) {
        self.id = id
        self.isolation = isolation ?? (geteuid() == 0 ? .standard : .rootless)
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
        let kernelFiles = KernelFiles.found()
        let prepared = Prepared(
            context: context, launcher: try ChildLauncher(),
            cgroups: isolation.contains(.limits)
                ? try CgroupTree(mounts: mounts, name: "lab-\(context.runID)-\(id)", journal: context.journal)
                : nil,
            filter: isolation.contains(.seccomp) ? try SeccompFilter(profile: .containerDefault) : nil,
            kernelFiles: kernelFiles, mountPoint: mountPoint)
        self.prepared = prepared
        describe(prepared, mounts)
    }

    private func describe(_ prepared: Prepared, _ mounts: CgroupMounts) {
        let program = LaunchProgram.container(spec(0, isolation, prepared, descriptors: (0, 0, 0)))
        record.steps =
            ["cgroups", "pipes", program.cloneName] + program.steps.map(\.name)
            + ["workload", "remove cgroups"]
        var namespaces = program.namespaces
        if isolation.contains(.cgroupNamespace) { namespaces.insert(.cgroup) }
        record.details = [
            EngineRecord.Detail("runtime", "lab's own, \(program.steps.count) steps from clone3 to execve"),
            EngineRecord.Detail("namespaces", namespaces.names.joined(separator: ", ")),
            EngineRecord.Detail("root", "overlay, writable layer of its own in memory, pivot_root"),
            EngineRecord.Detail(
                "cgroups",
                prepared.cgroups.map { _ in "\(mounts.layout.rawValue): memory, cpu, pids" } ?? "none"),
            EngineRecord.Detail(
                "capabilities", "\(Capabilities.containerDefault.rawValue.nonzeroBitCount) kept"),
            EngineRecord.Detail(
                "seccomp", prepared.filter.map { "\($0.instructionCount) BPF instructions" } ?? "none"),
        ]
        record.footnotes =
            prepared.cgroups == nil
            ? ["\(id): no cgroup limits, because it was not started as root"] : []
    }

    public func launch(_ request: LaunchRequest) throws(LabError) -> any Instance {
        let requested = MonotonicInstant.now()
        guard let prepared else { throw LabError(.software, "the engine \(id) was not prepared") }
        let isolation = try self.isolation.ablated(by: request.isolation)
        let cgroups = isolation.contains(.limits) ? prepared.cgroups : nil
        var steps: [UInt64] = []
        steps.reserveCapacity(8)
        do {
            let limits = ResourceLimits(memoryBytes: request.memoryBytes, cpus: request.cpus)
            try cgroups?.make(request.index, limits: limits)
            steps.append(MonotonicInstant.now().nanoseconds(since: requested))
            let cgroup = try cgroups?.openForClone(request.index)
            let number: Int32 = if let cgroup { cgroup.rawValue } else { -1 }
            return try prepared.launcher.start(
                arguments: ChildLauncher.arguments(request.workload), cgroup: number, requested: requested,
                stepsBefore: steps, timesSteps: request.isolation == nil,
                interrupt: prepared.context.interrupt, accounts: cgroups?.accounts(of: request.index),
                makeProgram: { .container(spec(request.index, isolation, prepared, descriptors: $0)) },
                cleanUp: { child throws(LabError) in
                    try cgroups?.remove(request.index)
                    child.stampStep()
                })
        } catch {
            try? cgroups?.remove(request.index)
            throw error
        }
    }

    public func explain(_ request: LaunchRequest) throws(LabError) -> String {
        guard let prepared else { throw LabError(.software, "the engine \(id) was not prepared") }
        let isolation = try self.isolation.ablated(by: request.isolation)
        let program = LaunchProgram.container(
            spec(request.index, isolation, prepared, descriptors: (0, 1, 2)))
        return program.text(arguments: ChildLauncher.arguments(request.workload))
    }

    /// Removes the run's cgroups and directory. What can't be removed stays in the journal, for `lab clean`.
    public func shutDown() {
        guard let prepared else { return }
        self.prepared = nil
        try? prepared.cgroups?.removeAll()
        rmdir(prepared.mountPoint)
    }

    private func spec(
        _ index: Int, _ isolation: Isolation, _ prepared: Prepared,
        descriptors: (input: Int32, output: Int32, error: Int32)
    ) -> ContainerSpec {
        let root = prepared.context.rootFilesystem
        let cgroups = isolation.contains(.limits) ? prepared.cgroups : nil
        return ContainerSpec(
            isolation: isolation, lowerDirectories: [root.directory], mountPoint: prepared.mountPoint,
            program: isolation.contains(.root) ? RootFilesystem.guestPath : root.hostGuestPath,
            hostname: "lab-\(index)", cgroupsToJoin: cgroups?.directoriesToJoin(of: index) ?? [],
            filter: prepared.filter, kernelFiles: prepared.kernelFiles, standardDescriptors: descriptors,
            parent: prepared.launcher.parent.rawValue, user: getuid(), group: getgid())
    }
}
