import Glibc
import Testing

@testable import LabCore

@Suite struct BoundedWaitTests {
    @Test("a wait ends when something is ready, at its deadline, or on a signal that comes meanwhile")
    func aWaitEnds() throws {
        let pipe = try FileDescriptor.pipe()
        let interrupt = try Interrupt()
        let soon = { MonotonicInstant.now().advanced(by: .milliseconds(50)) }
        #expect(BoundedWait(until: soon(), interrupt: interrupt).poll(pipe.read.rawValue) == .late)
        try Threads.together(2) { number in
            if number == 0 {
                let wait = BoundedWait(until: .now().advanced(by: .seconds(60)), interrupt: interrupt)
                #expect(wait.poll(-1) == .interrupted)
            } else {
                usleep(20_000)
                interrupt.raise()
            }
        }
        // What begins after it tidies up.
        #expect(BoundedWait(until: soon(), interrupt: interrupt).poll(pipe.read.rawValue) == .late)
        try pipe.write.writeAll([1])
        #expect(BoundedWait(until: nil, interrupt: interrupt).poll(pipe.read.rawValue) == .ready)
    }
}
