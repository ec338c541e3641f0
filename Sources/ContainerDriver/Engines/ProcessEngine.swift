import Glibc
import LabCore

/// fork+exec of the workload with nothing around it: the baseline of every ratio, and the harness's null driver.
public final class ProcessEngine: Engine {
    public let id = EngineID.process
    public let kind = EngineKind.process
    public private(set) var record: EngineRecord
    private var launcher: ChildLauncher?
    private var program = ""
    private var interrupt = Interrupt.never

    public init() {
        record = EngineRecord(id: .process, kind: .process)
    }

    public func probe() -> Availability { .available }

    public func prepare(_ context: RunContext) throws(LabError) {
        launcher = try ChildLauncher()
        interrupt = context.interrupt
        program = context.rootFilesystem.hostGuestPath
        let steps = LaunchProgram.process(program: program, standardDescriptors: (0, 0, 0), parent: 0).steps
        record.steps = ["pipes", "clone3"] + steps.map(\.name) + ["workload"]
        record.details = [EngineRecord.Detail("start", "clone3(CLONE_VM|CLONE_VFORK), execve")]
    }

    public func launch(_ request: LaunchRequest) throws(LabError) -> any Instance {
        let requested = MonotonicInstant.now()
        guard let launcher else { throw LabError(.software, "the engine process was not prepared") }
        return try launcher.start(
            arguments: ChildLauncher.arguments(request.workload), cgroup: -1, requested: requested,
            stepsBefore: [],
            interrupt: interrupt,
            makeProgram: { descriptors in
                .process(
                    program: program, standardDescriptors: descriptors, parent: launcher.parent.rawValue)
            },
            cleanUp: { _ throws(LabError) in })
    }

    public func explain(_ request: LaunchRequest) throws(LabError) -> String {
        LaunchProgram.process(program: program, standardDescriptors: (0, 1, 2), parent: 0)
            .text(arguments: ChildLauncher.arguments(request.workload))
    }

    public func shutDown() { launcher = nil }
}
