import CLinux
import CSeccomp
import Glibc
import LabCore

/// A seccomp filter as classic BPF, compiled once by libseccomp and loaded by each child. See seccomp(2).
public final class SeccompFilter: Equatable, @unchecked Sendable {
    // Unchecked: the instructions are written once, in init, and only read afterwards.
    let instructions: UnsafeMutableRawPointer
    /// Number of `struct sock_filter` instructions.
    public let instructionCount: Int

    /// Compiles `profile`.
    /// - Throws: `.unavailable` when libseccomp refuses; names the system call that it refused.
    public init(profile: SeccompProfile) throws(LabError) {
        guard let context = seccomp_init(SeccompFilter.errorAction(profile.defaultErrno)) else {
            throw LabError(.unavailable, "libseccomp could not start a filter")
        }
        defer { seccomp_release(context) }
        // A binary tree of comparisons instead of a chain: shorter walks for each system call.
        seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2)
        // A system call of another architecture (i386, x32) is refused like any other that is not listed.
        seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SeccompFilter.errorAction(profile.defaultErrno))
        for rule in profile.rules { try SeccompFilter.add(rule, to: context) }

        // libseccomp 2.5 exports only to a descriptor.
        let program: [UInt8]
        do throws(Errno) {
            let file = FileDescriptor(owning: try checked { clinux_memfd("lab-seccomp") })
            let code = seccomp_export_bpf(context, file.rawValue)
            guard code == 0 else { throw Errno(-code) }
            try checked { lseek(file.rawValue, 0, SEEK_SET) }
            program = try file.read(upTo: 1 << 20)
        } catch {
            throw LabError(.unavailable, "libseccomp could not export the filter", cause: "\(error)")
        }
        instructions = .allocate(byteCount: program.count, alignment: 8)
        instructions.copyMemory(from: program, byteCount: program.count)
        instructionCount = program.count / MemoryLayout<UInt64>.size
    }

    deinit { instructions.deallocate() }

    /// The instructions as bytes, for a program that loads them itself.
    var bytes: [UInt8] {
        [UInt8](
            UnsafeRawBufferPointer(start: instructions, count: instructionCount * MemoryLayout<UInt64>.size))
    }

    public static func == (left: SeccompFilter, right: SeccompFilter) -> Bool {
        left.instructionCount == right.instructionCount
            && memcmp(left.instructions, right.instructions, left.instructionCount * 8) == 0
    }

    private static func add(_ rule: SeccompProfile.Rule, to context: scmp_filter_ctx) throws(LabError) {
        let action: UInt32
        switch rule.action {
        case .allow: action = 0x7fff_0000  // SCMP_ACT_ALLOW, a macro
        case .fail(let errno): action = errorAction(errno)
        }
        for name in rule.systemCalls {
            let number = seccomp_syscall_resolve_name(name)
            // -1: this libseccomp does not know it. Below -1: this architecture does not have it.
            guard number >= 0 else { continue }
            var comparisons = rule.comparisons.map { comparison in
                scmp_arg_cmp(
                    arg: comparison.argument,
                    op: comparison.isMasked
                        ? SCMP_CMP_MASKED_EQ : comparison.isInequality ? SCMP_CMP_NE : SCMP_CMP_EQ,
                    datum_a: comparison.isMasked ? comparison.mask : comparison.value,
                    datum_b: comparison.isMasked ? comparison.value : 0)
            }
            let code = seccomp_rule_add_array(
                context, action, number, UInt32(comparisons.count), &comparisons)
            guard code == 0 else {
                throw LabError(
                    .unavailable, "libseccomp refused a rule for \(name)", cause: "\(Errno(-code))")
            }
        }
    }

    /// SCMP_ACT_ERRNO(errno), a macro in C.
    private static func errorAction(_ errno: Int32) -> UInt32 { 0x0005_0000 | UInt32(errno & 0xffff) }
}
