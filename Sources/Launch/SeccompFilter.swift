import Glibc
import LabCore

/// A seccomp filter as classic BPF, compiled once and loaded by each child. See seccomp(2).
///
/// Compiled here, because the kernel checks, translates and tries a filter at each load: libseccomp compares numbers
/// one by one (407 instructions, 105 µs of a start); this searches the 30 ranges that they form (95, 45 µs).
/// `SeccompFilterTests` holds both to the same decisions.
package struct SeccompFilter: Equatable, Sendable {
    let instructions: [BPFInstruction]
    /// Number of `struct sock_filter` instructions.
    package var instructionCount: Int { instructions.count }

    /// Compiles `profile`.
    /// - Throws: `.software` when it is larger than a jump of BPF reaches.
    package init(profile: SeccompProfile) throws(LabError) {
        var assembler = BPFAssembler()
        let refusal = assembler.end(SeccompFilter.errorAction(profile.defaultErrno))
        let allowance = assembler.end(SeccompFilter.allowAction)

        /// The label of each system call, by its number; one without a rule is refused. No dictionary and no sorting: the
        /// first use of either costs a container's start more than all that is in it.
        var destinations: [BPFAssembler.Label] = []
        // From the last rule, because where one does not hold the next of the same system call is tried.
        for rule in profile.rules.reversed() {
            let match =
                switch rule.action {
                case .allow: allowance
                case .fail(let errno): assembler.end(SeccompFilter.errorAction(errno))
                }
            for call in rule.systemCalls {
                let number = Int(call.rawValue)
                while destinations.count <= number { destinations.append(refusal) }
                let next = destinations[number]
                var holds = match
                for comparison in rule.comparisons.reversed() {
                    holds = assembler.test(comparison, holds: holds, fails: next)
                }
                destinations[number] = holds
            }
        }
        destinations.append(refusal)

        // Neighbours that go to the same place are one range. The last one has no end, so that it refuses x32, whose
        // system calls are those of x86-64 with bit 30 set.
        var ranges: [(first: UInt32, destination: BPFAssembler.Label)] = [(0, refusal)]
        for (number, destination) in destinations.enumerated() {
            if ranges[ranges.count - 1].destination != destination {
                ranges.append((UInt32(number), destination))
            }
        }
        let search = assembler.search(ranges[...])
        let withNumber = assembler.load(offset: 0, then: search)
        let arch = assembler.branch(.equal, SeccompFilter.architecture, yes: withNumber, no: refusal)
        let start = assembler.load(offset: 4, then: arch)
        instructions = try assembler.program(from: start)
    }

    /// The program as seccomp(2) takes it.
    package var bytes: [UInt8] { instructions.withUnsafeBytes(Array.init) }

    /// A program that somebody else compiled, in the same form; nil for what the kernel would not take for its length.
    package init?(bytes: [UInt8]) {
        let size = MemoryLayout<BPFInstruction>.stride
        guard !bytes.isEmpty, bytes.count % size == 0, bytes.count / size <= 4_096 else { return nil }
        instructions = bytes.withUnsafeBytes { bytes in
            (0..<bytes.count / size).map {
                bytes.loadUnaligned(fromByteOffset: $0 * size, as: BPFInstruction.self)
            }
        }
    }

    /// The same as the kernel gives it out again.
    package var program: SeccompProgram {
        SeccompProgram(
            instructions: instructions.map {
                .init(code: $0.code, ifTrue: $0.ifTrue, ifFalse: $0.ifFalse, operand: $0.operand)
            })
    }

    /// AUDIT_ARCH_X86_64, see linux/audit.h: a system call of another architecture (i386) is refused.
    private static let architecture: UInt32 = 0xc000_003e
    /// SECCOMP_RET_ALLOW.
    private static let allowAction: UInt32 = 0x7fff_0000
    /// SECCOMP_RET_ERRNO with its errno.
    private static func errorAction(_ errno: Int32) -> UInt32 { 0x0005_0000 | UInt32(errno & 0xffff) }
}
