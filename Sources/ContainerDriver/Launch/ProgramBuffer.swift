import CLinux
import Glibc
import LabCore

/// A launch program laid out in C memory once, and started as often as wanted: a start lays out only its arguments.
///
/// Several threads may start it at once: nothing in it changes after `init`.
final class ProgramBuffer: @unchecked Sendable {
    let program: LaunchProgram
    private let text: UnsafeMutableBufferPointer<CChar>
    private var textUsed = 0
    private let steps: UnsafeMutableBufferPointer<clinux_step>
    private let environment: UnsafeMutableBufferPointer<UnsafeMutablePointer<CChar>?>
    private var arrays: [UnsafeMutableRawPointer?] = []

    init(_ program: LaunchProgram, environment variables: [String]) {
        self.program = program
        let textBytes =
            program.steps.reduce(0) { $0 + $1.action.textBytes }
            + variables.reduce(0) { $0 + $1.utf8.count + 1 }
        text = .allocate(capacity: textBytes)
        steps = .allocate(capacity: program.steps.count)
        environment = .allocate(capacity: variables.count + 1)
        for (index, step) in program.steps.enumerated() {
            steps.initializeElement(at: index, to: layOut(step))
        }
        for (index, variable) in variables.enumerated() {
            environment.initializeElement(at: index, to: UnsafeMutablePointer(mutating: copy(variable)))
        }
        environment.initializeElement(at: variables.count, to: nil)
    }

    deinit {
        text.deallocate()
        steps.deallocate()
        environment.deallocate()
        for array in arrays { array?.deallocate() }
    }

    /// What differs from one start to the next.
    struct Parameters {
        var arguments: [String]
        /// What becomes the child's descriptors 0, 1, 2 and, where a step asks for it, 3.
        var standard: (input: Int32, output: Int32, error: Int32, inherited: Int32) = (-1, -1, -1, -1)
        /// A cgroup v2 directory in which the child is born, or -1.
        var cgroup: Int32 = -1
        /// Descriptors of the `tasks` files of v1 cgroups, one for each step `joinCgroup`.
        var joins: [Int32] = []
        /// Where clone3 itself writes the child's pidfd, for whoever watches over us; it must stay where it is.
        var pidfdPlace: UnsafeMutablePointer<Int32>?
    }

    /// What came of a start: the child's pid and pidfd, and when it passed each step.
    struct Started: ~Copyable {
        let pid: pid_t
        let pidfd: FileDescriptor
        /// CLOCK_MONOTONIC nanoseconds just before clone3.
        let asked: UInt64
        /// The same when the child began and at the end of each step but the last, execve.
        let began: UInt64
        let stamps: [UInt64]
    }

    /// Runs the program in a new child.
    /// - Throws: `.instance` or `.permission`, naming the step that failed and its errno.
    func start(_ parameters: Parameters) throws(LabError) -> Started {
        do throws(LaunchFailure) {
            return try attempt(parameters)
        } catch {
            throw error.explained(program, parameters.arguments)
        }
    }

    /// `start` with a failure that a program can read.
    func attempt(_ parameters: Parameters) throws(LaunchFailure) -> Started {
        let argv: [UnsafeMutablePointer<CChar>?] = parameters.arguments.map { strdup($0) } + [nil]
        defer { argv.forEach { free($0) } }
        var launch = blank()
        launch.standard = parameters.standard
        launch.cgroup = parameters.cgroup
        launch.pidfd_place = parameters.pidfdPlace
        var stamps = [UInt64](repeating: 0, count: steps.count)
        var pidfd: Int32 = -1
        var asked = MonotonicInstant.zero
        let pid = stamps.withUnsafeMutableBufferPointer { stamps in
            argv.withUnsafeBufferPointer { argv in
                parameters.joins.withUnsafeBufferPointer { joins in
                    launch.stamps = stamps.baseAddress
                    launch.argv = argv.baseAddress
                    launch.joins = joins.baseAddress
                    asked = .now()
                    return clinux_start(&launch, &pidfd)
                }
            }
        }
        stamps.removeLast()
        guard pid > 0 else { throw LaunchFailure(launch) }
        return Started(
            pid: pid, pidfd: FileDescriptor(owning: pidfd), asked: asked.nanoseconds,
            began: launch.child_began, stamps: stamps)
    }

