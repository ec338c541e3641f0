import CLinux
import Glibc
import LabCore

/// A launch program laid out in C memory, and the memory itself, which is used again for the next start:
/// a start allocates nothing here once the buffer has grown to its size.
///
/// Not thread safe; each launching thread has its own.
final class ProgramBuffer {
    private var text: UnsafeMutablePointer<CChar>
    private var textCapacity: Int
    private var textUsed = 0
    private var steps: UnsafeMutablePointer<clinux_step>
    private var stamps: UnsafeMutablePointer<UInt64>
    private var stepCapacity: Int
    private var vectors: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private static let mostVectorEntries = 1_024

    init() {
        textCapacity = 64 << 10
        text = .allocate(capacity: textCapacity)
        stepCapacity = 128
        steps = .allocate(capacity: stepCapacity)
        stamps = .allocate(capacity: stepCapacity)
        vectors = .allocate(capacity: Self.mostVectorEntries)
    }

    deinit {
        text.deallocate()
        steps.deallocate()
        stamps.deallocate()
        vectors.deallocate()
    }

    /// What came of a start: the child's pid and pidfd, and when it passed each step.
    struct Started: ~Copyable {
        let pid: pid_t
        let pidfd: FileDescriptor
        /// CLOCK_MONOTONIC nanoseconds when the child began and at the end of each step but the last, execve.
        let began: UInt64
        let stamps: [UInt64]
    }

    /// Lays out `program` and runs it in a new child.
    /// - Parameter cgroup: a cgroup v2 directory in which the child is born, or -1.
    /// - Throws: `.instance` or `.permission`, naming the step that failed and its errno.
    func start(
        _ program: LaunchProgram, arguments: [String], environment: [String], cgroup: Int32
    ) throws(LabError) -> Started {
        guard arguments.count + environment.count + 2 <= Self.mostVectorEntries else {
            throw LabError(
                .usage, "cannot start \(arguments.first ?? "a program")", cause: "too many arguments")
        }
        do throws(LaunchFailure) {
            return try attempt(program, arguments, environment, cgroup)
        } catch {
            throw error.explained(program, arguments)
        }
    }

    /// `start` with a failure that a program can read.
    func attempt(
        _ program: LaunchProgram, _ arguments: [String], _ environment: [String], _ cgroup: Int32
    ) throws(LaunchFailure) -> Started {
        textUsed = 0
        let needed =
            program.steps.reduce(0) { $0 + $1.action.textBytes }
            + (arguments + environment).reduce(0) { $0 + $1.utf8.count + 1 }
        grow(text: needed, steps: program.steps.count)
        for (index, step) in program.steps.enumerated() {
            steps[index] = layOut(step)
        }
        let argv = vectors
        let envp = vectors + arguments.count + 1
        layOut(arguments, at: argv)
        layOut(environment, at: envp)

        var launch = clinux_launch()
        launch.steps = UnsafePointer(steps)
        launch.count = UInt32(program.steps.count)
        launch.argv = UnsafePointer(argv)
        launch.envp = UnsafePointer(envp)
        launch.namespaces = program.namespaces.rawValue
        launch.cgroup = cgroup
        launch.stamps = stamps
        var pidfd: Int32 = -1
        let pid = clinux_start(&launch, &pidfd)
        guard pid > 0 else {
            throw LaunchFailure(
                step: launch.failed_step < 0 ? nil : Int(launch.failed_step), errno: Errno(launch.error))
        }
        let timed = max(0, program.steps.count - 1)
        return Started(
            pid: pid, pidfd: FileDescriptor(owning: pidfd), began: launch.child_began,
            stamps: [UInt64](UnsafeBufferPointer(start: stamps, count: timed)))
    }

    private func grow(text needed: Int, steps count: Int) {
        if needed > textCapacity {
            text.deallocate()
            textCapacity = needed * 2
            text = .allocate(capacity: textCapacity)
        }
        if count > stepCapacity {
            steps.deallocate()
            stamps.deallocate()
            stepCapacity = count * 2
            steps = .allocate(capacity: stepCapacity)
            stamps = .allocate(capacity: stepCapacity)
        }
    }

    private func layOut(_ strings: [String], at vector: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) {
        for (index, string) in strings.enumerated() {
            vector[index] = UnsafeMutablePointer(mutating: copy(string))
        }
        vector[strings.count] = nil
    }

    /// Copies a string into the buffer, which `grow` has made large enough.
    private func copy(_ string: String) -> UnsafePointer<CChar> {
        let start = text + textUsed
        var string = string
        string.withUTF8 { bytes in
            precondition(textUsed + bytes.count < textCapacity, "the program buffer is too small")
            for (index, byte) in bytes.enumerated() { start[index] = CChar(bitPattern: byte) }
            start[bytes.count] = 0
            textUsed += bytes.count + 1
        }
        return UnsafePointer(start)
    }

    private func copy(ifAny string: String?) -> UnsafePointer<CChar>? { string.map { copy($0) } }

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
        case .makeDirectory(let path, let mode):
            c.operation = CLINUX_MKDIR
            c.a = copy(path)
            c.x = UInt64(mode)
        case .symlink(let target, let path):
            c.operation = CLINUX_SYMLINK
            c.a = copy(target)
            c.b = copy(path)
        case .createFile(let path, let mode):
            c.operation = CLINUX_CREATE
            c.a = copy(path)
            c.x = UInt64(mode)
        case .write(let string, let path):
            c.operation = CLINUX_WRITE
            c.a = copy(path)
            c.data = UnsafeRawPointer(copy(string))
            c.y = UInt64(string.utf8.count)
        case .unshare(let namespaces):
            c.operation = CLINUX_UNSHARE
            c.x = namespaces.rawValue
        case .setHostname(let name):
            c.operation = CLINUX_HOSTNAME
            c.a = copy(name)
        case .loopbackUp: c.operation = CLINUX_LOOPBACK_UP
        case .duplicate(let old, let new):
            c.operation = CLINUX_DUP
            (c.x, c.y) = (UInt64(old), UInt64(new))
        case .closeOnExec(let first):
            c.operation = CLINUX_CLOSE_FROM
            c.x = UInt64(first)
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
            c.data = UnsafeRawPointer(filter.instructions)
            c.x = UInt64(filter.instructionCount)
        case .dieWithParent(let signal, let parent):
            c.operation = CLINUX_PDEATHSIG
            (c.x, c.y) = (UInt64(signal), UInt64(parent))
        case .execute(let path):
            c.operation = CLINUX_EXEC
            c.a = copy(path)
        }
        return c
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
        case .pivotRoot(let path), .makeDirectory(let path, _),
            .createFile(let path, _), .setHostname(let path), .execute(let path):
            size(path)
        default: 0
        }
    }
}
