import CSeccomp
import Glibc
import Testing

@testable import ContainerDriver
@testable import LabCore

/// Our compiler against libseccomp's, on the same profile.
@Suite struct SeccompFilterTests {
    /// The profile as libseccomp compiles it.
    private func reference(_ profile: SeccompProfile) throws -> [BPFInstruction] {
        let refusal = 0x0005_0000 | UInt32(profile.defaultErrno)
        let context = try #require(seccomp_init(refusal))
        defer { seccomp_release(context) }
        seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, refusal)
        for rule in profile.rules {
            let action: UInt32 =
                switch rule.action {
                case .allow: 0x7fff_0000
                case .fail(let errno): 0x0005_0000 | UInt32(errno)
                }
            for name in rule.systemCalls {
                let number = seccomp_syscall_resolve_name(name)
                guard number >= 0 else { continue }
                var comparisons = rule.comparisons.map {
                    scmp_arg_cmp(
                        arg: $0.argument,
                        op: $0.isMasked ? SCMP_CMP_MASKED_EQ : $0.isInequality ? SCMP_CMP_NE : SCMP_CMP_EQ,
                        datum_a: $0.isMasked ? $0.mask : $0.value, datum_b: $0.isMasked ? $0.value : 0)
                }
                let code = seccomp_rule_add_array(
                    context, action, number, UInt32(comparisons.count), &comparisons)
                try #require(code == 0, "\(name)")
            }
        }
        let path = "/tmp/lab-test-bpf-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        defer { unlink(path) }
        let file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        defer { close(file) }
        try #require(file >= 0 && seccomp_export_bpf(context, file) == 0)
        let bytes = try Files.read(path)
        return bytes.withUnsafeBytes { Array($0.bindMemory(to: BPFInstruction.self)) }
    }

    /// What a filter decides, by the rules of the kernel's classic BPF interpreter.
    private func decision(_ program: [BPFInstruction], _ data: [UInt32]) throws -> UInt32 {
        var accumulator: UInt32 = 0
        var index = 0
        while index < program.count {
            let instruction = program[index]
            index += 1
            switch instruction.code {
            case 0x20: accumulator = data[Int(instruction.operand / 4)]
            case 0x54: accumulator &= instruction.operand
            case 0x05: index += Int(instruction.operand)
            case 0x06: return instruction.operand
            case 0x15, 0x25, 0x35:
                let holds =
                    switch instruction.code {
                    case 0x15: accumulator == instruction.operand
                    case 0x25: accumulator > instruction.operand
                    default: accumulator >= instruction.operand
                    }
                index += Int(holds ? instruction.ifTrue : instruction.ifFalse)
            default: Issue.record("instruction \(instruction.code)")
            }
        }
        Issue.record("the filter has no end")
        return 0
    }

    @Test func itDecidesAsLibseccompDoes() throws {
        let profile = SeccompProfile.containerDefault
        let filter = try SeccompFilter(profile: profile)
        let ours = withExtendedLifetime(filter) { Array(filter.instructions) }
        let theirs = try reference(profile)
        #expect(ours.count < theirs.count / 3)
        var generator = SeededGenerator(seed: 5)
        // Each argument that the profile compares, with the values beside it, alone and with other high bits.
        let compared: [UInt64] =
            profile.rules.flatMap(\.comparisons).map(\.value) + [40, 0x7e02_0000, 0x1000_0000, 1 << 32]
        let near = compared.flatMap { [$0, $0 &+ 1, $0 &- 1, $0 | 1 << 33, ~$0] }
        var decisions: Set<UInt32> = []
        for architecture: UInt32 in [0xc000_003e, 0x4000_0003, 0] {
            let known = architecture == 0xc000_003e ? 600 : 2
            for number in (0..<known).map({ UInt32($0) }) + [.max, 0x4000_0000, 0x4000_0001, 0x4000_0038] {
                for argument in near + [UInt64.random(in: 0 ... .max, using: &generator)] {
                    var data = [number, architecture, 0, 0]
                    for _ in 0..<6 {
                        data += [UInt32(truncatingIfNeeded: argument), UInt32(argument >> 32)]
                    }
                    let decided = try decision(ours, data)
                    #expect(decided == (try decision(theirs, data)), "\(number) \(argument)")
                    decisions.insert(decided)
                }
            }
        }
        #expect(decisions == [0x7fff_0000, 0x0005_0000 | UInt32(EPERM), 0x0005_0000 | UInt32(ENOSYS)])
    }

    @Test func aProfileThatIsTooLargeIsRefused() {
        let rules = (0..<128).map { value in
            SeccompProfile.Rule(["personality"], when: [.equals(0, UInt64(value) << 32 | UInt64(value))])
        }
        #expect(throws: LabError.self) {
            _ = try SeccompFilter(profile: SeccompProfile(defaultErrno: EPERM, rules: rules))
        }
    }
}
