import CSeccomp
import Glibc
import LabCore
import Launch
import OCI

/// A filter of system calls as a `config.json` has it, compiled by libseccomp as runc and crun do.
enum PolicyFilter {
    /// More than any profile has; each is a few instructions of at most 4096.
    private static let mostRules = 4_096

    /// - Throws: `.data` for what is no filter, or too large for one.
    static func compile(_ policy: RuntimeSpec.Seccomp) throws(LabError) -> SeccompFilter {
        guard let context = seccomp_init(try action(policy.defaultAction, policy.defaultErrnoRet)) else {
            throw refused("libseccomp refuses the default action")
        }
        defer { seccomp_release(context) }
        var rules = 0
        for rule in policy.syscalls ?? [] {
            let action = try action(rule.action, rule.errnoRet)
            var comparisons: [scmp_arg_cmp] = []
            for argument in rule.args ?? [] {
                guard argument.index < 6, comparisons.count < 6 else {
                    throw refused("a system call has six arguments")
                }
                comparisons.append(
                    scmp_arg_cmp(
                        arg: argument.index, op: try comparison(argument.op), datum_a: argument.value,
                        datum_b: argument.valueTwo ?? 0))
            }
            for name in rule.names {
                rules += 1
                guard rules <= mostRules else { throw refused("it has more than \(mostRules) rules") }
                // Of another architecture, or not known to this libseccomp.
                let number = seccomp_syscall_resolve_name(name)
                guard number >= 0 else { continue }
                let code = seccomp_rule_add_array(
                    context, action, number, UInt32(comparisons.count), &comparisons)
                // The same again, or what happens anyway.
                guard code == 0 || code == -EEXIST || code == -EACCES else {
                    throw refused("libseccomp refuses the rule of \(ForeignText.quoted(name))")
                }
            }
        }
        return try exported(context)
    }

    private static func exported(_ context: scmp_filter_ctx) throws(LabError) -> SeccompFilter {
        do throws(Errno) {
            let pipe = try FileDescriptor.pipe()
            // What the kernel takes is less than a pipe holds; what is more is refused and not waited for.
            try checked { fcntl(pipe.write.rawValue, F_SETFL, O_NONBLOCK) }
            guard seccomp_export_bpf(context, pipe.write.rawValue) == 0,
                let filter = SeccompFilter(bytes: try pipe.read.read(upTo: 1 << 16))
            else { throw Errno(E2BIG) }
            return filter
        } catch {
            guard error == Errno(E2BIG) else {
                throw LabError(.unavailable, "cannot make a pipe", cause: error)
            }
            throw refused("it is larger than the kernel takes")
        }
    }

    /// SECCOMP_RET_* of seccomp(2) by the specification's word.
    private static func action(_ word: String, _ errno: UInt32?) throws(LabError) -> UInt32 {
        switch word {
        case "SCMP_ACT_ALLOW": 0x7fff_0000
        case "SCMP_ACT_LOG": 0x7ffc_0000
        case "SCMP_ACT_ERRNO": 0x0005_0000 | (errno ?? UInt32(EPERM)) & 0xffff
        case "SCMP_ACT_TRAP": 0x0003_0000
        case "SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD": 0
        case "SCMP_ACT_KILL_PROCESS": 0x8000_0000
        default: throw refused("it has the action \(ForeignText.quoted(word))")
        }
    }

    private static func comparison(_ word: String) throws(LabError) -> scmp_compare {
        switch word {
        case "SCMP_CMP_NE": SCMP_CMP_NE
        case "SCMP_CMP_LT": SCMP_CMP_LT
        case "SCMP_CMP_LE": SCMP_CMP_LE
        case "SCMP_CMP_EQ": SCMP_CMP_EQ
        case "SCMP_CMP_GE": SCMP_CMP_GE
        case "SCMP_CMP_GT": SCMP_CMP_GT
        case "SCMP_CMP_MASKED_EQ": SCMP_CMP_MASKED_EQ
        default: throw refused("it has the comparison \(ForeignText.quoted(word))")
        }
    }

    private static func refused(_ cause: Message) -> LabError {
        LabError(.data, "linux.seccomp can't be compiled", cause: cause)
    }
}
