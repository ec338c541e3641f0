import Glibc
import LabCore
import Launch

/// fork+exec of the workload with nothing around it: the baseline of every ratio, and the harness's null driver.
public final class ProcessEngine: Engine {
    public let record = EngineRecord(id: .process, kind: .process, role: .baseline)

    public init() {}

    public func probe(_ context: RunContext) -> Availability { .available }

    public func prepare(_ context: RunContext) throws(LabError) -> PreparedProcess {
        try PreparedProcess(record, context)
    }
}

/// Starts bare processes: one program, laid out once.
public final class PreparedProcess: PreparedEngine {
    public let record: EngineRecord
    private let launcher: ChildLauncher
    private let buffer: ProgramBuffer
    private let interrupt: Interrupt

    fileprivate init(_ record: EngineRecord, _ context: RunContext) throws(LabError) {
        launcher = try ChildLauncher()
        interrupt = context.interrupt
        let program = LaunchProgram.process(
            program: context.rootFilesystem.hostGuestPath, parent: launcher.parent.rawValue
        ).held(to: context.placement?.measured)
        buffer = ProgramBuffer(program, environment: ChildLauncher.environment)
        var record = record
        record.steps = ["pipes", "clone3"] + program.steps.map(\.name) + ["workload"]
        record.details = [EngineRecord.Detail("start", "clone3(CLONE_VM|CLONE_VFORK), execve")]
        record.prepared = ["the root file system, unpacked", "the launch program, laid out"]
        self.record = record
    }

    public func launch(_ request: LaunchRequest) throws(LabError) -> any Instance {
        let requested = request.begin()
        try request.refuseSystem(in: id)
        return try launcher.start(
            buffer, arguments: ChildLauncher.arguments(request.workload), requested: requested,
            timesSteps: true, interrupt: interrupt)
    }

    public func explain(_ request: LaunchRequest) throws(LabError) -> Message {
        try request.refuseSystem(in: id)
        return buffer.program.text(arguments: ChildLauncher.arguments(request.workload))
    }

    public func shutDown() {}
}
