import CLinux
import Glibc
import LabCore
import Launch

/// What both engines of this driver start children with: pipes, and our own pidfd.
final class ChildLauncher {
    /// Readable once this process has died.
    let parent: FileDescriptor
    /// The environment of every workload, the same in every engine.
    static let environment = ["PATH=\(path)", "HOME=/"]
    static let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    init() throws(LabError) { parent = try .ofThisProcess() }

    /// Starts a program that was laid out beforehand, in cgroups that are no engine's.
    /// - Parameter cgroup: a v2 cgroup's directory, in which it is born, or -1.
    /// - Parameter joins: for each step `joinCgroup` the `tasks` file of a v1 cgroup.
    func start(
        _ buffer: ProgramBuffer, arguments: [String], cgroup: Int32, joins: [Int32], interrupt: Interrupt
    ) throws(LabError) -> ChildInstance {
        let requested = MonotonicInstant.now()
        let input = try Self.emptyPipe()
        let output = try Self.pipe()
        let errors = try Self.pipe()
        let started = try buffer.start(
            ProgramBuffer.Parameters(
                arguments: arguments,
                standard: (input.rawValue, output.write.rawValue, errors.write.rawValue, -1),
                cgroup: cgroup, joins: joins))
        return ChildInstance(
            started: started, output: output.read, errors: errors.read, requested: requested, stepsBefore: [],
            timesSteps: false, interrupt: interrupt, accounts: nil, cleanUp: { _ throws(LabError) in })
    }

    /// Starts a program that was laid out beforehand.
    /// - Parameter stepsBefore: when the engine's steps before this call ended.
    func start(
        _ buffer: ProgramBuffer, arguments: [String], cgroups: InstanceCgroups? = nil,
        inherited: Int32 = -1, requested: MonotonicInstant, stepsBefore: [UInt64] = [],
        timesSteps: Bool = true,
        interrupt: Interrupt, cleanUp: @escaping (ChildInstance) throws(LabError) -> Void
    ) throws(LabError) -> ChildInstance {
        let input = try Self.emptyPipe()
        let output = try Self.pipe()
        let errors = try Self.pipe()
        let parameters = ProgramBuffer.Parameters(
            arguments: arguments,
            standard: (input.rawValue, output.write.rawValue, errors.write.rawValue, inherited),
            cgroups: cgroups)
        var steps = stepsBefore
        steps.append(MonotonicInstant.now().nanoseconds(since: requested))
        let started = try buffer.start(parameters)
        return ChildInstance(
            started: started, output: output.read, errors: errors.read, requested: requested,
            stepsBefore: steps, timesSteps: timesSteps, interrupt: interrupt, accounts: cgroups?.accounts,
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

    /// Standard input that has ended. Not the host's /dev/null: whoever holds a descriptor of a file may change the file's
    /// mode, and what this one is of goes with the instance.
    private static func emptyPipe() throws(LabError) -> FileDescriptor {
        let pipe = try pipe()
        return pipe.read
    }

    /// The words of a guest's command line: those of the workload behind the program's own name.
    static func arguments(_ workload: Workload) -> [String] {
        ["lab-guest", workload.name] + workload.arguments
    }
}
