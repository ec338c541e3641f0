import CSeccomp
import Glibc
import Testing

@testable import ContainerDriver
@testable import LabCore
@testable import Launch
@testable import OCI

/// The profile as libseccomp compiles it, which compares all 64 bits of an argument but for what a mask leaves out.
func libseccompFilter(_ profile: SeccompProfile) throws -> [BPFInstruction] {
    let refusal = 0x0005_0000 | UInt32(profile.defaultErrno)
    let context = try #require(seccomp_init(refusal))
    defer { seccomp_release(context) }
    seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, refusal)
    for rule in try #require(RuntimeSpec.Seccomp(profile).syscalls) {
        let errno = try #require(rule.action == "SCMP_ACT_ALLOW" ? 0 : rule.errnoRet)
        let action: UInt32 = rule.action == "SCMP_ACT_ALLOW" ? 0x7fff_0000 : 0x0005_0000 | errno
        for name in rule.names {
            let number = try Int32(#require(SystemCall.allCases.first { $0.name == name }).rawValue)
            var comparisons = (rule.args ?? []).map {
                scmp_arg_cmp(
                    arg: $0.index, op: SCMP_CMP_MASKED_EQ, datum_a: $0.value, datum_b: $0.valueTwo ?? 0)
            }
            let code = seccomp_rule_add_array(
                context, action, number, UInt32(comparisons.count), &comparisons)
            // -EEXIST: the same rule again.
            try #require(code == 0 || code == -EEXIST, "\(name) \(code)")
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

extension SeccompProfile.Comparison {
    /// Any width, mask and value.
    static func random(using generator: inout SeededGenerator) -> SeccompProfile.Comparison {
        let width: Width = Bool.random(using: &generator) ? .int : .long
        let argument = UInt32.random(in: 0..<6, using: &generator)
        let some = UInt64.random(in: 0 ... .max, using: &generator) & width.mask
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: return .equals(argument, width, some)
        case 1: return .differs(argument, width, from: some)
        default:
            let mask = UInt64.random(in: 1 ... .max, using: &generator) & width.mask | 1
            return .masked(argument, width, mask, equals: some & mask)
        }
    }
}

/// Our compiler against libseccomp's, on the same profile.
@Suite struct SeccompFilterTests {
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

    @Test("the numbers of system calls are libseccomp's, but for those that are younger than it")
    func numbersAreLibseccomps() {
        let known = SystemCall.allCases.filter { call in
            let number = seccomp_syscall_resolve_name(call.name)
            #expect(number == Int32(call.rawValue) || (number == -1 && call.rawValue > 450), "\(call)")
            return number >= 0
        }
        #expect(known.count > 300)
    }

    @Test func itDecidesAsLibseccompDoes() throws {
        let profile = SeccompProfile.containerDefault
        let filter = try SeccompFilter(profile: profile)
        let ours = filter.instructions
        let theirs = try libseccompFilter(profile)
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

    @Test("any rules of any widths are decided alike by libseccomp, by our filter, and by what the words say")
    func anyWidthsAreDecidedAlike() throws {
        var generator = SeededGenerator(seed: 11)
        let call = SystemCall.personality
        let number = UInt32(call.rawValue)
        var decisions: [Bool: Int] = [:]
        for _ in 0..<300 {
            var comparisons = (0..<Int.random(in: 1...3, using: &generator)).map { _ in
                SeccompProfile.Comparison.random(using: &generator)
            }
            // Each further one makes libseccomp's rules up to 64 times as many.
            while comparisons.count(where: \.isInequality) > 1 { comparisons.removeLast() }
            let profile = SeccompProfile(
                defaultErrno: EPERM, rules: [SeccompProfile.Rule([call], when: comparisons)])
            let filter = try SeccompFilter(profile: profile)
            let ours = filter.instructions
            // libseccomp knows no two comparisons of one argument in a rule.
            let isOneEach = Set(comparisons.map(\.argument)).count == comparisons.count
            let theirs = try isOneEach ? libseccompFilter(profile) : nil
            for _ in 0..<60 {
                var arguments = (0..<6).map { _ in UInt64.random(in: 0 ... .max, using: &generator) }
                for comparison in comparisons where Int.random(in: 0..<8, using: &generator) > 0 {
                    // What holds, and then perhaps with one bit wrong: inside the mask or above it.
                    let place = Int(comparison.argument)
                    arguments[place] = arguments[place] & ~comparison.mask | comparison.value
                    if Bool.random(using: &generator) {
                        arguments[place] ^= 1 << UInt64.random(in: 0..<64, using: &generator)
                    }
                }
                let holds = comparisons.allSatisfy {
                    (arguments[Int($0.argument)] & $0.mask == $0.value) != $0.isInequality
                }
                var data: [UInt32] = [number, 0xc000_003e, 0, 0]
                for argument in arguments {
                    data += [UInt32(truncatingIfNeeded: argument), UInt32(argument >> 32)]
                }
                let expected: UInt32 = holds ? 0x7fff_0000 : 0x0005_0000 | UInt32(EPERM)
                #expect(try decision(ours, data) == expected, "\(comparisons) \(arguments)")
                if let theirs {
                    #expect(try decision(theirs, data) == expected, "\(comparisons) \(arguments)")
                }
                decisions[holds, default: 0] += 1
            }
        }
        #expect((decisions[true] ?? 0) > 1_000 && (decisions[false] ?? 0) > 1_000)
    }

    @Test func aProfileThatIsTooLargeIsRefused() {
        let rules = (0..<128).map { value in
            SeccompProfile.Rule(
                [.personality], when: [.equals(0, .long, UInt64(value) << 32 | UInt64(value))])
        }
        #expect(throws: LabError.self) {
            _ = try SeccompFilter(profile: SeccompProfile(defaultErrno: EPERM, rules: rules))
        }
    }
}