    /// Runs the program, which has no `execute`, in a mount namespace of its own.
    /// - Returns: a descriptor of the namespace, which lives as long as that is open.
    func makeMountNamespace() throws(LabError) -> FileDescriptor {
        var launch = blank()
        var stamps = [UInt64](repeating: 0, count: steps.count)
        let descriptor = stamps.withUnsafeMutableBufferPointer { stamps in
            launch.stamps = stamps.baseAddress
            return clinux_make_mount_namespace(&launch)
        }
        guard descriptor >= 0 else { throw LaunchFailure(launch).explained(program, []) }
        return FileDescriptor(owning: descriptor)
    }

    /// What is the same for every start.
    private func blank() -> clinux_launch {
        var launch = clinux_launch()
        launch.steps = UnsafePointer(steps.baseAddress)
        launch.count = UInt32(steps.count)
        launch.namespaces = program.namespaces.rawValue
        launch.envp = UnsafePointer(environment.baseAddress)
        return launch
    }

    /// Copies a string into the buffer, which is as large as all of them.
    private func copy(_ string: String) -> UnsafePointer<CChar>? {
        guard let start = text.baseAddress?.advanced(by: textUsed) else { return nil }
        var string = string
        string.withUTF8 { bytes in
            precondition(textUsed + bytes.count < text.count, "the program buffer is too small")
            for (index, byte) in bytes.enumerated() { start[index] = CChar(bitPattern: byte) }
            start[bytes.count] = 0
            textUsed += bytes.count + 1
        }
        return UnsafePointer(start)
    }

    private func copy(ifAny string: String?) -> UnsafePointer<CChar>? { string.flatMap { copy($0) } }

    /// Copies plain values to memory that lives as long as the buffer.
    private func copy<Value: BitwiseCopyable>(_ values: [Value]) -> UnsafeRawPointer? {
        let copied = UnsafeMutableBufferPointer<Value>.allocate(capacity: values.count)
        _ = copied.initialize(from: values)
        arrays.append(UnsafeMutableRawPointer(copied.baseAddress))
        return UnsafeRawPointer(copied.baseAddress)
    }

