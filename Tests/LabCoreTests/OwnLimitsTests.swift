import Glibc
import Testing

@testable import LabCore

/// In processes of their own: a limit is the whole process's.
@Suite struct OwnLimitsTests {
    @Test("Soft limits are raised to the hard ones, and a tool has what the caller had")
    func raisedForUsAlone() async {
        await #expect(processExitsWith: .success) {
            func soft() -> UInt64 {
                var limit = rlimit()
                getrlimit(Int32(RLIMIT_NOFILE.rawValue), &limit)
                return UInt64(limit.rlim_cur)
            }
            var limit = rlimit()
            getrlimit(Int32(RLIMIT_NOFILE.rawValue), &limit)
            limit.rlim_cur = 300
            setrlimit(Int32(RLIMIT_NOFILE.rawValue), &limit)
            OwnLimits.raise()
            #expect(soft() == min(UInt64(limit.rlim_max), 1 << 20) && soft() > 300)
            #expect(OwnLimits.raised.first { $0.name == "RLIMIT_NOFILE" }?.soft == 300)
            let said = try Tool.run(
                "sh", ["-c", "ulimit -Sn"], in: "/", deadline: .now().advanced(by: .seconds(20)))
            #expect(said.text == "300\n")
            #expect(soft() == min(UInt64(limit.rlim_max), 1 << 20))
            // Once more raises nothing that it has raised already.
            let raised = OwnLimits.raised
            OwnLimits.raise()
            #expect(OwnLimits.raised == raised)
        }
    }
}
