import Glibc
import LabCore
import Launch
import OCI
import Synchronization

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
///
/// A command of another tree than the host's own is started in it: with `chroot`, in a mount namespace of its own with an
/// overlay in memory, so that nothing of the tree is changed and each trial finds it as it was.
public final class PreparedProcess: PreparedEngine {
    public let record: EngineRecord
    private let launcher: ChildLauncher
    private let buffer: ProgramBuffer
    private let context: RunContext
    /// What the tree's roots are made from; nil where none is entered.
    private var stage: FileDescriptor?
    private let mountPoint: String
    private let check: ReadyCheck.Recipe?
    /// Those commands that live now: only when none does, all that is left is left behind.
    private let living = Mutex(0)

    fileprivate init(_ record: EngineRecord, _ context: RunContext) throws(LabError) {
        launcher = try ChildLauncher()
        self.context = context
        mountPoint = "\(context.paths.run(context.runID))/tree"
        let program: LaunchProgram
        var namespaces: Namespaces = []
        // The same beside it, for the command that shows that it is ready.
        var beside: @Sendable ([ReadyCheck.Entered]) throws(LabError) -> LaunchProgram
        var record = record
        let parent = launcher.parent.rawValue
        // With nothing around it, it may change the mode of the host's anyway.
        launcher.input = try? .open("/dev/null", O_RDONLY)
        switch context.command {
        case nil:
            program = .process(program: context.rootFilesystem.hostGuestPath, parent: parent)
            beside = { [program] _ in program }
            record.details = [Self.plain]
        case let command? where command.tree.isHostRoot:
            program = .process(command, parent: parent)
            var other = command
            other.program = command.readyProgram ?? ""
            let held = LaunchProgram.process(other, parent: parent).held(to: context.placement?.measured)
            beside = { _ in held }
            record.details = [
                Self.plain, EngineRecord.Detail("root", "the host's own, with nothing around it"),
            ]
        case let command?:
            var spec = try ContainerSpec(entering: command, at: mountPoint, parent: parent)
            try Files.makeDirectory(mountPoint, mode: 0o700)
            do throws(LabError) {
                stage = try LaunchProgram.makeStage(spec, null: &launcher.input)
                spec.stage = stage?.rawValue
                program = try .container(spec)
            } catch {
                rmdir(mountPoint)
                throw error
            }
            var other = spec
            other.program = command.readyProgram ?? ""
            other.processors = context.placement?.measured
            namespaces = .mount
            beside = { [other] (namespaces) throws(LabError) in try .beside(other, entering: namespaces) }
            record.details = [
                Self.plain,
                EngineRecord.Detail(
                    "root",
                    "chroot into the tree, an overlay in memory above it: a mount namespace and nothing else"),
            ]
        }
        let held = program.held(to: context.placement?.measured)
        let environment =
            context.command.map { $0.environment + [Leftovers.variable(context.runID)] }
            ?? ChildLauncher.environment
        buffer = ProgramBuffer(held, environment: environment)
        if case .command(let words) = context.command?.readiness {
            check = ReadyCheck.Recipe(
                arguments: words, environment: environment, namespaces: namespaces, program: beside)
        } else {
            check = nil
        }
        record.steps =
            ["pipes", "clone3"] + held.steps.map(\.name) + ["workload"]
            + (context.command == nil ? [] : ["end what it left"])
        record.prepared = [context.preparedRoot(isStacked: true), "the launch program, laid out"]
        if context.command?.network != nil {
            record.footnotes.append(
                "process has this host's network and no other: it is reached at 127.0.0.1, over no wire")
        }
        self.record = record
    }

    private static let plain = EngineRecord.Detail("start", "clone3(CLONE_VM|CLONE_VFORK), execve")

    public func launch(_ request: LaunchRequest) throws(LabError) -> any Instance {
        let output = try request.commandOutput()
        let requested = request.begin()
        try request.refuseSystem(in: id)
        try request.refuseLimits(of: id)
        if output != nil { living.withLock { $0 += 1 } }
        var started = false
        do throws(LabError) {
            let child = try launcher.start(
                buffer, arguments: request.arguments, command: output, requested: requested, timesSteps: true,
                interrupt: context.interrupt
            ) { [self] child throws(LabError) in
                guard let output else { return }
                let isLast = living.withLock { (living: inout Int) in
                    living -= 1
                    return living == 0
                }
                try Leftovers.end(of: child, output, run: isLast ? context.runID : nil)
                child.stampStep()
            }
            started = true
            if let check {
                try child.watch { (pid) throws(LabError) in try ReadyCheck(check, beside: pid) }
            }
            return child
        } catch {
            if output != nil, !started { living.withLock { $0 -= 1 } }
            throw error
        }
    }

    public func explain(_ request: LaunchRequest) throws(LabError) -> Message {
        try request.refuseSystem(in: id)
        return buffer.program.text(arguments: request.arguments)
    }

    public func shutDown() {
        stage = nil
        rmdir(mountPoint)
    }
}

extension PreparedProcess: StorageGiving {
    public func makeStorage(
        in directory: String, bytes: UInt64, at condition: Condition
    ) throws(LabError) -> InstanceStorage {
        InstanceStorage(directory: directory, place: directory, title: "nothing: a directory of the host's")
    }
}

extension LaunchProgram {
    /// A command of the host's own: what a shell does, fork and exec.
    fileprivate static func process(_ command: CommandPayload, parent: Int32) -> LaunchProgram {
        var program = process(program: command.program, parent: parent)
        var settings = ProcessSettings()
        if let user = command.user {
            (settings.user, settings.group, settings.groups) = (user.user, user.group, user.groups)
        }
        let isRoot = command.user?.user == 0
        program.steps.insert(
            contentsOf: (isRoot ? settings.identity(inUserNamespace: false, .unknown) : [])
                + [Step("working directory", .changeDirectory(command.directory))] + settings.otherIdentity,
            at: program.steps.count - 1)
        return program
    }
}

extension ContainerSpec {
    /// The tree of a command as its root, and nothing else of a container.
    fileprivate init(
        entering command: CommandPayload, at mountPoint: String, parent: Int32
    ) throws(LabError) {
        guard geteuid() == 0 else {
            throw LabError(
                .permission, "a bare process can't enter \(command.tree.reference) without root",
                cause: "chroot(2) needs CAP_SYS_CHROOT",
                remedy: "run as root, or name the host's own: --image rootfs:/")
        }
        var oci = RuntimeSpec.container([.root, .devices, .kernelFiles], root: "", hostname: "").running(
            command)
        oci.linux?.maskedPaths = nil
        oci.linux?.readonlyPaths = nil
        self.init(
            oci: oci, layers: command.tree.layers, program: command.program, mountPoint: mountPoint,
            parent: parent)
        inheritsAll = true
    }
}
