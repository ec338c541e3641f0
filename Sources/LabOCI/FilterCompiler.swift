import CLinux
import CSeccomp
import Glibc
import LabCore
import OCI

/// `linux.seccomp`, compiled by libseccomp as runc and crun do it: our own compiler knows what our own profile asks, not every
/// action, comparison and architecture.
struct CompiledFilter {
    let instructions: [UInt8]
    let flags: UInt32

    static let actions: [(word: String, action: UInt32)] = [
        ("SCMP_ACT_ALLOW", 0x7fff_0000), ("SCMP_ACT_ERRNO", 0x0005_0000), ("SCMP_ACT_KILL", 0),
        ("SCMP_ACT_KILL_PROCESS", 0x8000_0000), ("SCMP_ACT_KILL_THREAD", 0), ("SCMP_ACT_LOG", 0x7ffc_0000),
        ("SCMP_ACT_NOTIFY", 0x7fc0_0000), ("SCMP_ACT_TRACE", 0x7ff0_0000), ("SCMP_ACT_TRAP", 0x0003_0000),
    ]
    static let operators: [(word: String, comparison: scmp_compare)] = [
        ("SCMP_CMP_EQ", SCMP_CMP_EQ), ("SCMP_CMP_GE", SCMP_CMP_GE), ("SCMP_CMP_GT", SCMP_CMP_GT),
        ("SCMP_CMP_LE", SCMP_CMP_LE), ("SCMP_CMP_LT", SCMP_CMP_LT),
        ("SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ), ("SCMP_CMP_NE", SCMP_CMP_NE),
    ]
    /// Bits of seccomp(2).
    static let knownFlags: [(word: String, bit: UInt32)] = [
        ("SECCOMP_FILTER_FLAG_LOG", 2), ("SECCOMP_FILTER_FLAG_SPEC_ALLOW", 4),
        ("SECCOMP_FILTER_FLAG_TSYNC", 1), ("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 0x20),
    ]
    private static let newListener: UInt32 = 8
    static let architectures = [
        "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM", "SCMP_ARCH_MIPS", "SCMP_ARCH_MIPS64", "SCMP_ARCH_MIPS64N32",
        "SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PPC",
        "SCMP_ARCH_PPC64", "SCMP_ARCH_PPC64LE", "SCMP_ARCH_RISCV64", "SCMP_ARCH_S390", "SCMP_ARCH_S390X",
        "SCMP_ARCH_X32", "SCMP_ARCH_X86", "SCMP_ARCH_X86_64",
    ]

    init(instructions: [UInt8], flags: UInt32) { (self.instructions, self.flags) = (instructions, flags) }

    static func flags(of spec: RuntimeSpec.Seccomp) throws -> UInt32 {
        var flags: UInt32 = 0
        for flag in spec.flags ?? [] {
            guard let bit = knownFlags.first(where: { $0.word == flag })?.bit else {
                throw Failure.unsupported("linux.seccomp.flags: \(flag)")
            }
            flags |= bit
        }
        let actions = (spec.syscalls ?? []).map(\.action)
        guard spec.defaultAction != "SCMP_ACT_NOTIFY" else {
            throw Failure("SCMP_ACT_NOTIFY cannot be used as default action")
        }
        guard actions.contains("SCMP_ACT_NOTIFY") else {
            guard flags & 0x20 == 0 else {
                throw Failure("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV requires SCMP_ACT_NOTIFY")
            }
            return flags
        }
        guard spec.listenerPath?.isEmpty == false else {
            throw Failure("seccomp listenerPath is not set, but SCMP_ACT_NOTIFY is used")
        }
        // Without it, the threads that could not be held are not told: seccomp(2), SECCOMP_FILTER_FLAG_TSYNC_ESRCH.
        return flags | newListener | (flags & 1 != 0 ? 0x10 : 0)
    }

    /// True when somebody is to be asked.
    var isListenedTo: Bool { flags & Self.newListener != 0 }

    init(_ spec: RuntimeSpec.Seccomp) throws {
        flags = try Self.flags(of: spec)
        let standard = try Self.action(spec.defaultAction, spec.defaultErrnoRet)
        guard let context = seccomp_init(standard) else { throw Failure("error initializing seccomp filter") }
        defer { seccomp_release(context) }
        // The architecture of this machine is in it from the start.
        for word in spec.architectures ?? [] {
            guard Self.architectures.contains(word) else {
                throw Failure(
                    "error adding architecture \(ForeignText.line(word, most: 100)) to seccomp filter")
            }
            let token = seccomp_arch_resolve_name(String(word.dropFirst(10)).lowercased())
            let code = token == 0 ? -EINVAL : seccomp_arch_add(context, token)
            guard code == 0 || code == -EEXIST else {
                throw Failure("error adding architecture to seccomp filter: \(Errno(-code).words)")
            }
        }
        for rule in spec.syscalls ?? [] {
            let action = try Self.action(rule.action, rule.errnoRet)
            // What would happen anyway is no rule to libseccomp.
            if action == standard { continue }
            let comparisons = try (rule.args ?? []).map(Self.comparison)
            for name in rule.names {
                let number = seccomp_syscall_resolve_name(name)
                // Of a newer kernel than this libseccomp: what no rule names meets the default action.
                guard number != -1 else { continue }
                try Self.add(action, name, number, comparisons, to: context)
            }
        }
        instructions = Self.unknownCalls(spec) + (try Self.exported(context))
    }

    /// The beginning of a filter that refuses what it does not name: a call that is newer than all that it names does not exist
    /// there (ENOSYS), so that programs fall back to an older one. As runc has it, for those machines whose numbers only grow.
    private static func unknownCalls(_ spec: RuntimeSpec.Seccomp) -> [UInt8] {
        guard spec.defaultErrnoRet == nil,
            !["SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE"].contains(spec.defaultAction)
        else { return [] }
        let names = (spec.syscalls ?? []).flatMap(\.names)
        func last(_ architecture: UInt32) -> UInt32? {
            names.map { seccomp_syscall_resolve_name_arch(architecture, $0) }.filter { $0 >= 0 }.max().map {
                UInt32($0)
            }
        }
        var program: [UInt8] = []
        func add(_ code: UInt16, _ yes: UInt8, _ no: UInt8, _ value: UInt32) {
            withUnsafeBytes(of: sock_filter(code: code, jt: yes, jf: no, k: value)) {
                program.append(contentsOf: $0)
            }
        }
        let (load, equal, atLeast, greater, end): (UInt16, UInt16, UInt16, UInt16, UInt16) = (
            0x20, 0x15, 0x35, 0x25, 0x06
        )
        let noCall: UInt32 = 0x0005_0000 | UInt32(ENOSYS)
        // Of struct seccomp_data: the number is first, the machine second.
        for (word, token, machine, isX32) in [
            ("SCMP_ARCH_X86_64", 0xc000_003e, 0xc000_003e, false),
            ("SCMP_ARCH_X32", 0x4000_003e, 0xc000_003e, true),
        ] as [(String, UInt32, UInt32, Bool)]
        where word == "SCMP_ARCH_X86_64" || spec.architectures?.contains(word) == true {
            guard let last = last(token) else { continue }
            add(load, 0, 0, 4)
            add(equal, 0, 4, machine)
            add(load, 0, 0, 0)
            // Those of x32 have a bit of their own.
            add(atLeast, isX32 ? 0 : 2, isX32 ? 2 : 0, 0x4000_0000)
            add(greater, 0, 1, last)
            add(end, 0, 0, noCall)
        }
        if spec.architectures?.contains("SCMP_ARCH_X86") == true, let last = last(0x4000_0003) {
            add(load, 0, 0, 4)
            add(equal, 0, 3, 0x4000_0003)
            add(load, 0, 0, 0)
            add(greater, 0, 1, last)
            add(end, 0, 0, noCall)
        }
        return program
    }

    private static func add(
        _ action: UInt32, _ name: String, _ number: Int32, _ comparisons: [scmp_arg_cmp],
        to context: scmp_filter_ctx
    ) throws {
        // Several of one argument are alternatives, as runc reads them.
        let isRepeated = Set(comparisons.map(\.arg)).count < comparisons.count
        for group in isRepeated ? comparisons.map({ [$0] }) : [comparisons] {
            let code = seccomp_rule_add_array(context, action, number, UInt32(group.count), group)
            guard code == 0 || code == -EEXIST else {
                throw Failure(
                    "error adding seccomp rule for syscall \(ForeignText.line(name, most: 100)): "
                        + Errno(-code).words)
            }
        }
    }

    private static func exported(_ context: scmp_filter_ctx) throws -> [UInt8] {
        let file = FileDescriptor(owning: try Kernel.check { clinux_memfd("filter") })
        let code = seccomp_export_bpf(context, file.rawValue)
        guard code == 0 else { throw Failure("error exporting seccomp filter: \(Errno(-code).words)") }
        try Kernel.check { lseek(file.rawValue, 0, SEEK_SET) }
        var bytes: [UInt8] = []
        while true {
            let chunk = try file.read(upTo: 1 << 16)
            if chunk.isEmpty { return bytes }
            bytes += chunk
        }
    }

    private static func action(_ word: String, _ value: UInt32?) throws -> UInt32 {
        guard let action = actions.first(where: { $0.word == word })?.action else {
            throw Failure.unsupported("linux.seccomp: the action \(word)")
        }
        switch word {
        case "SCMP_ACT_ERRNO", "SCMP_ACT_TRACE": return action | (value ?? UInt32(EPERM)) & 0xffff
        default: return action
        }
    }

    private static func comparison(_ argument: RuntimeSpec.SyscallArgument) throws -> scmp_arg_cmp {
        guard argument.index < 6, let found = operators.first(where: { $0.word == argument.op }) else {
            throw Failure(
                "linux.seccomp: argument \(argument.index) \(ForeignText.line(argument.op, most: 100)) is none"
            )
        }
        return scmp_arg_cmp(
            arg: argument.index, op: found.comparison, datum_a: argument.value,
            datum_b: argument.valueTwo ?? 0)
    }

    /// - Returns: the descriptor by which its questions are answered, where it has any; else 0.
    @discardableResult
    func load() throws -> Int32 {
        let result = instructions.withUnsafeBytes {
            clinux_load_filter($0.baseAddress, UInt32($0.count / 8), flags)
        }
        guard result >= 0 else {
            throw Failure("unable to init seccomp: error loading seccomp filter", Errno(errno))
        }
        return result
    }
}
