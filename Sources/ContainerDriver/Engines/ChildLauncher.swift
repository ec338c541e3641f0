import CLinux
import Glibc
import LabCore

/// What both engines of this driver start children with: the program buffer, /dev/null and our own pidfd.
final class ChildLauncher {
    let nullDevice: FileDescriptor
    /// Readable once this process has died.
    let parent: FileDescriptor
    private let buffer = ProgramBuffer()
    /// The environment of every workload, the same in every engine.
    static let environment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/"]

    init() throws(LabError) {
        do {
            nullDevice = try FileDescriptor.open("/dev/null", O_RDWR)
            parent = FileDescriptor(owning: try checked { clinux_pidfd_open(getpid()) })
        } catch {
            throw LabError(.unavailable, "cannot prepare to start a process", cause: "\(error)")
        }
    }

    /// Starts `program`, whose standard descriptors are the ends that `makeProgram` is given.
    func start(
        arguments: [String], environment: [String] = ChildLauncher.environment, cgroup: Int32,
        requested: MonotonicInstant, stepsBefore: [UInt64], timesSteps: Bool = true, interrupt: Interrupt,
        accounts: CgroupAccounts? = nil,
        makeProgram: (_ descriptors: (input: Int32, output: Int32, error: Int32)) -> LaunchProgram,
        cleanUp: @escaping (ChildInstance) throws(LabError) -> Void
    ) throws(LabError) -> ChildInstance {
        let output = try Self.pipe()
        let errors = try Self.pipe()
        let program = makeProgram((nullDevice.rawValue, output.write.rawValue, errors.write.rawValue))
        var steps = stepsBefore
        steps.append(MonotonicInstant.now().nanoseconds(since: requested))
        let started = try buffer.start(
            program, arguments: arguments, environment: environment, cgroup: cgroup)
        return ChildInstance(
            started: started, output: output.read, errors: errors.read, requested: requested,
            stepsBefore: steps, timesSteps: timesSteps, interrupt: interrupt, accounts: accounts,
            cleanUp: cleanUp)
    }

    /// A pipe whose read end, ours, does not block; the write end is another open file description and does.
    private static func pipe() throws(LabError) -> FileDescriptor.Pipe {
        do throws(Errno) {
            let pipe = try FileDescriptor.pipe()
            try checked { fcntl(pipe.read.rawValue, F_SETFL, O_NONBLOCK) }
            return pipe
        } catch {
            throw LabError(.unavailable, "cannot make a pipe", cause: "\(error)")
        }
    }

    /// The words of a guest's command line: those of the workload behind the program's own name.
    static func arguments(_ workload: Workload) -> [String] {
        ["lab-guest", workload.name] + workload.arguments
    }
}
