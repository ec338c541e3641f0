import CLinux
import Glibc

/// A seccomp filter that a process is under, as the kernel gives it out: a program of classic BPF. See seccomp(2).
public struct SeccompProgram: Equatable, Sendable {
    public struct Instruction: Equatable, Sendable {
        public var code: UInt16
        public var ifTrue: UInt8
        public var ifFalse: UInt8
        public var operand: UInt32

        public init(code: UInt16, ifTrue: UInt8 = 0, ifFalse: UInt8 = 0, operand: UInt32 = 0) {
            self.code = code
            self.ifTrue = ifTrue
            self.ifFalse = ifFalse
            self.operand = operand
        }
    }

    public var instructions: [Instruction]

    public init(instructions: [Instruction]) { self.instructions = instructions }

    /// The filters of a process, the oldest first (the kernel counts them so, though ptrace(2) says otherwise); empty when it
    /// has none. The process stands still for a moment.
    /// - Throws: `.permission` when this user may not trace it, `.unavailable` where the kernel gives out no filters.
    public static func loaded(by process: HostProcess) throws(LabError) -> [SeccompProgram] {
        var programs: [SeccompProgram] = []
        while programs.count < mostFilters {
            var buffer = [sock_filter](repeating: sock_filter(), count: longest)
            let count = clinux_seccomp_filter(
                process.pid, UInt32(programs.count), &buffer, Int32(buffer.count))
            // Behind the last one; EINVAL when there is none at all.
            if count == -ENOENT || count == -EINVAL && programs.isEmpty { return programs }
            guard count >= 0 else {
                let code = Errno(-count)
                throw LabError(
                    code == Errno(EPERM) || code == Errno(EACCES) ? .permission : .unavailable,
                    "cannot read the seccomp filter of process \(process.pid)", cause: "\(code)")
            }
            programs.append(
                SeccompProgram(
                    instructions: buffer.prefix(Int(count)).map {
                        Instruction(code: $0.code, ifTrue: $0.jt, ifFalse: $0.jf, operand: $0.k)
                    }))
        }
        return programs
    }

    /// BPF_MAXINSNS of the kernel.
    private static let longest = 4_096
    private static let mostFilters = 16

    /// The effect of a filter on a call.
    public enum Action: Equatable, Sendable {
        case allow
        /// The call is not made and fails with this errno.
        case fail(Int32)
        /// Killed, trapped, traced or handed to a supervisor: the action's number.
        case other(UInt32)

        init(_ value: UInt32) {
            switch value & 0xffff_0000 {
            // SECCOMP_RET_ALLOW and SECCOMP_RET_LOG.
            case 0x7fff_0000, 0x7ffc_0000: self = .allow
            case 0x0005_0000: self = .fail(Int32(value & 0xffff))
            default: self = .other(value)
            }
        }
    }

    /// Returns the joint effect of several filters: the strictest answer counts, seccomp(2) says in which order.
    public static func action(
        of programs: [SeccompProgram], on call: Int, _ arguments: [UInt64] = []
    ) -> Action {
        let values = programs.compactMap { $0.run(call, arguments) }
        return values.min { Int32(bitPattern: $0 & 0xffff_0000) < Int32(bitPattern: $1 & 0xffff_0000) }
            .map(Action.init) ?? .allow
    }

    /// Runs the program as the kernel's interpreter does, on a native call; nil for a program that is not well formed.
    public func run(_ call: Int, _ arguments: [UInt64]) -> UInt32? {
        let data = Self.data(call, arguments)
        var accumulator: UInt32 = 0
        var index: UInt32 = 0
        var memory = [UInt32](repeating: 0, count: 16)
        var register: UInt32 = 0
        // A program only jumps forward, so that each instruction runs once at most.
        while Int(index) < instructions.count {
            let step = instructions[Int(index)]
            let next = index.addingReportingOverflow(1)
            guard !next.overflow else { return nil }
            index = next.partialValue
            switch step.code {
            case 0x20:  // ld [k]
                guard step.operand % 4 == 0, Int(step.operand / 4) < data.count else { return nil }
                accumulator = data[Int(step.operand / 4)]
            case 0x00: accumulator = step.operand  // ld #k
            case 0x01: register = step.operand  // ldx #k
            case 0x60, 0x61, 0x02, 0x03:  // ld M[k], ldx M[k], st, stx
                guard step.operand < 16 else { return nil }
                switch step.code {
                case 0x60: accumulator = memory[Int(step.operand)]
                case 0x61: register = memory[Int(step.operand)]
                case 0x02: memory[Int(step.operand)] = accumulator
                default: memory[Int(step.operand)] = register
                }
            case 0x07: register = accumulator  // tax
            case 0x87: accumulator = register  // txa
            case 0x54: accumulator &= step.operand
            case 0x44: accumulator |= step.operand
            case 0x04: accumulator &+= step.operand
            case 0x14: accumulator &-= step.operand
            case 0x74: accumulator = step.operand < 32 ? accumulator >> step.operand : 0
            case 0x64: accumulator = step.operand < 32 ? accumulator << step.operand : 0
            case 0x05:  // ja
                let target = index.addingReportingOverflow(step.operand)
                guard !target.overflow else { return nil }
                index = target.partialValue
            case 0x15, 0x25, 0x35, 0x45:  // jeq, jgt, jge, jset #k
                let holds =
                    switch step.code {
                    case 0x15: accumulator == step.operand
                    case 0x25: accumulator > step.operand
                    case 0x35: accumulator >= step.operand
                    default: accumulator & step.operand != 0
                    }
                index += UInt32(holds ? step.ifTrue : step.ifFalse)
            case 0x06: return step.operand  // ret #k
            case 0x16: return accumulator  // ret a
            default: return nil
            }
        }
        return nil
    }

    /// `struct seccomp_data`, word by word: number, architecture, instruction pointer, six arguments.
    private static func data(_ call: Int, _ arguments: [UInt64]) -> [UInt32] {
        #if arch(x86_64)
        let architecture: UInt32 = 0xc000_003e
        #else
        let architecture: UInt32 = 0xc000_00b7
        #endif
        var words = [UInt32(truncatingIfNeeded: call), architecture, 0, 0]
        for place in 0..<6 {
            let value = place < arguments.count ? arguments[place] : 0
            words += [UInt32(truncatingIfNeeded: value), UInt32(value >> 32)]
        }
        return words
    }
}
