import Glibc

/// Which system calls a container may make. Everything that no rule names fails with `defaultErrno`.
///
/// Modelled on the default profile of docker: what ordinary programs need, minus what reaches beyond the container:
/// loading kernel code, mounting, keys, clocks, tracing of the whole system, new namespaces.
package struct SeccompProfile: Equatable, Sendable {
    package var defaultErrno: Int32
    package var rules: [Rule]

    /// The same action for several system calls, when all comparisons hold.
    package struct Rule: Equatable, Sendable {
        package enum Action: Equatable, Sendable { case allow, fail(Int32) }
        package var systemCalls: [SystemCall]
        package var action: Action
        package var comparisons: [Comparison]

        package init(
            _ systemCalls: [SystemCall], _ action: Action = .allow, when comparisons: [Comparison] = []
        ) {
            self.systemCalls = systemCalls
            self.action = action
            self.comparisons = comparisons
        }

        /// The same rule for who knows no inequality of a part of an argument, which libseccomp doesn't: one of these
        /// holds where the rule does.
        package var withoutInequalities: [[Comparison]] {
            comparisons.reduce([[]]) { rules, comparison in
                rules.flatMap { rule in comparison.equalities.map { rule + [$0] } }
            }
        }
    }

    /// A comparison of one argument of a system call, counted from 0, as the kernel's function sees it.
    ///
    /// A filter is shown the 64 bits of a register. What the function is given may be fewer of them: a comparison of
    /// all 64 lets a forbidden value pass that has a bit set above those.
    package struct Comparison: Equatable, Sendable {
        /// The type of the parameter in the kernel's source, `SYSCALL_DEFINE…`.
        package enum Width: Sendable {
            /// `int`, `unsigned int`: the lower 32 bits, of whatever sign.
            case int
            /// `long`, `unsigned long`, `size_t` and pointers: all 64.
            case long

            var mask: UInt64 { self == .int ? UInt64(UInt32.max) : .max }
        }

        package let argument: UInt32
        /// The bits that are compared.
        package let mask: UInt64
        package let value: UInt64
        let isInequality: Bool

        private init(
            _ argument: UInt32, _ width: Width, _ mask: UInt64, _ value: UInt64, differs: Bool = false
        ) {
            self.argument = argument
            self.mask = mask & width.mask
            self.value = value
            isInequality = differs
            precondition(self.mask == mask, "a mask of more bits than the kernel sees of the argument")
            precondition(
                value & ~mask == 0 && mask != 0, "a comparison that comes out the same for any argument")
        }

        package static func equals(_ argument: UInt32, _ width: Width, _ value: UInt64) -> Comparison {
            Comparison(argument, width, width.mask, value)
        }
        package static func differs(_ argument: UInt32, _ width: Width, from value: UInt64) -> Comparison {
            Comparison(argument, width, width.mask, value, differs: true)
        }
        /// `argument & mask == value`.
        package static func masked(
            _ argument: UInt32, _ width: Width, _ mask: UInt64, equals value: UInt64
        ) -> Comparison {
            Comparison(argument, width, mask, value)
        }

        /// Equalities of which one holds where this does: two values differ when one of their bits does.
        var equalities: [Comparison] {
            guard isInequality else { return [self] }
            return (0..<64).map { 1 << $0 }.filter { mask & $0 != 0 }.map { bit in
                Comparison(argument, .long, bit, ~value & bit)
            }
        }
    }

    /// The default profile of a container without CAP_SYS_ADMIN.
    package static let containerDefault = SeccompProfile(
        defaultErrno: EPERM,
        rules: [
            Rule(SystemCalls.files + SystemCalls.descriptors + SystemCalls.memory + SystemCalls.processes),
            Rule(SystemCalls.identity + SystemCalls.signals + SystemCalls.time + SystemCalls.networking),
            Rule(SystemCalls.interprocess + SystemCalls.scheduling + SystemCalls.information),
            // A clone without any CLONE_NEW* flag: threads and forks, no namespaces.
            Rule([.clone], when: [.masked(0, .long, newNamespaceFlags, equals: 0)]),
            // clone3 hides its flags behind a pointer; ENOSYS makes libc fall back to clone.
            Rule([.clone3], .fail(ENOSYS)),
            // Any socket but AF_VSOCK (40), which would reach a hypervisor.
            Rule([.socket], when: [.differs(0, .int, from: 40)]),
            // The execution domains that change nothing dangerous, see personality(2).
            Rule([.personality], when: [.equals(0, .int, 0x0)]),
            Rule([.personality], when: [.equals(0, .int, 0x0008)]),
            Rule([.personality], when: [.equals(0, .int, 0x20000)]),
            Rule([.personality], when: [.equals(0, .int, 0x20008)]),
            Rule([.personality], when: [.equals(0, .int, 0xffff_ffff)]),
        ])

    /// All CLONE_NEW* flags but CLONE_NEWTIME, whose bit clone(2) uses for the exit signal.
    private static let newNamespaceFlags: UInt64 = 0x7e02_0000
}