    private func layOut(_ step: LaunchProgram.Step) -> clinux_step {
        var c = clinux_step()
        c.tolerated_error = step.tolerates?.rawValue ?? 0
        switch step.action {
        case .mount(let source, let target, let type, let flags, let data):
            c.operation = CLINUX_MOUNT
            c.a = copy(ifAny: source)
            c.b = copy(target)
            c.c = copy(ifAny: type)
            c.x = flags.rawValue
            c.data = UnsafeRawPointer(copy(ifAny: data))
        case .pivotRoot(let path):
            c.operation = CLINUX_PIVOT_ROOT
            c.a = copy(path)
        case .leaveOldRoot: c.operation = CLINUX_LEAVE_OLD_ROOT
        case .moveRoot(let path):
            c.operation = CLINUX_MOVE_ROOT
            c.a = copy(path)
        case .changeDirectory(let path):
            c.operation = CLINUX_CHDIR
            c.a = copy(path)
        case .enterNamespace(let descriptor, let namespace):
            c.operation = CLINUX_SETNS
            (c.x, c.y) = (UInt64(descriptor), namespace.rawValue)
        case .makeDirectory(let path, let mode):
            c.operation = CLINUX_MKDIR
            c.a = copy(path)
            c.x = UInt64(mode)
        case .symlink(let target, let path):
            c.operation = CLINUX_SYMLINK
            c.a = copy(target)
            c.b = copy(path)
        case .createFile(let path, let mode):
            c.operation = CLINUX_NODE
            c.a = copy(path)
            c.x = UInt64(S_IFREG | mode)
        case .makeDevice(let path, let mode, let device, let original):
            c.operation = CLINUX_NODE
            c.a = copy(path)
            c.b = copy(original)
            (c.x, c.y) = (UInt64(S_IFCHR | mode), UInt64(gnu_dev_makedev(device.major, device.minor)))
        case .addMountFlags(let path, let flags):
            c.operation = CLINUX_MOUNT_FLAGS
            c.a = copy(path)
            c.x = flags.rawValue
        case .mask(let path, let first, let otherwise):
            c.operation = CLINUX_MASK
            (c.a, c.b, c.c) = (copy(first), copy(otherwise), copy(path))
        case .maskEach(let path, let first, let otherwise):
            let parts = path.split(separator: "*", maxSplits: 1, omittingEmptySubsequences: false)
            c.operation = CLINUX_MASK_EACH
            (c.a, c.b, c.c) = (copy(first), copy(otherwise), copy(String(parts[0])))
            c.data = UnsafeRawPointer(copy(String(parts[1])))
        case .write(let string, let path):
            c.operation = CLINUX_WRITE
            c.a = copy(path)
            c.data = UnsafeRawPointer(copy(string))
            c.y = UInt64(string.utf8.count)
        case .unshare(let namespaces):
            c.operation = CLINUX_UNSHARE
            c.x = namespaces.rawValue
        case .joinCgroup(let index, _):
            c.operation = CLINUX_JOIN_CGROUP
            c.x = UInt64(index)
        case .setHostname(let name):
            c.operation = CLINUX_HOSTNAME
            c.a = copy(name)
        case .loopbackUp: c.operation = CLINUX_LOOPBACK_UP
        case .standardDescriptor(let number):
            c.operation = CLINUX_STANDARD
            c.x = UInt64(number)
        case .closeOnExec(let first):
            c.operation = CLINUX_CLOSE_FROM
            (c.x, c.y) = (UInt64(first), UInt64(clinux_close_on_exec))
        case .closeDescriptors(let first):
            c.operation = CLINUX_CLOSE_FROM
            c.x = UInt64(first)
        case .openTerminal(let terminal):
            c.operation = CLINUX_TERMINAL
            c.x = UInt64(terminal.descriptors)
            c.y = UInt64(terminal.rows) << 16 | UInt64(terminal.columns)
        case .newSession: c.operation = CLINUX_SETSID
        case .boundCapabilities(let kept):
            c.operation = CLINUX_BOUNDING_SET
            c.x = kept.rawValue
        case .setCapabilities(let kept):
            c.operation = CLINUX_CAPABILITIES
            c.x = kept.rawValue
        case .noNewPrivileges: c.operation = CLINUX_NO_NEW_PRIVS
        case .loadFilter(let filter):
            c.operation = CLINUX_SECCOMP
            c.data = UnsafeRawPointer(filter.instructions.baseAddress)
            c.x = UInt64(filter.instructionCount)
        case .dieWithParent(let signal, let parent):
            c.operation = CLINUX_PDEATHSIG
            (c.x, c.y) = (UInt64(signal), UInt64(parent))
        case .setLimits(let list):
            c.operation = CLINUX_LIMITS
            c.data = copy(
                list.map { clinux_limit(resource: $0.resource, soft: $0.soft, hard: $0.hard) })
            c.x = UInt64(list.count)
        case .defaultSignals(let signals):
            c.operation = CLINUX_SIGNALS
            c.x = signals
        case .setSchedulingPolicy(let policy):
            c.operation = CLINUX_SCHEDULER
            c.x = UInt64(policy)
        case .call(let call):
            c.operation = CLINUX_CALL
            c.data = copy(call.numbers)
        case .execute(let path):
            c.operation = CLINUX_EXEC
            c.a = copy(path)
        }
        return c
    }
}

extension LaunchFailure {
    fileprivate init(_ launch: clinux_launch) {
        self.init(
            step: launch.failed_step < 0 ? nil : Int(launch.failed_step), errno: Errno(launch.error))
    }
}

extension LaunchProgram.Action {
    /// Bytes that its strings take in C memory, terminators included.
    fileprivate var textBytes: Int {
        func size(_ strings: String?...) -> Int { strings.reduce(0) { $0 + ($1?.utf8.count ?? 0) + 1 } }
        return switch self {
        case .mount(let source, let target, let type, _, let data): size(source, target, type, data)
        case .symlink(let target, let path): size(target, path)
        case .write(let string, let path): size(string, path)
        case .makeDevice(let path, _, _, let original): size(path, original)
        case .mask(let path, let first, let otherwise), .maskEach(let path, let first, let otherwise):
            size(path, first, otherwise)
        case .pivotRoot(let path), .moveRoot(let path), .changeDirectory(let path),
            .makeDirectory(let path, _),
            .createFile(let path, _), .addMountFlags(let path, _), .setHostname(let path), .execute(let path):
            size(path)
        default: 0
        }
    }
}
