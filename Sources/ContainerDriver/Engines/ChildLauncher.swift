import CLinux
import Glibc
import LabCore
import Launch

/// A launcher of children for both engines of this driver: pipes, and our own pidfd.
final class ChildLauncher {
    /// Readable once this process has died.
    let parent: FileDescriptor
    /// The standard input of its children, which has ended; nil makes an empty pipe for each.
    var input: FileDescriptor?
    /// The environment of every workload, the same in every engine.
    static let environment = ["PATH=\(SearchPath.standard)", "HOME=/"]

    init() throws(LabError) { parent = try .ofThisProcess() }

    /// Starts a program that was laid out beforehand.
    /// - Parameters:
    ///   - cgroup: a v2 cgroup's directory, in which it is born, or -1.
    ///   - joins: for each step `joinCgroup` the `tasks` file of a v1 cgroup.
    ///   - accounts: what its cgroups account for, where they are an engine's.
    ///   - command: where its output goes, when it is no lab-guest.
    ///   - inherited: a descriptor for the step that takes one, or -1.
    ///   - channel: a descriptor of a FIFO on which it speaks instead of standard output, taken over; or -1.
    ///   - stepsBefore: when the engine's steps before this call ended.
    func start(
        _ buffer: ProgramBuffer, arguments: [String], cgroup: Int32 = -1, joins: [Int32] = [],
        accounts: CgroupReader? = nil, command: CommandOutput? = nil, inherited: Int32 = -1,
        channel: Int32 = -1,
        requested: MonotonicInstant = .now(),
        stepsBefore: [UInt64] = [], timesSteps: Bool = false, interrupt: Interrupt,
        cleanUp: @escaping (ChildInstance) throws(LabError) -> Void = { _ in }
    ) throws(LabError) -> ChildInstance {
        var ended: FileDescriptor?
        if ChildInstance.number(self.input) < 0 { ended = try Self.emptyPipe() }
        let input = max(ChildInstance.number(self.input), ChildInstance.number(ended))
        let output = try Self.pipe()
        let errors = try Self.pipe()
        let parameters = ProgramBuffer.Parameters(
            arguments: arguments,
            standard: (input, output.write.rawValue, errors.write.rawValue, inherited),
            cgroup: cgroup, joins: joins)
        let steps = stepsBefore + [MonotonicInstant.now().nanoseconds(since: requested)]
        let started: ProgramBuffer.Started
        defer { ended = nil }
        do { started = try buffer.start(parameters) } catch {
            if channel >= 0 { close(channel) }
            throw error
        }
        return ChildInstance(
            started: started, output: channel < 0 ? output.read : FileDescriptor(owning: channel),
            errors: errors.read,
            requested: requested, stepsBefore: steps, timesSteps: timesSteps, interrupt: interrupt,
            accounts: accounts, command: command, cleanUp: cleanUp)
    }

    /// A pipe whose read end, where that is ours, does not block; the write end is another open file description and does.
    static func pipe(isRead: Bool = true) throws(LabError) -> FileDescriptor.Pipe {
        do throws(Errno) {
            let pipe = try FileDescriptor.pipe()
            if isRead { try checked { fcntl(pipe.read.rawValue, F_SETFL, O_NONBLOCK) } }
            return pipe
        } catch {
            throw LabError(.unavailable, "cannot make a pipe", cause: error)
        }
    }

    /// Standard input that has ended, where there is no stage with a null device. Not the host's /dev/null: whoever holds a
    /// descriptor of a file may change the file's mode, and what this one is of goes with the instance.
    private static func emptyPipe() throws(LabError) -> FileDescriptor {
        let pipe = try pipe(isRead: false)
        return pipe.read
    }
}
