import Glibc
import Synchronization
import TestPool
import Testing

@testable import LabCore

@Suite("the tests' own pool")
struct TestPoolTests {
    /// Counts who has come, and keeps a thread of each until all have.
    private final class Meeting: Sendable {
        private let present = Atomic<Int>(0)

        /// - Returns: false when not all have come in a minute.
        func wait(for number: Int) -> Bool {
            present.wrappingAdd(1, ordering: .relaxed)
            let deadline = MonotonicInstant.now().advanced(by: .seconds(60))
            while present.load(ordering: .relaxed) < number, .now() < deadline { usleep(1_000) }
            return present.load(ordering: .relaxed) >= number
        }
    }

    @Test("More tasks than there are processors keep a thread each, and meet")
    func tasksMeet() async {
        // Not all of its threads: in the others the other tests wait.
        let number = Int(test_pool_width()) / 2 + 1
        let meeting = Meeting()
        let met = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<number { group.addTask { meeting.wait(for: number) } }
            return await group.reduce(true) { $0 && $1 }
        }
        #expect(met)
    }
}
