import CSeccomp
import Glibc
import Testing

@testable import Course
@testable import LabCore
@testable import Launch
@testable import OCI

@Suite struct PolicyFilterTests {
    private func rule(
        _ names: [String], _ action: String, _ errno: UInt32? = nil,
        _ arguments: [RuntimeSpec.SyscallArgument] = []
    ) -> RuntimeSpec.Syscall {
        RuntimeSpec.Syscall {
            ($0.names, $0.action, $0.errnoRet, $0.args) = (names, action, errno, arguments)
        }
    }

    private func policy(_ action: String, _ rules: [RuntimeSpec.Syscall]) -> RuntimeSpec.Seccomp {
        RuntimeSpec.Seccomp { ($0.defaultAction, $0.syscalls) = (action, rules) }
    }

    private func action(_ filter: SeccompFilter, _ call: String, _ arguments: [UInt64] = [])
        -> SeccompProgram.Action
    {
        SeccompProgram.action(
            of: [filter.program], on: Int(seccomp_syscall_resolve_name(call)), arguments)
    }

    @Test("A filter decides as its text has it: by name, by argument, and by default")
    func decisions() throws {
        let flags = RuntimeSpec.SyscallArgument {
            ($0.index, $0.value, $0.valueTwo, $0.op) = (0, 0x7e02_0000, 0, "SCMP_CMP_MASKED_EQ")
        }
        let filter = try PolicyFilter.compile(
            policy(
                "SCMP_ACT_ERRNO",
                [
                    rule(["read", "no_such_call"], "SCMP_ACT_ALLOW"), rule(["clone3"], "SCMP_ACT_ERRNO", 38),
                    rule(["clone"], "SCMP_ACT_ALLOW", nil, [flags]),
                    rule(["reboot"], "SCMP_ACT_KILL_PROCESS"),
                ]))
        #expect(action(filter, "read") == .allow)
        #expect(action(filter, "write") == .fail(EPERM))
        #expect(action(filter, "clone3") == .fail(ENOSYS))
        #expect(action(filter, "clone", [17]) == .allow)
        #expect(action(filter, "clone", [0x1000_0011]) == .fail(EPERM))
        #expect(action(filter, "reboot") == .other(0x8000_0000))
    }

    @Test("An unknown action or comparison, a seventh argument and more than a filter holds are refused")
    func refusals() {
        let seventh = RuntimeSpec.SyscallArgument { ($0.index, $0.op) = (6, "SCMP_CMP_EQ") }
        let strange = RuntimeSpec.SyscallArgument { ($0.index, $0.op) = (0, "SCMP_CMP_LIKE") }
        // Each value of an argument is a comparison, and so many are longer than the kernel takes.
        let many = (0..<4_000 as Range<UInt64>).map { value in
            rule(
                ["ioctl"], "SCMP_ACT_ALLOW", nil,
                [.init { ($0.index, $0.value, $0.op) = (1, value << 32 | value, "SCMP_CMP_EQ") }])
        }
        let policies = [
            policy("", []), policy("SCMP_ACT_NOTIFY", []),
            policy("SCMP_ACT_ERRNO", [rule(["read"], "ALLOW")]),
            policy("SCMP_ACT_ERRNO", [rule(["read"], "SCMP_ACT_ALLOW", nil, [seventh])]),
            policy("SCMP_ACT_ERRNO", [rule(["read"], "SCMP_ACT_ALLOW", nil, [strange])]),
            policy("SCMP_ACT_ERRNO", [rule(Array(repeating: "read", count: 4_097), "SCMP_ACT_ALLOW")]),
            policy("SCMP_ACT_ERRNO", many),
        ]
        for (number, policy) in policies.enumerated() {
            let error = #expect(throws: LabError.self, "\(number)") { try PolicyFilter.compile(policy) }
            #expect(error?.kind == .data)
        }
    }
}
