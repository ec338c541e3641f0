import Glibc
import Testing

@testable import LabCore

/// Numbers from outside that do not fit, or run backwards.
struct CounterTests {
    @Test("A counter that began anew has not grown, and what does not fit is nil")
    func countersNeverTrap() {
        #expect(UInt64(5).grown(since: 3) == 2)
        #expect(UInt64(3).grown(since: 5) == 0)
        #expect(UInt64.max.grown(since: 0) == .max)
        #expect(UInt64(3).times(5) == 15)
        #expect(UInt64.max.times(2) == nil)
    }

    @Test("The CPU time of children that were waited for is known, and of what has ended there is none")
    func reaped() throws {
        let own = HostProcess(pid: getpid())
        let before = own.reapedNanoseconds
        let loop = "i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done"
        _ = try Tool.run("sh", ["-c", loop], in: "/", deadline: .now().advanced(by: .seconds(60)))
        #expect(own.reapedNanoseconds > before)
        #expect(HostProcess(pid: .max).reapedNanoseconds == 0)
    }

    @Test("A length of time that nanoseconds can't hold is the longest that they can")
    func lengthsAreClamped() {
        #expect(Duration.seconds(9_223_372_036.854776).nanoseconds == .max)
        #expect(Duration.seconds(Int64.max).nanoseconds == .max)
        #expect(Duration.seconds(Int64.min).nanoseconds == .min)
        #expect(Duration.nanoseconds(Int64.max).nanoseconds == .max)
        #expect(Duration.milliseconds(-1_500).nanoseconds == -1_500_000_000)
        let now = MonotonicInstant(nanoseconds: 7)
        #expect(now.advanced(by: .seconds(Int64.min)) == .zero)
        #expect(now.advanced(by: .seconds(Int64.max)).nanoseconds == UInt64(Int64.max) + 7)
    }
}
