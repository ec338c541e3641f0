import CLinux
import Glibc
import LabCore

/// A launch program laid out in C memory once, and started as often as wanted: a start lays out only its arguments.
///
/// Several threads may start it at once: nothing in it changes after `init`.
package final class ProgramBuffer: @unchecked Sendable {
    package let program: LaunchProgram
    /// All strings and values that the steps point to.
    private let memory: UnsafeMutableRawBufferPointer
    private var used = 0
    private let steps: UnsafeMutableBufferPointer<clinux_step>
    private let environment: UnsafeMutableBufferPointer<UnsafeMutablePointer<CChar>?>

    package init(_ program: LaunchProgram, environment variables: [String]) {
        self.program = program
        var size = variables.reduce(0) { $0 + Self.room($1.utf8.count + 1) }
        for step in program.steps {
            let operation = step.operation
            size += Self.room(operation.a) + Self.room(operation.b) + Self.room(operation.c)
            size += Self.room(operation.data?.count ?? 0)
        }
        memory = .allocate(byteCount: size, alignment: Self.alignment)
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
        memory.deallocate()
        steps.deallocate()
        environment.deallocate()
    }

    /// The parameters in which one start differs from the next.
    package struct Parameters {
        package var arguments: [String]
        /// The descriptors that become the child's 0, 1, 2 and, where a step asks for it, 3.
        package var standard: (input: Int32, output: Int32, error: Int32, inherited: Int32) = (-1, -1, -1, -1)
        /// A cgroup v2 directory in which the child is born, or -1.
        package var cgroup: Int32 = -1
        /// Descriptors of the `tasks` files of v1 cgroups, one for each step `joinCgroup`.
        package var joins: [Int32] = []

        package init(
            arguments: [String], standard: (Int32, Int32, Int32, Int32) = (-1, -1, -1, -1),
            cgroup: Int32 = -1,
            joins: [Int32] = []
        ) {
            self.arguments = arguments
            self.standard = standard
            self.cgroup = cgroup
            self.joins = joins
        }
    }

    /// The outcome of a start: the child's pid and pidfd, and when it passed each step.
    package struct Started: ~Copyable {
        package let pid: pid_t
        package let pidfd: FileDescriptor
        /// CLOCK_MONOTONIC nanoseconds just before clone3.
        package let asked: UInt64
        /// The same when the child began and at the end of each step but the last, execve.
        package let began: UInt64
        package let stamps: [UInt64]

        /// Hands over the pidfd.
        package consuming func takePidfd() -> FileDescriptor { pidfd }
    }

    /// Runs the program in a new child.
    /// - Throws: `.instance` or `.permission`, naming the step that failed and its errno.
    package func start(_ parameters: Parameters) throws(LabError) -> Started {
        do throws(LaunchFailure) {
            return try attempt(parameters)
        } catch {
            throw error.explained(program, parameters.arguments)
        }
    }

    /// `start` with a failure that a program can read.
    package func attempt(_ parameters: Parameters) throws(LaunchFailure) -> Started {
        let argv: [UnsafeMutablePointer<CChar>?] = parameters.arguments.map { strdup($0) } + [nil]
        defer { argv.forEach { free($0) } }
        var launch = blank()
        launch.standard = parameters.standard
        launch.cgroup = parameters.cgroup
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
    /// - Parameters:
    ///   - path: a device in there that is opened for reading, or that is not there.
    ///   - device: its descriptor.
    /// - Returns: a descriptor of the namespace, which lives as long as that is open.
    package func makeMountNamespace(
        opening path: String, as device: inout FileDescriptor?
    ) throws(LabError) -> FileDescriptor {
        var launch = blank()
        var stamps = [UInt64](repeating: 0, count: steps.count)
        var opened: Int32 = -1
        let descriptor = stamps.withUnsafeMutableBufferPointer { stamps in
            launch.stamps = stamps.baseAddress
            return clinux_make_mount_namespace(&launch, path, &opened)
        }
        if opened >= 0 { device = FileDescriptor(owning: opened) }
        guard descriptor >= 0 else { throw LaunchFailure(launch).explained(program, []) }
        return FileDescriptor(owning: descriptor)
    }

    /// Returns the part that is the same for every start.
    private func blank() -> clinux_launch {
        var launch = clinux_launch()
        launch.steps = UnsafePointer(steps.baseAddress)
        launch.count = UInt32(steps.count)
        launch.namespaces = program.namespaces.rawValue
        launch.envp = UnsafePointer(environment.baseAddress)
        return launch
    }

    /// That of every value here.
    private static let alignment = 8
    private static func room(_ bytes: Int) -> Int { (bytes + alignment - 1) / alignment * alignment }

    private static func room(_ string: String?) -> Int { string.map { room($0.utf8.count + 1) } ?? 0 }

    /// Copies bytes to memory that lives as long as the buffer.
    private func copy(_ bytes: UnsafeRawBufferPointer) -> UnsafeMutableRawPointer? {
        let place = UnsafeMutableRawBufferPointer(rebasing: memory[used..<used + bytes.count])
        place.copyMemory(from: bytes)
        used += Self.room(bytes.count)
        return place.baseAddress
    }

    private func copy(_ string: String) -> UnsafePointer<CChar>? {
        string.withCString { text in
            let bytes = UnsafeRawBufferPointer(start: text, count: string.utf8.count + 1)
            return UnsafePointer(copy(bytes)?.assumingMemoryBound(to: CChar.self))
        }
    }

    private func layOut(_ step: LaunchProgram.Step) -> clinux_step {
        let operation = step.operation
        return clinux_step(
            operation: operation.code, tolerated_error: step.tolerates?.rawValue ?? 0,
            a: operation.a.flatMap(copy),
            b: operation.b.flatMap(copy), c: operation.c.flatMap(copy),
            data: operation.data.flatMap { $0.withUnsafeBytes { UnsafeRawPointer(copy($0)) } },
            x: operation.x,
            y: operation.y)
    }
}

extension LaunchFailure {
    fileprivate init(_ launch: clinux_launch) {
        self.init(
            step: launch.failed_step < 0 ? nil : Int(launch.failed_step), errno: Errno(launch.error))
    }
}
