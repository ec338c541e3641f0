import Glibc
import LabCore

/// fork+exec of the workload with nothing around it: the baseline of every ratio, and the harness's null driver.
public final class ProcessEngine: Engine {
    public let id = EngineID.process
    public let kind = EngineKind.process
    public private(set) var record: EngineRecord
    private var launcher: ChildLauncher?
    private var buffer: ProgramBuffer?
    private var interrupt = Interrupt.never

    public init() {
        record = EngineRecord(id: .process, kind: .process)
    }

    public func probe() -> Availability { .available }

    public func prepare(_ context: RunContext) throws(LabError) {
        let launcher = try ChildLauncher()
        interrupt = context.interrupt
        let program = LaunchProgram.process(
            program: context.rootFilesystem.hostGuestPath, parent: launcher.parent.rawValue)
        buffer = ProgramBuffer(program, environment: ChildLauncher.environment)
        self.launcher = launcher
        record.steps = ["pipes", "clone3"] + program.steps.map(\.name) + ["workload"]
        record.details = [EngineRecord.Detail("start", "clone3(CLONE_VM|CLONE_VFORK), execve")]
    }

    public func launch(_ request: LaunchRequest) throws(LabError) -> any Instance {
        let requested = MonotonicInstant.now()
        guard let launcher, let buffer else { throw unprepared }
        try request.refuseVariant(of: id)
        return try launcher.start(
            buffer, arguments: ChildLauncher.arguments(request.workload), requested: requested,
            interrupt: interrupt,
            cleanUp: { _ throws(LabError) in })
    }

    public func explain(_ request: LaunchRequest) throws(LabError) -> Message {
        guard let buffer else { throw unprepared }
        try request.refuseVariant(of: id)
        return buffer.program.text(arguments: ChildLauncher.arguments(request.workload))
    }

    private var unprepared: LabError { LabError(.software, "the engine process was not prepared") }

    public func shutDown() {
        launcher = nil
        buffer = nil
    }
}
